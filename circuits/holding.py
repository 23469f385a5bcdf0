"""Which wires the constraints of a circuit hold: the compiler refuses a circuit in which one is held by nothing.

The rule. A wire that the verifier does not know and that stands in one row only can be chosen last, to suit that row. If the row can
then always be satisfied, it says nothing about the others: it only defines the wire, or repeats them in it. Such a row is struck out,
and with it all that it seemed to hold; this goes on until nothing changes. A wire that is left in no row is refused.

For a row a * b = c and a wire w that stands in no other row left, the row is struck out if

 * w stands in c alone: w is the product, or the copy, that nothing reads;
 * a or b is a constant and w's coefficients do not cancel: w is what the linear equation leaves over;
 * c is nothing and w stands in one of a and b alone: choose w so that this factor is 0.

It is not struck out, however odd it looks, in every other case:

 * w is a factor and c is not nothing, as in `x * hint = bit`: at x = 0 no choice of w helps, so the row says that bit = 0 there;
 * w stands in both factors, as in w * (w - 1) = 0: that is a statement about w itself;
 * c names a public wire or a public word: the verifier reads it, and w is tied to what it reads.

Last, an assertion (c is nothing) that was struck out does hold the wire that it was struck out for if everything else in it is held
without it: in `x = sum of bits` x is what the bits say. In `x = y` where nothing else mentions x and y, neither is held.

Only what the compiler sees is judged: rows that hold a wire at no witness, or together say too little, are for
`circuits.determinism` and for tests whose hints lie.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from circuits.errors import Contradiction, UnconstrainedWire, UnreadInput
from circuits.field import R
from circuits.r1cs import Matrix

Row = tuple[set[int], set[int], set[int]]
"""The wires of the three sides, without the constant one."""


@dataclass(frozen=True)
class Known:
    """Wires that need no holding: the verifier's, the public words, and those excused, each for a reason of its own."""

    n_public: int
    inputs: Collection[int]
    """Public inputs: known to the verifier, but a circuit that reads none of them says nothing about it."""
    words: Collection[int]
    excused: Collection[int]


def require_held(
    matrices: tuple[Matrix, Matrix, Matrix],
    n_wires: int,
    coefficients: Sequence[int],
    known: Known,
    name_wire: Callable[[int], str],
    name_row: Callable[[int], str],
) -> None:
    """Contradiction for a row of constants that cannot hold, UnconstrainedWire and UnreadInput for wires that no row is left for."""
    rows = Holding(matrices, n_wires, coefficients, known)
    for row in rows.impossible:
        raise Contradiction(f"constraint {name_row(row)!r} is between constants and does not hold")
    loose = rows.loose()
    unread = sorted(loose.intersection(known.inputs))
    if unread:
        raise UnreadInput(
            f"public input {name_wire(unread[0])!r} is read by no constraint that holds anything: use it or drop it"
        )
    lost = sorted(w for w in loose.difference(known.words, known.excused) if w > known.n_public)
    if lost:
        raise UnconstrainedWire(
            f"no constraint holds wire {lost[0]} ({name_wire(lost[0])}), {len(lost)} such in all: no row mentions it but those that only "
            "define or repeat what nothing reads; assert something about what it leads to, or drop it"
        )


class Holding:
    """The rows of a system, without the mentions of wires that cancel or stand beside a factor of nothing."""

    def __init__(
        self,
        matrices: tuple[Matrix, Matrix, Matrix],
        n_wires: int,
        coefficients: Sequence[int],
        known: Known,
    ) -> None:
        self._matrices, self._n_wires, self._coefficients = matrices, n_wires, coefficients
        self._kept = [m.col != 0 for m in matrices]
        self._of = [np.repeat(np.arange(len(m.row_ptr) - 1), np.diff(m.row_ptr)) for m in matrices]
        n_rows = len(matrices[0].row_ptr) - 1
        self._full = [np.diff(m.row_ptr) > 0 for m in matrices]
        # A product with nothing on one side is 0 whatever stands on the other: such a row mentions nothing of that side.
        void = ~(self._full[0] & self._full[1])
        for side in (0, 1):
            self._kept[side] &= ~void[self._of[side]]
        counts = self._counts(n_rows)
        self._linear = (counts[0] == 0) | (counts[1] == 0)
        for row in np.flatnonzero(self._linear & (counts[2] > 0) & (counts[0] + counts[1] > 0)).tolist():
            self._cancel(row)
        self._counted = self._counts(n_rows)
        held = np.zeros(n_wires, dtype=bool)
        held[1 : known.n_public + 1] = True
        held[list(known.words)] = True
        self._known = held
        self._read = np.zeros(n_rows, dtype=bool)
        c = matrices[2]
        self._read[self._of[2][self._kept[2] & held[c.col]]] = True

    @property
    def impossible(self) -> Iterator[int]:
        """Rows without a wire that say of constants what is not so."""
        for row in np.flatnonzero(sum(self._counted) == 0).tolist():
            a, b, c = (dict(self._entries(side, row)) for side in range(3))
            # Wires that cancelled, or stand beside a factor of nothing, leave their constants behind.
            if (a.get(0, 0) * b.get(0, 0) - c.get(0, 0)) % R:
                yield row

    def loose(self) -> set[int]:
        """The wires that nothing holds, known ones included: no row that was not struck out mentions them."""
        first, last = self._first_and_last()
        absent = set((np.flatnonzero(last[1:] < 0) + 1).tolist())
        lone = np.flatnonzero((first == last) & (last >= 0) & ~self._known).tolist()
        in_sides = [np.zeros(self._n_wires, dtype=bool) for _ in range(3)]
        for inside, matrix, kept in zip(in_sides, self._matrices, self._kept, strict=True):
            inside[matrix.col[kept]] = True
        if not any(self._yields(w, int(last[w]), *(bool(s[w]) for s in in_sides)) for w in lone):
            return absent
        return absent | self._strike_out(lone)

    def _strike_out(self, lone: list[int]) -> set[int]:
        sides = self._sides()
        rows: dict[int, set[int]] = defaultdict(set)
        for row, (a, b, c) in sides.items():
            for wire in a | b | c:
                rows[wire].add(row)
        loose: set[int] = set()
        asserted: list[tuple[int, int]] = []
        queue = list(lone)
        while queue:
            wire = queue.pop()
            if len(rows[wire]) != 1:
                continue
            (row,) = rows[wire]
            a, b, c = sides[row]
            if not self._yields(wire, row, wire in a, wire in b, wire in c):
                continue
            if not self._full[2][row]:
                asserted.append((wire, row))
            for other in a | b | c:
                rows[other].remove(row)
                if not rows[other]:
                    loose.add(other)
                elif len(rows[other]) == 1 and not self._known[other]:
                    queue.append(other)
        for wire, row in reversed(asserted):
            a, b, _ = sides[row]
            if not loose & (a | b) - {wire}:
                loose.discard(wire)
        return loose

    def _yields(self, wire: int, row: int, in_a: bool, in_b: bool, in_c: bool) -> bool:
        """Whether a row can always be satisfied by the choice of a wire that stands in no other."""
        if self._read[row]:
            return False
        if self._linear[row]:
            return True
        if in_c:
            return not (in_a or in_b)
        return in_a != in_b and not self._full[2][row]

    def _counts(self, n_rows: int) -> list[NDArray[np.int64]]:
        return [
            np.bincount(of[kept], minlength=n_rows) for of, kept in zip(self._of, self._kept, strict=True)
        ]

    def _entries(self, side: int, row: int) -> Iterator[tuple[int, int]]:
        matrix = self._matrices[side]
        for k in range(int(matrix.row_ptr[row]), int(matrix.row_ptr[row + 1])):
            yield int(matrix.col[k]), self._coefficients[int(matrix.coeff[k])]

    def _cancel(self, row: int) -> None:
        """Take out of a linear row the wires whose mentions on the left and on the right cancel, as in w * 1 = w."""
        a, b, c = (dict(self._entries(side, row)) for side in range(3))
        side = 0 if set(b) == {0} else 1
        factor, wires = (b[0], a) if side == 0 else (a[0], b)
        gone = [w for w, k in wires.items() if w and (k * factor - c.get(w, 0)) % R == 0]
        for at in (side, 2):
            matrix = self._matrices[at]
            start, end = int(matrix.row_ptr[row]), int(matrix.row_ptr[row + 1])
            self._kept[at][start:end] &= ~np.isin(matrix.col[start:end], gone)

    def _first_and_last(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """For each wire the first and the last row that mentions it; no row at all where the last is -1."""
        first = np.full(self._n_wires, len(self._linear), dtype=np.int64)
        last = np.full(self._n_wires, -1, dtype=np.int64)
        for matrix, of, kept in zip(self._matrices, self._of, self._kept, strict=True):
            col, row = matrix.col[kept], of[kept]
            mine = np.full(self._n_wires, len(self._linear), dtype=np.int64)
            mine[col[::-1]] = row[::-1]  # Where a wire is repeated, the last assignment stays.
            np.minimum(first, mine, out=first)
            mine = np.full(self._n_wires, -1, dtype=np.int64)
            mine[col] = row
            np.maximum(last, mine, out=last)
        return first, last

    def _sides(self) -> dict[int, Row]:
        sides: dict[int, Row] = defaultdict(lambda: (set(), set(), set()))
        for side, (matrix, of, kept) in enumerate(zip(self._matrices, self._of, self._kept, strict=True)):
            for row, wire in zip(of[kept].tolist(), matrix.col[kept].tolist(), strict=True):
                sides[row][side].add(wire)
        return sides
