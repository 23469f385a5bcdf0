"""One compiled body stands for many placements: only if nothing but its arguments decides what it says."""

from __future__ import annotations

import enum
from collections import namedtuple
from dataclasses import dataclass, field
from typing import Any

import pytest

from circuits.compiler import compile_circuit
from circuits.engine import Engine
from circuits.errors import ShapeError, Unsatisfied, UnstableTemplate
from circuits.field import R
from circuits.gadgets.range import constrain_unsigned
from circuits.language import ConstraintSystem, template
from circuits.signals import flatten, restore, static_key
from circuits.variables import Bounded, Variable


class Side(enum.IntEnum):
    BUY = 1
    SELL = 2


class Level(enum.IntEnum):
    ONE = 1


@dataclass(frozen=True, slots=True)
class Width:
    name: str
    bits: int = field(compare=False)


@dataclass(frozen=True)
class Open:
    name: str


@dataclass(frozen=True)
class Nested:
    width: Width
    rest: tuple[object, ...] = ()


@dataclass
class Loose:
    bits: int


class Plain:
    bits = 8


Pair = namedtuple("Pair", "left right")


def eight() -> int:
    return 8


def wide() -> int:
    return 200


@template
def ranged(cs: ConstraintSystem, x: Variable, *, width: Any) -> Variable:
    """Whatever says the width, directly or in disguise."""
    match width:
        case Nested():
            bits = width.width.bits
        case Width():
            bits = width.bits
        case (bool() as long,):
            bits = 200 if long else 8
        case (int(),):
            bits = 8
        case _ if callable(width):
            bits = width()
        case _:
            bits = (
                200
                if isinstance(width, bool | float | Level) or width in (Side.SELL, b"wide", "wide", 200)
                else 8
            )
    return constrain_unsigned(cs, x, bits)


@pytest.mark.parametrize(
    ("narrow", "broad"),
    [
        (8, 200),
        (1, True),
        (1, 1.0),
        ((1,), (True,)),
        (1, Level.ONE),
        (Side.BUY, Side.SELL),
        (Side.BUY, Level.ONE),
        ("narrow", "wide"),
        (b"narrow", b"wide"),
        (Width("w", 8), Width("w", 200)),
        (Nested(Width("w", 8)), Nested(Width("w", 200))),
        (Nested(Width("w", 8), (1,)), Nested(Width("w", 200), (True,))),
        (eight, wide),
    ],
)
def test_static_values_are_compared_by_type_and_value_all_the_way_down(narrow: Any, broad: Any) -> None:
    """8 bits for the one and 200 for the other, in either order, and the engine and the R1CS say the same."""

    def define(first: Any, second: Any) -> Any:
        def run(cs: ConstraintSystem) -> None:
            out = cs.public_output("out")
            a, b = ranged(cs, cs.input("a"), width=first), ranged(cs, cs.input("b"), width=second)
            cs.assign_output(out, ranged(cs, a, width=first) + b)

        return run

    assert compile_circuit(define(narrow, broad)).r1cs.n_constraints == 8 + 8 + 200 + 1
    assert compile_circuit(define(broad, narrow)).r1cs.n_constraints == 200 + 200 + 8 + 1
    engine = Engine({"a": 255, "b": 1 << 199})
    define(narrow, broad)(engine)
    assert compile_circuit(define(narrow, broad)).r1cs.unsatisfied_rows(engine.witness) == []
    with pytest.raises(Unsatisfied):
        define(narrow, broad)(Engine({"a": 256, "b": 1}))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((1, 2), (2, 1)),
        ((), None),
        (frozenset({1}), frozenset({True})),
        (range(0), range(1, 1)),
        (0.0, -0.0),
        (Pair(1, 2), (1, 2)),
        (int, bool),
        (len, max),
        (Side, Level),
    ],
)
def test_keys_differ(one: Any, other: Any) -> None:
    assert static_key(one) == static_key(one)
    assert static_key(one) != static_key(other)


@pytest.mark.parametrize(
    "static",
    [
        [8],
        {"bits": 8},
        {8},
        bytearray(b"8"),
        Loose(8),
        Plain(),
        object(),
        (1, [8]),
        Nested(Width("w", 8), ([],)),
    ],
)
def test_what_can_change_is_no_static_value(static: Any) -> None:
    def define(cs: ConstraintSystem) -> None:
        ranged(cs, cs.input("x"), width=static)

    for run in (compile_circuit, lambda define: define(Engine({"x": 1}))):
        with pytest.raises(ShapeError, match=r"could change|can change"):
            run(define)  # type: ignore[operator]


def test_a_variable_hidden_in_a_static_value_is_refused() -> None:
    def define(cs: ConstraintSystem) -> None:
        ranged(cs, cs.input("x"), width=Nested(Width("w", 8), (cs.input("y"),)))

    with pytest.raises(ShapeError, match="outside"):
        compile_circuit(define)


def test_an_attribute_beside_the_fields_counts() -> None:
    one, other = Open("w"), Open("w")
    object.__setattr__(other, "hidden", 200)
    assert static_key(one) != static_key(other)


BITS = 8
CONFIG = {"bits": 8}


class Settings:
    bits = 8


def bits_now() -> int:
    return BITS


@template
def by_global(cs: ConstraintSystem, x: Variable) -> Variable:
    return constrain_unsigned(cs, x, BITS)


@template
def by_call(cs: ConstraintSystem, x: Variable) -> Variable:
    return constrain_unsigned(cs, x, bits_now())


@template
def by_item(cs: ConstraintSystem, x: Variable) -> Variable:
    return constrain_unsigned(cs, x, CONFIG["bits"])


@template
def by_attribute(cs: ConstraintSystem, x: Variable) -> Variable:
    return constrain_unsigned(cs, x, Settings.bits)


def _set(bits: int) -> None:
    globals()["BITS"] = bits
    CONFIG["bits"] = bits
    Settings.bits = bits


def _captured(cs: ConstraintSystem, widths: list[int]) -> None:
    width = widths[0]

    @template
    def by_closure(cs: ConstraintSystem, x: Variable) -> Variable:
        return constrain_unsigned(cs, x, width)

    for i, bits in enumerate(widths):
        width = bits
        by_closure(cs, cs.input(f"x{i}"))


def _static_function(cs: ConstraintSystem, widths: list[int]) -> None:
    bits = 8

    def say() -> int:
        return bits

    for i, width in enumerate(widths):
        bits = width
        ranged(cs, cs.input(f"x{i}"), width=say)


def _by(placed: Any) -> Any:
    def define(cs: ConstraintSystem, widths: list[int]) -> None:
        for i, width in enumerate(widths):
            _set(width)
            placed(cs, cs.input(f"x{i}"))

    return define


@pytest.mark.parametrize(
    "define",
    [_captured, _static_function, _by(by_global), _by(by_call), _by(by_item), _by(by_attribute)],
    ids=["closure", "static_function", "global", "call", "item", "attribute"],
)
@pytest.mark.parametrize("widths", [[8, 200], [200, 8], [8, 200, 8], [8, 900]], ids=str)
def test_a_body_that_depends_on_more_than_its_arguments_is_refused(define: Any, widths: list[int]) -> None:
    """Also when what it depends on is as at first when the define has ended."""
    try:
        with pytest.raises(UnstableTemplate, match="recorded again") as refusal:
            compile_circuit(lambda cs: define(cs, widths))
        assert refusal.value.number == 1006
        _set(8)
        assert compile_circuit(lambda cs: define(cs, [8, 8])).r1cs.n_constraints == 16
    finally:
        _set(8)


def test_what_changes_out_of_sight_is_found_at_the_end() -> None:
    """State that no name of the template leads to: an item of a list in a list."""
    state = [[[8]]]

    @template
    def hidden(cs: ConstraintSystem, x: Variable) -> Variable:
        return constrain_unsigned(cs, x, state[0][0][0])

    def define(cs: ConstraintSystem) -> None:
        hidden(cs, cs.input("a"))
        state[0][0][0] = 200
        hidden(cs, cs.input("b"))

    with pytest.raises(UnstableTemplate, match="hidden"):
        compile_circuit(define)


def test_the_name_of_a_constraint_is_part_of_what_a_body_says() -> None:
    label = "first"

    @template
    def named(cs: ConstraintSystem, x: Variable) -> None:
        cs.assert_product(x, x, x, label)

    def define(cs: ConstraintSystem) -> None:
        nonlocal label
        named(cs, cs.input("a"))
        label = "second"
        named(cs, cs.input("b"))

    with pytest.raises(UnstableTemplate):
        compile_circuit(define)


def test_a_capture_that_changes_nothing_is_no_fault() -> None:
    placed = 0

    @template
    def counted(cs: ConstraintSystem, x: Variable) -> Variable:
        assert placed >= 0
        return cs.assert_bit(x)

    def define(cs: ConstraintSystem) -> None:
        nonlocal placed
        for i in range(5):
            placed = i
            counted(cs, cs.input(f"x{i}"))

    assert compile_circuit(define).r1cs.n_constraints == 5


@template
def by_interval(cs: ConstraintSystem, x: Bounded) -> Variable:
    return constrain_unsigned(cs, x, x.hi.bit_length())


def test_the_interval_of_a_signal_is_part_of_the_call() -> None:
    def define(cs: ConstraintSystem) -> None:
        for i, bits in enumerate((8, 200, 8)):
            by_interval(cs, constrain_unsigned(cs, cs.input(f"x{i}"), bits))

    assert compile_circuit(define).r1cs.n_constraints == 2 * (8 + 200 + 8)


@dataclass(frozen=True, kw_only=True)
class Structure:
    right: Variable
    width: int = field(compare=False)
    twice: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "twice", 2 * self.width)


def test_structures_come_back_as_they_were() -> None:
    value = (Pair(Variable({3: 1}), Side.SELL), [Structure(right=Variable({4: 1}), width=5), None, b"x"])
    leaves: list[Variable] = []
    pair, (structure, nothing, raw) = restore(flatten(value, leaves), iter(leaves))
    assert type(pair) is Pair and pair.left.terms == {3: 1} and pair.right is Side.SELL
    assert (structure.right.terms, structure.width, structure.twice) == ({4: 1}, 5, 10)
    assert nothing is None and raw == b"x"


def test_an_argument_that_can_change_is_refused() -> None:
    def define(cs: ConstraintSystem) -> None:
        ranged(cs, Loose(8), width=8)  # type: ignore[arg-type]

    for run in (compile_circuit, lambda define: define(Engine({}))):
        with pytest.raises(ShapeError, match="frozen"):
            run(define)  # type: ignore[operator]


@template
def growing(cs: ConstraintSystem, values: list[Variable]) -> Variable:
    values.append(cs.mul(values[0], values[0]))
    return values[-1]


def test_a_body_works_on_its_own_copy_of_a_list() -> None:
    """Under the engine too: it would otherwise see what the compiled circuit does not."""
    lengths = []

    def define(cs: ConstraintSystem) -> None:
        out = cs.public_output("out")
        values = [cs.input("x")]
        once = growing(cs, values)
        lengths.append(len(values))
        cs.assign_output(out, once + growing(cs, values))

    define(Engine({"x": R - 1}))
    compile_circuit(define)
    assert lengths == [1, 1]
