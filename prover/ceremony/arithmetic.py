"""The group arithmetic a ceremony needs, as an interface, and its pure Python form for circuits of a few
rows.

Decides nothing about keys. Points travel as queries: the bytes of key and powers-of-tau files (Montgomery
form, infinity all zero), already known to be on their curves. The native form is `prover.ceremony.native`;
whoever runs a ceremony passes one of them in."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from prover.formats.montgomery import G1_SIZE, G2_SIZE, decode_g1, decode_g2, encode_g1, encode_g2
from prover.formats.sections import Buffer
from prover.reference.groups import G1_GROUP, G2_GROUP
from prover.reference.polynomials import interpolate, root_of_unity
from verifier.pairing import Pair, negate, py_ecc_product
from verifier.points import G1Point, G2Point, R, g1_evm_words, g2_evm_words, is_in_g2_subgroup


@dataclass(frozen=True, eq=False)
class Terms:
    """Sparse sums: row i is the entries [ptr[i], ptr[i+1]) of `point` and `coefficient`, numbers of points
    and of elements of `table` (canonical, below r)."""

    ptr: NDArray[np.uint32]
    point: NDArray[np.uint32]
    coefficient: NDArray[np.uint32]
    table: list[int]


class Arithmetic(Protocol):
    """Sums and pairings. None is the point at infinity; scalars are taken mod r."""

    def combine_g1(self, points: Buffer, scalars: Sequence[int]) -> G1Point | None:
        """Sum of scalars[i] * points[i]."""
        ...

    def combine_g2(self, points: Buffer, scalars: Sequence[int]) -> G2Point | None:
        """Sum of scalars[i] * points[i]."""
        ...

    def sums_g1(self, points: Buffer, rows: Terms) -> bytes:
        """For each row, the sum of its coefficients times its points."""
        ...

    def sums_g2(self, points: Buffer, rows: Terms) -> bytes:
        """For each row, the sum of its coefficients times its points."""
        ...

    def scale_g1(self, points: Buffer, scalar: int) -> bytes:
        """scalar * point for every point."""
        ...

    def subtract_g1(self, left: Buffer, right: Buffer) -> bytes:
        """left[i] - right[i]."""
        ...

    def uncompressed_g1(self, points: Buffer) -> bytes:
        """Every point as 64 big-endian bytes, infinity as zeros: what ceremonies hash."""
        ...

    def uncompressed_g2(self, points: Buffer) -> bytes:
        """Every point as 128 big-endian bytes, imaginary parts first."""
        ...

    def all_in_g2(self, points: Buffer) -> bool:
        """Whether every point has order r (or is infinity)."""
        ...

    def interpolate(self, values: Sequence[int]) -> list[int]:
        """The coefficients of the polynomial with these values on the domain of their number."""
        ...

    def lagrange_g1(self, powers: Buffer) -> bytes:
        """From [tau^j] for j < n, a power of two, the [L_k(tau)] of the domain of n points."""
        ...

    def lagrange_g2(self, powers: Buffer) -> bytes:
        """From [tau^j] for j < n, a power of two, the [L_k(tau)] of the domain of n points."""
        ...

    def product_is_one(self, pairs: Sequence[Pair]) -> bool:
        """Whether the product of e(p, q) is one."""
        ...


def _ones(points: Buffer) -> list[G1Point | None]:
    return decode_g1(memoryview(points), 0, "query")


def _twos(points: Buffer) -> list[G2Point | None]:
    return decode_g2(memoryview(points), 0, "query")


def _rows(rows: Terms) -> list[tuple[list[int], list[int]]]:
    points, scalars = rows.point.tolist(), [rows.table[i] for i in rows.coefficient.tolist()]
    ptr = rows.ptr.tolist()
    return [(points[start:end], scalars[start:end]) for start, end in pairwise(ptr)]


def _transform(n: int) -> Terms:
    """L_k = 1/n sum over j of w^(-jk) tau^j, as written."""
    scale, inverse = pow(n, -1, R), pow(root_of_unity(n), -1, R)
    table = [scale * pow(inverse, i, R) % R for i in range(n)]
    numbers = np.arange(n, dtype=np.uint32)
    coefficient = np.outer(numbers, numbers).ravel() % n
    ptr = np.arange(n + 1, dtype=np.uint32) * n
    return Terms(ptr, np.tile(numbers, n), coefficient.astype(np.uint32), table)


class ReferenceArithmetic:
    """`Arithmetic` on py_ecc: milliseconds a point."""

    def combine_g1(self, points: Buffer, scalars: Sequence[int]) -> G1Point | None:
        """Sum of scalars[i] * points[i]."""
        return G1_GROUP.combine(_ones(points), scalars)

    def combine_g2(self, points: Buffer, scalars: Sequence[int]) -> G2Point | None:
        """Sum of scalars[i] * points[i]."""
        return G2_GROUP.combine(_twos(points), scalars)

    def sums_g1(self, points: Buffer, rows: Terms) -> bytes:
        """For each row, the sum of its coefficients times its points."""
        basis = _ones(points)
        return encode_g1([G1_GROUP.combine([basis[i] for i in row], scalars) for row, scalars in _rows(rows)])

    def sums_g2(self, points: Buffer, rows: Terms) -> bytes:
        """For each row, the sum of its coefficients times its points."""
        basis = _twos(points)
        return encode_g2([G2_GROUP.combine([basis[i] for i in row], scalars) for row, scalars in _rows(rows)])

    def scale_g1(self, points: Buffer, scalar: int) -> bytes:
        """scalar * point for every point."""
        return encode_g1([G1_GROUP.multiply(point, scalar) for point in _ones(points)])

    def subtract_g1(self, left: Buffer, right: Buffer) -> bytes:
        """left[i] - right[i]."""
        minus = [None if p is None else negate(p) for p in _ones(right)]
        return encode_g1([G1_GROUP.sum(pair) for pair in zip(_ones(left), minus, strict=True)])

    def uncompressed_g1(self, points: Buffer) -> bytes:
        """Every point as 64 big-endian bytes, infinity as zeros."""
        words = [(0, 0) if p is None else g1_evm_words(p) for p in _ones(points)]
        return b"".join(word.to_bytes(32, "big") for point in words for word in point)

    def uncompressed_g2(self, points: Buffer) -> bytes:
        """Every point as 128 big-endian bytes, imaginary parts first."""
        words = [(0, 0, 0, 0) if p is None else g2_evm_words(p) for p in _twos(points)]
        return b"".join(word.to_bytes(32, "big") for point in words for word in point)

    def all_in_g2(self, points: Buffer) -> bool:
        """Whether every point has order r (or is infinity)."""
        return all(point is None or is_in_g2_subgroup(point) for point in _twos(points))

    def interpolate(self, values: Sequence[int]) -> list[int]:
        """The coefficients of the polynomial with these values on the domain of their number."""
        return interpolate(values)

    def lagrange_g1(self, powers: Buffer) -> bytes:
        """From [tau^j] for j < n, a power of two, the [L_k(tau)] of the domain of n points."""
        return self.sums_g1(powers, _transform(len(powers) // G1_SIZE))

    def lagrange_g2(self, powers: Buffer) -> bytes:
        """From [tau^j] for j < n, a power of two, the [L_k(tau)] of the domain of n points."""
        return self.sums_g2(powers, _transform(len(powers) // G2_SIZE))

    def product_is_one(self, pairs: Sequence[Pair]) -> bool:
        """Whether the product of e(p, q) is one."""
        return py_ecc_product(pairs)
