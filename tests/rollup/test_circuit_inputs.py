"""A sealed batch satisfies the batch circuit, and the circuit's own words are the batch's.

The circuit is written from docs/protocol.md and shares nothing with the rules: under the integer engine every constraint
is checked, and the words that the constraints produce are compared with those that the rules wrote down.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import pytest

from circuits.batch.circuit import define_batch
from circuits.engine import Engine
from circuits.errors import Unsatisfied
from rollup.batch import BatchError, SealedBatch, seal_batch
from rollup.circuit_inputs import circuit_inputs
from rollup.rules import Step, apply
from rollup.state import State
from rollup.transactions import Side, Transaction

Maker = Callable[[State], Transaction]


def batch_of(world: Any, before: State, time_ms: int, makers: Sequence[Maker]) -> SealedBatch:
    context, state, applied = world.context(before, time_ms), before, list[Step]()
    for maker in makers:
        step = apply(state, maker(state), context, world.crypto)
        assert isinstance(step, Step), step
        applied.append(step)
        state = step.after
    return seal_batch(context, before, applied, world.crypto)


def words_of_circuit(world: Any, inputs: Any) -> list[int]:
    engine = Engine(inputs, challenge=True, mask=1, chi=2)
    define_batch(world.size)(engine)
    return engine.words


@pytest.fixture(scope="module")
def batches(world: Any) -> list[SealedBatch]:
    """Deposits only; a tick with a trade and a withdrawal; a trade that closes; a withdrawal under a stale tick."""
    usd, start = world.USD, world.START_MS
    registered = batch_of(
        world,
        world.genesis(),
        start,
        [
            lambda s: world.deposit(s, 0, 10_000),
            lambda s: world.deposit(s, 1, 10_000),
            lambda s: world.deposit(s, 0, 5),
        ],
    )
    first = world.rows(world.row(0, 3000 * usd, funding=-5))
    traded = batch_of(
        world,
        registered.after,
        start + 5,
        [
            lambda s: world.tick(s.market, first, start + 1, signers=(0, 1, 2)),
            lambda s: world.trade(buyer_fee=7, seller_fee=9),
            lambda s: world.withdrawal(0, 5, fee=3),
        ],
    )
    second = world.rows(world.row(0, 2900 * usd, funding=50))
    closed = batch_of(
        world,
        traded.after,
        start + 60_000,
        [
            lambda s: world.tick(s.market, second, start + 6, signers=(1, 2)),
            lambda s: world.match(
                world.order(1, Side.BUY, id=2, slot=3),
                world.order(0, Side.SELL, id=2, limit=2900 * usd),
                price=2950 * usd,
            ),
            lambda s: world.withdrawal(1, 5),
        ],
    )
    stale = batch_of(world, closed.after, start + 260_000, [lambda s: world.withdrawal(0, 5, nonce=1)])
    return [registered, traded, closed, stale]


@pytest.mark.parametrize(
    "which", [pytest.param(0, marks=pytest.mark.prove), 1, pytest.param(2, marks=pytest.mark.prove), 3]
)
def test_the_circuit_says_the_same_words(world: Any, batches: list[SealedBatch], which: int) -> None:
    batch = batches[which]
    words = list(batch.words.words())
    proven = words_of_circuit(world, circuit_inputs(batch, world.crypto))
    assert proven[: len(words)] == words
    assert not any(proven[len(words) :])


def test_batches_join(batches: list[SealedBatch]) -> None:
    for earlier, later in pairwise(batches):
        assert earlier.new_root == later.old_root
        assert earlier.words.header.queue_to == later.words.header.queue_from


def test_a_claim_that_the_tick_is_stale_forbids_trading(world: Any, batches: list[SealedBatch]) -> None:
    inputs = circuit_inputs(batches[1], world.crypto)
    with pytest.raises(Unsatisfied, match="STALE_TICK"):
        words_of_circuit(world, {**inputs, "fresh": 0})


def test_refuses_steps_that_are_no_batch(world: Any) -> None:
    state = world.genesis()
    context = world.context(state)
    first = world.apply(state, world.deposit(state, 0, 1))
    second = world.apply(first.after, world.deposit(first.after, 0, 1))
    for applied in ([second], [first, first], [second, first]):
        with pytest.raises(BatchError):
            seal_batch(context, state, applied, world.crypto)
    with pytest.raises(BatchError):
        seal_batch(context, first.after, [first], world.crypto)
