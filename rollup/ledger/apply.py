"""From a transaction to a step: what all kinds have in common, around each kind's own check and effect (protocol section 5).

`apply` is pure: the sequencer, replicas, recovery and the batch builder call it with the same arguments and get the same answer, and the
batch circuit proves the same statements. A refusal leaves nothing behind. Time enters through arguments only, never from a clock.

Checks run in a fixed order, cheap before expensive; where several fail, the first one's code is reported.
"""

from dataclasses import dataclass, replace

from circuits.protocol import numbers as n
from circuits.protocol.codes import Code, Rejected
from circuits.protocol.kinds import BY_TRANSACTION
from circuits.protocol.kinds.declaration import Kind, Record, Slot, Words
from circuits.protocol.kinds.tick import SignedTick
from rollup.ledger.change import Touched
from rollup.ledger.context import BatchContext
from rollup.ledger.crypto import Crypto, Hasher
from rollup.ledger.errors import ContextMismatch
from rollup.ledger.kinds import CHECKS, EFFECTS, Transaction
from rollup.ledger.market import marks_of
from rollup.ledger.state import State, Used


@dataclass(frozen=True, slots=True)
class Step:
    """An applied transaction: its record, the accounts it changed in the order it changed them, and both states.

    The states share structure; Merkle paths are asked of `before.accounts` (after setting the earlier `touched`).
    """

    transaction: Transaction
    kind: Kind
    record: Record
    words: Words
    touched: tuple[Touched, ...]
    before: State
    after: State

    @property
    def order_chain(self) -> int:
        """The chain value after this step: what its receipt carries."""
        return self.after.order_chain


def apply(
    state: State, transaction: Transaction, context: BatchContext, time_ms: int, crypto: Crypto
) -> Step | Rejected:
    """The step that `transaction` makes from `state` at `time_ms` in the batch `context`, or the reason why it makes none.

    Raises ContextMismatch if the context cannot be that of the state's open batch.
    """
    require_open(state, context)
    kind = BY_TRANSACTION.get(type(transaction))
    try:
        if kind is None:
            raise Rejected(Code.MALFORMED, f"{type(transaction).__name__} is no transaction")
        _require_time(state, context, time_ms)
        _require_slot(state, kind)
        record = CHECKS[kind.number](transaction, state, context, time_ms, crypto)
    except Rejected as refusal:
        # A kept refusal must not keep the frames, and with them the states, of the call that made it.
        return refusal.with_traceback(None)
    words = kind.words(record)
    after, touched = perform(state, kind, record, words, context, crypto)
    if isinstance(transaction, SignedTick):
        after = _with_table(after, transaction)
    return Step(transaction, kind, record, words, touched, state, after)


def perform(
    state: State, kind: Kind, record: Record, words: Words, context: BatchContext, hasher: Hasher
) -> tuple[State, tuple[Touched, ...]]:
    """The state after a record, from the record alone: the kind's effect, and what every record does to chain, sequence, time and slots.

    Raises RebuildError for a record that no check gives.
    """
    moved, touched = EFFECTS[kind.number](record, state, context, hasher)
    used = state.used
    is_tick = kind.slot is Slot.TICK
    after = replace(
        moved,
        order_chain=hasher.hash([state.order_chain, *words]),
        sequence=state.sequence + 1,
        time_ms=context.time_ms + record.elapsed,
        used=Used(used.ticks + is_tick, used.steps + (not is_tick)),
    )
    return after, touched


def seal(state: State, context: BatchContext) -> State:
    """The state between batches: the open batch's number and epoch become the state's, its slots are free again. Raises
    ContextMismatch."""
    require_open(state, context)
    return replace(state, batch_number=context.number, epoch=context.epoch, used=Used())


def require_open(state: State, context: BatchContext) -> None:
    """Raise ContextMismatch unless `context` may be that of the batch after the state's last one."""
    if context.number != state.batch_number + 1 or context.size != state.size:
        raise ContextMismatch(f"batch {context.number} does not follow batch {state.batch_number}")
    if context.epoch < state.epoch:
        raise ContextMismatch(f"epoch {context.epoch} is before the state's {state.epoch}")


def _require_time(state: State, context: BatchContext, time_ms: int) -> None:
    opens = state.used.ticks == state.used.steps == 0
    if opens and context.time_ms < state.time_ms:
        raise Rejected(Code.TIME_ORDER, f"batch time {context.time_ms} is before the state's {state.time_ms}")
    earliest = max(state.time_ms, context.time_ms)
    latest = min(context.time_ms + n.ELAPSED.high, n.TIME.high) - 1
    if not earliest <= time_ms <= latest:
        raise Rejected(Code.TIME_ORDER, f"record time {time_ms}; this batch takes {earliest} to {latest} now")


def _require_slot(state: State, kind: Kind) -> None:
    used, size = state.used, state.size
    if kind.slot is Slot.TICK:
        if used.steps or used.ticks >= size.ticks:
            raise Rejected(Code.TICK_SLOTS, "no tick slot left, or steps already in the batch")
    elif used.steps >= size.steps:
        raise Rejected(Code.BATCH_FULL, f"all {size.steps} step slots are taken")


def _with_table(state: State, signed: SignedTick) -> State:
    """The state with what a tick says beyond its record."""
    market = replace(state.market, indices=signed.tick.indices, rows=signed.rows, marks=marks_of(signed.rows))
    return replace(state, market=market)
