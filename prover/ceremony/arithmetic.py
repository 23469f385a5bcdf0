"""The group arithmetic a ceremony needs, as an interface, and its pure Python form for circuits of a few
rows.

Decides nothing about keys. The native form is `prover.ceremony.native`; whoever runs a ceremony passes one
of them in."""

from collections.abc import Sequence
from typing import Protocol

from prover.reference.groups import G1_GROUP, G2_GROUP
from verifier.pairing import Pair, py_ecc_product
from verifier.points import G1Point, G2Point, is_in_g2_subgroup

G1List = list[G1Point | None]


class Arithmetic(Protocol):
    """Sums and pairings. None is the point at infinity; scalars are taken mod r."""

    def combine_g1(self, points: Sequence[G1Point | None], scalars: Sequence[int]) -> G1Point | None:
        """Sum of scalars[i] * points[i]."""
        ...

    def combine_g2(self, points: Sequence[G2Point | None], scalars: Sequence[int]) -> G2Point | None:
        """Sum of scalars[i] * points[i]."""
        ...

    def scale_g1(self, points: Sequence[G1Point | None], scalar: int) -> G1List:
        """scalar * point for every point."""
        ...

    def add_g1(self, left: Sequence[G1Point | None], right: Sequence[G1Point | None]) -> G1List:
        """left[i] + right[i]."""
        ...

    def all_in_g2(self, points: Sequence[G2Point | None]) -> bool:
        """Whether every point has order r (or is infinity)."""
        ...

    def product_is_one(self, pairs: Sequence[Pair]) -> bool:
        """Whether the product of e(p, q) is one."""
        ...


class ReferenceArithmetic:
    """`Arithmetic` on py_ecc: milliseconds a point."""

    def combine_g1(self, points: Sequence[G1Point | None], scalars: Sequence[int]) -> G1Point | None:
        """Sum of scalars[i] * points[i]."""
        return G1_GROUP.combine(points, scalars)

    def combine_g2(self, points: Sequence[G2Point | None], scalars: Sequence[int]) -> G2Point | None:
        """Sum of scalars[i] * points[i]."""
        return G2_GROUP.combine(points, scalars)

    def scale_g1(self, points: Sequence[G1Point | None], scalar: int) -> G1List:
        """scalar * point for every point."""
        return [G1_GROUP.multiply(point, scalar) for point in points]

    def add_g1(self, left: Sequence[G1Point | None], right: Sequence[G1Point | None]) -> G1List:
        """left[i] + right[i]."""
        return [G1_GROUP.sum(pair) for pair in zip(left, right, strict=True)]

    def all_in_g2(self, points: Sequence[G2Point | None]) -> bool:
        """Whether every point has order r (or is infinity)."""
        return all(point is None or is_in_g2_subgroup(point) for point in points)

    def product_is_one(self, pairs: Sequence[Pair]) -> bool:
        """Whether the product of e(p, q) is one."""
        return py_ecc_product(pairs)
