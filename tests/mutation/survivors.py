"""Which mutants of the batch circuit nothing catches, given the cases that must be refused."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from circuits.compiler import CompiledCircuit
from circuits.determinism import free_wires
from circuits.errors import UndeterminedWires
from circuits.r1cs import R1CS, Matrix
from circuits.statement.batch import compile_batch
from tests.circuits.statement.conftest import ONE, TICKING
from tests.mutation.cases import Broken, group_of, is_range
from tests.mutation.honest import Honest, honest

SIZES = {f"batch.{size.name}": size for size in (ONE, TICKING)}


def without(r1cs: R1CS, rows: Sequence[int]) -> R1CS:
    """The system with these rows saying 0 * 0 = 0: as many rows as before."""
    gone = np.zeros(r1cs.n_constraints, dtype=bool)
    gone[list(rows)] = True
    return replace(r1cs, a=_emptied(r1cs.a, gone), b=_emptied(r1cs.b, gone), c=_emptied(r1cs.c, gone))


def _emptied(matrix: Matrix, gone: np.ndarray) -> Matrix:
    counts = np.diff(matrix.row_ptr.astype(np.int64))
    kept = np.repeat(~gone, counts)
    row_ptr = np.zeros(len(matrix.row_ptr), dtype=np.uint32)
    np.cumsum(np.where(gone, 0, counts), out=row_ptr[1:])
    return Matrix(row_ptr, matrix.col[kept], matrix.coeff[kept])


def groups_of(circuit: CompiledCircuit) -> dict[str, list[int]]:
    """The rows of each group."""
    groups: dict[str, list[int]] = defaultdict(list)
    for row in range(circuit.r1cs.n_constraints):
        groups[group_of(circuit.label(row))].append(row)
    return dict(groups)


def ranges_of(circuit: CompiledCircuit) -> frozenset[str]:
    """Groups with a row that ends a range."""
    return frozenset(
        group for group, rows in groups_of(circuit).items() if any(is_range(circuit, row) for row in rows)
    )


class Mutants:
    """The mutants of the circuit at the size with one step (the one with several ticks for what only that has)."""

    def __init__(self, cases: Iterable[Broken]) -> None:
        self._cases = list(cases)
        self._alone = {next(iter(case.groups)) for case in self._cases if len(case.groups) == 1}
        self._near = {
            next(iter(case.groups)) for case in self._cases if len(case.groups) == 1 and case.at_bound
        }
        self._circuits = [compile_batch(size) for size in (ONE, TICKING)]

    @cached_property
    def sizes(self) -> dict[str, int]:
        """How many rows each group has, at the first size that has it."""
        sizes: dict[str, int] = {}
        for circuit in self._circuits:
            for group, rows in groups_of(circuit).items():
                sizes.setdefault(group, len(rows))
        return sizes

    @cached_property
    def _ranges(self) -> frozenset[str]:
        return frozenset().union(*(ranges_of(circuit) for circuit in self._circuits))

    def count(self) -> int:
        """How many mutants there are."""
        return len(self.sizes) + len(self._ranges)

    def widened(self) -> list[str]:
        """Ranges of which no case is refused for one bit."""
        return sorted(self._ranges - self._near)

    def dropped(self) -> list[str]:
        """Groups without which every case is still refused and every wire still held."""
        left = self.sizes.keys() - self._alone
        return sorted(group for group in left if not self._frees(group))

    def _frees(self, group: str) -> bool:
        """Whether a wire of an honest batch can move once the group is gone."""
        for circuit in self._circuits:
            rows = groups_of(circuit).get(group)
            if rows is None:
                continue
            for example in self._honest(circuit):
                try:
                    moving = free_wires(without(circuit.r1cs, rows), example.witness, example.given)
                except UndeterminedWires:
                    return True
                if set(moving) - example.idle:
                    return True
        return False

    @cached_property
    def _examples(self) -> dict[str, list[Honest]]:
        return {circuit.name: honest(SIZES[circuit.name]) for circuit in self._circuits}

    def _honest(self, circuit: CompiledCircuit) -> list[Honest]:
        return self._examples[circuit.name]
