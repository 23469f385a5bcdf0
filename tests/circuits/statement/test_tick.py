"""Ticks: which may follow which, whose signatures a batch needs, bridges over a gap and the rest after them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from circuits.engine import HintCall
from circuits.protocol import numbers as n
from circuits.protocol.kinds.tick import SignedTick
from rollup.assignment import Inputs
from rollup.ledger.state import State
from tests.rollup.conftest import START_MS, USD, World

from .conftest import Bench, closed

Timed = tuple[Callable[[State], Any], int]
GAP = n.BRIDGE_GAP_MS


def tick(bench: Bench, tick_ms: int, after_ms: int | None = None, **changes: Any) -> Timed:
    """A tick of the time START_MS + tick_ms in a record of that time or another one."""
    world = bench.world
    rows = world.rows(world.row(0, 3000 * USD + tick_ms % 1000))

    def make(state: State) -> SignedTick:
        return world.tick(state.market, rows, START_MS + tick_ms, **changes)

    return make, tick_ms if after_ms is None else after_ms


def trade(bench: Bench, after_ms: int) -> Timed:
    return lambda state: bench.world.trade(), after_ms


def as_signed(signed: SignedTick) -> Inputs:
    """The quorum's signatures as they are, valid or not."""
    inputs: Inputs = {}
    for place, entry in enumerate(signed.signatures):
        scope, signature = f"quorum/signer[{place}]", entry.signature
        inputs[f"{scope}/pick"] = [int(i == entry.oracle) for i in range(3)]
        inputs |= {f"{scope}/{name}": getattr(signature, name) for name in ("r8x", "r8y", "s")}
    return inputs


@pytest.fixture(scope="module")
def before(ticking: Bench) -> State:
    return ticking.world.funded()


@pytest.mark.parametrize("count", range(4))
def test_any_number_of_ticks(ticking: Bench, before: State, count: int) -> None:
    ticks = [tick(ticking, 5 + i, 10 + i) for i in range(count)]
    batch = ticking.batch(before, *ticks, trade(ticking, 20))
    ticking.accepts(batch)
    if count == 2:
        ticking.says(batch)


def test_a_batch_of_ticks_alone(ticking: Bench, before: State) -> None:
    ticking.accepts(ticking.batch(before, tick(ticking, 5), tick(ticking, 6)))


REFUSED: list[tuple[str, Timed | Callable[[Bench], Timed], str]] = [
    ("the same number", lambda b: tick(b, 5, seq=1), "TICK_SEQUENCE/seq"),
    ("the same time", lambda b: tick(b, 0, 9), "TICK_TIME/time_ms"),
    ("from the future", lambda b: tick(b, 11, 10), "TICK_TIME/elapsed"),
    ("unchained", lambda b: tick(b, 5, previous=5), "TICK_SEQUENCE/previous"),
    ("other parameters", lambda b: tick(b, 5, parameter_hash=1), "BAD_SIGNATURE"),
    ("another universe", lambda b: tick(b, 5, universe=2), "BAD_SIGNATURE"),
    ("one signer twice", lambda b: tick(b, 5, signers=(1, 1)), "TICK_SIGNERS/oracle"),
    ("signers in another order", lambda b: tick(b, 5, signers=(2, 0)), "TICK_SIGNERS/oracle"),
    ("another table", lambda b: tick(b, 5, table=9), "TICK_ROW/table"),
]


@pytest.mark.parametrize(("name", "make", "label"), REFUSED, ids=[name for name, _, _ in REFUSED])
def test_a_bad_tick(
    ticking: Bench, before: State, name: str, make: Callable[[Bench], Timed], label: str
) -> None:
    transaction, after_ms = make(ticking)
    batch = ticking.forced(before, (transaction, after_ms))
    ticking.refuses(ticking.inputs(batch, as_signed(transaction(before))), label)


FOLLOWING: list[tuple[str, Callable[[Bench], Timed], str]] = [
    ("a lower number", lambda b: tick(b, 50, 60, seq=2), "TICK_SEQUENCE/seq"),
    ("the same time", lambda b: tick(b, 8, 60, seq=9), "TICK_TIME/time_ms"),
    ("from the future", lambda b: tick(b, 61, 60, seq=9), "TICK_TIME/elapsed"),
]


@pytest.mark.parametrize("place", [1, 2])
@pytest.mark.parametrize(("name", "make", "label"), FOLLOWING, ids=[name for name, _, _ in FOLLOWING])
def test_a_bad_tick_after_others(
    ticking: Bench, before: State, place: int, name: str, make: Callable[[Bench], Timed], label: str
) -> None:
    """Each slot states the conditions itself: its header is bound by the last quorum, its merits are not."""
    ticks = [tick(ticking, 8 - place + 1 + i) for i in range(place)]
    batch = ticking.forced(before, *ticks, make(ticking))
    inputs = ticking.inputs(batch, as_signed(batch.ticks[-1].transaction))
    ticking.refuses(inputs, f"tick[{place}]/{label}")


@pytest.mark.parametrize("place", range(3))
def test_numbers_of_every_slot_are_in_range(ticking: Bench, before: State, place: int) -> None:
    inputs = ticking.inputs(ticking.batch(before, *[tick(ticking, 5 + i) for i in range(3)]))
    for name, value in (("seq", n.TICK_NUMBER.high), ("seq", 0), ("time_ms", n.TIME.high)):
        ticking.refuses(inputs | {f"tick[{place}]/{name}": value}, f"tick[{place}]/MALFORMED/{name}")
    ticking.refuses(inputs | {f"tick[{place}]/used": 2}, f"tick[{place}]/used")


def test_ends_of_number_and_time(ticking: Bench, before: State) -> None:
    """A tick of the very time of its record, with the next number and with the last one there is."""
    ticking.accepts(ticking.batch(before, tick(ticking, 1)))
    ticking.accepts(ticking.batch(before, tick(ticking, 1, seq=n.TICK_NUMBER.high - 1)))
    inputs = ticking.inputs(ticking.batch(before, tick(ticking, 1)))
    ticking.refuses(inputs | {"tick[0]/bridge": 2}, "tick[0]/MALFORMED/bridge")


def test_an_old_tick_may_be_applied(ticking: Bench, before: State) -> None:
    """Age is checked where a price is used."""
    late = ticking.world.configuration.max_tick_age_ms + 100
    ticking.accepts(ticking.batch(before, tick(ticking, 5, late)))
    label = "STALE_TICK/max_tick_age_ms"
    ticking.refuses(ticking.forced(before, tick(ticking, 5, late), trade(ticking, late)), label)


# -- the quorum is the last tick's --------------------------------------------------------------------------------------------


def unsigned(timed: Timed, world: World) -> Timed:
    """The tick with other oracles' signatures, over something else."""
    make, after_ms = timed

    def remade(state: State) -> SignedTick:
        signed = make(state)
        return replace(signed, signatures=world.tick(state.market, signed.rows, START_MS + 777).signatures)

    return remade, after_ms


def test_the_last_tick_needs_its_quorum(ticking: Bench, before: State) -> None:
    plan = [tick(ticking, 5), unsigned(tick(ticking, 6), ticking.world)]
    batch = ticking.forced(before, *plan)
    ticking.refuses(
        ticking.inputs(batch, as_signed(batch.ticks[-1].transaction)), "quorum/signer[0]/BAD_SIGNATURE"
    )


@pytest.mark.parametrize("place", [0, 1])
def test_each_signer_of_the_quorum_must_have_signed(ticking: Bench, before: State, place: int) -> None:
    inputs = ticking.inputs(ticking.batch(before, tick(ticking, 5)))
    other = ticking.inputs(ticking.batch(before, tick(ticking, 6)))
    for name in ("r8x", "r8y", "s"):
        scope = f"quorum/signer[{place}]"
        inputs[f"{scope}/{name}"] = other[f"{scope}/{name}"]
    ticking.refuses(inputs, f"quorum/signer[{place}]/BAD_SIGNATURE")


def test_an_oracle_signs_with_its_own_key(ticking: Bench, before: State) -> None:
    inputs = ticking.inputs(ticking.batch(before, tick(ticking, 5)))
    ticking.refuses(inputs | {"quorum/signer[1]/pick": [0, 0, 1]}, "quorum/signer[1]/BAD_SIGNATURE")
    for place in range(2):
        for pick in ([0, 0, 0], [0, 1, 1], [2, 0, -1]):
            lied = inputs | {f"quorum/signer[{place}]/pick": pick}
            ticking.refuses(lied, f"quorum/signer[{place}]/TICK_SIGNERS/oracle")


def test_a_batch_without_ticks_needs_no_quorum(ticking: Bench, before: State) -> None:
    ticking.accepts(ticking.batch(before, trade(ticking, 1)))


@pytest.mark.parametrize("name", ["seq", "time_ms", "indices", "table"])
def test_the_last_tick_binds_the_headers_before_it(ticking: Bench, before: State, name: str) -> None:
    """Anything else in the first header and the second one's signed `previous` is not its hash any more."""
    batch = ticking.batch(before, tick(ticking, 5), tick(ticking, 8, seq=9))
    inputs = ticking.inputs(batch)
    value = inputs[f"tick[0]/{name}"]
    assert isinstance(value, int)
    ticking.refuses(
        inputs | {f"tick[0]/{name}": value - 1 if name == "time_ms" else value + 1},
        "quorum/signer[0]/BAD_SIGNATURE",
    )


def test_the_second_tick_must_name_the_first(ticking: Bench, before: State) -> None:
    """Signed by the quorum, but over the tick that the market stood on before the batch."""
    previous = before.market.tick_hash
    batch = ticking.forced(before, tick(ticking, 5), tick(ticking, 8, previous=previous))
    ticking.refuses(ticking.inputs(batch, as_signed(batch.ticks[-1].transaction)), "BAD_SIGNATURE")


@pytest.mark.parametrize("place", [1, 2])
def test_a_bridge_is_the_first_tick(ticking: Bench, before: State, place: int) -> None:
    """A bridge in a later slot: there is no input for it, and its hash is not what the circuit makes."""
    far = 10 * GAP
    ticks = [tick(ticking, 5 + i) for i in range(place)]
    batch = ticking.forced(before, *ticks, tick(ticking, far, bridge=True, previous=7))
    inputs = ticking.inputs(batch, as_signed(batch.ticks[-1].transaction))
    assert f"tick[{place}]/bridge" not in inputs and f"tick[{place}]/previous" not in inputs
    ticking.refuses(inputs, "BAD_SIGNATURE")


def test_used_ticks_come_first(ticking: Bench, before: State) -> None:
    """The same tick in the second slot, with the first one empty."""
    inputs = ticking.inputs(ticking.batch(before, tick(ticking, 5)))
    names = ("used", "seq", "time_ms", "indices", "table")
    moved = {f"tick[1]/{name}": inputs[f"tick[0]/{name}"] for name in names}
    emptied = {f"tick[0]/{name}": inputs[f"tick[2]/{name}"] for name in names}
    ticking.refuses(inputs | moved | emptied, "TICK_SLOTS/used")


# -- bridges -----------------------------------------------------------------------------------------------------------------


def bridge(bench: Bench, gap: int, after_ms: int | None = None, **changes: Any) -> Timed:
    return tick(bench, gap, after_ms, **{"bridge": True, "previous": 7, **changes})


GAPS = [
    # gap, what the rest is: the least one, a quarter of the gap rounded down, the longest
    (GAP + 1, 96_000),
    (4 * 96_000 + 3, 96_000),
    (4 * 96_001, 96_001),
    (4 * 200_000 + 3, 200_000),
    (4 * n.RESUME_MAXIMUM_MS - 1, n.RESUME_MAXIMUM_MS - 1),
    (4 * n.RESUME_MAXIMUM_MS, n.RESUME_MAXIMUM_MS),
    (40 * n.RESUME_MAXIMUM_MS, n.RESUME_MAXIMUM_MS),
]


@pytest.mark.parametrize(("gap", "rest"), GAPS)
def test_a_bridge_lets_the_market_rest(ticking: Bench, before: State, gap: int, rest: int) -> None:
    batch = ticking.batch(before, bridge(ticking, gap, gap + 3))
    assert batch.after.market.resume_until_ms == START_MS + gap + 3 + rest
    ticking.accepts(batch)


def test_a_minimum_beyond_the_maximum(ticking: Bench, before: State) -> None:
    world = World(size=ticking.world.size)
    world.configuration = replace(world.configuration, resume_minimum_ms=n.RESUME_MAXIMUM_MS + 5)
    usual, ticking.world = ticking.world, world
    try:
        batch = ticking.batch(before, bridge(ticking, GAP + 1))
        assert batch.after.market.resume_until_ms == START_MS + GAP + 1 + n.RESUME_MAXIMUM_MS
        ticking.accepts(batch)
    finally:
        ticking.world = usual


def test_a_bridge_needs_a_gap(ticking: Bench, before: State) -> None:
    batch = ticking.forced(before, bridge(ticking, GAP))
    ticking.refuses(ticking.inputs(batch, as_signed(batch.ticks[0].transaction)), "TICK_BRIDGE/time_ms")


def test_a_bridge_needs_a_tick_to_come_from(ticking: Bench) -> None:
    batch = ticking.forced(ticking.world.genesis(), bridge(ticking, GAP + 1))
    ticking.refuses(ticking.inputs(batch, as_signed(batch.ticks[0].transaction)), "TICK_BRIDGE/tick_seq")


def test_a_bridge_is_still_later_and_higher(ticking: Bench, before: State) -> None:
    for changes, label in (({"seq": 1}, "TICK_SEQUENCE/seq"), ({"after_ms": GAP + 9}, "TICK_TIME/elapsed")):
        batch = ticking.forced(before, bridge(ticking, GAP + 10, **changes))  # type: ignore[arg-type]
        ticking.refuses(ticking.inputs(batch, as_signed(batch.ticks[0].transaction)), label)


def test_a_bridge_cannot_be_hidden(ticking: Bench, before: State) -> None:
    """The signed flag is in the hash: a bridge shown as a common tick, or a common tick as a bridge, is not what was signed."""
    hidden = ticking.inputs(ticking.batch(before, bridge(ticking, GAP + 1)))
    ticking.refuses(hidden | {"tick[0]/bridge": 0}, "TICK_SEQUENCE/previous")
    chained = ticking.inputs(
        ticking.batch(before, bridge(ticking, GAP + 1, previous=before.market.tick_hash))
    )
    ticking.refuses(chained | {"tick[0]/bridge": 0}, "quorum/signer[0]/BAD_SIGNATURE")
    common = ticking.inputs(ticking.batch(before, tick(ticking, GAP + 1)))
    ticking.refuses(common | {"tick[0]/bridge": 1}, "quorum/signer[0]/BAD_SIGNATURE")


def test_a_bridge_in_an_unused_slot_is_none(ticking: Bench, before: State) -> None:
    """Nothing rests, and nothing asks for a gap."""
    batch = ticking.batch(before, trade(ticking, 1))
    ticking.accepts(batch, {"tick[0]/bridge": 1, "tick[0]/previous": 5})


def test_the_market_rests_to_the_millisecond(ticking: Bench, before: State) -> None:
    """Whatever ticks come in between, and also in later batches."""
    gap, until = GAP + 1, GAP + 1 + 96_000
    crossing = [bridge(ticking, gap), tick(ticking, until - 2)]
    early = ticking.forced(before, *crossing, trade(ticking, until - 1))
    ticking.refuses(early, "RESUME_WINDOW/resume_until_ms")
    ticking.accepts(ticking.batch(before, *crossing, trade(ticking, until)))

    world, state = ticking.world, before
    for make, after_ms in crossing:
        state = world.run(state, make(state), START_MS + after_ms)
    state = closed(world, state)
    ticking.refuses(ticking.forced(state, trade(ticking, until - 1)), "RESUME_WINDOW/resume_until_ms")
    ticking.accepts(ticking.batch(state, trade(ticking, until)))


def test_a_rest_ends_within_time(ticking: Bench, before: State) -> None:
    last = n.TIME.high - 1 - n.RESUME_MAXIMUM_MS
    ticking.accepts(ticking.batch(before, bridge(ticking, last - START_MS)))
    batch = ticking.forced(before, bridge(ticking, last + 1 - START_MS))
    inputs = ticking.inputs(batch, as_signed(batch.ticks[0].transaction))
    ticking.refuses(inputs, "TICK_BRIDGE/resume_until_ms")


@pytest.mark.parametrize("lie", [1, 2])
def test_the_rest_is_not_the_provers_to_choose(ticking: Bench, before: State, lie: int) -> None:
    """Lies in the comparisons and in the quotient."""
    inputs = ticking.inputs(ticking.batch(before, bridge(ticking, 4 * 200_000 + 3)))
    label = "/window" if lie == 1 else "TICK_BRIDGE/gap"

    def hook(call: HintCall) -> list[int]:
        mine = call.label.endswith(label)
        return [1 - call.honest[0], *call.honest[1:]] if mine else list(call.honest)

    broken = ticking.broken(inputs, hook)
    assert broken is not None and broken.endswith(label)


# -- rows --------------------------------------------------------------------------------------------------------------------

ROW_NUMBERS = [
    ("kind", 4),
    ("status", 2),
    ("expiry_ms", n.TIME.high),
    ("strike", n.STRIKE.high),
    ("greeks", 1 << 240),
    ("mark", n.MARK.high),
    ("funding", n.FUNDING.high),
    ("funding", n.FUNDING.low - 1),
    ("short_minimum", n.CONTINGENCY.high),
    ("contingency_initial", n.CONTINGENCY.high),
    ("contingency_maintenance", n.CONTINGENCY.high),
]


@pytest.mark.parametrize(("name", "value"), ROW_NUMBERS)
def test_row_numbers_out_of_range(ticking: Bench, before: State, name: str, value: int) -> None:
    inputs = ticking.inputs(ticking.batch(before))
    ticking.refuses(inputs | {f"row[0]/{name}": value}, f"row[0]/TICK_ROW/{name}")


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("value", [n.SCENARIO.high, n.SCENARIO.low - 1])
def test_scenarios_out_of_range(ticking: Bench, before: State, place: int, value: int) -> None:
    inputs = ticking.inputs(ticking.batch(before))
    given = inputs["row[0]/scenarios"]
    assert not isinstance(given, int)
    scenarios = [value if i == place else x for i, x in enumerate(given)]
    ticking.refuses(inputs | {"row[0]/scenarios": scenarios}, "row[0]/TICK_ROW/scenarios")


@pytest.mark.parametrize("name", [name for name, _ in ROW_NUMBERS if name != "status"])
def test_an_unused_row_is_all_zero(bench: Bench, name: str) -> None:
    inputs = bench.inputs(bench.batch(bench.world.funded()))
    value = inputs[f"row[1]/{name}"]
    assert isinstance(value, int)
    bench.refuses(inputs | {f"row[1]/{name}": value + 1}, f"row[1]/TICK_ROW/{name}")


def test_a_row_is_the_signed_one(bench: Bench) -> None:
    inputs = bench.inputs(bench.batch(bench.world.funded()))
    for name in ("kind", "mark", "funding", "contingency_initial"):
        value = inputs[f"row[0]/{name}"]
        assert isinstance(value, int)
        bench.refuses(inputs | {f"row[0]/{name}": value + 1}, "TICK_ROW/table")
    bench.refuses(inputs | {"row[1]/status": 1}, "TICK_ROW/table")
