"""The search for a second witness: which wires could move while the inputs stay.

The compiler's check that constraints hold every wire (`circuits.holding`) is syntactic. This module looks at one witness and decides
whether the constraints, taken to first order around it, leave any wire free: if a combination of wires could move together, a
constraint is missing. It says nothing about witnesses far away (the other root of a bit, another recoding): those are
excluded by each gadget's argument and by tests whose hints lie.

How. A row in which one wire is not known yet makes it known; nearly every circuit ends so. Where no such row is left, the first wire
that is not known (wires are numbered as they are computed, so what went wrong went wrong near it) is taken as a parameter, and
further wires become known as linear combinations of parameters; a row whose wires are all known is then an equation between
parameters. Nothing fills but the combinations, as long as the parameters are: a missing constraint costs one, however long the chain
behind it. Should they become too many all the same, the search stops and names them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from circuits.errors import ShapeError, UndeterminedWires
from circuits.field import R, inverse
from circuits.r1cs import R1CS

BUDGET = 20_000_000
"""Products of field elements that a search may take: some ten seconds. A whole batch with one constraint missing takes a tenth."""

Combination = dict[int, int]
"""A linear combination of parameters, by the wires that are the parameters; without zeros."""


def free_wires(r1cs: R1CS, witness: Sequence[int], given: Iterable[int], budget: int = BUDGET) -> list[int]:
    """Wires that the constraints do not fix to first order at this witness once the `given` wires are held.

    The result is empty exactly if the Jacobian of all constraints in the other wires has full column rank mod r; otherwise it names
    as many wires as can move independently. The witness must satisfy the system (ShapeError). UndeterminedWires if deciding it takes
    more than `budget` products of field elements: then at least one of the wires that it names is likely to be free.
    """
    if len(witness) != r1cs.n_wires:
        raise ShapeError(f"a witness of this system has {r1cs.n_wires} values, got {len(witness)}")
    held = {0, *given}
    search = _Search(_jacobian(r1cs, witness, held), r1cs.n_wires, held, budget)
    # Public wires come first and are computed last.
    return search.run([*range(r1cs.n_public + 1, r1cs.n_wires), *range(1, r1cs.n_public + 1)])


class _Jacobian:
    """Sparse rows of derivatives, by rows and by wires."""

    def __init__(
        self, n_rows: int, n_wires: int, row: NDArray[np.int64], wire: NDArray[np.int64], value: list[int]
    ) -> None:
        self.start = np.searchsorted(row, np.arange(n_rows + 1)).tolist()
        self.wire: list[int] = wire.tolist()
        self.value = value
        self.counts: list[int] = np.bincount(row, minlength=n_rows).tolist()
        # Exact: a sum of wire numbers stays far below 2^53.
        self.sums: list[int] = np.bincount(row, weights=wire, minlength=n_rows).astype(np.int64).tolist()
        by_wire = np.argsort(wire, kind="stable")
        ends = np.searchsorted(wire[by_wire], np.arange(n_wires + 1)).tolist()
        rows = row[by_wire].tolist()
        self.rows_of = [rows[a:b] for a, b in pairwise(ends)]

    def entries(self, row: int) -> Iterator[tuple[int, int]]:
        span = slice(self.start[row], self.start[row + 1])
        return zip(self.wire[span], self.value[span], strict=True)


def _jacobian(r1cs: R1CS, witness: Sequence[int], held: set[int]) -> _Jacobian:
    """For each constraint a*b - c its derivatives (b da + a db - dc) by the wires that are not held."""
    matrices = (r1cs.a, r1cs.b, r1cs.c)
    coefficients = np.array(r1cs.coefficient_values, dtype=object)
    values = np.array([*witness], dtype=object)
    at = []
    for m in matrices:
        sums = np.zeros(r1cs.n_constraints, dtype=object)
        full = np.flatnonzero(np.diff(m.row_ptr))
        if len(full):
            sums[full] = np.add.reduceat(coefficients[m.coeff] * values[m.col], m.row_ptr[full]) % R
        at.append(sums)
    if ((at[0] * at[1] - at[2]) % R).any():
        raise ShapeError("free wires are looked for around a witness that satisfies the system")
    is_free = np.ones(r1cs.n_wires, dtype=bool)
    is_free[list(held)] = False
    keys, parts = [], []
    for m, factor in zip(
        matrices, (at[1], at[0], np.full(r1cs.n_constraints, R - 1, dtype=object)), strict=True
    ):
        row = np.repeat(np.arange(r1cs.n_constraints), np.diff(m.row_ptr))
        wanted = is_free[m.col] & (factor != 0)[row]
        row, col = row[wanted], m.col[wanted].astype(np.int64)
        keys.append(row * r1cs.n_wires + col)
        parts.append(coefficients[m.coeff[wanted]] * factor[row])
    key, part = np.concatenate(keys), np.concatenate(parts)
    order = np.argsort(key, kind="stable")
    key, part = key[order], part[order]
    first = np.flatnonzero(np.diff(key, prepend=-1))
    total = np.add.reduceat(part, first) % R if len(first) else part
    moving = total != 0
    key = key[first][moving.astype(bool)]
    return _Jacobian(
        r1cs.n_constraints, r1cs.n_wires, key // r1cs.n_wires, key % r1cs.n_wires, total[moving].tolist()
    )


class _Search:
    """What is known of each wire: nothing, that it stands still, or how it moves with the parameters."""

    def __init__(self, jacobian: _Jacobian, n_wires: int, held: set[int], budget: int) -> None:
        self._jacobian, self._budget = jacobian, budget
        self._unseen = [w for w in range(n_wires) if not jacobian.rows_of[w] and w not in held]
        self._known = [not rows for rows in jacobian.rows_of]
        self._moves: dict[int, Combination] = {}
        self._moved_rows: set[int] = set()
        self._equations: list[int] = []
        self._parameters: list[int] = []
        self._solved: dict[int, Combination] = {}

    def run(self, order: Iterable[int]) -> list[int]:
        """The free wires; parameters are taken in the order given."""
        self._propagate([row for row, count in enumerate(self._jacobian.counts) if count == 1])
        for wire in order:
            if not self._known[wire]:
                self._parameters.append(wire)
                self._propagate(self._learn(wire, {wire: 1}, -1))
                self._solve_equations()
        return sorted(self._unseen + [w for w in self._parameters if w not in self._solved])

    def _propagate(self, queue: list[int]) -> None:
        counts, sums = self._jacobian.counts, self._jacobian.sums
        while queue:
            row = queue.pop()
            if counts[row] == 1:
                wire = sums[row]
                moves = self._other_than(wire, row) if row in self._moved_rows else {}
                queue += self._learn(wire, moves, row)

    def _learn(self, wire: int, moves: Combination, by: int) -> list[int]:
        """A wire is known, by a row or as a parameter: the rows that now have one unknown wire left."""
        counts, sums = self._jacobian.counts, self._jacobian.sums
        self._known[wire] = True
        if moves:
            self._moves[wire] = moves
        ready = []
        for row in self._jacobian.rows_of[wire]:
            counts[row] -= 1
            sums[row] -= wire
            if moves:
                self._moved_rows.add(row)
            if counts[row] == 1:
                ready.append(row)
            elif not counts[row] and row != by and row in self._moved_rows:
                self._equations.append(row)
        return ready

    def _other_than(self, wire: int, row: int) -> Combination:
        """How a wire moves with the parameters, by a row whose other wires are known."""
        own = next(k for w, k in self._jacobian.entries(row) if w == wire)
        scale = R - inverse(own)
        return {t: k * scale % R for t, k in self._combine(row).items()}

    def _combine(self, row: int) -> Combination:
        """What a row says of the parameters, by its known wires."""
        total: Combination = {}
        for wire, factor in self._jacobian.entries(row):
            moves = self._moves.get(wire)
            if moves:
                moves = self._moves[wire] = self._reduced(moves)
                self._spend(len(moves))
                for t, k in moves.items():
                    total[t] = (total.get(t, 0) + factor * k) % R
        return {t: k for t, k in total.items() if k}

    def _solve_equations(self) -> None:
        while self._equations:
            combination = self._combine(self._equations.pop())
            if not combination:
                continue
            # The last parameter gives way: the first is where something went wrong.
            chosen = next(wire for wire in reversed(self._parameters) if wire in combination)
            scale = R - inverse(combination.pop(chosen))
            self._solved[chosen] = {t: k * scale % R for t, k in combination.items()}
            self._solved = {t: self._reduced(moves) for t, moves in self._solved.items()}

    def _reduced(self, moves: Combination) -> Combination:
        """The same in parameters that are not solved."""
        if self._solved.keys().isdisjoint(moves):
            return moves
        total: Combination = {}
        for t, k in moves.items():
            for u, j in self._solved.get(t, {t: 1}).items():
                self._spend(1)
                total[u] = (total.get(u, 0) + k * j) % R
        return {t: k for t, k in total.items() if k}

    def _spend(self, products: int) -> None:
        self._budget -= products
        if self._budget < 0:
            raise UndeterminedWires([w for w in self._parameters if w not in self._solved])
