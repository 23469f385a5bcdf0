"""The compiled rows are the rows that a define says: as polynomials, compared at one random assignment.

Negative tests run under the engine, which sees values; proofs are made of compiled rows, which see wire numbers. A wire mistaken on
the way from one to the other could leave the compiled circuit weaker than the one that was tested, while every honest witness still
satisfies it. Here all inputs and all hints are random, no constraint is enforced, and each row's three linear combinations must have
the values that the define gave them: rows that differ anywhere would agree with probability below 2^-200.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise

import pytest

from circuits.compiler import CompiledCircuit, compile_circuit
from circuits.engine import Engine, HintCall
from circuits.field import R
from circuits.gadgets.eddsa import Signature, assert_eddsa
from circuits.language import ConstraintSystem
from circuits.protocol.sizes import Size
from circuits.r1cs import Matrix
from circuits.statement.batch import define_batch
from circuits.variables import Variable

Row = tuple[int, int, int]
Define = Callable[[ConstraintSystem], None]

TINY = Size(
    name="TINY",
    depth=2,
    steps=2,
    ticks=1,
    instruments=2,
    underlyings=2,
    scenarios=3,
    order_slots=3,
    oracles=3,
    quorum=2,
)


class Recorder(Engine):
    """An engine that enforces nothing and notes the values of every row."""

    def __init__(self, circuit: CompiledCircuit, seed: int) -> None:
        draw = random.Random(seed).randrange
        inputs = {name: [draw(R) for _ in range(count)] for name, count in circuit.inputs}

        def answer(call: HintCall) -> list[int]:
            return [draw(R) for _ in call.honest]

        challenge = circuit.r1cs.challenge is not None
        super().__init__(inputs, challenge=challenge, mask=draw(R), chi=draw(R), hint_hook=answer)
        self.rows: list[Row] = []

    def assert_product(self, a: Variable, b: Variable, c: Variable, label: str) -> None:
        self.rows.append((self.value_of(a), self.value_of(b), self.value_of(c)))

    def assign_output(self, output: Variable, value: Variable, label: str = "output") -> None:
        super().assign_output(output, value, label)
        self.rows.append((self.value_of(value), 1, self.value_of(value)))

    def _product(self, a: Variable, b: Variable, label: str) -> Variable:
        out = super()._product(a, b, label)
        self.rows.append((self.value_of(a), self.value_of(b), self.value_of(out)))
        return out

    def _product_plus(self, a: Variable, b: Variable, c: Variable, label: str) -> Variable:
        out = super()._product_plus(a, b, c, label)
        self.rows.append((self.value_of(a), self.value_of(b), (self.value_of(out) - self.value_of(c)) % R))
        return out

    def _begin_late(self, words: list[Variable]) -> tuple[Variable, Variable]:
        late = super()._begin_late(words)
        self.rows.append((self._mask, 1, self._mask))
        return late

    def _check_claim(self, x: Variable, lo: int, hi: int) -> None:
        """Claims follow from constraints, and none is enforced."""


def differing_rows(circuit: CompiledCircuit, define: Define) -> list[int]:
    recorder = Recorder(circuit, seed=2026)
    define(recorder)
    system, witness = circuit.r1cs, recorder.witness
    assert len(witness) == system.n_wires
    coefficients = system.coefficient_values

    def values(matrix: Matrix) -> list[int]:
        entries = [
            coefficients[k] * witness[w]
            for w, k in zip(matrix.col.tolist(), matrix.coeff.tolist(), strict=True)
        ]
        return [sum(entries[start:end]) % R for start, end in pairwise(matrix.row_ptr.tolist())]

    compiled = zip(*(values(matrix) for matrix in (system.a, system.b, system.c)), strict=True)
    return [i for i, (said, row) in enumerate(zip(recorder.rows, compiled, strict=True)) if said != row]


def signature(cs: ConstraintSystem) -> None:
    enabled = cs.assert_bit(cs.input("enabled"))
    x, y = cs.inputs("key", 2)
    assert_eddsa(cs, enabled, (x, y), Signature(*cs.inputs("signature", 3)), cs.input("message"))


@pytest.mark.parametrize(
    ("define", "challenge"), [(signature, False), (define_batch(TINY), True)], ids=["signature", "batch"]
)
def test_compiled_rows_are_the_rows_of_the_define(define: Define, challenge: bool) -> None:
    assert differing_rows(compile_circuit(define, challenge=challenge), define) == []


def test_one_other_coefficient_is_noticed() -> None:
    def scaled(factor: int) -> Define:
        def define(cs: ConstraintSystem) -> None:
            a, b = cs.inputs("pair", 2)
            cs.assert_product(a, b * factor, cs.mul(a, b), "rule")

        return define

    assert differing_rows(compile_circuit(scaled(2)), scaled(3)) == [1]
