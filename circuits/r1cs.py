"""Rank-1 constraint systems as data: what circuits/ hands to prover/.

Wire 0 is the constant one, wires 1..n_public are public, the rest private. Three sparse matrices share one table of coefficients.
With a challenge the public wires are chi (1) and y (2), wires 3..n_early-1 are early, wires n_early.. are late (docs/architecture.md).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from circuits.errors import ShapeError
from circuits.field import R


@dataclass(frozen=True, eq=False)
class Matrix:
    """A sparse matrix in CSR form: row i's entries are [row_ptr[i], row_ptr[i+1]) of col and coeff (indices into the shared table)."""

    row_ptr: NDArray[np.uint32]
    col: NDArray[np.uint32]
    coeff: NDArray[np.uint32]

    @property
    def nnz(self) -> int:
        """Number of stored entries."""
        return len(self.col)


@dataclass(frozen=True)
class ChallengeLayout:
    """Where a circuit's one challenge divides its wires: the first late wire, the mask, the early wires that are the public words."""

    n_early: int
    mask: int
    words: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class R1CS:
    """a*b = c for each row: (A z)_i * (B z)_i = (C z)_i."""

    n_wires: int
    n_public: int
    n_constraints: int
    a: Matrix
    b: Matrix
    c: Matrix
    coefficients: bytes
    challenge: ChallengeLayout | None = None

    def __post_init__(self) -> None:
        n_coefficients, rest = divmod(len(self.coefficients), 32)
        if rest or not 0 <= self.n_public < self.n_wires:
            raise ShapeError("an R1CS needs 32-byte coefficients and n_public < n_wires")
        if any(not value < R for value in self.coefficient_values):
            raise ShapeError("a coefficient is not canonical")
        for matrix in (self.a, self.b, self.c):
            ptr = matrix.row_ptr
            good = (
                len(ptr) == self.n_constraints + 1
                and ptr[0] == 0
                and ptr[-1] == len(matrix.col) == len(matrix.coeff)
            )
            if not good or (np.diff(ptr.astype(np.int64)) < 0).any():
                raise ShapeError("row pointers of a matrix do not fit its entries")
            if matrix.nnz and (
                int(matrix.col.max()) >= self.n_wires or int(matrix.coeff.max()) >= n_coefficients
            ):
                raise ShapeError("a matrix entry names a wire or a coefficient that does not exist")
        if self.challenge is not None:
            layout = self.challenge
            in_early = all(3 <= w < layout.n_early for w in (layout.mask, *layout.words))
            if self.n_public != 2 or not in_early or layout.n_early > self.n_wires:
                raise ShapeError("the challenge layout does not fit the wires")

    @cached_property
    def coefficient_values(self) -> list[int]:
        """The coefficient table as integers."""
        return [
            int.from_bytes(self.coefficients[i : i + 32], "little")
            for i in range(0, len(self.coefficients), 32)
        ]

    @property
    def domain_size(self) -> int:
        """The least power of two with room for all rows and the n_public + 1 rows that hold the public wires."""
        return 1 << (self.n_constraints + self.n_public).bit_length()

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 (hex) over everything that defines the system: equal fingerprints mean the same circuit."""
        digest = hashlib.sha256(b"tickproof.r1cs.v1")
        layout = self.challenge
        head = [self.n_wires, self.n_public, self.n_constraints]
        head += [0] if layout is None else [1, layout.n_early, layout.mask, *layout.words]
        digest.update(np.array([len(head), *head], dtype="<u8").tobytes())
        for matrix in (self.a, self.b, self.c):
            for array in (matrix.row_ptr, matrix.col, matrix.coeff):
                digest.update(np.ascontiguousarray(array, dtype="<u4").tobytes())
        digest.update(self.coefficients)
        return digest.hexdigest()

    def row(self, matrix: Matrix, index: int) -> list[tuple[int, int]]:
        """Row `index` of a matrix as (wire, coefficient) pairs."""
        start, end = int(matrix.row_ptr[index]), int(matrix.row_ptr[index + 1])
        values = self.coefficient_values
        return [(int(matrix.col[k]), values[int(matrix.coeff[k])]) for k in range(start, end)]

    def unsatisfied_rows(self, witness: Sequence[int], limit: int = 1) -> list[int]:
        """The first `limit` rows that a witness breaks, in plain integers (the oracle; the kernel has the fast one)."""
        if len(witness) != self.n_wires:
            raise ShapeError(f"a witness of this system has {self.n_wires} values, got {len(witness)}")
        values = self.coefficient_values
        products: list[list[int]] = []
        for matrix in (self.a, self.b, self.c):
            col, coeff, ptr = matrix.col.tolist(), matrix.coeff.tolist(), matrix.row_ptr.tolist()
            entries = [values[k] * witness[w] for w, k in zip(col, coeff, strict=True)]
            products.append([sum(entries[s:e]) % R for s, e in pairwise(ptr)])
        broken = []
        for i, (x, y, z) in enumerate(zip(*products, strict=True)):
            if x * y % R != z:
                broken.append(i)
                if len(broken) == limit:
                    break
        return broken
