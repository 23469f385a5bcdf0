"""From a journal back to the state it promises.

Decides how events are replayed: through the very `apply` that made them, comparing each result with what the journal
says was promised. A replay that differs is refused, never repaired: a node that cannot keep its receipts must not run.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from rollup.batch import SealedBatch, seal_batch
from rollup.crypto import Crypto
from rollup.deployment import Deployment
from rollup.encoding import parse, parse_order
from rollup.journal import Applied, Dropped, Event, JournalError, Opened, Rested, Sealed
from rollup.orderbook import Key, OrderBook, key_of
from rollup.receipts import Promise
from rollup.rejections import Rejected
from rollup.rules import BatchContext, Step, apply, filled_amount
from rollup.state import State, genesis
from rollup.transactions import SignedOrder


@dataclass(slots=True)
class OpenBatch:
    """The batch that transactions go into: its context, the state before it, what was applied since."""

    context: BatchContext
    before: State
    applied: list[Step] = field(default_factory=list)


@dataclass(slots=True)
class Recovered:
    """What a node needs to go on where the journal ends."""

    state: State
    open: OpenBatch | None = None
    sealed: list[SealedBatch] = field(default_factory=list)
    promises: list[Promise] = field(default_factory=list)
    book: OrderBook = field(default_factory=OrderBook)
    last_batch_time_ms: int = 0


def recover(events: Iterable[Event], deployment: Deployment, crypto: Crypto) -> Recovered:
    """Replay a journal from genesis. Raises JournalError where it contradicts the rules or itself."""
    node = Recovered(genesis(deployment.size, crypto))
    resting: dict[Key, SignedOrder] = {}
    for event in events:
        if isinstance(event, Opened):
            _opened(node, event, deployment)
        elif isinstance(event, Applied):
            _applied(node, event, crypto)
        elif isinstance(event, Sealed):
            _sealed(node, event, crypto)
        elif isinstance(event, Rested):
            signed = parse_order(event.order)
            resting[key_of(signed.order)] = signed
        elif isinstance(event, Dropped):
            resting.pop((event.account, event.slot, event.id), None)
    for signed in resting.values():
        order = signed.order
        remaining = order.size - filled_amount(node.state.account(order.account), order)
        if remaining > 0:
            node.book.rest(signed, remaining)
    return node


def _opened(node: Recovered, event: Opened, deployment: Deployment) -> None:
    if node.open is not None or event.number != node.state.batch_number + 1:
        raise JournalError(f"batch {event.number} is opened out of order")
    node.open = OpenBatch(deployment.context(event.number, event.time_ms), node.state)
    node.last_batch_time_ms = event.time_ms


def _applied(node: Recovered, event: Applied, crypto: Crypto) -> None:
    if node.open is None or event.sequence != len(node.promises) + 1:
        raise JournalError(f"transaction {event.sequence} is out of order")
    try:
        step = apply(node.state, parse(event.transaction), node.open.context, crypto)
    except Rejected as refusal:
        raise JournalError(f"transaction {event.sequence} does not parse: {refusal}") from refusal
    if isinstance(step, Rejected):
        raise JournalError(f"transaction {event.sequence} was promised and is refused now: {step}")
    if step.order_chain.to_bytes(32, "big") != event.order_chain:
        raise JournalError(f"transaction {event.sequence} leads to another order chain than was promised")
    node.open.applied.append(step)
    node.state = step.after
    node.promises.append(Promise(event.sequence, node.open.context.number, step.order_chain, event.time_ms))


def _sealed(node: Recovered, event: Sealed, crypto: Crypto) -> None:
    if node.open is None or event.number != node.open.context.number:
        raise JournalError(f"batch {event.number} is sealed but not open")
    batch = seal_batch(node.open.context, node.open.before, node.open.applied, crypto)
    if batch.new_root.to_bytes(32, "big") != event.root:
        raise JournalError(f"batch {event.number} leads to another root than was sealed")
    node.sealed.append(batch)
    node.state, node.open = batch.after, None
