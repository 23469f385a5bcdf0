"""Multiplication of a fixed point of prime order by a scalar given in bits.

Windows of three bits choose from constant tables, so a window costs three for the choice and three for the
addition. With B' = B / 2 (mod l) the bits b_i stand for odd digits: sum (2 b_i - 1) 2^i B' = S B - (2^n - 1)
B', and the constant is added at the end. Which scalars are canonical is the callers' to say.
"""

from collections.abc import Sequence
from functools import cache

from circuits.errors import ShapeError
from circuits.gadgets.bits import require_bits
from circuits.gadgets.edwards import CurvePoint, add_constant
from circuits.gadgets.logic import assert_nonzero
from circuits.gadgets.montgomery import MontgomeryPoint, constant_coordinates, to_edwards, unsafe_add
from circuits.language import ConstraintSystem
from circuits.twins import babyjub
from circuits.twins.babyjub import SUBGROUP_ORDER
from circuits.variables import Bit, Variable, plain, weighted_sum

WINDOW = 3

MAX_BITS = SUBGROUP_ORDER.bit_length()
"""251: the bits of a scalar below l."""


def multiply_fixed(
    cs: ConstraintSystem, bits: Sequence[Bit], base: babyjub.Point, label: str = "fixed_base"
) -> CurvePoint:
    """S * base for the scalar S = sum bits[i] 2^i.

    Given: 4 .. 251 bits; a point of order l, as integers.
    Holds: the result is S * base, in the subgroup (S = 0 included).
    Assumes: nothing. Exceptional cases: the sum T before window j is an odd multiple t of B' with |t| <= 8^j
    - 1, the window's point Q an odd multiple q with |q| >= 8^j, so t != +-q as integers; |t| + |q| <= 2^m -
    1 for the m bits consumed, and 2^250 < l, so up to 250 bits t != +-q mod l, and t is odd, hence not 0 mod
    l. With 251 bits the last addition could meet t = q -+ l: there T != Q is asserted. The only scalars
    refused by that are the few with t = +-q mod l in the last addition, which nobody can aim at without
    choosing the scalar itself.
    Costs: 6 a window of 3 bits, 4 for a last one of 2 bits and 3 for one of 1, + 2, + 1 for 251 bits: 505
    for 251 bits.
    """
    if not WINDOW < len(bits) <= MAX_BITS:
        raise ShapeError(f"a fixed-base scalar has {WINDOW + 1}..{MAX_BITS} bits, not {len(bits)}")
    require_bits(bits, "a fixed-base scalar")
    tables = _tables(base, len(bits))
    windows = [bits[at : at + WINDOW] for at in range(0, len(bits), WINDOW)]
    total: MontgomeryPoint | None = None
    for window, table in zip(windows, tables, strict=True):
        chosen = _choose(cs, window, table, label)
        if total is None:
            total = chosen
            continue
        if len(bits) == MAX_BITS and table is tables[-1]:
            assert_nonzero(cs, chosen.u - total.u, label)
        total = unsafe_add(cs, total, chosen, label)
    assert total is not None
    half = babyjub.mul(base, (SUBGROUP_ORDER + 1) // 2)
    offset = babyjub.mul(half, (1 << len(bits)) - 1)
    return add_constant(cs, to_edwards(cs, total, label), offset, label)


@cache
def _tables(base: babyjub.Point, count: int) -> list[list[tuple[int, int]]]:
    """For each window, (u, v) of (2 d - 2^width + 1) 8^j B' for d = 0 .. 2^width - 1."""
    assert babyjub.is_in_subgroup(base) and base != babyjub.IDENTITY
    unit = babyjub.mul(base, (SUBGROUP_ORDER + 1) // 2)
    tables = []
    for at in range(0, count, WINDOW):
        size = 1 << min(WINDOW, count - at)
        twice = babyjub.double(unit)
        odd = [unit]
        while len(odd) < size // 2:
            odd.append(babyjub.add(odd[-1], twice))
        points = [*map(babyjub.negate, reversed(odd)), *odd]
        tables.append([constant_coordinates(p) for p in points])
        for _ in range(WINDOW):
            unit = babyjub.double(unit)
    return tables


def _choose(
    cs: ConstraintSystem, bits: Sequence[Bit], table: Sequence[tuple[int, int]], label: str
) -> MontgomeryPoint:
    """table[sum bits[i] 2^i]: both coordinates as multilinear polynomials of the bits."""
    us, vs = [u for u, _ in table], [v for _, v in table]
    low: list[Variable] = [plain(1), *map(plain, bits[:2])]
    if len(bits) > 1:
        low.append(cs.mul(low[1], low[2], label))
    if len(bits) < WINDOW:
        return MontgomeryPoint(weighted_sum(_multilinear(us), low), weighted_sum(_multilinear(vs), low))
    top = plain(bits[2])
    coordinates = []
    for values in (us, vs):
        base = _multilinear(values[:4])
        step = _multilinear([b - a for a, b in zip(values[:4], values[4:], strict=True)])
        chosen = cs.mul_add(top, weighted_sum(step, low), weighted_sum(base, low), label)
        coordinates.append(chosen)
    return MontgomeryPoint(*coordinates)


def _multilinear(values: Sequence[int]) -> list[int]:
    """Coefficients of 1, b0, b1, b0 b1 (or of 1, b0) of the polynomial that takes these values at the
    bits.
    """
    if len(values) == 2:
        return [values[0], values[1] - values[0]]
    v0, v1, v2, v3 = values
    return [v0, v1 - v0, v2 - v0, v3 - v2 - v1 + v0]
