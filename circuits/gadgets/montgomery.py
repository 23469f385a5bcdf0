"""Baby Jubjub in Montgomery form v^2 = u^3 + M u^2 + u: cheap addition formulas with exceptional cases.

Affine addition fails for equal, opposite and missing points. This module states for each formula what a
prover can do in its exceptional case; that the case cannot arise is argued where the points come from, in
`circuits.gadgets.fixed_base` and `circuits.gadgets.variable_base`. Everything here is therefore `unsafe_` or
takes points whose type excludes it.

Source: "Twisted Edwards Curves", section 3 (the maps); M = 2 (A + D) / (A - D) and 4 / (A - D) = 1.
"""

from dataclasses import dataclass

from circuits.field import R
from circuits.gadgets.edwards import CurvePoint, SubgroupPoint
from circuits.language import ConstraintSystem
from circuits.twins import babyjub
from circuits.variables import Variable

M = 168698


@dataclass(frozen=True)
class MontgomeryPoint:
    """A point of prime order l: on the curve, in the subgroup, not the identity; so v != 0 and u != -1."""

    u: Variable
    v: Variable


def from_edwards(cs: ConstraintSystem, p: SubgroupPoint, label: str) -> MontgomeryPoint:
    """The same point in Montgomery form.

    Given: a point of the subgroup.
    Holds: p is not the identity; the result is p.
    Assumes: nothing. At the identity (0, 1) the first equation says 0 = 2; elsewhere in the subgroup y != 1
    and x != 0, because (0, 1) and (0, -1) are the only points with x = 0 and the latter has order 2.
    Costs: 2.
    """
    u = cs.hint_quotient(1 + p.y, 1 - p.y, label)
    cs.assert_product(u, 1 - p.y, 1 + p.y, label)
    v = cs.hint_quotient(u, p.x, label)
    cs.assert_product(v, p.x, u, label)
    return MontgomeryPoint(u, v)


def to_edwards(cs: ConstraintSystem, p: MontgomeryPoint, label: str) -> CurvePoint:
    """The same point in Edwards form.

    Given: a point of prime order.
    Holds: the result is p.
    Assumes: nothing: v != 0 since p has odd order; u = -1 only at points of order 4.
    Costs: 2.
    """
    x = cs.hint_quotient(p.u, p.v, label)
    cs.assert_product(x, p.v, p.u, label)
    y = cs.hint_quotient(p.u - 1, p.u + 1, label)
    cs.assert_product(y, p.u + 1, p.u - 1, label)
    return CurvePoint(x, y)


def constant_coordinates(p: babyjub.Point) -> tuple[int, int]:
    """(u, v) of a point of prime order, as integers."""
    u = (1 + p.y) * pow(1 - p.y, -1, R) % R
    return u, u * pow(p.x, -1, R) % R


def double(cs: ConstraintSystem, p: MontgomeryPoint, label: str) -> MontgomeryPoint:
    """2 p.

    Given: a point of prime order.
    Holds: the result is 2 p, of prime order again.
    Assumes: nothing: v != 0.
    Costs: 4.
    """
    square = cs.mul(p.u, p.u, label)
    slope = cs.hint_quotient(square * 3 + p.u * (2 * M) + 1, p.v * 2, label)
    cs.assert_product(slope, p.v * 2, square * 3 + p.u * (2 * M) + 1, label)
    u = cs.mul_add(slope, slope, -(p.u * 2) - M, label)
    v = cs.mul_add(slope, p.u - u, -p.v, label)
    return MontgomeryPoint(u, v)


def unsafe_add(cs: ConstraintSystem, p: MontgomeryPoint, q: MontgomeryPoint, label: str) -> MontgomeryPoint:
    """p + q for p != q.

    Given: two points of prime order.
    Holds: if p != q, the result is p + q, and p != -q.
    Assumes: p != q. If p = q the slope is the prover's to choose and the result need not be on the curve. p
    = -q is refused: the slope's equation says 0 = -2 v.
    Costs: 3.
    """
    slope = cs.hint_quotient(q.v - p.v, q.u - p.u, label)
    cs.assert_product(slope, q.u - p.u, q.v - p.v, label)
    u = cs.mul_add(slope, slope, -p.u - q.u - M, label)
    v = cs.mul_add(slope, p.u - u, -p.v, label)
    return MontgomeryPoint(u, v)


def unsafe_double_and_add(
    cs: ConstraintSystem, p: MontgomeryPoint, q: MontgomeryPoint, label: str
) -> MontgomeryPoint:
    """2 p + q, as (p + q) + p without the middle point's v.

    Given: two points of prime order.
    Holds: if p != q, the result is 2 p + q, and neither p + q nor 2 p + q is the identity.
    Assumes: p != q; else as in `unsafe_add`. p = -q is refused as there. With s = p + q, the second slope's
    equation slope (p.u - s.u) = p.v - s.v is used as (slope + first) (p.u - s.u) = 2 p.v; where s = p or s =
    -p it says 0 = 2 p.v, which p's order excludes: the former means q is the identity, the latter 2 p + q =
    0.
    Costs: 5.
    Source: the double-and-add step of Eisentraeger, Lauter, Montgomery, "Fast elliptic curve arithmetic and
    improved Weil pairing evaluation" (2003), section 3.
    """
    first = cs.hint_quotient(q.v - p.v, q.u - p.u, label)
    cs.assert_product(first, q.u - p.u, q.v - p.v, label)
    middle = cs.mul_add(first, first, -p.u - q.u - M, label)
    both = cs.hint_quotient(p.v * 2, p.u - middle, label)
    cs.assert_product(both, p.u - middle, p.v * 2, label)
    second = both - first
    u = cs.mul_add(second, second, -p.u - middle - M, label)
    v = cs.mul_add(second, p.u - u, -p.v, label)
    return MontgomeryPoint(u, v)
