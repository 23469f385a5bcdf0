"""The search for a second witness: which wires could move while the inputs stay.

The compiler's check that every wire occurs in a constraint is syntactic. This module looks at one witness and decides whether
the constraints, taken to first order around it, leave any wire free: if a combination of wires could move together, a
constraint is missing. It says nothing about witnesses far away (the other root of a bit, another recoding): those are
excluded by each gadget's argument and by tests whose hints lie.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from circuits.errors import ShapeError
from circuits.field import R, inverse
from circuits.r1cs import R1CS

Row = dict[int, int]


def free_wires(r1cs: R1CS, witness: Sequence[int], given: Iterable[int]) -> list[int]:
    """Wires that the constraints do not fix to first order at this witness once the `given` wires are held.

    The result is empty exactly if the Jacobian of all constraints in the other wires has full column rank mod r;
    otherwise it names the wires of a basis of what can move. The witness must satisfy the system (ShapeError).
    """
    if r1cs.unsatisfied_rows(witness):
        raise ShapeError("free wires are looked for around a witness that satisfies the system")
    held = {0, *given}
    rows = _jacobian(r1cs, witness, held)
    places: dict[int, set[int]] = defaultdict(set)
    for i, row in enumerate(rows):
        for wire in row:
            places[wire].add(i)
    unseen = set(range(r1cs.n_wires)) - held - places.keys()
    _peel(rows, places)
    pivots = _eliminate([row for row in rows if row])
    return sorted(unseen | (places.keys() - pivots))


def _jacobian(r1cs: R1CS, witness: Sequence[int], held: set[int]) -> list[Row]:
    """For each constraint a*b - c its derivatives (b da + a db - dc) by the wires that are not held."""
    values = r1cs.coefficient_values
    tables = [(m.row_ptr.tolist(), m.col.tolist(), m.coeff.tolist()) for m in (r1cs.a, r1cs.b, r1cs.c)]
    rows = []
    for i in range(r1cs.n_constraints):
        parts = []
        for pointers, columns, numbers in tables:
            span = range(pointers[i], pointers[i + 1])
            parts.append([(columns[k], values[numbers[k]]) for k in span])
        a, b, c = parts
        at_a, at_b = (sum(k * witness[w] for w, k in part) % R for part in (a, b))
        row: Row = {}
        for part, factor in ((a, at_b), (b, at_a), (c, R - 1)):
            for wire, k in part:
                if wire not in held:
                    row[wire] = (row.get(wire, 0) + factor * k) % R
        rows.append({wire: k for wire, k in row.items() if k})
    return rows


def _peel(rows: list[Row], places: dict[int, set[int]]) -> None:
    """Strike out, again and again, a wire that is alone in some row: that row fixes it. Most circuits end here."""
    queue = [i for i, row in enumerate(rows) if len(row) == 1]
    while queue:
        row = rows[queue.pop()]
        if len(row) != 1:
            continue
        (wire,) = row
        for j in places.pop(wire):
            del rows[j][wire]
            if len(rows[j]) == 1:
                queue.append(j)


def _eliminate(rows: list[Row]) -> set[int]:
    """The pivots of Gaussian elimination over the rows that peeling leaves."""
    reduced: dict[int, Row] = {}
    for row in sorted(rows, key=len):
        row = dict(row)
        while row:
            pivot = next((wire for wire in row if wire in reduced), None)
            if pivot is None:
                break
            factor = R - row[pivot]
            for wire, k in reduced[pivot].items():
                value = (row.get(wire, 0) + factor * k) % R
                if value:
                    row[wire] = value
                else:
                    row.pop(wire, None)
        if row:
            wire, k = next(iter(row.items()))
            scale = inverse(k)
            reduced[wire] = {w: v * scale % R for w, v in row.items()}
    return set(reduced)
