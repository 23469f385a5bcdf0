"""Baby Jubjub in twisted Edwards form: who is on the curve, and its complete addition law.

Preconditions are types: `Point` is any pair of field elements, `CurvePoint` is on the curve, `SubgroupPoint`
in the subgroup of prime order l. The addition law has no exceptional case on the curve, so nothing here
needs an argument about scalars; the cheaper, incomplete formulas of long multiplications are in
`circuits.gadgets.montgomery`.

Curve: A x^2 + y^2 = 1 + D x^2 y^2, A a square, D not (EIP-2494; the law: "Twisted Edwards Curves", section
6).
"""

from dataclasses import dataclass

from circuits.language import ConstraintSystem
from circuits.twins import babyjub
from circuits.twins.babyjub import A, D
from circuits.variables import Variable, plain


@dataclass(frozen=True)
class Point:
    """Any pair of field elements."""

    x: Variable
    y: Variable


@dataclass(frozen=True)
class CurvePoint:
    """A point of the curve."""

    x: Variable
    y: Variable


@dataclass(frozen=True)
class SubgroupPoint:
    """A point of the subgroup of prime order l, the identity included."""

    x: Variable
    y: Variable

    @property
    def on_curve(self) -> CurvePoint:
        return CurvePoint(self.x, self.y)


def constant_point(cs: ConstraintSystem, p: babyjub.Point) -> CurvePoint:
    """A point known at compile time. Costs nothing."""
    assert babyjub.is_on_curve(p)
    return CurvePoint(plain(p.x), plain(p.y))


def negate(p: CurvePoint) -> CurvePoint:
    """-p. Costs nothing."""
    return CurvePoint(-p.x, p.y)


def assert_on_curve(cs: ConstraintSystem, p: Point, label: str = "on_curve") -> CurvePoint:
    """p is on the curve.

    Given: any pair of field elements.
    Holds: the curve's equation.
    Assumes: nothing.
    Costs: 3.
    """
    point, _, _ = _on_curve_with_squares(cs, p, label)
    return point


def add(cs: ConstraintSystem, p: CurvePoint, q: CurvePoint, label: str = "add") -> CurvePoint:
    """p + q.

    Given: two points of the curve, equal, opposite or the identity included.
    Holds: the result is p + q.
    Assumes: nothing: 1 +- D x1 x2 y1 y2 is never 0 on the curve, so both divisions have one answer.
    Costs: 6.
    Source: circomlib's BabyAdd; "Twisted Edwards Curves", section 6.
    """
    beta = cs.mul(p.x, q.y, label)
    gamma = cs.mul(p.y, q.x, label)
    delta = cs.mul(p.y - p.x * A, q.x + q.y, label)
    tau = cs.mul(beta, gamma, label) * D
    x = _divide(cs, beta + gamma, tau + 1, label)
    # (y1 - A x1)(x2 + y2) = y1 y2 - A x1 x2 + gamma - A beta.
    y = _divide(cs, delta + beta * A - gamma, 1 - tau, label)
    return CurvePoint(x, y)


def add_constant(cs: ConstraintSystem, p: CurvePoint, q: babyjub.Point, label: str = "add") -> CurvePoint:
    """p + q for a point q known at compile time.

    Given: a point of the curve, and one of the curve as integers.
    Holds: the result is p + q.
    Assumes: nothing, as for `add`.
    Costs: 3.
    """
    assert babyjub.is_on_curve(q)
    tau = cs.mul(p.x * (D * q.x), p.y * q.y, label)
    x = _divide(cs, p.x * q.y + p.y * q.x, tau + 1, label)
    y = _divide(cs, p.y * q.y - p.x * (A * q.x), 1 - tau, label)
    return CurvePoint(x, y)


def double(cs: ConstraintSystem, p: CurvePoint, label: str = "double") -> CurvePoint:
    """2 p.

    Given: a point of the curve.
    Holds: the result is 2 p.
    Assumes: nothing, as for `add`.
    Costs: 5.
    """
    return _double(cs, p, cs.mul(p.x, p.x, label), cs.mul(p.y, p.y, label), label)


def clear_cofactor(cs: ConstraintSystem, p: Point, label: str = "on_curve") -> SubgroupPoint:
    """8 p, after showing that p is on the curve.

    Given: any pair of field elements.
    Holds: p is on the curve; the result is 8 p, hence in the subgroup.
    Assumes: nothing.
    Costs: 16.
    """
    eighth, x2, y2 = _on_curve_with_squares(cs, p, label)
    multiple = _double(cs, eighth, x2, y2, label)
    multiple = double(cs, double(cs, multiple, label), label)
    return SubgroupPoint(multiple.x, multiple.y)


def assert_in_subgroup(
    cs: ConstraintSystem, p: Point, eighth: Point, label: str = "in_subgroup"
) -> SubgroupPoint:
    """p is in the subgroup, shown by a point of which it is the eightfold.

    Given: any pairs of field elements; an honest prover gives eighth = (1/8 mod l) * p.
    Holds: p is on the curve and l * p is the identity (8 times anything on the curve is, and every such p is
    one).
    Assumes: nothing.
    Costs: 18.
    """
    multiple = clear_cofactor(cs, eighth, label)
    cs.assert_equal(multiple.x, p.x, label)
    cs.assert_equal(multiple.y, p.y, label)
    return SubgroupPoint(p.x, p.y)


def _on_curve_with_squares(
    cs: ConstraintSystem, p: Point, label: str
) -> tuple[CurvePoint, Variable, Variable]:
    x2, y2 = cs.mul(p.x, p.x, label), cs.mul(p.y, p.y, label)
    cs.assert_product(x2 * D, y2, x2 * A + y2 - 1, label)
    return CurvePoint(p.x, p.y), x2, y2


def _double(cs: ConstraintSystem, p: CurvePoint, x2: Variable, y2: Variable, label: str) -> CurvePoint:
    # On the curve 1 + D x^2 y^2 = A x^2 + y^2: the addition law's denominators cost no further product.
    xy = cs.mul(p.x, p.y, label)
    total = x2 * A + y2
    return CurvePoint(_divide(cs, xy * 2, total, label), _divide(cs, y2 - x2 * A, 2 - total, label))


def _divide(cs: ConstraintSystem, a: Variable, b: Variable, label: str) -> Variable:
    """a / b for b that cannot be 0. Costs 1."""
    quotient = cs.hint_quotient(a, b, label)
    cs.assert_product(quotient, b, a, label)
    return quotient
