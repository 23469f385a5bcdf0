"""What Python would decide by a variable is refused: the decision would be the compiler's, and no constraint would hold it."""

from __future__ import annotations

import functools
import operator
from dataclasses import dataclass

import pytest

from circuits.builder import Body, Builder, Library
from circuits.compiler import compile_circuit
from circuits.engine import Engine
from circuits.errors import ShapeError, SymbolicValue
from circuits.field import HALF, R
from circuits.gadgets.compare import assert_less, is_less, is_less_or_equal
from circuits.gadgets.merkle import open_path, path_root
from circuits.gadgets.poseidon import hash_many, poseidon
from circuits.gadgets.range import constrain_interval, constrain_signed, constrain_unsigned
from circuits.gadgets.signed import sign_and_magnitude
from circuits.language import ConstraintSystem
from circuits.twins import merkle
from circuits.twins import poseidon as twin
from circuits.variables import Bit, Bounded, Variable, as_variable


@dataclass(frozen=True)
class Pair:
    left: Variable
    right: int


def branch(condition: object) -> int:
    return 1 if condition else 0


def matched(x: object) -> bool:
    match x:
        case 1:
            return True
    return False


DECISIONS = {
    "if x == 1": lambda cs, x, bit: branch(x == 1),
    "1 == x": lambda cs, x, bit: branch(x == 1),
    "x == x": lambda cs, x, bit: x == x,
    "x != 1": lambda cs, x, bit: branch(x != 1),
    "if x": lambda cs, x, bit: branch(x),
    "if bit": lambda cs, x, bit: branch(bit),
    "a and b": lambda cs, x, bit: bit and bit,
    "a or b": lambda cs, x, bit: bit or bit,
    "not bit": lambda cs, x, bit: not bit,
    "assert": lambda cs, x, bit: branch(is_less(cs, bit, 3)),
    "all": lambda cs, x, bit: all([bit, bit]),
    "any": lambda cs, x, bit: any([bit, bit]),
    "filter": lambda cs, x, bit: list(filter(None, [x])),
    "x < 1": lambda cs, x, bit: x < 1,
    "x <= 1": lambda cs, x, bit: x <= 1,
    "x > 1": lambda cs, x, bit: x > 1,
    "1 >= x": lambda cs, x, bit: x >= 1,
    "max": lambda cs, x, bit: max(bit, x),
    "sorted": lambda cs, x, bit: sorted([x, bit]),
    "in": lambda cs, x, bit: x in (0, 1),
    "index": lambda cs, x, bit: [0, 1].index(x),
    "set": lambda cs, x, bit: {x},
    "cache": lambda cs, x, bit: functools.cache(lambda y: y)(x),
    "match": lambda cs, x, bit: matched(x),
    "dataclass": lambda cs, x, bit: Pair(x, 1) == Pair(cs.materialize(x), 1),
    "hash of a dataclass": lambda cs, x, bit: hash(Pair(x, 1)),
    "tuple": lambda cs, x, bit: (x, 1) == (bit, 1),
}


@pytest.mark.parametrize("decide", DECISIONS.values(), ids=DECISIONS)
def test_python_decides_nothing_by_a_variable(decide) -> None:
    """Under the builder and under the engine alike, of every type."""

    def define(cs: ConstraintSystem) -> None:
        for x in (cs.input("x"), cs.assert_bit(cs.input("y")), cs.one, cs.constant(7)):
            with pytest.raises(SymbolicValue) as refusal:
                decide(cs, x, cs.assert_bit(cs.input(f"bit{len(seen)}")))
            seen.append(refusal.value)

    seen: list[SymbolicValue] = []
    inputs = {"x": 1, "y": 1} | {f"bit{i}": 1 for i in range(4)}
    define(Engine(inputs))
    assert len(seen) == 4 and {error.number for error in seen} == {1005}
    seen.clear()
    define(Builder(Library(), Body("root", -1, 0), root=True))
    assert len(seen) == 4


@pytest.mark.parametrize(
    ("decide", "instead"),
    [
        (lambda x: bool(x), "select"),
        (lambda x: x == 1, "assert_equal"),
        (lambda x: x != 1, "assert_nonzero"),
        (lambda x: x < 1, "is_less"),
        (hash, "key of a dict"),
    ],
)
def test_the_error_says_what_to_call(decide, instead) -> None:
    for x in (Variable({}), Bounded({}, 0, 3), Bit({})):
        with pytest.raises(SymbolicValue, match=instead):
            decide(x)


def test_a_bit_has_no_other_interval() -> None:
    with pytest.raises(TypeError):
        Bit({}, 0, 7)  # type: ignore[call-arg]


@pytest.mark.parametrize("value", [0, 1, -1, HALF, -HALF])
def test_an_integer_is_a_bounded_constant(value: int) -> None:
    x = as_variable(value)
    assert isinstance(x, Bounded) and (x.lo, x.hi) == (value, value)
    assert Engine().value_of(x) == value % R


def test_an_integer_beyond_half_is_a_plain_constant() -> None:
    x = as_variable(R - 1)
    assert type(x) is Variable
    assert Engine().value_of(x) == R - 1
    for what in (1.0, "1", None, [1]):
        with pytest.raises(ShapeError):
            as_variable(what)  # type: ignore[arg-type]


def test_the_vocabulary_takes_integers() -> None:
    """One list of constants, said as integers and as variables: the same values, and the same compiled constraints."""

    def define(as_constant):
        def run(cs: ConstraintSystem) -> list[Variable]:
            c, x, seven = as_constant(cs), cs.input("x"), constrain_unsigned(cs, cs.input("seven"), 3)
            cs.assert_product(x, c(2), c(10), "double")
            cs.assert_equal(c(5), x, "five")
            cs.assert_zero(c(0), "zero")
            cs.assert_equal(cs.assert_bit(c(1)), c(1), "bit")
            assert_less(cs, seven, c(8), "below")
            quotient, remainder = cs.hint_divmod(c(17), x)
            cs.assert_equal(quotient * 5 + remainder, c(17), "divmod")
            path = open_path(cs, [cs.assert_bit(c(b)) for b in (0, 1)], [c(1), c(2), c(3)])
            made = [
                cs.mul(c(3), x),
                cs.mul_add(x, c(4), c(6)),
                cs.mul_bounded(c(-3), seven),
                cs.materialize(c(9)),
                poseidon(cs, [c(1), x]),
                hash_many(cs, [c(i) for i in range(18)]),
                path_root(cs, path, c(40)),
                is_less(cs, seven, c(7)),
                is_less_or_equal(cs, c(7), seven),
                constrain_signed(cs, c(-5), 3),
                constrain_interval(cs, c(4), 3, 6),
                quotient,
                cs.hint_max([c(3), c(-9)]),
            ]
            cs.assert_equal(made[-1], c(3), "max")
            return made

        return run

    plain, said = define(lambda cs: lambda value: value), define(lambda cs: cs.constant)
    root = merkle.root_from_path(40, 2, [(1, 2, 3)])
    values = [
        15,
        26,
        -21,
        9,
        twin.poseidon([1, 5]),
        twin.hash_many(list(range(18))),
        root,
        0,
        1,
        -5,
        4,
        3,
        3,
    ]
    for run in (plain, said):
        engine = Engine({"x": 5, "seven": 7})
        assert [engine.value_of(y) for y in run(engine)] == [value % R for value in values]
    engine = Engine()
    assert [engine.value_of(y) for y in sign_and_magnitude(engine, -6, 4)] == [1, 6]

    def bound(run):
        def whole(cs: ConstraintSystem) -> None:
            outputs = [cs.public_output(f"out[{i}]") for i in range(len(values))]
            for output, value in zip(outputs, run(cs), strict=True):
                cs.assign_output(output, value)

        return whole

    assert compile_circuit(bound(plain)).r1cs.unsatisfied_rows(_witness(bound(plain))) == []
    systems = [compile_circuit(bound(run)).r1cs for run in (plain, said)]
    rows = [[[dict(r.row(m, i)) for m in (r.a, r.b, r.c)] for i in range(r.n_constraints)] for r in systems]
    assert rows[0] == rows[1]


def _witness(define) -> list[int]:
    engine = Engine({"x": 5, "seven": 7})
    define(engine)
    return engine.witness


def test_sums_of_variables_still_reflect() -> None:
    x, y = Variable({3: 2}), Bounded({4: 1}, 0, 9)
    assert operator.sub(5, x).terms == {3: R - 2, -1: 5}
    assert (x - y).terms == {3: 2, 4: R - 1}
    assert (-x + x).terms == {}
