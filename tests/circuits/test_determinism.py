"""The search for a second witness: it must find what is planted, alone and in combination, and nothing else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits.compiler import compile_circuit
from circuits.determinism import free_wires
from circuits.engine import Engine
from circuits.errors import ShapeError, UndeterminedWires
from circuits.field import R
from circuits.r1cs import R1CS, Matrix


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


def mixed(steps):
    """A chain of three values that feed each other; the first three are hints that no constraint ties to anything at x = 3."""

    def define(cs):
        out, x = cs.public_output("out"), cs.input("x")
        state = [cs.hint_inverse(x + k, f"missing{k}") for k in range(3)]
        for value in state:
            cs.assert_product(x - 3, value, x - 3, "nothing at 3")
        for i in range(steps):
            state = [cs.mul(state[k], state[k - 2] + state[k * k % 3] * i) for k in range(3)]
        cs.assign_output(out, state[0] + state[1] + state[2])

    return define


def test_a_missing_early_constraint_does_not_fill_a_long_chain() -> None:
    """Elimination by pivots fills here for minutes: each wire hangs on three before it, which hang on all before them."""
    define = mixed(3000)
    circuit, engine = compile_circuit(define), Engine({"x": 3})
    define(engine)
    free = free_wires(circuit.r1cs, engine.witness, [2])
    assert [circuit.wire_name(w) for w in free] == ["missing0", "missing1", "missing2"]
    # Each value that is held is one equation, whichever end of the chain it stands at.
    assert [circuit.wire_name(w) for w in free_wires(circuit.r1cs, engine.witness, [1, 2])] == [
        "missing0",
        "missing1",
    ]
    assert free_wires(circuit.r1cs, engine.witness, [1, 2, *free[1:]]) == []


def test_a_search_that_would_take_too_long_names_where_it_stands() -> None:
    define = mixed(300)
    circuit, engine = compile_circuit(define), Engine({"x": 3})
    define(engine)
    with pytest.raises(UndeterminedWires) as refusal:
        free_wires(circuit.r1cs, engine.witness, [2], budget=1000)
    assert circuit.wire_name(refusal.value.wires[0]) == "missing0"
    assert refusal.value.number == 1013


small = st.sampled_from([0, 0, 1, 2, R - 1])
sides = st.lists(small, min_size=7, max_size=7)


@given(
    st.lists(st.tuples(sides, sides, sides), min_size=1, max_size=8), st.lists(small, min_size=6, max_size=6)
)
@settings(max_examples=300, deadline=None)
def test_as_many_wires_are_free_as_the_rank_leaves(rows: list, values: list[int]) -> None:
    """Against textbook elimination on the dense Jacobian; and with the free wires held nothing moves."""
    witness = [1, *values]
    dense = []
    for a, b, c in rows:
        x, y, z = (sum(k * w for k, w in zip(side, witness, strict=True)) % R for side in (a, b, c))
        c[0] = (c[0] + x * y - z) % R
        dense.append([(y * i + x * j - k) % R for i, j, k in zip(a, b, c, strict=True)][2:])
    made, table = matrices(rows)
    system = R1CS(7, 0, len(rows), *made, table)
    free = free_wires(system, witness, [1])
    assert len(free) == 5 - rank(dense)
    assert free_wires(system, witness, [1, *free]) == []


def matrices(rows: list) -> tuple[list[Matrix], bytes]:
    """The three sparse matrices of dense rows, and their table of coefficients."""
    table = sorted({k for row in rows for side in row for k in side if k})
    made = []
    for m in range(3):
        entries = [[(w, table.index(k)) for w, k in enumerate(row[m]) if k] for row in rows]
        ends = np.cumsum([0, *map(len, entries)]).astype(np.uint32)
        flat = np.array([entry for row in entries for entry in row], dtype=np.uint32).reshape(-1, 2)
        made.append(Matrix(ends, flat[:, 0], flat[:, 1]))
    return made, b"".join(k.to_bytes(32, "little") for k in table)


def rank(rows: list[list[int]]) -> int:
    found = 0
    for column in range(5):
        pivot = next((row for row in rows if row[column]), None)
        if pivot is None:
            continue
        found += 1
        scale = pow(pivot[column], -1, R)
        rows = [
            [(x - row[column] * scale * p) % R for x, p in zip(row, pivot, strict=True)]
            for row in rows
            if row is not pivot
        ]
    return found
