"""The search for a second witness: it must find what is planted, alone and in combination, and nothing else."""

import pytest

from circuits.compiler import compile_circuit
from circuits.determinism import free_wires
from circuits.engine import Engine
from circuits.errors import ShapeError


def search(define, inputs):
    circuit, engine = compile_circuit(define), Engine(inputs)
    define(engine)
    given = range(1, 1 + len(inputs))
    return [circuit.wire_name(w) for w in free_wires(circuit.r1cs, engine.witness, given)]


def test_a_determined_circuit_has_no_free_wire() -> None:
    def define(cs):
        x, y = cs.input("x"), cs.input("y")
        inverse = cs.hint_inverse(x, "inverse")
        cs.assert_product(x, inverse, cs.one, "is_inverse")
        for bit in cs.hint_bits(y, 3):
            cs.assert_bit(bit)
        cs.assert_product(y, inverse * 3, 5, "quotient")

    assert search(define, {"x": 3, "y": 5}) == []


def test_a_wire_that_only_a_product_with_zero_holds_is_free() -> None:
    def define(cs):
        x, bit = cs.input("x"), cs.assert_bit(cs.input("bit"))
        cs.assert_product(x, cs.hint_inverse(x, "inverse"), bit, "held_by_nothing_at_0")

    assert search(define, {"x": 0, "bit": 0}) == ["inverse"]
    assert search(define, {"x": 5, "bit": 1}) == []


def test_wires_that_can_move_together_are_found() -> None:
    def define(cs):
        x = cs.public_input("x")
        a, b = cs.hint_divmod(x, 10, "divmod")
        # 10 a + b = x mentions each of them, and still lets a grow by 1 and b shrink by 10; so does the product, to first order.
        cs.assert_equal(a * 10 + b, x, "sum")
        cs.assert_product(a - 3, b - 7, 0, "product")

    assert len(search(define, {"x": 37})) == 1


def test_a_square_system_without_single_rows_is_eliminated() -> None:
    def define(cs):
        x, y = cs.public_input("x"), cs.public_input("y")
        a, b = cs.hint_divmod(x, 10, "divmod")
        cs.assert_equal(a * 10 + b, x, "sum")
        cs.assert_equal(a + b, y, "other_sum")

    assert search(define, {"x": 37, "y": 10}) == []


def test_the_witness_must_satisfy() -> None:
    def define(cs):
        cs.assert_zero(cs.input("x"), "zero")

    with pytest.raises(ShapeError):
        free_wires(compile_circuit(define).r1cs, [1, 7], [])
