"""The state rebuilt from L1 words alone: balances, positions, keys, fills, marks, funding (protocol section 7).

Decides nothing: it runs the effects of records that were proven, without signatures, prices or the node that made them. Every batch is
checked against both of its state roots, so a rebuilt state is the committed one or an error. What stays off L1 (scenario arrays) is not
needed to know who owns what.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from circuits.protocol.codes import Rejected
from circuits.protocol.kinds import BY_RECORD, read_record
from circuits.protocol.kinds.declaration import NO_OP_WORDS, Slot, Words
from circuits.protocol.sizes import Size
from contracts.words import BatchWords, Header
from rollup.ledger.apply import perform, seal
from rollup.ledger.configuration import Deployment, configuration_hash
from rollup.ledger.context import BatchContext
from rollup.ledger.crypto import Hasher
from rollup.ledger.errors import ContextMismatch, RebuildError
from rollup.ledger.margin import equity
from rollup.ledger.market import Mark, read_market_word
from rollup.ledger.state import State, genesis, public_part, state_root

PublicState = State
"""What L1 knows of a state: its market has marks, but neither rows nor indices."""


def genesis_public(size: Size, hasher: Hasher) -> PublicState:
    """The public part of the genesis state."""
    return public_part(genesis(size, hasher))


def rebuild(batches: Iterable[BatchWords], deployment: Deployment, hasher: Hasher) -> PublicState:
    """The state after these batches, the first of which is batch 1. Raises RebuildError."""
    state = genesis_public(deployment.size, hasher)
    for words in batches:
        state = follow(state, words, deployment, hasher)
    return state


def follow(state: PublicState, words: BatchWords, deployment: Deployment, hasher: Hasher) -> PublicState:
    """The state after one more batch. Raises RebuildError if its header, roots or records do not fit `state`."""
    header = words.header
    context = deployment.context(header.number, header.epoch, header.time_ms)
    _require_start(state, header, context, hasher)
    try:
        after = _followed(public_part(state), words, context, hasher)
    except (Rejected, ContextMismatch) as refusal:
        raise RebuildError(f"batch {header.number}: {refusal}") from refusal
    _require_end(after, header, hasher)
    return after


def value(state: PublicState, index: int) -> int:
    """What the account is worth at the last marks, 1e-10 USD: cash, and what its positions would bring. Raises IndexError outside the
    tree."""
    return equity(state.account(index), state.market.marks)


def _followed(state: PublicState, words: BatchWords, context: BatchContext, hasher: Hasher) -> PublicState:
    size = state.size
    if len(words.market) != size.instruments or len(words.ticks) != size.ticks:
        raise RebuildError(f"batch {context.number} has not the words of size {size.name}")
    if len(words.steps) > size.steps:
        raise RebuildError(f"batch {context.number} has {len(words.steps)} steps of {size.steps}")
    used = [record for record in words.ticks if record != NO_OP_WORDS]
    state = _run(state, used, Slot.TICK, context, hasher)
    state = _with_marks(state, tuple(read_market_word(word) for word in words.market), bool(used))
    return seal(_run(state, words.steps, Slot.STEP, context, hasher), context)


def _run(
    state: PublicState, records: Sequence[Words], slot: Slot, context: BatchContext, hasher: Hasher
) -> PublicState:
    for words in records:
        record = read_record(words)
        if record is None or BY_RECORD[type(record)].slot is not slot:
            raise RebuildError(f"batch {context.number} has a record that takes no {slot.value} slot")
        state, _ = perform(state, BY_RECORD[type(record)], record, words, context, hasher)
    return state


def _with_marks(state: PublicState, marks: tuple[Mark, ...], ticked: bool) -> PublicState:
    """The state with the batch's market words: those of its last tick, and without one those that stand already."""
    if not ticked and marks != state.market.marks:
        raise RebuildError("market words changed without a tick")
    return replace(state, market=replace(state.market, marks=marks))


def _require_start(state: PublicState, header: Header, context: BatchContext, hasher: Hasher) -> None:
    if (header.chain_id, header.contract) != (context.chain_id, context.contract):
        raise RebuildError(f"batch {header.number} belongs to another deployment")
    if header.config != configuration_hash(context.configuration, hasher):
        raise RebuildError(f"batch {header.number} was made under another configuration")
    if header.number != state.batch_number + 1 or header.old_root != state_root(state, hasher):
        raise RebuildError(f"batch {header.number} does not start from this state")
    if (header.sequence_from, header.chain_from, header.queue_from) != _ends(state):
        raise RebuildError(f"batch {header.number} names another start than its old root")
    if header.time_ms < state.time_ms:
        raise RebuildError(f"batch {header.number} lies before the state's time")


def _require_end(state: PublicState, header: Header, hasher: Hasher) -> None:
    if header.new_root != state_root(state, hasher):
        raise RebuildError(f"batch {header.number} does not lead to its new root")
    if (header.sequence_to, header.chain_to, header.queue_to) != _ends(state):
        raise RebuildError(f"batch {header.number} names another end than its new root")
    if header.time_to_ms != state.time_ms:
        raise RebuildError(f"batch {header.number} names another last time than its new root")


def _ends(state: PublicState) -> tuple[int, int, int]:
    return state.sequence, state.order_chain, state.queue_index
