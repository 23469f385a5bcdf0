"""A variable is used only in the body and the run that made it, and a wire that only empty products mention is no held wire."""

import pytest

from circuits.builder import Body, Builder, Library
from circuits.compiler import compile_circuit
from circuits.engine import Engine
from circuits.errors import ShapeError, UnconstrainedWire, Unsatisfied
from circuits.gadgets.logic import select
from circuits.language import template
from circuits.variables import Variable, weighted_sum


@template
def equal(cs, x, *, y):
    cs.mul(cs.mul(x, x), x)
    cs.assert_equal(x, y, "equal")


@template
def chosen(cs, x, *, flag):
    return cs.mul(x, x) if flag is True else x


def test_a_variable_cannot_be_static() -> None:
    def define(cs):
        a, b = cs.inputs("pair", 2)
        cs.mul(a, b)
        equal(cs, a, y=b)

    with pytest.raises(ShapeError, match="outside"):
        compile_circuit(define)


def test_a_template_cannot_reach_its_callers_variables() -> None:
    def define(cs):
        a, b = cs.inputs("pair", 2)

        @template
        def inner(cs, x):
            return cs.mul(x, b)

        cs.mul(a, inner(cs, a))

    with pytest.raises(ShapeError, match="outside"):
        compile_circuit(define)


def test_an_inner_variable_cannot_leak() -> None:
    kept = []

    @template
    def inner(cs, x):
        kept.append(cs.mul(x, x))
        return x

    def define(cs):
        inner(cs, cs.input("a"))
        cs.assert_equal(kept[0], 25, "leak")

    with pytest.raises(ShapeError, match="outside"):
        compile_circuit(define)


def builder() -> Builder:
    return Builder(Library(), Body("other", -1, 0), root=True)


def engine() -> Engine:
    return Engine({"x": 0, "y": 3})


MEETINGS = {
    "product": lambda cs, f, own: cs.mul(f, own),
    "second factor": lambda cs, f, own: cs.mul(own, f),
    "sum": lambda cs, f, own: cs.mul(own + f, own),
    "difference": lambda cs, f, own: cs.mul(own - f, 2),
    "mul_add": lambda cs, f, own: cs.mul_add(own, own, f),
    "materialize": lambda cs, f, own: cs.materialize(f),
    "assert_product": lambda cs, f, own: cs.assert_product(own, own, f, "rule"),
    "assert_equal": lambda cs, f, own: cs.assert_equal(own, f, "rule"),
    "assert_zero": lambda cs, f, own: cs.assert_zero(f, "rule"),
    "assert_bit": lambda cs, f, own: cs.assert_bit(f),
    "claim": lambda cs, f, own: cs.unchecked_bounded(f, 0, 9),
    "claim of a bit": lambda cs, f, own: cs.unchecked_bit(f),
    "hint": lambda cs, f, own: cs.hint_bits(f, 3),
    "second operand of a hint": lambda cs, f, own: cs.hint_quotient(own, f),
    "hint of many": lambda cs, f, own: cs.hint_max([own, f, 1]),
    "weighted sum": lambda cs, f, own: cs.mul(weighted_sum([1, 5], [own, f]), own),
    "template": lambda cs, f, own: chosen(cs, f, flag=True),
    "structure": lambda cs, f, own: paired(cs, (own, [f])),
    "gadget": lambda cs, f, own: select(cs, cs.assert_bit(own), own, f),
}


@template
def paired(cs, pair):
    return cs.mul(pair[0], pair[1][0])


@pytest.mark.parametrize("meeting", MEETINGS.values(), ids=MEETINGS)
@pytest.mark.parametrize("theirs", [builder, engine])
@pytest.mark.parametrize("ours", [builder, engine])
def test_a_variable_of_another_run_is_refused_wherever_it_appears(ours, theirs, meeting) -> None:
    """Two runs count their wires alike, and a value that happens to be 0 is still another run's value."""
    cs, other = ours(), theirs()
    own, foreign = cs.input("x"), other.input("x")
    with pytest.raises(ShapeError, match="outside"):
        meeting(cs, foreign, own)
    # The same said of the own variable is fine.
    try:
        meeting(cs, own, own)
    except Unsatisfied:
        assert ours is engine


@pytest.mark.parametrize("theirs", [builder, engine])
@pytest.mark.parametrize("ours", [builder, engine])
def test_outputs_and_words_are_of_this_run(ours, theirs) -> None:
    cs, other = ours(), theirs()
    output, foreign_output = cs.public_output("o"), other.public_output("o")
    foreign = other.input("x")
    with pytest.raises(ShapeError, match="takes an output"):
        cs.assign_output(foreign_output, 1)
    with pytest.raises(ShapeError, match="outside"):
        cs.assign_output(output, foreign)
    cs.assign_output(output, 1)
    with pytest.raises(ShapeError, match="takes an output"):
        cs.assign_output(output, 1)

    challenged = [Builder(Library(), Body("words", -1, 0), root=True, challenge=True)]
    challenged.append(Engine({"x": 1}, challenge=True, chi=5))
    for cs in challenged:
        with pytest.raises(ShapeError, match="outside"):
            cs.challenge([foreign])


def test_a_variable_kept_from_one_compilation_is_no_wire_of_the_next() -> None:
    kept = []

    def define(cs):
        a, b = cs.inputs("pair", 2)
        kept.append(a)
        cs.assert_product(kept[0], b, 12, "rule")
        cs.assert_equal(a + b, 7, "sum")

    compile_circuit(define)
    with pytest.raises(ShapeError, match="outside"):
        compile_circuit(define)
    with pytest.raises(ShapeError, match="outside"):
        define(Engine({"pair": [3, 4]}))


def test_static_values_that_python_calls_equal_are_different_bodies() -> None:
    def define(cs):
        a = cs.input("a")
        cs.assert_equal(chosen(cs, a, flag=1), chosen(cs, a, flag=True), "same")

    assert compile_circuit(define).r1cs.n_constraints == 2


def test_an_empty_product_holds_no_wire() -> None:
    def define(cs):
        a, b = cs.inputs("pair", 2)
        cs.assert_bit(a)
        cs.assert_product(a - a, b, Variable({}), "nothing")

    with pytest.raises(UnconstrainedWire):
        compile_circuit(define)
