"""Canonical numbers: bits that spell an integer below r, or below any constant.

Long integers are compared in chunks: the first chunk in which they differ decides. This module decides how
that becomes constraints; small ranges, where bits are unique anyway, belong to `circuits.gadgets.bits`.
"""

from collections.abc import Sequence

from circuits.errors import ShapeError
from circuits.field import R
from circuits.gadgets.bits import compose, constrain_bits, require_bits, unchecked_bits
from circuits.language import ConstraintSystem
from circuits.variables import Bit, Value, Variable

FIELD_BITS = 254
"""Bits of r - 1."""

CHUNK_BITS = 29
"""Width of a chunk: a further chunk costs 3, a wider one a bit of the final range; 9 of 29 bits are the
optimum.
"""


def constrain_field_bits(cs: ConstraintSystem, x: Value, label: str = "canonical") -> list[Bit]:
    """All FIELD_BITS bits of a field element, least significant first, in the one expansion below r.

    Given: any field element x.
    Holds: the bits spell the integer in [0, r) that x stands for.
    Assumes: nothing.
    Costs: 254 + 53 = 307.
    Source: ours; circomlib's Num2Bits_strict says the same with 517.
    """
    bits = unchecked_bits(cs, x, FIELD_BITS, label)
    assert_bits_below(cs, bits, R, label)
    return bits


def assert_bits_below(cs: ConstraintSystem, bits: Sequence[Bit], bound: int, label: str = "below") -> None:
    """Bits, least significant first, spell an integer below a constant.

    Given: one or more bits; bound >= 1.
    Holds: sum bits[i] 2^i < bound, as integers.
    Assumes: nothing.
    Costs: 3 (k - 1) + CHUNK_BITS for k = ceil(len(bits) / CHUNK_BITS); nothing if bound >= 2^len(bits).
    """
    if bound < 1 or not bits:
        raise ShapeError("a comparison with a constant takes at least one bit and a bound of at least 1")
    require_bits(bits, "a comparison with a constant")
    if bound >> len(bits):
        return
    differences = []
    for at in reversed(range(0, len(bits), CHUNK_BITS)):
        part = bound >> at & ((1 << CHUNK_BITS) - 1)
        differences.append(part - compose(bits[at : at + CHUNK_BITS]))
    assert_first_difference_positive(cs, differences, CHUNK_BITS, label)


def assert_first_difference_positive(
    cs: ConstraintSystem, differences: Sequence[Variable], width: int, label: str
) -> None:
    """Of the differences, most significant first, the first that is not zero is positive; not all are zero.

    Given: k >= 1 differences.
    Holds: there is an i with differences[j] = 0 for all j < i and 0 < differences[i] <= 2^width.
    Assumes: every difference is an integer in (-2^width, 2^width], by the bits it was made of.
    Costs: 3 (k - 1) + width.
    Source: ours. Each flag [difference is zero] is exact (a product with an inverse), so the value handed up
    is the first difference that is not zero, or the last one; its range then admits 1 .. 2^width and nothing
    else.
    """
    value = differences[-1]
    for difference in reversed(differences[:-1]):
        inverse = cs.hint_inverse(difference, label)
        is_nonzero = cs.mul(difference, inverse, label)
        cs.assert_product(difference, 1 - is_nonzero, Variable({}), label)
        value = difference + cs.mul(1 - is_nonzero, value, label)
    constrain_bits(cs, value - 1, width, label)
