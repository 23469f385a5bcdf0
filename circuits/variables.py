"""Variables of the constraint language: linear combinations of wires, with what is known of their range as their type.

`Variable` is any field element. `Bounded` is one whose integer value is known to lie in [lo, hi]; arithmetic on Bounded values
computes the new interval and refuses one that no longer stands for one integer. `Bit` is a Bounded in [0, 1]. Preconditions are
types: a gadget that needs a range takes a Bounded, and only a constraint (or a function whose name says `unchecked_`) makes one.
Under the builder a variable's terms name wires; under the engine its only term is its value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, overload

from circuits.errors import RangeOverflow, ShapeError
from circuits.field import HALF, R

ONE: Final = -1
"""The key of the constant one in a variable's terms. Wires are keys >= 0, a template's slots are keys <= -2."""


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
        return Variable({k: R - v for k, v in self.terms.items()})

    def __mul__(self, factor: int) -> Variable:
        if not isinstance(factor, int):
            raise ShapeError("the product of two variables is a constraint: write cs.mul(a, b)")
        factor %= R
        return Variable({k: v * factor % R for k, v in self.terms.items()} if factor else {})

    def __rmul__(self, factor: int) -> Variable:
        return self.__mul__(factor)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({dict(self.terms)})"


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

    def __init__(self, terms: Mapping[int, int], lo: int = 0, hi: int = 1) -> None:
        super().__init__(terms, lo, hi)

    def complement(self) -> Bit:
        """1 - self, still a bit."""
        return Bit((1 - self).terms)


def bounded_sum(values: Iterable[Bounded]) -> Bounded:
    """The sum of bounded values with its interval; ShapeError if a value is not Bounded."""
    total = Bounded({}, 0, 0)
    for value in values:
        if not isinstance(value, Bounded):
            raise ShapeError("bounded_sum takes Bounded values only")
        total = total + value
    return total


def weighted_sum(weights: Iterable[int], values: Iterable[Variable | int]) -> Variable:
    """sum w_i * x_i without intermediate copies (a row of an MDS matrix, a recomposition of bits)."""
    total: dict[int, int] = {}
    for weight, value in zip(weights, values, strict=True):
        for k, v in _terms(value).items():
            total[k] = (total.get(k, 0) + weight * v) % R
    return Variable({k: v for k, v in total.items() if v})


def _terms(x: Variable | int) -> Mapping[int, int]:
    if isinstance(x, Variable):
        return x.terms
    if isinstance(x, int):
        return {ONE: x % R} if x % R else {}
    raise ShapeError(f"expected a variable or an integer, got {type(x).__name__}")


def _sum(a: Mapping[int, int], b: Mapping[int, int], factor: int) -> dict[int, int]:
    total = dict(a)
    for k, v in b.items():
        s = (total.get(k, 0) + factor * v) % R
        if s:
            total[k] = s
        else:
            total.pop(k, None)
    return total
