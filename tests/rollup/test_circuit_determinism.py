"""With its inputs held, nothing in a sealed batch can move but the hints that decide nothing: quotients by 0 and the sign of 0."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from circuits.batch.circuit import compile_batch, define_batch
from circuits.determinism import free_wires
from circuits.engine import Engine, HintCall
from circuits.language import Opcode
from circuits.variables import Variable
from rollup.batch import SealedBatch
from rollup.circuit_inputs import circuit_inputs

from .test_circuit_inputs import batches  # noqa: F401

IDLE = {Opcode.INVERSE: 0, Opcode.QUOTIENT: 1, Opcode.SIGN: 0}
"""The operand of a hint that leaves its answer open where it is 0."""


class Recorder(Engine):
    """An engine that notes the wires of inputs, and of the hints that decide nothing."""

    def __init__(self, inputs: Any) -> None:
        self.input_wires: list[int] = []
        self.idle: list[int] = []
        super().__init__(inputs, challenge=True, mask=1, chi=12345, hint_hook=self._note)

    def _note(self, call: HintCall) -> Sequence[int]:
        if call.opcode in IDLE and call.operands[IDLE[call.opcode]] == 0:
            self.idle.append(len(self.witness))
        return call.honest

    def _inputs(self, name: str, count: int) -> list[Variable]:
        first = len(self.witness)
        variables = super()._inputs(name, count)
        self.input_wires += range(first, len(self.witness))
        return variables


@pytest.mark.parametrize(
    "which",
    [
        pytest.param(0, marks=pytest.mark.prove),
        1,
        *(pytest.param(i, marks=pytest.mark.prove) for i in (2, 3)),
    ],
)
def test_only_idle_hints_can_move(world: Any, batches: list[SealedBatch], which: int) -> None:  # noqa: F811
    circuit = compile_batch(world.size)
    engine = Recorder(circuit_inputs(batches[which], world.crypto))
    define_batch(world.size)(engine)
    layout = circuit.r1cs.challenge
    assert layout is not None
    given = [1, layout.mask, *engine.input_wires]
    moving = free_wires(circuit.r1cs, engine.witness, [*given, *engine.idle])
    assert moving == [], [circuit.wire_name(wire) for wire in moving]
    # Left alone, they are what moves: the search does see them.
    assert set(free_wires(circuit.r1cs, engine.witness, given)) <= set(engine.idle)
