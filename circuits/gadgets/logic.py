"""Logic: equality, selection and one-hot choice.

A selected `Bounded` stays bounded by the hull of what it was selected from. Preconditions are types here
too: `pick` is wrong when no bit or two are 1, so it takes a `OneHot`, and `pick_or_zero` a `OneHotOrNone`,
which only constraints make. Order belongs to `circuits.gadgets.compare`; who may select what, and what an
index means, to the callers.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import overload

from circuits.errors import ShapeError
from circuits.field import R
from circuits.gadgets.bits import require_bits
from circuits.language import ConstraintSystem
from circuits.variables import Bit, Bounded, Value, Variable, as_variable, plain, weighted_sum


@dataclass(frozen=True)
class OneHot:
    """Bits of which exactly one is 1."""

    bits: tuple[Bit, ...]

    def __post_init__(self) -> None:
        require_bits(self.bits, "a one-hot choice")

    def __len__(self) -> int:
        return len(self.bits)

    def __iter__(self) -> Iterator[Bit]:
        return iter(self.bits)


@dataclass(frozen=True)
class OneHotOrNone:
    """Bits of which at most one is 1."""

    bits: tuple[Bit, ...]

    def __post_init__(self) -> None:
        require_bits(self.bits, "a one-hot choice")

    def __len__(self) -> int:
        return len(self.bits)

    def __iter__(self) -> Iterator[Bit]:
        return iter(self.bits)


def is_zero(cs: ConstraintSystem, x: Value, label: str = "is_zero") -> Bit:
    """Whether x = 0.

    Given: any field element x.
    Holds: the result is 1 if x = 0, else 0.
    Assumes: nothing.
    Costs: 2; nothing for an integer.
    Source: x * y = 1 - z and x * z = 0: the first forces z = 1 at x = 0, the second z = 0 elsewhere.
    """
    if isinstance(x, int):
        return Bit(plain(int(x % R == 0)).terms)
    inverse = cs.hint_inverse(x, label)
    product = cs.mul(x, inverse, label)
    cs.assert_product(x, 1 - product, Variable({}), label)
    return cs.unchecked_bit(1 - product)


def is_equal(cs: ConstraintSystem, a: Value, b: Value, label: str = "is_equal") -> Bit:
    """Whether a = b as field elements. Given, Holds, Assumes as `is_zero` of a - b. Costs: 2."""
    return is_zero(cs, a - b, label)


def assert_nonzero(cs: ConstraintSystem, x: Value, label: str) -> None:
    """x is not 0.

    Given: any field element x.
    Holds: x has an inverse.
    Assumes: nothing.
    Costs: 1; nothing for an integer. Raises ShapeError for one that is 0.
    """
    if isinstance(x, int):
        if x % R == 0:
            raise ShapeError(f"{label}: the constant {x} is 0")
        return
    cs.assert_product(x, cs.hint_inverse(x, label), cs.one, label)


@overload
def select(
    cs: ConstraintSystem, bit: Bit, if_one: Bounded | int, if_zero: Bounded | int, label: str = ...
) -> Bounded: ...
@overload
def select(cs: ConstraintSystem, bit: Bit, if_one: Value, if_zero: Value, label: str = ...) -> Variable: ...
def select(cs: ConstraintSystem, bit: Bit, if_one: Value, if_zero: Value, label: str = "select") -> Variable:
    """if_one where the bit is 1, if_zero where it is 0.

    Given: a bit and two values.
    Holds: as said.
    Assumes: nothing.
    Costs: 1.
    """
    require_bits([bit], "a selection")
    if_one, if_zero = as_variable(if_one), as_variable(if_zero)
    chosen = cs.mul(plain(bit), plain(if_one - if_zero), label) + if_zero
    return _hull(cs, plain(chosen), (if_one, if_zero))


def mux(cs: ConstraintSystem, bits: Sequence[Bit], values: Sequence[Value], label: str = "mux") -> Variable:
    """values[sum bits[i] 2^i].

    Given: n bits and 2^n values.
    Holds: as said.
    Assumes: nothing.
    Costs: 2^n - 1.
    """
    if len(values) != 1 << len(bits):
        raise ShapeError(f"{len(bits)} bits choose among {1 << len(bits)} values, not {len(values)}")
    layer = [as_variable(value) for value in values]
    for bit in bits:
        layer = [select(cs, bit, odd, even, label) for even, odd in zip(layer[::2], layer[1::2], strict=True)]
    return layer[0]


def swap(
    cs: ConstraintSystem, bit: Bit, first: Value, second: Value, label: str = "swap"
) -> tuple[Variable, Variable]:
    """(first, second) if the bit is 0, (second, first) if it is 1.

    Given: a bit and two values.
    Holds: as said.
    Assumes: nothing.
    Costs: 1.
    """
    require_bits([bit], "a selection")
    first, second = as_variable(first), as_variable(second)
    moved = cs.mul(plain(bit), plain(second - first), label)
    return first + moved, second - moved


def assert_one_hot(cs: ConstraintSystem, values: Sequence[Value], label: str = "one_hot") -> OneHot:
    """The values as bits, exactly one of which is 1.

    Given: n >= 1 field elements.
    Holds: each is 0 or 1, and their sum is 1.
    Assumes: n < r.
    Costs: n + 1.
    """
    return OneHot(_bits_of_sum(cs, values, plain(1), label))


def one_hot(
    cs: ConstraintSystem, values: Sequence[Value], total: Bit, label: str = "one_hot"
) -> OneHotOrNone:
    """The values as bits: exactly one is 1 if total is 1, none if it is 0.

    Given: n >= 1 field elements, and a bit.
    Holds: each is 0 or 1, and their sum is total.
    Assumes: n < r.
    Costs: n + 1.
    """
    require_bits([total], "the total of a one-hot choice")
    return OneHotOrNone(_bits_of_sum(cs, values, plain(total), label))


def _bits_of_sum(
    cs: ConstraintSystem, values: Sequence[Value], total: Variable, label: str
) -> tuple[Bit, ...]:
    if not values:
        raise ShapeError(f"{label}: a choice is among at least one value")
    bits = tuple(cs.assert_bit(value, label) for value in values)
    cs.assert_equal(weighted_sum([1] * len(bits), bits), total, label)
    return bits


def one_hot_of_index(cs: ConstraintSystem, index: Value, count: int, label: str = "index") -> OneHot:
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
    bits = tuple(cs.assert_bit(after - before, label) for before, after in pairwise(edges))
    cs.assert_equal(weighted_sum(range(count), bits), index, label)
    return OneHot(bits)


def pick(cs: ConstraintSystem, hot: OneHot, values: Sequence[Value], label: str = "pick") -> Variable:
    """The value whose bit is 1.

    Given: a one-hot choice, and as many values as it has bits.
    Holds: the result is sum hot[k] * values[k].
    Assumes: nothing: the choice is a type.
    Costs: len(values) - 1.
    """
    if not isinstance(hot, OneHot):
        raise ShapeError("a pick takes a OneHot: assert_one_hot and one_hot_of_index make one")
    candidates = _candidates(hot, values)
    # The first value is what is left when no other is chosen.
    first, *rest = candidates
    chosen = plain(first)
    for bit, value in zip(hot.bits[1:], rest, strict=True):
        chosen = chosen + cs.mul(plain(bit), plain(value - first), label)
    return _hull(cs, plain(chosen), candidates)


def pick_or_zero(
    cs: ConstraintSystem, hot: OneHotOrNone, values: Sequence[Value], label: str = "pick"
) -> Variable:
    """The value whose bit is 1, or 0 if none is.

    Given: a choice of at most one, and as many values as it has bits.
    Holds: the result is sum hot[k] * values[k], without an interval: its callers claim one.
    Assumes: nothing: the choice is a type.
    Costs: len(values).
    """
    if not isinstance(hot, OneHotOrNone):
        raise ShapeError("pick_or_zero takes a OneHotOrNone: one_hot makes one; for a OneHot there is pick")
    candidates = _candidates(hot, values)
    products = [cs.mul(plain(bit), plain(x), label) for bit, x in zip(hot, candidates, strict=True)]
    return weighted_sum([1] * len(products), products)


def _candidates(hot: OneHot | OneHotOrNone, values: Sequence[Value]) -> list[Variable]:
    if len(hot) != len(values):
        raise ShapeError(f"{len(hot)} bits do not choose among {len(values)} values")
    return [as_variable(value) for value in values]


def _hull(cs: ConstraintSystem, chosen: Variable, values: Sequence[Variable]) -> Variable:
    """The chosen value with the hull of the candidates' intervals, or plain if a candidate has none."""
    bounded = [value for value in values if isinstance(value, Bounded)]
    if len(bounded) != len(values):
        return chosen
    if all(isinstance(value, Bit) for value in values):
        return cs.unchecked_bit(chosen)
    return cs.unchecked_bounded(chosen, min(v.lo for v in bounded), max(v.hi for v in bounded))
