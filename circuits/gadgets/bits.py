"""Bits: how a field element is shown to be a small integer.

A decomposition of n bits costs n constraints: the top bit is what the others leave over, asserted to be a
bit. Up to SAFE_BITS an n-bit sum cannot wrap around r, so the bits are unique; the full width belongs to
`circuits.gadgets.canonical`, which also shows that the bits spell a number below r, ranges as types to
`circuits.gadgets.range`.
"""

from collections.abc import Sequence

from circuits.errors import ShapeError
from circuits.field import inverse
from circuits.language import ConstraintSystem
from circuits.variables import Bit, Value, Variable, as_variable, weighted_sum

SAFE_BITS = 253
"""2^253 <= r: the largest width whose sums stand for one integer each."""


def constrain_bits(cs: ConstraintSystem, x: Value, count: int, label: str = "range") -> list[Bit]:
    """The bits of x, least significant first.

    Given: any field element x; 1 <= count <= SAFE_BITS.
    Holds: x, read canonically, is below 2^count, and the result is its binary expansion.
    Assumes: nothing.
    Costs: count.
    Source: circomlib's Num2Bits, with the sum's constraint folded into the top bit's.
    """
    if not 1 <= count <= SAFE_BITS:
        raise ShapeError(
            f"{count} bits are unique only for 1..{SAFE_BITS}: see constrain_field_bits for more"
        )
    return unchecked_bits(cs, x, count, label)


def compose(bits: Sequence[Bit]) -> Variable:
    """sum bits[i] 2^i, a linear combination: costs nothing."""
    return weighted_sum([1 << i for i in range(len(bits))], bits)


def unchecked_bits(cs: ConstraintSystem, x: Value, count: int, label: str) -> list[Bit]:
    """Bits whose sum is x mod r: for count > SAFE_BITS there is more than one choice of them.

    Given: any field element x; count >= 1.
    Holds: every result is a bit, and sum bits[i] 2^i = x mod r.
    Assumes: the caller excludes the other choices.
    Costs: count.
    """
    x = as_variable(x)
    low = [cs.assert_bit(b, label) for b in cs.hint_bits(x, count - 1, label)] if count > 1 else []
    top = (x - compose(low)) * inverse(1 << (count - 1))
    return [*low, cs.assert_bit(top, label)]


def require_bits(bits: Sequence[Bit], what: str) -> None:
    """ShapeError unless each value is a Bit: what takes bits must not be given anything else."""
    if not all(isinstance(bit, Bit) for bit in bits):
        raise ShapeError(f"{what} takes Bits: assert_bit makes one")
