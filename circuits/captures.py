"""What a template's body can see beyond its arguments: the closure, defaults and globals that it and the functions it names read.

A body is compiled once, so none of these may decide what it says. The builder records every body once more at the end and compares
(`circuits.builder`); this module notices in between, at each placement, that something was set to another value, also when it is
set back later. It looks at names: what hides deeper (an item of a nested container, an attribute of an attribute) only the recording
at the end sees.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from typing import Any, Final

from circuits.errors import ShapeError
from circuits.signals import static_key

ABSENT: Final = object()
MAX_ITEMS: Final = 256
"""Items of a container that are compared one by one."""


class Captures:
    """The values that some functions can see now, and whether one of them has changed since they were last looked at."""

    def __init__(self, *functions: Any) -> None:
        visited: set[int] = set()
        self._sources = [read for function in functions for read in _sources(function, visited)]
        self._seen = [_look(read()) for read in self._sources]

    def changed(self) -> bool:
        """Whether a name now stands for something else; what is seen now is what the next call compares with."""
        now = [_look(read()) for read in self._sources]
        before, self._seen = self._seen, now
        return any(not _same(a, b) for a, b in zip(before, now, strict=True))


def _sources(function: Any, visited: set[int]) -> Iterator[Callable[[], Any]]:
    """Readers of everything that a function names, and that the functions it names do."""
    if not isinstance(function, types.FunctionType) or id(function) in visited:
        return
    visited.add(id(function))
    yield lambda: function.__defaults__
    yield lambda: tuple((function.__kwdefaults__ or {}).items())
    names = set(_names(function.__code__))
    readers: list[Callable[[], Any]] = [_of_cell(cell) for cell in function.__closure__ or ()]
    readers += [
        _of_mapping(function.__globals__, name) for name in sorted(names) if name in function.__globals__
    ]
    for read in readers:
        yield read
        value = read()
        if isinstance(value, types.FunctionType):
            yield from _sources(value, visited)
        elif hasattr(value, "__dict__"):
            yield from (_of_object(value, name) for name in sorted(names) if name in vars(value))


def _names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)


def _of_cell(cell: types.CellType) -> Callable[[], Any]:
    def read() -> Any:
        try:
            return cell.cell_contents
        except ValueError:  # not assigned yet
            return ABSENT

    return read


def _of_mapping(mapping: Any, name: str) -> Callable[[], Any]:
    return lambda: mapping.get(name, ABSENT)


def _of_object(value: Any, name: str) -> Callable[[], Any]:
    return lambda: vars(value).get(name, ABSENT)


def _look(value: Any) -> Any:
    """The value itself, or the items of a container that may change in place."""
    if isinstance(value, list | set | dict | bytearray) and len(value) <= MAX_ITEMS:
        return (type(value), *value, *(value.values() if isinstance(value, dict) else ()))
    return value


def _same(a: Any, b: Any) -> bool:
    if a is b:
        return True
    if type(a) is tuple and type(b) is tuple and len(a) == len(b):
        return all(_same(x, y) for x, y in zip(a, b, strict=True))
    try:
        return static_key(a) == static_key(b)
    except ShapeError:
        return False
