"""Multiplication of a variable point of prime order by any field element, read as an integer in [0, r).

One step of the loop doubles and adds +-P: five products, and one constraint that makes +-v from v. The
digits are not bits but the signed coordinates themselves; their sums, divided by v, give the scalar back.

Recoding. The scalar h is carried as N = h + (6 + e) l for the bit e that makes N odd; N P = h P since l P =
0. N is odd and lies in (2^253, 3 * 2^253), so N = 2 * 2^253 + sum_{i < 253} s_i 2^i for exactly one choice
of signs s_i. That N is this integer, and not another one congruent to it mod r, is shown by comparing its
bits with the ends of [(6 + e) l, (6 + e) l + r).
"""

from collections.abc import Sequence

from circuits.field import R, inverse
from circuits.gadgets.canonical import assert_first_difference_positive
from circuits.gadgets.logic import assert_nonzero
from circuits.gadgets.montgomery import MontgomeryPoint, double, unsafe_double_and_add
from circuits.language import ConstraintSystem
from circuits.twins.babyjub import SUBGROUP_ORDER
from circuits.variables import Value, Variable, plain, weighted_sum

DIGITS = 253
"""Signs after the leading digit 2."""

MULTIPLE = 6
"""N = h + (MULTIPLE + e) l."""

CHUNK = 28
"""252 = 9 * 28 signs below the top one are compared in nine chunks."""

CHECKED_STEPS = 3
"""In the last steps the running multiple exceeds l, and P != Q is asserted rather than argued."""


def multiply_variable(
    cs: ConstraintSystem, scalar: Value, p: MontgomeryPoint, label: str = "variable_base"
) -> MontgomeryPoint:
    """h * p for the integer h in [0, r) that the scalar stands for.

    Given: any field element; a point of prime order l.
    Holds: the result is h * p; h is not 0 mod l.
    Assumes: nothing. Exceptional cases: before the step for sign i the sum is T = k p with k = floor(N /
    2^(i+1)) or one more, 2 <= k; T = +-p needs k = +-1 mod l. N < 15 l, so k < l - 1 for i >= 3; in the last
    three steps T.u != p.u is asserted. The step refuses the identity by itself. Refused are only the scalars
    whose k meets 0, +-1 or +-1/2 mod l in the last steps: fewer than 2^12 of r, which for the hash of a
    signature amounts to a preimage.
    Costs: 325 + 4 + 5 * 253 + 3 = 1597.
    """
    signs = _constrain_signs(cs, scalar, p.v, label)
    total = double(cs, p, label)
    for i in reversed(range(DIGITS)):
        if i < CHECKED_STEPS:
            assert_nonzero(cs, p.u - total.u, label)
        total = unsafe_double_and_add(cs, total, MontgomeryPoint(p.u, signs[i]), label)
    return total


def _constrain_signs(cs: ConstraintSystem, scalar: Value, unit: Variable, label: str) -> list[Variable]:
    """s_i * unit for the signs of N, least significant first; unit != 0. Costs 253 + 10 + 1 + 61 = 325."""
    scalar = plain(scalar)
    # h + 6 l is odd exactly if h is.
    even = cs.assert_bit(1 - cs.hint_bits(scalar, 1, label)[0], label)
    odd = scalar + even * SUBGROUP_ORDER + MULTIPLE * SUBGROUP_ORDER
    # N = 2^253 + 1 + 2 code, where bit i of the code is 1 for the sign +.
    code = (odd - (1 << DIGITS) - 1) * inverse(2)
    signed = cs.hint_signs(code, unit, DIGITS, label)
    for y in signed:
        cs.assert_product(y - unit, y + unit, Variable({}), label)

    top = _quotient(cs, signed[-1], unit, label)
    chunks: list[Variable] = [Variable({})]
    for at in range(CHUNK, DIGITS - 1, CHUNK):
        chunks.append(_quotient(cs, _weigh(signed[at : at + CHUNK]), unit, label))
    # The lowest chunk is what the congruence N = h + (6 + e) l leaves over.
    upper = weighted_sum([1 << CHUNK * k for k in range(len(chunks))], chunks) + top * (1 << (DIGITS - 1))
    chunks[0] = odd - (1 << (DIGITS + 1)) - upper
    cs.assert_product(chunks[0], unit, _weigh(signed[:CHUNK]), label)
    _assert_code_in_range(cs, chunks, top, even, label)
    return signed


def _assert_code_in_range(
    cs: ConstraintSystem, chunks: Sequence[Variable], top: Variable, even: Variable, label: str
) -> None:
    """The code lies between the ends that (6 + e) l <= N < (6 + e) l + r sets.

    The code's top bit says which end can be missed: with 1 it is above every lower end, with 0 below every
    upper end.
    """
    lowest, highest = zip(*(_ends(e) for e in (0, 1)), strict=True)
    half = 1 << (DIGITS - 1)
    assert all(0 < low <= half <= high < 2 * half for low, high in zip(lowest, highest, strict=True))
    is_upper = (top + 1) * inverse(2)
    differences = []
    for k in reversed(range(len(chunks))):
        bits = (chunks[k] + ((1 << CHUNK) - 1)) * inverse(2)
        # Strictly above lowest - 1, or strictly below highest + 1 with the top bit taken off both.
        below = [_part(low - 1, k) for low in lowest]
        above = [_part(high + 1 - half, k) for high in highest]
        over = bits - (even * (below[1] - below[0]) + below[0])
        under = even * (above[1] - above[0]) + above[0] - bits
        differences.append(cs.mul_add(is_upper, under - over, over, label))
    assert_first_difference_positive(cs, differences, CHUNK, label)


def _ends(e: int) -> tuple[int, int]:
    """The least and the greatest code of an N = h + (6 + e) l with 0 <= h < r."""
    low = (MULTIPLE + e) * SUBGROUP_ORDER - (1 << DIGITS) - 1
    return -(-low // 2), (low + R - 1) // 2


def _part(value: int, k: int) -> int:
    assert 0 <= value < 1 << (DIGITS - 1)
    return value >> CHUNK * k & ((1 << CHUNK) - 1)


def _weigh(values: Sequence[Variable]) -> Variable:
    return weighted_sum([1 << i for i in range(len(values))], values)


def _quotient(cs: ConstraintSystem, a: Variable, b: Variable, label: str) -> Variable:
    quotient = cs.hint_quotient(a, b, label)
    cs.assert_product(quotient, b, a, label)
    return quotient
