"""Ranges: how a field element becomes a `Bounded`.

Each function takes a raw variable and gives it back with the interval that its constraints now hold it to.
Bits are made in `circuits.gadgets.bits`; sign and magnitude as values in `circuits.gadgets.signed`.
"""

from circuits.errors import ShapeError
from circuits.gadgets.bits import SAFE_BITS, constrain_bits
from circuits.language import ConstraintSystem
from circuits.variables import Bounded, Value, as_variable, plain


def constrain_unsigned(cs: ConstraintSystem, x: Value, bits: int, label: str = "range") -> Bounded:
    """x as a Bounded in [0, 2^bits).

    Given: any field element x; 1 <= bits <= SAFE_BITS - 1 (a Bounded stays below r/2).
    Holds: 0 <= x < 2^bits.
    Assumes: nothing.
    Costs: bits.
    """
    if not 1 <= bits < SAFE_BITS:
        raise ShapeError(f"a Bounded has 1..{SAFE_BITS - 1} bits, not {bits}")
    constrain_bits(cs, x, bits, label)
    return cs.unchecked_bounded(x, 0, (1 << bits) - 1)


def constrain_signed(cs: ConstraintSystem, x: Value, bits: int, label: str = "range") -> Bounded:
    """x as a Bounded in [-(2^bits - 1), 2^bits - 1].

    Given: any field element x; 1 <= bits < SAFE_BITS - 1.
    Holds: |x| < 2^bits, x read as signed.
    Assumes: nothing.
    Costs: bits + 2. (At x = 0 the prover may choose the sign, which is an inner wire; `sign_and_magnitude`
    fixes it.)
    Source: a bit s with (1 - 2 s) x in [0, 2^bits).
    """
    if not 1 <= bits < SAFE_BITS - 1:
        raise ShapeError(f"a signed range has 1..{SAFE_BITS - 2} bits, not {bits}")
    negative = cs.assert_bit(cs.hint_sign(x, label), label)
    constrain_bits(cs, cs.mul(1 - negative * 2, plain(x), label), bits, label)
    limit = (1 << bits) - 1
    return cs.unchecked_bounded(x, -limit, limit)


def constrain_interval(cs: ConstraintSystem, x: Value, lo: int, hi: int, label: str = "range") -> Bounded:
    """x as a Bounded in [lo, hi].

    Given: any field element x; lo <= hi, hi - lo < 2^(SAFE_BITS - 1).
    Holds: lo <= x <= hi, x read as signed.
    Assumes: nothing.
    Costs: n if hi - lo + 1 = 2^n, else 2 n for the least n with hi - lo < 2^n; 1 if lo = hi.
    """
    x, span = as_variable(x), hi - lo
    width = span.bit_length()
    if span < 0 or width >= SAFE_BITS:
        raise ShapeError(f"[{lo}, {hi}] is not an interval of fewer than 2^{SAFE_BITS - 1} integers")
    if span == 0:
        cs.assert_equal(x, lo, label)
        return cs.unchecked_bounded(x, lo, hi)
    constrain_bits(cs, x - lo, width, label)
    if span + 1 != 1 << width:
        # Both x - lo and hi - x are below 2^width <= 2^252; their sum hi - lo is then exact, not only mod r.
        constrain_bits(cs, hi - x, width, label)
    return cs.unchecked_bounded(x, lo, hi)
