"""From a define to one R1CS and one witness program.

Bodies recorded by the builder are expanded bottom up with array operations: a placement's wires and rows are shifted, its slots
replaced by the caller's linear combinations. No linear elimination happens here or anywhere after the define has run, so no early
wire is ever expressed by later ones. A wire that no constraint mentions is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from circuits.builder import Body, Builder, Library, Placement, Terms
from circuits.errors import MissingInput, ShapeError, UnconstrainedWire
from circuits.field import R
from circuits.language import ConstraintSystem
from circuits.program import serialize
from circuits.r1cs import R1CS, ChallengeLayout, Matrix
from circuits.variables import ONE

Ints = NDArray[np.int64]
Define = Callable[[ConstraintSystem], None]


@dataclass(frozen=True)
class Entries:
    """Unsorted-column sparse rows in a body's coordinates: rows ascending, columns as keys of `Variable.terms`."""

    row: Ints
    col: Ints
    coeff: Ints


@dataclass(frozen=True, eq=False)
class CompiledCircuit:
    """A circuit ready to be set up and proven."""

    name: str
    r1cs: R1CS
    program: bytes
    inputs: tuple[tuple[str, int], ...]
    root: Body

    @cached_property
    def fingerprint(self) -> str:
        """Identifies the constraint system (not the witness program: that binds nothing)."""
        return self.r1cs.fingerprint

    def label(self, row: int) -> str:
        """The label of a constraint, e.g. from the kernel's check of a witness."""
        return self.root.row_label(row)

    def wire_name(self, wire: int) -> str:
        """What made a wire."""
        return self.root.wire_name(wire)

    def assign(self, values: Mapping[str, int | Sequence[int]]) -> bytes:
        """The input bytes of the witness program (32 bytes little-endian each) from values by name.

        Values are reduced mod r. MissingInput for a name without a value, ShapeError for a wrong count or an unknown name."""
        out = bytearray()
        for name, count in self.inputs:
            if name not in values:
                raise MissingInput(f"no value given for input {name!r} of circuit {self.name!r}")
            given = values[name]
            many = [given] if isinstance(given, int) else given
            if len(many) != count:
                raise ShapeError(f"input {name!r} takes {count} values, got {len(many)}")
            for value in many:
                out += (value % R).to_bytes(32, "little")
        if len(values) != len(self.inputs):
            unknown = set(values) - {name for name, _ in self.inputs}
            raise ShapeError(f"circuit {self.name!r} has no input {sorted(unknown)[0]!r}")
        return bytes(out)

    def profile(self, depth: int = 1) -> dict[str, int]:
        """Constraints by the first `depth` scopes of their labels."""
        counts: dict[str, int] = {}

        def visit(body: Body, prefix: str) -> None:
            for part in body.parts:
                if isinstance(part, Placement):
                    scope = prefix + part.scope
                    if scope.count("/") >= depth:
                        _count(counts, scope, depth, part.body.n_rows)
                    else:
                        visit(part.body, scope)
                else:
                    for label, *_ in part.entries:
                        _count(counts, prefix + label, depth, 1)

        visit(self.root, "")
        return counts


def compile_circuit(define: Define, *, name: str = "", challenge: bool = False) -> CompiledCircuit:
    """Run a define under the builder and expand it.

    Raises UnconstrainedWire, PhaseError, ShapeError, RangeOverflow: whatever the define did wrong.
    """
    library = Library()
    root = library.open_body(name or getattr(define, "__qualname__", "circuit"), 0)
    builder = Builder(library, root, root=True, challenge=challenge)
    define(builder)
    builder.finish()
    library.close_body(root)

    expansion = _Expansion(library)
    a, b, c = (_csr(entries, root.n_rows) for entries in expansion.expand(root))
    used = np.zeros(root.n_wires, dtype=bool)
    for matrix in (a, b, c):
        used[matrix.col] = True
    used[: builder.n_public + 1] = True  # The setup's public rows hold these.
    if not used.all():
        wire = int(np.argmin(used))
        raise UnconstrainedWire(
            f"no constraint holds wire {wire} ({root.wire_name(wire)}); {int((~used).sum())} such wires"
        )
    layout = None if builder.early is None else ChallengeLayout(*builder.early)
    inputs = tuple(root.input_names())
    if len({n for n, _ in inputs}) != len(inputs):
        raise ShapeError("two inputs have the same name: put a scope around one")
    coefficients = b"".join(value.to_bytes(32, "little") for value in library.coefficients)
    r1cs = R1CS(root.n_wires, builder.n_public, root.n_rows, a, b, c, coefficients, layout)
    return CompiledCircuit(root.name, r1cs, serialize(library, root, builder.n_public), inputs, root)


class _Expansion:
    """Expands bodies, each once."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._known: dict[int, tuple[Entries, Entries, Entries]] = {}
        self._products: dict[tuple[int, int], int] = {}

    def expand(self, body: Body) -> tuple[Entries, Entries, Entries]:
        """The three matrices of a body in its own coordinates."""
        known = self._known.get(body.number)
        if known is not None:
            return known
        pieces: list[list[Entries]] = [[], [], []]
        row = 0
        for part in body.parts:
            if isinstance(part, Placement):
                for piece, entries in zip(pieces, self.expand(part.body), strict=True):
                    piece.append(self._place(entries, part))
                row += part.body.n_rows
            else:
                for m in range(3):
                    pieces[m].append(self._rows([entry[1:][m] for entry in part.entries], row))
                row += len(part.entries)
        a, b, c = (_concatenate(piece) for piece in pieces)
        self._known[body.number] = (a, b, c)
        return a, b, c

    def _rows(self, rows: list[Terms], first: int) -> Entries:
        number = self._library.number
        row = np.repeat(np.arange(first, first + len(rows)), [len(terms) for terms in rows])
        col = np.array([k for terms in rows for k in terms], dtype=np.int64)
        coeff = np.array([number(v) for terms in rows for v in terms.values()], dtype=np.int64)
        return Entries(row.astype(np.int64), col, coeff)

    def _place(self, entries: Entries, placement: Placement) -> Entries:
        row = entries.row + placement.first_row
        col = np.where(entries.col >= 0, entries.col + placement.base, entries.col)
        from_slot = entries.col <= -2
        if not from_slot.any():
            return Entries(row, col, entries.coeff)
        # Rows that read a slot are rewritten entry by entry; the others are shifted as they are.
        touched = np.zeros(placement.body.n_rows, dtype=bool)
        touched[entries.row[from_slot]] = True
        rewritten = touched[entries.row]
        keep = ~rewritten
        merged: dict[int, dict[int, int]] = {}
        values = self._library.coefficients
        for r, c, k in zip(
            row[rewritten].tolist(),
            entries.col[rewritten].tolist(),
            entries.coeff[rewritten].tolist(),
            strict=True,
        ):
            terms = merged.setdefault(r, {})
            if c >= 0:
                key = c + placement.base
                terms[key] = (terms[key] + values[k]) % R if key in terms else values[k]
            elif c == ONE:
                terms[ONE] = (terms.get(ONE, 0) + values[k]) % R
            else:
                factor = values[k]
                for key, value in placement.slots[-2 - c].items():
                    added = value if factor == 1 else value * factor % R
                    terms[key] = (terms[key] + added) % R if key in terms else added
        number = self._library.number
        flat = [(r, c, number(v)) for r, terms in merged.items() for c, v in terms.items() if v]
        extra = np.array(flat, dtype=np.int64).reshape(-1, 3)
        row = np.concatenate([row[keep], extra[:, 0]])
        order = np.argsort(row, kind="stable")
        return Entries(
            row[order],
            np.concatenate([col[keep], extra[:, 1]])[order],
            np.concatenate([entries.coeff[keep], extra[:, 2]])[order],
        )


def _concatenate(pieces: list[Entries]) -> Entries:
    if not pieces:
        empty = np.zeros(0, dtype=np.int64)
        return Entries(empty, empty, empty)
    return Entries(
        np.concatenate([p.row for p in pieces]),
        np.concatenate([p.col for p in pieces]),
        np.concatenate([p.coeff for p in pieces]),
    )


def _csr(entries: Entries, n_rows: int) -> Matrix:
    counts = np.bincount(entries.row, minlength=n_rows)
    row_ptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.uint32)
    # At the root a column is a wire, or ONE (-1), which is wire 0.
    col = np.where(entries.col == ONE, 0, entries.col).astype(np.uint32)
    return Matrix(row_ptr, col, entries.coeff.astype(np.uint32))


def _count(counts: dict[str, int], label: str, depth: int, rows: int) -> None:
    key = "/".join(label.split("/")[:depth])
    counts[key] = counts.get(key, 0) + rows
