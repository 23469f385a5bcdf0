"""A sealed batch: applied steps, both states, and the public words that say it to L1 (protocol section 7).

Decides how steps become words. Where words stand is `contracts.words`', what the circuit is given besides them is the prover side's,
and whether a step is allowed was decided when it was applied.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from circuits.protocol.kinds.declaration import NO_OP_WORDS, Slot
from contracts.words import BatchWords, Header
from rollup.ledger.apply import Step, seal
from rollup.ledger.configuration import configuration_hash
from rollup.ledger.context import BatchContext
from rollup.ledger.crypto import Hasher
from rollup.ledger.errors import BatchError
from rollup.ledger.market import market_word
from rollup.ledger.state import State, state_root


@dataclass(frozen=True, slots=True)
class SealedBatch:
    """Everything about a batch that will not change any more; `after` is the sealed state."""

    context: BatchContext
    before: State
    ticks: tuple[Step, ...]
    steps: tuple[Step, ...]
    after: State
    words: BatchWords

    @property
    def number(self) -> int:
        return self.context.number

    @property
    def old_root(self) -> int:
        return self.words.header.old_root

    @property
    def new_root(self) -> int:
        return self.words.header.new_root


def seal_batch(context: BatchContext, before: State, applied: Sequence[Step], hasher: Hasher) -> SealedBatch:
    """Seal the steps applied since `before` into one batch.

    Raises BatchError unless each step starts from the state that the one before left, in this batch's time, ticks first, within the
    size; ContextMismatch if the context is another batch's.
    """
    state = before
    for step in applied:
        if step.before is not state:
            raise BatchError("a step does not start where the one before it ended")
        if step.after.time_ms != context.time_ms + step.record.elapsed:
            raise BatchError("a step was applied under another batch time")
        state = step.after
    ticks = tuple(step for step in applied if step.kind.slot is Slot.TICK)
    steps = tuple(step for step in applied if step.kind.slot is Slot.STEP)
    if tuple(applied) != ticks + steps:
        raise BatchError("a tick stands behind a step")
    if len(ticks) > context.size.ticks or len(steps) > context.size.steps:
        raise BatchError("more ticks or steps than slots")
    after = seal(state, context)
    words = _words(context, before, ticks, steps, after, hasher)
    return SealedBatch(context, before, ticks, steps, after, words)


def _words(
    context: BatchContext,
    before: State,
    ticks: tuple[Step, ...],
    steps: tuple[Step, ...],
    after: State,
    hasher: Hasher,
) -> BatchWords:
    unused = context.size.ticks - len(ticks)
    return BatchWords(
        header=Header(
            chain_id=context.chain_id,
            contract=context.contract,
            number=context.number,
            epoch=context.epoch,
            old_root=state_root(before, hasher),
            new_root=state_root(after, hasher),
            time_ms=context.time_ms,
            time_to_ms=after.time_ms,
            sequence_from=before.sequence,
            sequence_to=after.sequence,
            chain_from=before.order_chain,
            chain_to=after.order_chain,
            queue_from=before.queue_index,
            queue_to=after.queue_index,
            config=configuration_hash(context.configuration, hasher),
        ),
        ticks=tuple(tick.words for tick in ticks) + (NO_OP_WORDS,) * unused,
        market=tuple(market_word(mark) for mark in after.market.marks),
        steps=tuple(step.words for step in steps),
    )
