"""Structured signals: how templates see the tuples, lists and frozen dataclasses of variables that pass through them.

`flatten` takes such a value apart into its variables and a hashable shape (with each variable's type and range); `restore` puts it
together again around other variables. Leaves circuits' meaning alone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from circuits.errors import ShapeError
from circuits.variables import Bit, Bounded, Variable

Shape = tuple[Any, ...]


def flatten(value: Any, leaves: list[Variable]) -> Shape:
    """The shape of a value; its variables are appended to `leaves` in order. ShapeError for what cannot be a signal."""
    if isinstance(value, Bit):
        leaves.append(value)
        return ("bit",)
    if isinstance(value, Bounded):
        leaves.append(value)
        return ("bounded", value.lo, value.hi)
    if isinstance(value, Variable):
        leaves.append(value)
        return ("variable",)
    if isinstance(value, tuple | list):
        return ("tuple" if isinstance(value, tuple) else "list", *(flatten(item, leaves) for item in value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return ("dataclass", type(value), *(flatten(getattr(value, f.name), leaves) for f in fields))
    if value is None or isinstance(value, int | str):
        return ("static", type(value), value)
    raise ShapeError(f"a template takes variables and structures of them, not {type(value).__name__}")


def restore(shape: Shape, leaves: Iterator[Variable]) -> Any:
    """The value of a shape around other variables (only their terms are taken; type and range come from the shape)."""
    match shape:
        case ("bit",):
            return Bit(next(leaves).terms)
        case ("bounded", lo, hi):
            return Bounded(next(leaves).terms, lo, hi)
        case ("variable",):
            return Variable(next(leaves).terms)
        case ("tuple", *items):
            return tuple(restore(item, leaves) for item in items)
        case ("list", *items):
            return [restore(item, leaves) for item in items]
        case ("dataclass", kind, *items):
            return kind(*(restore(item, leaves) for item in items))
        case ("static", _, value):
            return value
    raise ShapeError(f"unknown shape {shape!r}")
