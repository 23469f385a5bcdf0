"""Baby Jubjub, the twisted Edwards curve over BN254's scalar field, as a readable integer twin.

It decides the curve, its complete addition law and who is on the curve and in the prime-order subgroup. Keys
and signatures belong to `circuits.twins.eddsa`.

Curve: A x^2 + y^2 = 1 + D x^2 y^2 with A a square and D not, so that the addition law has no exceptional
case (Bernstein, Birkner, Joye, Lange, Peters, "Twisted Edwards Curves", section 6). It has 8 *
SUBGROUP_ORDER points. Source of the constants: EIP-2494.
"""

from typing import NamedTuple

from circuits.field import R
from circuits.protocol.numbers import SUBGROUP_ORDER

A = 168700
D = 168696


class Point(NamedTuple):
    """An affine point; nothing says that it is on the curve but `is_on_curve`."""

    x: int
    y: int


IDENTITY = Point(0, 1)

GENERATOR = Point(
    995203441582195749578291179787384436505546430278305826713579947235728471134,
    5472060717959818805561601436314318772137091100104008585924551046643952123905,
)
"""A generator of the whole curve, of order 8 l."""

BASE8 = Point(
    5299619240641551281634865583518297030282874472190772894086521144482721001553,
    16950150798460657717958625567821834550301663161624707787222815936182638968203,
)
"""8 * GENERATOR: the base point of signatures, of order l."""


def add(p: Point, q: Point) -> Point:
    """p + q, for any two points of the curve (equal, opposite or the identity included)."""
    product = p.x * q.x % R * (p.y * q.y % R) % R
    x = (p.x * q.y + p.y * q.x) * pow(1 + D * product, -1, R)
    y = (p.y * q.y - A * p.x * q.x) * pow(1 - D * product, -1, R)
    return Point(x % R, y % R)


def double(p: Point) -> Point:
    """p + p."""
    return add(p, p)


def negate(p: Point) -> Point:
    """-p."""
    return Point(-p.x % R, p.y)


def mul(p: Point, scalar: int) -> Point:
    """scalar * p for any scalar >= 0, by double and add in projective coordinates.

    Source of the formulas: "Twisted Edwards Curves", section 6 (add-2008-bbjlp); complete, so also used to
    double.
    """
    total = (0, 1, 1)
    base = (p.x, p.y, 1)
    for bit in format(scalar, "b"):
        total = _projective_add(total, total)
        if bit == "1":
            total = _projective_add(total, base)
    x, y, z = total
    inverse = pow(z, -1, R)
    return Point(x * inverse % R, y * inverse % R)


def _projective_add(p: tuple[int, int, int], q: tuple[int, int, int]) -> tuple[int, int, int]:
    (x1, y1, z1), (x2, y2, z2) = p, q
    a = z1 * z2 % R
    b = a * a % R
    c = x1 * x2 % R
    d = y1 * y2 % R
    e = D * c * d % R
    f, g = b - e, b + e
    x = a * f % R * ((x1 + y1) * (x2 + y2) - c - d) % R
    y = a * g % R * (d - A * c) % R
    return x, y, f * g % R


def is_on_curve(p: Point) -> bool:
    """Whether both coordinates are canonical and satisfy the curve's equation."""
    if not (0 <= p.x < R and 0 <= p.y < R):
        return False
    x2, y2 = p.x * p.x, p.y * p.y
    return (A * x2 + y2 - 1 - D * x2 * y2) % R == 0


def is_in_subgroup(p: Point) -> bool:
    """Whether p is on the curve and l * p is the identity."""
    return is_on_curve(p) and mul(p, SUBGROUP_ORDER) == IDENTITY
