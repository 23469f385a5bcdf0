"""What the compiler counts as holding a wire: every row that only defines or repeats is struck out, and no other.

The circuits here are small enough to be judged by hand; the oracle beside them is a search over a small field, in which the rows
that were struck out must indeed say nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits.compiler import compile_circuit
from circuits.errors import Contradiction, UnconstrainedWire, UnreadInput
from circuits.field import R
from circuits.gadgets.bits import compose
from circuits.gadgets.logic import assert_nonzero, is_zero, one_hot_of_index
from circuits.gadgets.poseidon import poseidon
from circuits.gadgets.range import constrain_unsigned
from circuits.gadgets.signed import sign_and_magnitude
from circuits.holding import Holding, Known
from circuits.language import ConstraintSystem, template
from circuits.r1cs import Matrix
from circuits.variables import Variable

Define = Callable[[ConstraintSystem], None]


def dead_product(cs: ConstraintSystem) -> None:
    cs.assert_bit(cs.mul(cs.input("a"), cs.input("b")))
    cs.mul(cs.input("c"), 3)


def dead_chain(cs: ConstraintSystem) -> None:
    x: Variable = cs.input("x")
    for _ in range(9):
        x = cs.mul_add(x, x, 5)


def dead_hash(cs: ConstraintSystem) -> None:
    x = constrain_unsigned(cs, cs.input("x"), 8)
    poseidon(cs, [x, 1])


def copied_input(cs: ConstraintSystem) -> None:
    cs.materialize(cs.input("x"))


def copied_twice(cs: ConstraintSystem) -> None:
    cs.materialize(cs.materialize(cs.input("x")))


def sum_of_inputs(cs: ConstraintSystem) -> None:
    cs.materialize(cs.input("x") + cs.input("y") * 5)


def private_commitment(cs: ConstraintSystem) -> None:
    """The value to compare with should have been public: any secret has some hash."""
    cs.assert_equal(poseidon(cs, [cs.input("secret")]), cs.input("commitment"), "commitment")


def scaled_commitment(cs: ConstraintSystem) -> None:
    cs.assert_equal(poseidon(cs, [cs.input("secret")]) * 7 + 1, cs.input("commitment") + 9, "commitment")


def equal_inputs(cs: ConstraintSystem) -> None:
    cs.assert_equal(cs.input("x"), cs.input("y"), "same")


def product_of_inputs(cs: ConstraintSystem) -> None:
    cs.assert_product(cs.input("x"), cs.input("y"), cs.input("z"), "product")


def loose_factor(cs: ConstraintSystem) -> None:
    """x * h = 0 is met by h = 0, whatever x is."""
    cs.assert_product(cs.input("x"), cs.hint_inverse(3), 0, "nothing")


def said_of_itself(cs: ConstraintSystem) -> None:
    x = cs.input("x")
    cs.assert_product(x, 1, x, "x is x")
    cs.assert_product(2, x, x * 2, "twice")


def unread_copy_of_public(cs: ConstraintSystem) -> None:
    p = cs.public_input("p")
    cs.assert_equal(cs.mul(p, 5), 10, "read")
    cs.materialize(p)


@template
def squared(cs: ConstraintSystem, x: Variable) -> Variable:
    return cs.mul(x, x)


def dead_template(cs: ConstraintSystem) -> None:
    x = cs.assert_bit(cs.input("x"))
    squared(cs, squared(cs, x))


@pytest.mark.parametrize(
    ("define", "lost"),
    [
        (dead_product, "c"),
        (dead_chain, "x"),
        (dead_hash, "sbox"),
        (copied_input, "x"),
        (copied_twice, "x"),
        (sum_of_inputs, "x"),
        (private_commitment, "secret"),
        (scaled_commitment, "secret"),
        (equal_inputs, "x"),
        (product_of_inputs, "x"),
        (loose_factor, "x"),
        (said_of_itself, "x"),
        (unread_copy_of_public, "materialize"),
        (dead_template, "mul"),
    ],
)
def test_what_only_defines_or_repeats_holds_nothing(define: Define, lost: str) -> None:
    with pytest.raises(UnconstrainedWire, match=rf"\({lost}\)"):
        compile_circuit(define)


def quotient(cs: ConstraintSystem) -> None:
    """x = 0 needs bit = 0: a row with a free factor holds the rest of it."""
    x, bit = cs.input("x"), cs.assert_bit(cs.input("bit"))
    cs.assert_product(x, cs.hint_quotient(bit, x), bit, "quotient")


def nonzero(cs: ConstraintSystem) -> None:
    assert_nonzero(cs, cs.input("x"), "nonzero")


def a_bit(cs: ConstraintSystem) -> None:
    cs.assert_bit(cs.input("x"))


def a_square(cs: ConstraintSystem) -> None:
    x = cs.input("x")
    cs.assert_product(x, x, 25, "square")


def a_constant(cs: ConstraintSystem) -> None:
    cs.assert_equal(cs.input("x"), 5, "five")


def a_product(cs: ConstraintSystem) -> None:
    cs.assert_equal(cs.mul(cs.input("x"), cs.input("y")), 15, "fifteen")


def sum_of_bits(cs: ConstraintSystem) -> None:
    x = cs.input("x")
    cs.assert_equal(compose([cs.assert_bit(bit) for bit in cs.hint_bits(x, 8)]), x, "sum")


def an_output(cs: ConstraintSystem) -> None:
    out = cs.public_output("out")
    cs.assign_output(out, cs.input("x") + cs.input("y"))


def a_chosen_one(cs: ConstraintSystem) -> None:
    one_hot_of_index(cs, cs.input("i"), 4)


def an_enabled_zero(cs: ConstraintSystem) -> None:
    cs.assert_product(cs.assert_bit(cs.input("bit")), cs.input("x") - 7, 0, "if the bit")


def a_bit_of_a_difference(cs: ConstraintSystem) -> None:
    """Both factors mention x and y: a statement about the two of them."""
    cs.assert_bit(cs.input("x") - cs.input("y"))


def gadgets(cs: ConstraintSystem) -> None:
    constrain_unsigned(cs, cs.input("a"), 9)
    sign_and_magnitude(cs, cs.input("b"), 9)
    is_zero(cs, cs.input("c"))


def padding(cs: ConstraintSystem) -> None:
    """A gadget placed on constants says 0 = 0 or 1 = 1: allowed, it may be one of many placements."""
    cs.assert_bit(1)
    cs.assert_equal(0, 0, "nothing")
    cs.assert_equal(cs.input("x"), 5, "something")


@pytest.mark.parametrize(
    "define",
    [
        quotient,
        nonzero,
        a_bit,
        a_square,
        a_constant,
        a_product,
        sum_of_bits,
        an_output,
        a_chosen_one,
        an_enabled_zero,
        a_bit_of_a_difference,
        gadgets,
        padding,
    ],
)
def test_no_false_alarm(define: Define) -> None:
    compile_circuit(define)


def test_all_that_is_lost_is_counted() -> None:
    """x = y holds neither of two wires that nothing else mentions; x = y with y held holds both."""
    with pytest.raises(UnconstrainedWire, match=r"\(x\), 2 such"):
        compile_circuit(equal_inputs)

    def define(cs: ConstraintSystem) -> None:
        cs.assert_equal(cs.input("x"), cs.assert_bit(cs.input("y")), "same")

    compile_circuit(define)


def test_a_word_holds_what_it_publishes() -> None:
    def define(cs: ConstraintSystem) -> None:
        cs.challenge([cs.input("x"), cs.input("y") + 1])

    compile_circuit(define, challenge=True)


def test_only_the_mask_is_excused() -> None:
    """The row of the mask, said of any other wire, holds it no more than it holds the mask."""

    def define(cs: ConstraintSystem) -> None:
        x, other = cs.inputs("pair", 2)
        cs.assert_product(other, 1, other, "as the mask's")
        cs.challenge([x])

    with pytest.raises(UnconstrainedWire, match=r"\(pair\[1\]\), 1 such"):
        compile_circuit(define, challenge=True)


def test_late_wires_are_held_by_the_same_rule() -> None:
    def define(cs: ConstraintSystem) -> None:
        chi = cs.challenge([cs.input("x")])
        cs.mul(chi, chi, "dead")

    with pytest.raises(UnconstrainedWire, match="dead"):
        compile_circuit(define, challenge=True)


def unread(cs: ConstraintSystem) -> None:
    cs.public_input("p")
    cs.assert_bit(cs.input("x"))


def read_by_a_dead_product(cs: ConstraintSystem) -> None:
    p = cs.public_input("p")
    cs.mul(p, p)


def read_by_a_copy(cs: ConstraintSystem) -> None:
    cs.assert_equal(cs.public_input("p"), cs.input("x"), "copy")


def cancelled(cs: ConstraintSystem) -> None:
    p = cs.public_input("p")
    cs.assert_product(p, 1, p, "p is p")


@pytest.mark.parametrize("define", [unread, read_by_a_dead_product, read_by_a_copy, cancelled])
def test_a_public_input_that_nothing_reads_is_refused(define: Define) -> None:
    with pytest.raises(UnreadInput, match="'p'") as refusal:
        compile_circuit(define)
    assert refusal.value.number == 1007


@template
def same(cs: ConstraintSystem, x: Variable, y: Variable) -> None:
    cs.assert_equal(x, y, "same")


CONTRADICTIONS: dict[str, Define] = {
    "1 = 2": lambda cs: cs.assert_equal(1, 2, "rule"),
    "1 = 2, variables": lambda cs: cs.assert_equal(cs.one, 2, "rule"),
    "zero": lambda cs: cs.assert_zero(4, "rule"),
    "product": lambda cs: cs.assert_product(3, 5, 16, "rule"),
    "empty product": lambda cs: cs.assert_product(0, cs.input("y"), 1, "rule"),
    "bit": lambda cs: [cs.assert_bit(2, "rule")][1:],
    "x = x + 1": lambda cs: (lambda x: cs.assert_equal(x, x + 1, "rule"))(cs.input("y")),
    "x * 1 = x + 1": lambda cs: (lambda x: cs.assert_product(x, 1, x + 1, "rule"))(cs.input("y")),
    "3 * x = 3 x + 1": lambda cs: (lambda x: cs.assert_product(3, x, x * 3 + 1, "rule"))(cs.input("y")),
    "in a template": lambda cs: same(cs, cs.constant(3), cs.constant(4)),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_constants_that_contradict_each_other_are_refused(name: str) -> None:
    def define(cs: ConstraintSystem) -> None:
        cs.assert_bit(cs.input("x"))
        with cs.scope("here"):
            CONTRADICTIONS[name](cs)

    with pytest.raises(Contradiction, match=r"here/(rule|same)") as refusal:
        compile_circuit(define)
    assert refusal.value.number == 1008


P = 5
"""A field small enough to try everything; coefficients 1 and -1 mean the same in it."""

Sides = tuple[dict[int, int], dict[int, int], dict[int, int]]

side = st.dictionaries(st.integers(0, 4), st.sampled_from([1, -1]), max_size=2)
rows = st.lists(st.tuples(side, side, side), min_size=1, max_size=4)


def matrices(system: list[Sides]) -> tuple[Matrix, Matrix, Matrix]:
    built = []
    for at in range(3):
        entries = [sorted(row[at].items()) for row in system]
        pointers = np.cumsum([0, *map(len, entries)]).astype(np.uint32)
        flat = [entry for row in entries for entry in row]
        built.append(
            Matrix(
                pointers,
                np.array([w for w, _ in flat], dtype=np.uint32),
                np.array([0 if k == 1 else 1 for _, k in flat], dtype=np.uint32),
            )
        )
    return built[0], built[1], built[2]


def solutions(system: list[Sides]) -> list[tuple[int, ...]]:
    """All assignments of the wires 0 (which is 1) to 4 that satisfy a system."""
    found = []
    for values in itertools.product(range(P), repeat=4):
        z = (1, *values)
        sums = [[sum(k * z[w] for w, k in part.items()) for part in row] for row in system]
        if all((a * b - c) % P == 0 for a, b, c in sums):
            found.append(z)
    return found


def wires_of(row: Sides) -> set[int]:
    """The wires that a * b - c, multiplied out, contains."""
    monomials: dict[tuple[int, ...], int] = {}
    a, b, c = row
    for (v, j), (w, k) in itertools.product(a.items(), b.items()):
        key = tuple(sorted({v, w} - {0})) if v != w else (v, w) if v else ()
        monomials[key] = monomials.get(key, 0) + j * k
    for w, k in c.items():
        key = (w,) if w else ()
        monomials[key] = monomials.get(key, 0) - k
    return {w for key, k in monomials.items() if k for w in key}


@given(rows)
@settings(max_examples=400, deadline=None)
def test_what_is_struck_out_says_nothing_of_what_is_held(system: list[Sides]) -> None:
    """Wires 1 to 4 are private. The rows left alone admit the same values of the wires that are held as all rows do."""
    known = Known(n_public=0, inputs=(), words=(), excused=())
    loose = Holding(matrices(system), 5, [1, R - 1], known).loose()
    left = [row for row in system if not wires_of(row) & loose]
    held = [w for w in range(5) if w not in loose]

    def values(rows: list[Sides]) -> set[tuple[int, ...]]:
        return {tuple(z[w] for w in held) for z in solutions(rows)}

    contradictory = any(not wires_of(row) and not solutions([row]) for row in system)
    assert contradictory or values(left) == values(system)
