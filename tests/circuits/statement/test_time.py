"""Time, order and counters of a batch: every record has its time, none goes back, and what is counted is what happened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from circuits.protocol import numbers as n
from rollup.assignment import Inputs
from rollup.ledger.state import State
from tests.rollup.conftest import START_MS, USD

from .conftest import Bench, closed

Timed = tuple[Callable[[State], Any], int]


def deposit(bench: Bench, after_ms: int) -> Timed:
    return lambda state: bench.world.deposit(state, 0, 1), after_ms


def trade(bench: Bench, after_ms: int) -> Timed:
    expiry = START_MS + 10**12
    world = bench.world
    return lambda s: world.match(
        world.order(0, 0, expiry_ms=expiry), world.order(1, 1, expiry_ms=expiry)
    ), after_ms


@pytest.fixture(scope="module")
def before(bench: Bench) -> State:
    return bench.world.funded()


TIMES = [(0,), (0, 0), (0, 5, 5, 9), (7, 7, 8, 8)]


@pytest.mark.parametrize("times", TIMES)
def test_times_that_do_not_go_back(several: Bench, times: Sequence[int]) -> None:
    several.accepts(several.batch(several.world.funded(), *[deposit(several, t) for t in times], opened=0))


def elapsed(inputs: Inputs, *changes: tuple[int, int]) -> Inputs:
    """The inputs with other times of some record slots."""
    times = inputs["elapsed"]
    assert not isinstance(times, int)
    return inputs | {"elapsed": [dict(changes).get(i, t) for i, t in enumerate(times)]}


def test_a_time_before_the_one_before_it(several: Bench) -> None:
    world = several.world
    inputs = several.inputs(
        several.batch(world.funded(), *[deposit(several, t) for t in (3, 5, 9)], opened=0)
    )
    first = world.size.ticks
    several.refuses(elapsed(inputs, (first + 1, 2)), "TIME_ORDER/elapsed")
    several.refuses(elapsed(inputs, (first, -1)), "TIME_ORDER/elapsed")
    several.refuses(elapsed(inputs, (first + 2, 9 + n.ELAPSED.high)), "TIME_ORDER/elapsed")


def test_a_slot_without_a_record_moves_no_time(several: Bench) -> None:
    world = several.world
    inputs = several.inputs(several.batch(world.funded(), deposit(several, 3), opened=0))
    first, last = world.size.ticks, world.size.ticks + world.size.steps - 1
    assert inputs["elapsed"] == [0] * first + [3] * world.size.steps
    several.refuses(elapsed(inputs, (last, 4)), "TIME_ORDER/unused")
    several.refuses(elapsed(inputs, *[(i, 1) for i in range(first)]), "TIME_ORDER/unused")


def test_the_longest_batch(bench: Bench, before: State) -> None:
    last = n.ELAPSED.high - 1
    batch = bench.batch(before, deposit(bench, last), opened=0)
    bench.accepts(batch)
    inputs = bench.inputs(batch)
    # Two slots of 2^32 - 1 ms each are in order, and too late together.
    times = inputs["elapsed"]
    assert isinstance(times, list)
    bench.refuses(inputs | {"elapsed": [last, last + 1]}, "TIME_ORDER/last_elapsed")


def test_the_last_time_there_is(bench: Bench, before: State) -> None:
    opened = n.TIME.high - 10 - START_MS
    batch = bench.batch(before, deposit(bench, opened + 9), opened=opened)
    bench.accepts(batch)
    bench.refuses(elapsed(bench.inputs(batch), (1, 10)), "TIME_ORDER/time_to_ms")
    bench.refuses(bench.inputs(batch) | {"time_ms": n.TIME.high}, "MALFORMED/time_ms")


def test_a_batch_is_not_before_its_state(bench: Bench, before: State) -> None:
    bench.accepts(bench.batch(before, deposit(bench, 0)))
    late = replace(before, time_ms=before.time_ms + 1)
    bench.refuses(bench.forced(late, deposit(bench, 0)), "TIME_ORDER/time_ms")


def test_a_batch_without_records_keeps_the_states_time(bench: Bench, before: State) -> None:
    batch = bench.batch(before, opened=100)
    assert batch.words.header.time_to_ms == before.time_ms
    bench.accepts(batch)
    bench.says(batch)


@pytest.mark.parametrize("opened", [None, 0])
def test_the_age_limit_is_of_the_records_own_time(bench: Bench, before: State, opened: int | None) -> None:
    """A match at exactly the limit, and one ms later."""
    limit = bench.world.configuration.max_tick_age_ms
    bench.accepts(bench.batch(before, trade(bench, limit), opened=opened))
    late = bench.forced(before, trade(bench, limit + 1), opened=opened)
    bench.refuses(late, "STALE_TICK/max_tick_age_ms")


def test_a_match_needs_a_tick(bench: Bench, before: State) -> None:
    market = replace(before.market, tick_seq=0)
    bench.refuses(bench.forced(replace(before, market=market), trade(bench, 1)), "NO_TICK/tick_seq")


def test_a_tick_is_not_after_the_records(bench: Bench, before: State) -> None:
    """No state has a tick later than itself; of one that had, no age could be negative."""
    market = replace(before.market, tick_time_ms=START_MS + 2)
    bench.accepts(bench.batch(replace(before, market=market), deposit(bench, 2)))
    batch = bench.forced(replace(before, market=market), deposit(bench, 1))
    bench.refuses(batch, "STALE_TICK/tick_time_ms")


@pytest.mark.parametrize("name", ["sequence", "batch_number"])
def test_counters_stay_in_their_range(bench: Bench, before: State, name: str) -> None:
    last = replace(before, **{name: n.SEQUENCE.high - 2})
    bench.accepts(bench.batch(last, deposit(bench, 1)))
    over = replace(before, **{name: n.SEQUENCE.high - 1})
    batch = bench.batch(before, deposit(bench, 1))
    inputs = bench.inputs(batch) | {f"old/order/{name}": getattr(over, name)}
    bench.refuses(inputs, f"BATCH_FULL/{name}")


@pytest.mark.parametrize("name", ["withdrawals", "fees"])
def test_totals_stay_in_their_range(bench: Bench, before: State, name: str) -> None:
    world = bench.world
    amount = (5 if name == "withdrawals" else 3) * USD * n.CASH_PER_UNIT
    plan: Timed = (lambda s: world.withdrawal(0, 5, fee=3 * USD), 1)
    for total, label in ((n.TOTAL.high - 1 - amount, None), (n.TOTAL.high - amount, f"CASH_OVERFLOW/{name}")):
        state = replace(before, totals=replace(before.totals, **{name: total}))
        batch = bench.batch(state, plan)
        if label is None:
            bench.accepts(batch)
        else:
            bench.refuses(batch, label)


def test_the_epoch_is_the_headers(bench: Bench, before: State) -> None:
    """A new epoch begins with the batch that says so; which one it may say is the contract's."""
    bench.world.epoch = 7
    try:
        batch = bench.batch(before, deposit(bench, 1))
        assert (batch.before.epoch, batch.after.epoch, batch.words.header.epoch) == (0, 7, 7)
        bench.accepts(batch)
        bench.refuses(bench.inputs(batch) | {"epoch": n.EPOCH.high}, "MALFORMED/epoch")
    finally:
        bench.world.epoch = 0


def test_reserved_fields_are_copied(bench: Bench, before: State) -> None:
    """Whatever they hold: the genesis of this version has zeros, a later one may not."""
    totals = replace(before.totals, insurance=1, deficit=2, pending=3, window_start_ms=4, window_released=5)
    market = replace(before.market, listings=6, settlements=7)
    state = replace(before, totals=totals, market=market)
    bench.accepts(bench.batch(state, deposit(bench, 1)))


def test_the_configuration_is_in_its_ranges(bench: Bench, before: State) -> None:
    inputs = bench.inputs(bench.batch(before, deposit(bench, 1)))
    for name, number in (
        ("max_tick_age_ms", n.TIME),
        ("universe", n.UNIVERSE),
        ("resume_minimum_ms", n.TIME),
    ):
        bench.refuses(inputs | {f"config/{name}": number.high}, f"TICK_PARAMETERS/{name}")


def test_records_come_before_padding(several: Bench) -> None:
    """One step, moved to the second slot: the first one is idle."""
    world = several.world
    state = world.funded()
    batch = several.batch(state, deposit(several, 0))
    inputs = several.inputs(batch)
    idle = several.inputs(several.batch(state, opened=0))

    def slot(source: Inputs, number: int) -> Inputs:
        return {
            name.partition("/")[2]: v for name, v in source.items() if name.startswith(f"step[{number}]/")
        }

    for number, values in ((0, slot(idle, 0)), (1, slot(inputs, 0))):
        inputs |= {f"step[{number}]/{name}": value for name, value in values.items()}
    several.refuses(inputs, "BATCH_FULL/active")


@pytest.mark.parametrize("count", range(5))
def test_padding_anywhere(several: Bench, count: int) -> None:
    world = several.world
    plan = [(lambda s: world.cancel(1, 4 + s.sequence), 2 * i) for i in range(count)]
    several.accepts(several.batch(closed(world, world.funded()), *plan, opened=0))
