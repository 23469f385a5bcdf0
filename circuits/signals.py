"""Structured signals and static arguments: how templates see what passes through them.

`flatten` takes tuples, lists and frozen dataclasses of variables apart into the variables and a hashable shape (with each variable's
type and range); `restore` puts them together again around other variables. `static_key` says when two static values are the same:
by type and value all the way down, every field of a dataclass included, whatever their own `==` says (to Python 1 and True are equal,
and so are dataclasses that differ in a `compare=False` field). What can change after it was compared is refused. Leaves circuits'
meaning alone.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import types
from collections.abc import Hashable, Iterator
from typing import Any

from circuits.errors import ShapeError
from circuits.variables import Bit, Bounded, Variable

Shape = tuple[Any, ...]


def flatten(value: Any, leaves: list[Variable]) -> Shape:
    """The shape of a value; its variables are appended to `leaves` in order. ShapeError for what cannot be a signal."""
    if isinstance(value, Variable):
        leaves.append(value)
        if isinstance(value, Bit):
            return ("bit",)
        return ("bounded", value.lo, value.hi) if isinstance(value, Bounded) else ("variable",)
    kind = type(value)
    if kind in (tuple, list) or _is_named_tuple(value):
        return ("sequence", kind, *(flatten(item, leaves) for item in value))
    if dataclasses.is_dataclass(kind):
        _require_frozen(kind)
        fields = dataclasses.fields(kind)
        return ("dataclass", kind, *(flatten(getattr(value, f.name), leaves) for f in fields))
    return ("static", static_key(value), value)


def restore(shape: Shape, leaves: Iterator[Variable]) -> Any:
    """The value of a shape around other variables (only their terms are taken; type and range come from the shape)."""
    match shape:
        case ("bit",):
            return Bit(next(leaves).terms)
        case ("bounded", lo, hi):
            return Bounded(next(leaves).terms, lo, hi)
        case ("variable",):
            return Variable(next(leaves).terms)
        case ("sequence", kind, *items):
            values = [restore(item, leaves) for item in items]
            return kind(values) if kind in (tuple, list) else kind(*values)
        case ("dataclass", kind, *items):
            # Not by calling it: what its constructor checks was checked, and it need not take its fields in order.
            made = object.__new__(kind)
            for field, item in zip(dataclasses.fields(kind), items, strict=True):
                object.__setattr__(made, field.name, restore(item, leaves))
            return made
        case ("static", _, value):
            return value
    raise ShapeError(f"unknown shape {shape!r}")


class _Itself:
    """A key equal to that of the very same object only, which it keeps alive."""

    __slots__ = ("it",)

    def __init__(self, it: object) -> None:
        self.it = it

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and self.it is other.it

    def __hash__(self) -> int:
        return id(self.it)


def static_key(value: Any) -> Hashable:
    """A key that two values share exactly if they have the same types and values all the way down.

    ShapeError for a variable, and for what can change or cannot be looked into: lists, dicts, sets, arrays, objects in general."""
    kind = type(value)
    if value is None or kind in (bool, int, str, bytes):
        return (kind, value)
    if kind is float:
        return (kind, value.hex())
    if isinstance(value, enum.Enum):
        return (kind, value.name if value.name is not None else static_key(value.value))
    if kind is tuple or _is_named_tuple(value):
        return (kind, *map(static_key, value))
    if kind is frozenset:
        return (kind, frozenset(map(static_key, value)))
    if kind is range:
        return (kind, value.start, value.stop, value.step)
    if kind is types.MethodType:
        return (kind, _Itself(value.__func__), static_key(value.__self__))
    if isinstance(value, types.FunctionType | types.BuiltinFunctionType | type):
        return (kind, _Itself(value))
    if dataclasses.is_dataclass(kind):
        _require_frozen(kind)
        names = [f.name for f in dataclasses.fields(kind)]
        names += (
            sorted(name for name in vars(value) if name not in names) if hasattr(value, "__dict__") else []
        )
        kept = [n for n in names if not isinstance(getattr(kind, n, None), functools.cached_property)]
        return (kind, *((name, static_key(getattr(value, name))) for name in kept))
    if isinstance(value, Variable):
        raise ShapeError(
            "a variable made outside a template cannot be static in it: pass it as a positional argument"
        )
    raise ShapeError(
        f"a template's static values are None, numbers, strings, bytes, enums, functions, classes, ranges, and tuples, frozensets and "
        f"frozen dataclasses of these: a {kind.__qualname__} could change between two placements of one compiled body"
    )


def _is_named_tuple(value: Any) -> bool:
    return isinstance(value, tuple) and hasattr(type(value), "_fields")


def _require_frozen(kind: Any) -> None:
    if not kind.__dataclass_params__.frozen:
        raise ShapeError(
            f"{kind.__qualname__} passes through a template and can change: make the dataclass frozen"
        )
