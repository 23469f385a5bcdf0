"""Logic: equality, selection and one-hot choice.

A selected `Bounded` stays bounded by the hull of what it was selected from. Order belongs to
`circuits.gadgets.compare`; who may select what, and what an index means, to the callers.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import overload

from circuits.errors import ShapeError
from circuits.gadgets.bits import require_bits
from circuits.language import ConstraintSystem
from circuits.variables import Bit, Bounded, Variable, weighted_sum


def is_zero(cs: ConstraintSystem, x: Variable, label: str = "is_zero") -> Bit:
    """Whether x = 0.

    Given: any field element x.
    Holds: the result is 1 if x = 0, else 0.
    Assumes: nothing.
    Costs: 2.
    Source: x * y = 1 - z and x * z = 0: the first forces z = 1 at x = 0, the second z = 0 elsewhere.
    """
    inverse = cs.hint_inverse(x, label)
    product = cs.mul(x, inverse, label)
    cs.assert_product(x, 1 - product, Variable({}), label)
    return cs.unchecked_bit(1 - product)


def is_equal(cs: ConstraintSystem, a: Variable, b: Variable | int, label: str = "is_equal") -> Bit:
    """Whether a = b as field elements. Given, Holds, Assumes as `is_zero` of a - b. Costs: 2."""
    return is_zero(cs, a - b, label)


def assert_nonzero(cs: ConstraintSystem, x: Variable, label: str) -> None:
    """x is not 0.

    Given: any field element x.
    Holds: x has an inverse.
    Assumes: nothing.
    Costs: 1.
    """
    cs.assert_product(x, cs.hint_inverse(x, label), cs.one, label)


@overload
def select(
    cs: ConstraintSystem, bit: Bit, if_one: Bounded, if_zero: Bounded, label: str = ...
) -> Bounded: ...
@overload
def select(
    cs: ConstraintSystem, bit: Bit, if_one: Variable, if_zero: Variable, label: str = ...
) -> Variable: ...
def select(
    cs: ConstraintSystem, bit: Bit, if_one: Variable, if_zero: Variable, label: str = "select"
) -> Variable:
    """if_one where the bit is 1, if_zero where it is 0.

    Given: a bit and two values.
    Holds: as said.
    Assumes: nothing.
    Costs: 1.
    """
    require_bits([bit], "a selection")
    chosen = cs.mul(Variable(bit.terms), Variable((if_one - if_zero).terms), label) + if_zero
    return _hull(cs, Variable(chosen.terms), (if_one, if_zero))


def mux(
    cs: ConstraintSystem, bits: Sequence[Bit], values: Sequence[Variable], label: str = "mux"
) -> Variable:
    """values[sum bits[i] 2^i].

    Given: n bits and 2^n values.
    Holds: as said.
    Assumes: nothing.
    Costs: 2^n - 1.
    """
    if len(values) != 1 << len(bits):
        raise ShapeError(f"{len(bits)} bits choose among {1 << len(bits)} values, not {len(values)}")
    layer = list(values)
    for bit in bits:
        layer = [select(cs, bit, odd, even, label) for even, odd in zip(layer[::2], layer[1::2], strict=True)]
    return layer[0]


def swap(
    cs: ConstraintSystem, bit: Bit, first: Variable, second: Variable, label: str = "swap"
) -> tuple[Variable, Variable]:
    """(first, second) if the bit is 0, (second, first) if it is 1.

    Given: a bit and two values.
    Holds: as said.
    Assumes: nothing.
    Costs: 1.
    """
    require_bits([bit], "a selection")
    moved = cs.mul(Variable(bit.terms), Variable((second - first).terms), label)
    return first + moved, second - moved


def assert_one_hot(cs: ConstraintSystem, bits: Sequence[Variable], label: str = "one_hot") -> list[Bit]:
    """The values as bits, exactly one of which is 1.

    Given: n >= 1 field elements.
    Holds: each is 0 or 1, and their sum is 1.
    Assumes: nothing.
    Costs: n + 1.
    """
    return one_hot(cs, bits, cs.one, label)


def one_hot(
    cs: ConstraintSystem, bits: Sequence[Variable], total: Variable, label: str = "one_hot"
) -> list[Bit]:
    """The values as bits whose sum is `total`: with a total of 0 or 1, none or exactly one of them is 1.

    Given: n >= 1 field elements.
    Holds: each is 0 or 1, and their sum is total.
    Assumes: n < r; that total is at most 1 where "one hot" is meant.
    Costs: n + 1.
    """
    if not bits:
        raise ShapeError(f"{label}: a choice is among at least one value")
    hot = [cs.assert_bit(bit, label) for bit in bits]
    cs.assert_equal(weighted_sum([1] * len(hot), hot), Variable(total.terms), label)
    return hot


def one_hot_of_index(cs: ConstraintSystem, index: Variable, count: int, label: str = "index") -> list[Bit]:
    """Bits of which exactly number `index` is 1.

    Given: any field element index; count >= 1.
    Holds: 0 <= index < count; bit k is [index = k].
    Assumes: nothing.
    Costs: count + 1.
    Source: the bits are differences of the steps [index <= k], so that their sum is 1 without a constraint;
    each is asserted to be a bit, and sum k * bit_k = index.
    """
    if count < 1:
        raise ShapeError("an index chooses among at least one value")
    steps = [cs.hint_less(index, cs.constant(k + 1), label) for k in range(count - 1)]
    edges: list[Variable] = [Variable({}), *steps, cs.one]
    bits = [cs.assert_bit(after - before, label) for before, after in pairwise(edges)]
    cs.assert_equal(weighted_sum(range(count), bits), index, label)
    return bits


def pick(
    cs: ConstraintSystem, hot: Sequence[Bit], values: Sequence[Variable], label: str = "pick"
) -> Variable:
    """The value whose bit is 1.

    Given: as many bits as values.
    Holds: the result is sum hot[k] * values[k].
    Assumes: exactly one bit is 1 (as `one_hot` gives them).
    Costs: len(values) - 1.
    """
    if len(hot) != len(values):
        raise ShapeError(f"{len(hot)} bits do not choose among {len(values)} values")
    require_bits(hot, "a choice")
    # The first value is what is left when no other is chosen.
    first, *rest = values
    chosen: Variable = Variable(first.terms)
    for bit, value in zip(hot[1:], rest, strict=True):
        chosen = chosen + cs.mul(Variable(bit.terms), Variable((value - first).terms), label)
    return _hull(cs, chosen, values)


def _hull(cs: ConstraintSystem, chosen: Variable, values: Sequence[Variable]) -> Variable:
    """The chosen value with the hull of the candidates' intervals, or plain if a candidate has none."""
    bounded = [value for value in values if isinstance(value, Bounded)]
    if len(bounded) != len(values):
        return chosen
    if all(isinstance(value, Bit) for value in values):
        return cs.unchecked_bit(chosen)
    return cs.unchecked_bounded(chosen, min(v.lo for v in bounded), max(v.hi for v in bounded))
