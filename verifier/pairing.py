"""The pairing as the verifier needs it: one question, whether a product of pairings is one.

`Pairing` is the interface every implementation meets; `py_ecc_product` is the default, in pure Python
(about a second for four pairs: one Miller loop each, one final exponentiation together). A native one is
passed in by whoever has it. An implementation may assume what `verifier.points` guarantees: finite points
in the right groups."""

from collections.abc import Sequence
from typing import Protocol

from py_ecc.fields import optimized_bn128_FQ as FQ
from py_ecc.fields import optimized_bn128_FQ2 as FQ2
from py_ecc.fields import optimized_bn128_FQ12 as FQ12
from py_ecc.optimized_bn128 import add, final_exponentiate, is_inf, multiply, normalize, pairing
from py_ecc.typing import Optimized_Point3D

from verifier.points import G1Point, G2Point, P

Pair = tuple[G1Point, G2Point]


class Pairing(Protocol):
    """Whether the product over `pairs` of e(p, q) is one; true for no pairs."""

    def __call__(self, pairs: Sequence[Pair]) -> bool: ...


def _lift_g1(point: G1Point) -> Optimized_Point3D[FQ]:
    return FQ(point.x), FQ(point.y), FQ.one()


def _lift_g2(point: G2Point) -> Optimized_Point3D[FQ2]:
    return FQ2(point.x), FQ2(point.y), FQ2.one()


def py_ecc_product(pairs: Sequence[Pair]) -> bool:
    """The default `Pairing`: Miller loops of py_ecc multiplied together, then one final exponentiation."""
    product = FQ12.one()
    for p, q in pairs:
        product = product * pairing(_lift_g2(q), _lift_g1(p), final_exponentiate=False)
    return bool(final_exponentiate(product) == FQ12.one())


def negate(point: G1Point) -> G1Point:
    """-P. A finite point of G1 has y != 0, so the result is canonical."""
    return G1Point(point.x, P - point.y)


def combine(constant: G1Point, points: Sequence[G1Point], scalars: Sequence[int]) -> G1Point | None:
    """constant + sum of scalars[i] * points[i] in G1, scalars canonical; None is the point at infinity."""
    total = _lift_g1(constant)
    for point, scalar in zip(points, scalars, strict=True):
        total = add(total, multiply(_lift_g1(point), scalar))
    if is_inf(total):
        return None
    x, y = normalize(total)
    return G1Point(int(x), int(y))
