"""At most one of several: what a step's kind, its instrument and its accounts' order slots have in common.

Decides that a choice is a type whose bits were shown to be at most one, and that whatever is chosen over a default is the default where
nothing is chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar, overload

from circuits.errors import ShapeError
from circuits.gadgets.logic import OneHotOrNone, one_hot, pick_or_zero
from circuits.language import ConstraintSystem
from circuits.variables import Bit, Bounded, Value, Variable, as_variable, plain, weighted_sum

B = TypeVar("B", bound=Bounded)


@dataclass(frozen=True)
class Choice:
    """One of `len(picks)` places, or none; `number` is the place's, 0 for none."""

    picks: OneHotOrNone
    any: Bit
    number: Bounded


def input_choice(cs: ConstraintSystem, name: str, count: int, label: str) -> Choice:
    """A choice of at most one of `count` as private selectors `name`.

    Holds: each selector is 0 or 1, and their sum is `any`, 0 or 1. Costs: count + 2.
    """
    values = cs.inputs(name, count)
    chosen = cs.assert_bit(weighted_sum([1] * count, values), label)
    picks = one_hot(cs, values, chosen, label)
    return Choice(picks, chosen, cs.unchecked_bounded(weighted_sum(range(count), picks), 0, count - 1))


@dataclass(frozen=True)
class Alternatives:
    """Bits of which at most one is 1, by the kind of step that each stands for."""

    bits: tuple[Bit, ...]

    def of(self, numbers: Sequence[int]) -> OneHotOrNone:
        """The bits with these places: at most one of some is 1 as well."""
        return OneHotOrNone(tuple(self.bits[i] for i in numbers))

    def any(self, cs: ConstraintSystem, numbers: Sequence[int]) -> Bit:
        """Whether one of the bits with these places is 1. Costs nothing."""
        return cs.unchecked_bit(weighted_sum([1] * len(numbers), [self.bits[i] for i in numbers]))


def picked(cs: ConstraintSystem, choice: OneHotOrNone, values: Sequence[Bounded], label: str) -> Bounded:
    """The chosen value, 0 where none is. Holds: as said. Costs: len(values)."""
    chosen = pick_or_zero(cs, choice, values, label)
    return cs.unchecked_bounded(chosen, min(0, *(v.lo for v in values)), max(0, *(v.hi for v in values)))


@overload
def chosen(
    cs: ConstraintSystem,
    alternatives: Alternatives,
    values: Sequence[tuple[int, Bounded]],
    default: Bounded,
    label: str,
) -> Bounded: ...
@overload
def chosen(
    cs: ConstraintSystem,
    alternatives: Alternatives,
    values: Sequence[tuple[int, Value]],
    default: Value,
    label: str,
) -> Variable: ...
def chosen(
    cs: ConstraintSystem,
    alternatives: Alternatives,
    values: Sequence[tuple[int, Value]],
    default: Value,
    label: str,
) -> Variable:
    """The value whose alternative's bit is 1, the default if none of them is.

    Given: (place among the alternatives, value) pairs, no place twice.
    Holds: as said. Where everything is bounded, so is the result, by the hull.
    Assumes: nothing: alternatives are at most one by their type.
    Costs: len(values).
    """
    places = [place for place, _ in values]
    if len(set(places)) != len(places):
        raise ShapeError(f"{label}: an alternative is named twice")
    base = as_variable(default)
    if not values:
        return base
    offered = [as_variable(value) for _, value in values]
    hot = alternatives.of(places)
    moved = pick_or_zero(cs, hot, [plain(value) - plain(base) for value in offered], label)
    result = plain(base) + moved
    candidates = [base, *offered]
    bounded = [value for value in candidates if isinstance(value, Bounded)]
    if len(bounded) != len(candidates):
        return result
    return cs.unchecked_bounded(result, min(v.lo for v in bounded), max(v.hi for v in bounded))
