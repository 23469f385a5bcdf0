"""Variables of the constraint language: linear combinations of wires, with what is known of their range as their type.

`Variable` is any field element. `Bounded` is one whose integer value is known to lie in [lo, hi]; arithmetic on Bounded values
computes the new interval and refuses one that no longer stands for one integer. `Bit` is a Bounded in [0, 1]. Preconditions are
types: a gadget that needs a range takes a Bounded, and only a constraint (or a function whose name says `unchecked_`) makes one.

A variable has no value while a circuit is being made, so Python may not decide anything by it: its truth, its equality and its order
raise SymbolicValue, and so does its hash. Where a gadget takes a variable it takes a plain integer too, by `as_variable`.

The keys of a variable's terms say whose it is. Each body that a builder records and each run of an engine takes a place of its own
(`new_place`), never used again in this process: whoever meets a key of another place refuses it. Under the builder keys name wires;
under the engine a variable has one key beside the constant one, whose coefficient is its value.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Final, NoReturn, overload

from circuits.errors import RangeOverflow, ShapeError, SymbolicValue
from circuits.field import HALF, R

ONE: Final = -1
"""The key of the constant one in a variable's terms. Wires are keys >= 0, a template's slots are keys <= -2."""

SPAN: Final = 1 << 40
"""The keys of a place: wire w is place * SPAN + w, slot i is -2 - (place * SPAN + i)."""

VALUE: Final = SPAN >> 1
"""The number, in an engine's place, of the key that carries values: no builder has so many wires or slots. Its coefficient may be 0,
so that a value is known for its engine's even then."""

_places = itertools.count(1)


def new_place() -> int:
    """A place that no other body and no other run has."""
    return next(_places)


def _no_order() -> NoReturn:
    _no_decision(
        "the order",
        "compare.assert_less(cs, a, b, label) and assert_less_or_equal demand it, compare.is_less(cs, a, b) gives a Bit",
    )


def _no_decision(what: str, instead: str) -> NoReturn:
    raise SymbolicValue(
        f"{what} of a variable is not known while a circuit is made, and no constraint would come of it: {instead}"
    )


class Variable:
    """A field element: sum of coefficient * wire, coefficients in [1, r)."""

    __slots__ = ("terms",)

    def __init__(self, terms: Mapping[int, int]) -> None:
        self.terms = terms

    def __add__(self, other: Variable | int) -> Variable:
        return Variable(_sum(self.terms, _terms(other), 1))

    def __radd__(self, other: int) -> Variable:
        return self.__add__(other)

    def __sub__(self, other: Variable | int) -> Variable:
        return Variable(_sum(self.terms, _terms(other), R - 1))

    def __rsub__(self, other: int) -> Variable:
        return self.__neg__().__add__(other)

    def __neg__(self) -> Variable:
        return Variable({k: -v % R for k, v in self.terms.items()})

    def __mul__(self, factor: int) -> Variable:
        if not isinstance(factor, int):
            raise ShapeError("the product of two variables is a constraint: write cs.mul(a, b)")
        factor %= R
        return Variable({k: v * factor % R for k, v in self.terms.items()} if factor else {})

    def __rmul__(self, factor: int) -> Variable:
        return self.__mul__(factor)

    def __bool__(self) -> NoReturn:
        _no_decision(
            "the truth",
            "choose with logic.select, negate with bit.complement(), say `and` as cs.mul(a, b), `or` as the complement of the "
            "product of complements, and demand with cs.assert_equal(bit, 1, label)",
        )

    def __eq__(self, other: object) -> NoReturn:
        _no_decision(
            "equality",
            "cs.assert_equal(a, b, label) demands it, logic.is_equal(cs, a, b) and logic.is_zero(cs, x) give a Bit",
        )

    def __ne__(self, other: object) -> NoReturn:
        _no_decision(
            "inequality",
            "logic.assert_nonzero(cs, a - b, label) demands it, logic.is_equal(cs, a, b).complement() gives a Bit",
        )

    def __hash__(self) -> NoReturn:
        _no_decision(
            "a hash",
            "a variable is no key of a dict or a cache and no member of a set; keep variables in lists, tuples or dataclasses",
        )

    def __lt__(self, other: object) -> NoReturn:
        _no_order()

    def __le__(self, other: object) -> NoReturn:
        _no_order()

    def __gt__(self, other: object) -> NoReturn:
        _no_order()

    def __ge__(self, other: object) -> NoReturn:
        _no_order()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({dict(self.terms)})"


Value = Variable | int
"""What gadgets take where any field element will do: a variable, or a plain integer as the constant that it is."""


class Bounded(Variable):
    """A variable whose value, read as signed, lies in [lo, hi], with -HALF <= lo <= hi <= HALF."""

    __slots__ = ("hi", "lo")

    def __init__(self, terms: Mapping[int, int], lo: int, hi: int) -> None:
        if not -HALF <= lo <= hi <= HALF:
            raise RangeOverflow(
                f"[{lo}, {hi}] is not an interval of integers below r/2; reduce operands first"
            )
        super().__init__(terms)
        self.lo = lo
        self.hi = hi

    @property
    def bits(self) -> int:
        """Bits that hold every value of a non-negative range."""
        if self.lo < 0:
            raise ShapeError(
                f"range [{self.lo}, {self.hi}] has negative values: its width in bits is not defined"
            )
        return self.hi.bit_length()

    @overload
    def __add__(self, other: Bounded | int) -> Bounded: ...
    @overload
    def __add__(self, other: Variable) -> Variable: ...
    def __add__(self, other: Variable | int) -> Variable:
        plain = super().__add__(other)
        if isinstance(other, Bounded):
            return Bounded(plain.terms, self.lo + other.lo, self.hi + other.hi)
        if isinstance(other, int):
            return Bounded(plain.terms, self.lo + other, self.hi + other)
        return plain

    @overload
    def __sub__(self, other: Bounded | int) -> Bounded: ...
    @overload
    def __sub__(self, other: Variable) -> Variable: ...
    def __sub__(self, other: Variable | int) -> Variable:
        plain = super().__sub__(other)
        if isinstance(other, Bounded):
            return Bounded(plain.terms, self.lo - other.hi, self.hi - other.lo)
        if isinstance(other, int):
            return Bounded(plain.terms, self.lo - other, self.hi - other)
        return plain

    def __radd__(self, other: int) -> Bounded:
        return self.__add__(other)

    def __rsub__(self, other: int) -> Bounded:
        return self.__neg__().__add__(other)

    def __neg__(self) -> Bounded:
        return Bounded(super().__neg__().terms, -self.hi, -self.lo)

    def __mul__(self, factor: int) -> Bounded:
        ends = (self.lo * factor, self.hi * factor)
        return Bounded(super().__mul__(factor).terms, min(ends), max(ends))

    def __rmul__(self, factor: int) -> Bounded:
        return self.__mul__(factor)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({dict(self.terms)}, [{self.lo}, {self.hi}])"


class Bit(Bounded):
    """A variable that is 0 or 1."""

    __slots__ = ()

    def __init__(self, terms: Mapping[int, int]) -> None:
        super().__init__(terms, 0, 1)

    def complement(self) -> Bit:
        """1 - self, still a bit."""
        return Bit((1 - self).terms)


def as_variable(value: Value) -> Variable:
    """A variable as it is; an integer as the constant that it is, Bounded if it fits; ShapeError for anything else."""
    if isinstance(value, Variable):
        return value
    if isinstance(value, int):
        terms = _terms(value)
        return Bounded(terms, value, value) if -HALF <= value <= HALF else Variable(terms)
    raise ShapeError(f"expected a variable or an integer, got {type(value).__name__}")


def plain(value: Value) -> Variable:
    """The same field element without what is known of its range: templates that need no range share one body for all."""
    return Variable(_terms(value))


def bounded_sum(values: Iterable[Bounded | int]) -> Bounded:
    """The sum of bounded values with its interval; ShapeError if a value is not Bounded."""
    total = Bounded({}, 0, 0)
    for value in map(as_variable, values):
        if not isinstance(value, Bounded):
            raise ShapeError("bounded_sum takes Bounded values only")
        total = total + value
    return total


def weighted_sum(weights: Iterable[int], values: Iterable[Value]) -> Variable:
    """sum w_i * x_i without intermediate copies (a row of an MDS matrix, a recomposition of bits)."""
    total: dict[int, int] = {}
    for weight, value in zip(weights, values, strict=True):
        for k, v in _terms(value).items():
            total[k] = (total.get(k, 0) + weight * v) % R
    return Variable({k: v for k, v in total.items() if v or _is_value(k)})


def _terms(x: Value) -> Mapping[int, int]:
    if isinstance(x, Variable):
        return x.terms
    if isinstance(x, int):
        return {ONE: x % R} if x % R else {}
    raise ShapeError(f"expected a variable or an integer, got {type(x).__name__}")


def _sum(a: Mapping[int, int], b: Mapping[int, int], factor: int) -> dict[int, int]:
    total = dict(a)
    for k, v in b.items():
        s = (total.get(k, 0) + factor * v) % R
        if s or _is_value(k):
            total[k] = s
        else:
            total.pop(k, None)
    return total


def _is_value(key: int) -> bool:
    return key & (SPAN - 1) == VALUE
