"""A variable is used only in the body that made it, and a wire that only empty products mention is no held wire."""

import pytest

from circuits.compiler import compile_circuit
from circuits.errors import ShapeError, UnconstrainedWire
from circuits.language import template
from circuits.variables import Variable


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


def test_static_values_that_python_calls_equal_are_different_bodies() -> None:
    def define(cs):
        a = cs.input("a")
        cs.assert_equal(chosen(cs, a, flag=1), chosen(cs, a, flag=True), "same")

    assert compile_circuit(define).r1cs.n_constraints == 2


def test_an_empty_product_holds_no_wire() -> None:
    def define(cs):
        a, b = cs.inputs("pair", 2)
        cs.mul(a, a)
        cs.assert_product(a - a, b, Variable({}), "nothing")

    with pytest.raises(UnconstrainedWire):
        compile_circuit(define)
