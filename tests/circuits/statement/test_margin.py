"""Initial margin to the last unit, by the ledger's own figures: each part of the rule decides in some case."""

from __future__ import annotations

from dataclasses import replace

import pytest

from circuits.protocol.row import InstrumentKind
from rollup.ledger.account import Position
from rollup.ledger.margin import assess
from rollup.ledger.state import State
from tests.rollup.conftest import CASH, LOT, START_MS, USD

from .conftest import Bench, closed, with_account

CALL, PUT = InstrumentKind.CALL, InstrumentKind.PUT
CASES = [
    # (quantity, entry, funding) of both instruments; kind of the second, which is another underlying's
    ("long", (LOT, 0, 250), (0, 0, 0), PUT),
    ("short", (-LOT, 0, 250), (0, 0, 0), PUT),
    ("entry quote", (LOT, 77 * CASH, 250), (0, 0, 0), PUT),
    ("accrued funding of a long", (LOT, 0, -9 * USD), (0, 0, 0), PUT),
    ("accrued funding of a short", (-LOT, 0, -9 * USD), (0, 0, 0), PUT),
    ("short put", (0, 0, 0), (-3 * LOT, 0, 0), PUT),
    ("short call", (0, 0, 0), (-3 * LOT, 0, 0), CALL),
    ("long put", (0, 0, 0), (3 * LOT, 5, 0), PUT),
    ("short perp of the second underlying", (0, 0, 0), (-3 * LOT, 5, 0), InstrumentKind.PERP),
    ("two underlyings that do not net", (LOT, 0, 0), (-3 * LOT, 0, 0), PUT),
]


@pytest.fixture(scope="module")
def market(bench: Bench) -> dict[InstrumentKind, State]:
    """A state a kind of the second row, whose scenarios fall where the first one's rise."""
    world, states = bench.world, {}
    for kind in (CALL, PUT, InstrumentKind.PERP):
        second = world.row(
            1,
            100 * USD,
            kind=kind,
            funding=3 * USD,
            short_minimum=20 * USD,
            scenarios=tuple(USD * x for x in (70, 5, -60)),
        )
        rows = world.rows(world.row(0, 3000 * USD, funding=250), second)
        state = world.funded()
        after = world.run(state, world.tick(state.market, rows, START_MS + 1), START_MS + 1)
        states[kind] = closed(world, after)
    return states


@pytest.mark.parametrize(("name", "first", "second", "kind"), CASES, ids=[name for name, *_ in CASES])
def test_the_last_unit(
    bench: Bench,
    market: dict[InstrumentKind, State],
    name: str,
    first: tuple[int, int, int],
    second: tuple[int, int, int],
    kind: InstrumentKind,
) -> None:
    world, state = bench.world, market[kind]
    held = replace(state.account(0), positions=(Position(*first), Position(*second)), cash=0)
    need = -assess(held, state.market.rows, world.size).initial_balance
    for spare, allowed in ((0, True), (-1, False)):
        before = with_account(state, 0, positions=held.positions, cash=need + CASH + spare)
        batch = bench.forced(before, (lambda s: world.withdrawal(0, 1), 2))
        if allowed:
            bench.accepts(batch)
        else:
            bench.refuses(batch, "INITIAL_MARGIN/equity")


@pytest.mark.parametrize("scenario", range(3))
def test_every_scenario_may_be_the_worst(bench: Bench, scenario: int) -> None:
    world = bench.world
    state = world.funded()
    pnl = tuple(-50 * USD if s == scenario else USD for s in range(3))
    rows = world.rows(world.row(0, 3000 * USD, scenarios=pnl))
    state = closed(world, world.run(state, world.tick(state.market, rows, START_MS + 1), START_MS + 1))
    held = with_account(state, 0, positions=(Position(LOT, 3000 * USD * LOT, 0), Position()))
    for cash, allowed in ((111 * CASH, True), (111 * CASH - 1, False)):
        # 50 of scan risk, 60 of contingency, 1 withdrawn.
        batch = bench.forced(with_account(held, 0, cash=cash), (lambda s: world.withdrawal(0, 1), 2))
        if allowed:
            bench.accepts(batch)
        else:
            bench.refuses(batch, "INITIAL_MARGIN/equity")
