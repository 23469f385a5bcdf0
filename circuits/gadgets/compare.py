"""Comparisons: order and sign of bounded integers.

They take `Bounded` values only, so a comparison can never be fooled by a value outside its range; widths
follow from the intervals. Ranges themselves are made in `circuits.gadgets.range`, equality of field elements
in `circuits.gadgets.logic`.
"""

from circuits.errors import ShapeError
from circuits.gadgets.bits import SAFE_BITS, constrain_bits
from circuits.language import ConstraintSystem, require_bounded
from circuits.variables import Bit, Bounded


def is_less(cs: ConstraintSystem, a: Bounded | int, b: Bounded | int, label: str = "is_less") -> Bit:
    """Whether a < b.

    Given: bounded a and b.
    Holds: the result is 1 if a < b as integers, else 0.
    Assumes: nothing: the intervals are part of the types.
    Costs: n + 1 for the least n with -2^n <= a - b < 2^n for all a, b of the intervals: 65 for two 64-bit
    values.
    Source: a - b + 2^n * less is in [0, 2^n) for one value of the bit only.
    """
    return is_negative(cs, require_bounded(a, "is_less") - require_bounded(b, "is_less"), label)


def is_negative(cs: ConstraintSystem, x: Bounded | int, label: str = "is_negative") -> Bit:
    """Whether x < 0.

    Given: a bounded x.
    Holds: the result is 1 if x < 0 as an integer, else 0.
    Assumes: nothing.
    Costs: n + 1 for the least n with -2^n <= x < 2^n for every x of its interval; nothing if the interval
    decides.
    """
    x = require_bounded(x, "is_negative")
    if x.lo >= 0:
        return Bit({})
    if x.hi < 0:
        return Bit(cs.one.terms)
    width = max(x.hi.bit_length(), (-x.lo - 1).bit_length(), 1)
    if width >= SAFE_BITS:
        raise ShapeError(f"an order of {width}-bit values does not fit the field: reduce operands first")
    negative = cs.assert_bit(cs.hint_sign(x, label), label)
    constrain_bits(cs, x + negative * (1 << width), width, label)
    return negative


def is_less_or_equal(
    cs: ConstraintSystem, a: Bounded | int, b: Bounded | int, label: str = "is_less_or_equal"
) -> Bit:
    """Whether a <= b: the complement of b < a, at its cost."""
    return is_less(cs, b, a, label).complement()


def assert_nonnegative(cs: ConstraintSystem, x: Bounded | int, label: str) -> None:
    """x >= 0.

    Given: a bounded x.
    Holds: x >= 0 as an integer.
    Assumes: nothing: a negative x of any interval stands above r/2 > 2^252, where no expansion of at most
    252 bits reaches.
    Costs: n for the least n with x < 2^n for every x of its interval; nothing if the interval is not
    negative. Raises ShapeError if it is all negative.
    """
    x = require_bounded(x, label)
    if x.lo >= 0:
        return
    if x.hi < 0:
        raise ShapeError(f"{label}: every value of [{x.lo}, {x.hi}] is negative")
    width = max(x.hi.bit_length(), 1)
    if width >= SAFE_BITS:
        raise ShapeError(f"{label}: a {width}-bit value cannot be told from a negative one")
    constrain_bits(cs, x, width, label)


def assert_less_or_equal(cs: ConstraintSystem, a: Bounded | int, b: Bounded | int, label: str) -> None:
    """a <= b: `assert_nonnegative` of b - a, so 64 for two 64-bit values."""
    assert_nonnegative(cs, require_bounded(b, label) - require_bounded(a, label), label)


def assert_less(cs: ConstraintSystem, a: Bounded | int, b: Bounded | int, label: str) -> None:
    """a < b: `assert_nonnegative` of b - a - 1."""
    assert_nonnegative(cs, require_bounded(b, label) - require_bounded(a, label) - 1, label)
