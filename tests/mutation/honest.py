"""Honest batches of one step, a kind each: where the search for free wires looks for what a missing constraint lets move."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from circuits.protocol.sizes import Size
from circuits.statement.batch import define_batch
from rollup.assignment import assign
from rollup.ledger.batch import SealedBatch
from rollup.ledger.state import State
from tests.circuits.statement.conftest import Bench
from tests.circuits.statement.test_composition import Recorder
from tests.rollup.conftest import LOT, START_MS


@dataclass(frozen=True)
class Honest:
    """A batch's witness, the wires that are given (inputs, chi, mask) and those of hints that decide nothing there."""

    witness: list[int]
    given: tuple[int, ...]
    idle: frozenset[int]


def honest(size: Size) -> list[Honest]:
    """A batch of every kind of step, and one of ticks only."""
    bench = Bench(size)
    world = bench.world
    state = world.funded()
    plans: list[Callable[[State], Any]] = [
        lambda s: world.deposit(s, 0, 5),
        lambda s: world.deposit(s, 3, 5),
        lambda s: world.trade(quantity=LOT),
        lambda s: world.withdrawal(0, 40, nonce=33),
        lambda s: world.cancel(0, 7, slot=1),
        lambda s: world.cancel(0, 7),
        lambda s: world.tick(s.market, world.rows(world.row(0, 3100 * world.USD)), START_MS + 1),
    ]
    batches = [bench.batch(state, (plan, 1)) for plan in plans]
    return [_recorded(bench, batch) for batch in batches]


def _recorded(bench: Bench, batch: SealedBatch) -> Honest:
    engine = Recorder(assign(batch, bench.world.crypto))
    define_batch(bench.world.size)(engine)
    layout = bench.circuit.r1cs.challenge
    assert layout is not None
    given = (1, layout.mask, *engine.input_wires, *engine.idle)
    return Honest(list(engine.witness), given, frozenset(engine.idle))
