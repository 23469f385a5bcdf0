"""G1 and G2 as the reference prover uses them: py_ecc's group law, with sums and tables that make small
circuits bearable.

Decides how many group operations a sum takes and nothing about what is summed. The group law is py_ecc's
own (projective, complete for these curves' equal, opposite and infinite operands), so that an error in this
project's native arithmetic cannot hide here. None is the point at infinity."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

from py_ecc.fields import optimized_bn128_FQ as FQ
from py_ecc.fields import optimized_bn128_FQ2 as FQ2
from py_ecc.optimized_bn128 import Z1, Z2, add, double, is_inf, normalize

from verifier.points import G1, G2, Fp2, G1Point, G2Point, R

Point = TypeVar("Point", G1Point, G2Point)

_WINDOW = 8


@dataclass(frozen=True, eq=False)
class Group(Generic[Point]):
    """One of the two groups: its generator, py_ecc's infinity, and the conversion between both forms of a
    point."""

    generator: Point
    infinity: Any
    lift: Callable[[Point], Any]
    lower: Callable[[Any], Point]

    def _lift(self, point: Point | None) -> Any:
        return self.infinity if point is None else self.lift(point)

    def _lower(self, point: Any) -> Point | None:
        return None if is_inf(point) else self.lower(point)

    def sum(self, points: Iterable[Point | None]) -> Point | None:
        """The sum of points."""
        total = self.infinity
        for point in points:
            total = add(total, self._lift(point))
        return self._lower(total)

    def multiply(self, point: Point | None, scalar: int) -> Point | None:
        """scalar * point, for any integer scalar (taken mod r)."""
        return self.combine([point], [scalar])

    def combine(self, points: Sequence[Point | None], scalars: Sequence[int]) -> Point | None:
        """Sum of scalars[i] * points[i] (scalars mod r), by buckets over 4-bit digits (Pippenger)."""
        terms = [
            (self.lift(p), s % R) for p, s in zip(points, scalars, strict=True) if p is not None and s % R
        ]
        bits = 2 if len(terms) < 8 else 4
        total = self.infinity
        for shift in range(
            (max((s for _, s in terms), default=0).bit_length() - 1) // bits * bits, -1, -bits
        ):
            for _ in range(bits):
                total = double(total)
            buckets = [self.infinity] * (1 << bits)
            for point, scalar in terms:
                digit = scalar >> shift & (1 << bits) - 1
                if digit:
                    buckets[digit] = add(buckets[digit], point)
            running = self.infinity
            for bucket in reversed(buckets[1:]):
                running = add(running, bucket)
                total = add(total, running)
        return self._lower(total)

    def multiples(self, scalars: Sequence[int]) -> list[Point | None]:
        """scalars[i] * generator (scalars mod r), from one table of all digits at all windows."""
        results = []
        for scalar in scalars:
            digits = (scalar % R).to_bytes(32, "little")
            total = self.infinity
            for table, digit in zip(_digit_tables(self), digits, strict=True):
                if digit:
                    total = add(total, table[digit])
            results.append(self._lower(total))
        return results


@cache
def _digit_tables(group: Group[Any]) -> list[list[Any]]:
    tables: list[list[Any]] = []
    base = group.lift(group.generator)
    for _ in range(0, 256, _WINDOW):
        table = [group.infinity]
        for _ in range((1 << _WINDOW) - 1):
            table.append(add(table[-1], base))
        tables.append(table)
        base = add(table[-1], base)
    return tables


def _lower_g1(point: Any) -> G1Point:
    x, y = normalize(point)
    return G1Point(int(x), int(y))


def _lower_g2(point: Any) -> G2Point:
    x, y = normalize(point)
    return G2Point(Fp2(*(int(c) for c in x.coeffs)), Fp2(*(int(c) for c in y.coeffs)))


G1_GROUP: Group[G1Point] = Group(G1, Z1, lambda p: (FQ(p.x), FQ(p.y), FQ.one()), _lower_g1)
G2_GROUP: Group[G2Point] = Group(G2, Z2, lambda p: (FQ2(p.x), FQ2(p.y), FQ2.one()), _lower_g2)
