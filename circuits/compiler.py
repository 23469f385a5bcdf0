"""From a define to one R1CS and one witness program.

Bodies recorded by the builder are expanded bottom up with array operations: a placement's wires and rows are shifted, its slots
replaced by the caller's linear combinations. No linear elimination happens here or anywhere after the define has run, so no early
wire is ever expressed by later ones. A wire that no constraint holds is refused (`circuits.holding`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from circuits.builder import Body, Builder, Library, Placement, Terms
from circuits.errors import MissingInput, ShapeError
from circuits.field import R
from circuits.holding import Known, require_held
from circuits.language import ConstraintSystem
from circuits.program import serialize
from circuits.r1cs import R1CS, ChallengeLayout, Matrix
from circuits.variables import ONE

Ints = NDArray[np.int32]
Define = Callable[[ConstraintSystem], None]


@dataclass(frozen=True)
class Entries:
    """Sparse rows in a body's coordinates: entries per row, then all columns (keys of `Variable.terms`) and coefficient numbers."""

    counts: Ints
    col: Ints
    coeff: Ints

    @cached_property
    def touched(self) -> NDArray[np.bool_]:
        """Rows that read a slot: a placement must rewrite them, the others only move."""
        rows = np.repeat(np.arange(len(self.counts)), self.counts)
        touched = np.zeros(len(self.counts), dtype=np.bool_)
        touched[rows[self.col <= -2]] = True
        return touched

    @cached_property
    def kept(self) -> NDArray[np.bool_]:
        """Entries of the rows that only move."""
        return np.repeat(~self.touched, self.counts)

    @cached_property
    def rewritten(self) -> list[list[tuple[int, int]]]:
        """The rows that read a slot, as (column, coefficient number) pairs."""
        lost = ~self.kept
        pairs = list(zip(self.col[lost].tolist(), self.coeff[lost].tolist(), strict=True))
        ends = np.cumsum(self.counts[self.touched]).tolist()
        return [pairs[start:end] for start, end in zip([0, *ends], ends, strict=False)]


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

    Raises UnconstrainedWire, UnreadInput, Contradiction, UnstableTemplate, SymbolicValue, PhaseError, ShapeError, RangeOverflow: whatever
    the define did wrong.
    """
    library = Library()
    root = Body(name or getattr(define, "__qualname__", "circuit"), -1, 0)
    builder = Builder(library, root, root=True, challenge=challenge)
    define(builder)
    builder.finish()
    library.finish()
    library.close_body(root)

    expansion = _Expansion(library)
    a, b, c = (_csr(entries) for entries in expansion.expand(root))
    layout = None if builder.early is None else ChallengeLayout(*builder.early)
    known = Known(
        n_public=builder.n_public,
        inputs=builder.public_inputs,
        words=() if layout is None else layout.words,
        # The mask blinds the commitment D to the early wires (docs/soundness.md): it must be free, so its row says mask = mask.
        excused=() if layout is None else (layout.mask,),
    )
    require_held((a, b, c), root.n_wires, library.coefficients, known, root.wire_name, root.row_label)
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

    def expand(self, body: Body) -> tuple[Entries, Entries, Entries]:
        """The three matrices of a body in its own coordinates."""
        known = self._known.get(body.number)
        if known is not None:
            return known
        pieces: list[list[Entries]] = [[], [], []]
        for part in body.parts:
            if isinstance(part, Placement):
                for piece, entries in zip(pieces, self.expand(part.body), strict=True):
                    piece.append(self._place(entries, part))
            else:
                for m in range(3):
                    pieces[m].append(self._rows([entry[1:][m] for entry in part.entries]))
        a, b, c = (_concatenate(piece) for piece in pieces)
        self._known[body.number] = (a, b, c)
        return a, b, c

    def _rows(self, rows: list[Terms]) -> Entries:
        number = self._library.number
        return Entries(
            np.array([len(terms) for terms in rows], dtype=np.int32),
            np.array([k for terms in rows for k in terms], dtype=np.int32),
            np.array([number(v) for terms in rows for v in terms.values()], dtype=np.int32),
        )

    def _place(self, entries: Entries, placement: Placement) -> Entries:
        """The entries in the caller's coordinates: wires shifted, slots replaced by what the caller bound to them."""
        if not entries.touched.any():
            return Entries(entries.counts, _shifted(entries.col, placement.base), entries.coeff)
        number = self._library.number
        rows = [self._rewrite(row, placement) for row in entries.rewritten]
        counts = entries.counts.copy()
        counts[entries.touched] = [len(row) for row in rows]
        kept = np.repeat(~entries.touched, counts)
        col = np.empty(len(kept), dtype=np.int32)
        coeff = np.empty(len(kept), dtype=np.int32)
        col[kept] = _shifted(entries.col[entries.kept], placement.base)
        coeff[kept] = entries.coeff[entries.kept]
        col[~kept] = [key for row in rows for key in row]
        coeff[~kept] = [number(value) for row in rows for value in row.values()]
        return Entries(counts, col, coeff)

    def _rewrite(self, row: list[tuple[int, int]], placement: Placement) -> Terms:
        values, base, slots = self._library.coefficients, placement.base, placement.slots
        terms: Terms = {}
        for column, coefficient in row:
            factor = values[coefficient]
            if column >= 0:
                bound: Terms = {column + base: 1}
            elif column == ONE:
                bound = {ONE: 1}
            else:
                bound = slots[-2 - column]
            for key, value in bound.items():
                added = value if factor == 1 else value * factor % R
                terms[key] = (terms[key] + added) % R if key in terms else added
        return {key: value for key, value in terms.items() if value}


def _shifted(col: Ints, base: int) -> Ints:
    """Wires moved by base; the constant one stays."""
    moved = col + np.int32(base)
    moved[col == ONE] = ONE
    return moved


def _concatenate(pieces: list[Entries]) -> Entries:
    if len(pieces) == 1:
        return pieces[0]
    empty = [np.zeros(0, dtype=np.int32)]
    return Entries(
        np.concatenate([p.counts for p in pieces] or empty),
        np.concatenate([p.col for p in pieces] or empty),
        np.concatenate([p.coeff for p in pieces] or empty),
    )


def _csr(entries: Entries) -> Matrix:
    row_ptr = np.zeros(len(entries.counts) + 1, dtype=np.uint32)
    np.cumsum(entries.counts, out=row_ptr[1:], dtype=np.uint32)
    # At the root a column is a wire, or ONE (-1), which is wire 0.
    return Matrix(row_ptr, np.maximum(entries.col, 0).view(np.uint32), entries.coeff.view(np.uint32))


def _count(counts: dict[str, int], label: str, depth: int, rows: int) -> None:
    key = "/".join(label.split("/")[:depth])
    counts[key] = counts.get(key, 0) + rows
