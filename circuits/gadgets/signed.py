"""Signed numbers: sign and magnitude as values.

A signed integer v is the field element v mod r. This module decides how sign and magnitude are taken out of
it, with zero having one sign only; a signed range without them is cheaper, in `circuits.gadgets.range`.
"""

from circuits.errors import ShapeError
from circuits.gadgets.bits import SAFE_BITS, constrain_bits
from circuits.language import ConstraintSystem
from circuits.variables import Bit, Bounded, Value, plain


def sign_and_magnitude(
    cs: ConstraintSystem, x: Value, bits: int, label: str = "range"
) -> tuple[Bit, Bounded]:
    """(negative, magnitude) of a number of the symmetric range.

    Given: any field element x; 1 <= bits < SAFE_BITS - 1.
    Holds: |x| < 2^bits, x read as signed; magnitude = |x|; negative = 1 exactly if x < 0.
    Assumes: nothing.
    Costs: bits + 3.
    Source: magnitude = (1 - 2 negative) x has the range; negative = 1 needs an inverse of x, so zero is not
    negative.
    """
    if not 1 <= bits < SAFE_BITS - 1:
        raise ShapeError(f"a signed range has 1..{SAFE_BITS - 2} bits, not {bits}")
    x = plain(x)
    negative = cs.assert_bit(cs.hint_sign(x, label), label)
    magnitude = cs.mul(1 - negative * 2, x, label)
    constrain_bits(cs, magnitude, bits, label)
    cs.assert_product(x, cs.hint_quotient(negative, x, label), negative, label)
    return negative, cs.unchecked_bounded(magnitude, 0, (1 << bits) - 1)
