"""A sealed batch: applied steps, both states, and the public words that say it to L1 (protocol section 7).

Decides how steps become words. The layout of words is `contracts.words`', what the circuit is given besides them is
`rollup.circuit_inputs`', and whether a step is allowed was decided when it was applied.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.words import BatchWords, Header
from rollup.crypto import Hasher
from rollup.instruments import market_word
from rollup.market import configuration_hash
from rollup.records import NO_OP_WORDS, StepKind
from rollup.rules import BatchContext, Step, seal
from rollup.state import State, state_root


class BatchError(Exception):
    """The steps handed over are not one batch: a mistake of the caller."""


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

    Raises BatchError unless each step starts from the state that the one before left, ticks first, within the size.
    """
    state = before
    for step in applied:
        if step.before is not state:
            raise BatchError("a step does not start where the one before it ended")
        state = step.after
    ticks = tuple(step for step in applied if step.kind == StepKind.TICK)
    steps = tuple(step for step in applied if step.kind != StepKind.TICK)
    if tuple(applied) != ticks + steps:
        raise BatchError("a tick stands behind a step")
    if len(ticks) > context.size.ticks or len(steps) > context.size.steps:
        raise BatchError("more ticks or steps than slots")
    after = seal(state, context)
    return SealedBatch(
        context, before, ticks, steps, after, _words(context, before, ticks, steps, after, hasher)
    )


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
            old_root=state_root(before, hasher),
            new_root=state_root(after, hasher),
            time_ms=context.time_ms,
            queue_from=before.queue_index,
            queue_to=after.queue_index,
            config=configuration_hash(context.configuration, hasher),
        ),
        ticks=tuple(tick.words for tick in ticks) + (NO_OP_WORDS,) * unused,
        market=tuple(market_word(row) for row in after.market.rows),
        steps=tuple(step.words for step in steps),
    )
