"""The language itself: builder and engine agree, and what must be refused is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circuits.compiler import compile_circuit
from circuits.engine import Engine
from circuits.errors import (
    MissingInput,
    PhaseError,
    RangeOverflow,
    ShapeError,
    UnconstrainedWire,
    Unsatisfied,
    UnsoundClaim,
)
from circuits.field import HALF, R
from circuits.language import ConstraintSystem, template
from circuits.variables import Bit, Bounded, Variable, bounded_sum, weighted_sum

Define = Callable[[ConstraintSystem], None]


@dataclass(frozen=True)
class Pair:
    left: Variable
    right: Variable


@template
def swap_if(cs: ConstraintSystem, pair: Pair, bit: Bit) -> Pair:
    delta = cs.mul(bit, pair.right - pair.left, "delta")
    return Pair(pair.left + delta, pair.right - delta)


@template
def twice_swapped(cs: ConstraintSystem, pair: Pair, bit: Bit, *, shift: int) -> tuple[Pair, Variable]:
    with cs.scope("first"):
        once = swap_if(cs, Pair(pair.left * 2 + shift, pair.right - pair.left), bit)
    with cs.scope("second"):
        extra = cs.input("extra")
        twice = swap_if(cs, Pair(once.left + extra, once.right), bit)
    return twice, cs.mul(twice.left, extra)


def nested(cs: ConstraintSystem) -> None:
    out = cs.public_output("out")
    a = cs.public_input("a")
    total: Variable = a
    for i in range(3):
        with cs.scope(f"step[{i}]"):
            bit = cs.assert_bit(cs.input("bit"))
            pair, extra = twice_swapped(cs, Pair(total, a + i), bit, shift=5)
            total = pair.left - pair.right * 3 + extra
    cs.assign_output(out, total)


field_elements = st.one_of(st.integers(0, 5), st.integers(0, R - 1), st.just(R - 1))


@given(
    field_elements,
    st.lists(st.integers(0, 1), min_size=3, max_size=3),
    st.lists(field_elements, min_size=3, max_size=3),
)
def test_nested_templates_expand_to_what_the_engine_computes(
    a: int, bits: list[int], extras: list[int]
) -> None:
    values: dict[str, int] = {"a": a}
    for i in range(3):
        values |= {f"step[{i}]/bit": bits[i], f"step[{i}]/second/extra": extras[i]}
    engine = Engine(values)
    nested(engine)
    circuit = NESTED
    assert engine.n_constraints == circuit.r1cs.n_constraints
    assert circuit.r1cs.unsatisfied_rows(engine.witness) == []
    for wire in range(1, circuit.r1cs.n_wires):
        broken = list(engine.witness)
        broken[wire] = (broken[wire] + 1) % R
        # A flipped wire always breaks a row here: each wire is a product, a bit, or feeds a product with a non-zero factor,
        # except an input whose partner happens to be zero.
        if not circuit.r1cs.unsatisfied_rows(broken):
            assert (
                "extra" in circuit.wire_name(wire)
                or "bit" in circuit.wire_name(wire)
                or circuit.wire_name(wire) == "a"
            )


NESTED = compile_circuit(nested)


def test_labels_names_and_profile_follow_the_scopes() -> None:
    assert [name for name, _ in NESTED.inputs] == ["a"] + [
        f"step[{i}]/{tail}" for i in range(3) for tail in ("bit", "second/extra")
    ]
    assert NESTED.label(1) == "step[0]/first/delta"
    assert NESTED.profile() == {"step[0]": 4, "step[1]": 4, "step[2]": 4, "output": 1}


def test_a_broken_constraint_is_named() -> None:
    values = (
        {"a": 1} | {f"step[{i}]/bit": 2 for i in range(3)} | {f"step[{i}]/second/extra": 1 for i in range(3)}
    )
    with pytest.raises(Unsatisfied, match=r"step\[0\]/bit"):
        nested(Engine(values))


def unused_input(cs: ConstraintSystem) -> None:
    cs.input("lonely")
    a = cs.input("a")
    cs.mul(a, a)


def unbound_hint(cs: ConstraintSystem) -> None:
    a = cs.input("a")
    cs.assert_bit(a)
    cs.hint_bits(a, 4)


def zero_coefficient(cs: ConstraintSystem) -> None:
    a, b = cs.input("a"), cs.input("b")
    cs.assert_zero(cs.mul(a, a) + b - b, "b cancels")


@pytest.mark.parametrize("define", [unused_input, unbound_hint, zero_coefficient])
def test_an_unconstrained_wire_is_refused(define: Define) -> None:
    with pytest.raises(UnconstrainedWire):
        compile_circuit(define)


def words_of(cs: ConstraintSystem) -> list[Variable]:
    a, b = cs.input("a"), cs.input("b")
    return [cs.mul(a, b), a, b + 3]


def late_input(cs: ConstraintSystem) -> None:
    cs.challenge(words_of(cs))
    cs.input("late")


def late_hint(cs: ConstraintSystem) -> None:
    chi = cs.challenge(words_of(cs))
    cs.hint_bits(chi, 3)


@template
def bits_inside(cs: ConstraintSystem, x: Variable) -> Bit:
    return cs.assert_bit(cs.hint_bits(x, 1)[0])


def late_template(cs: ConstraintSystem) -> None:
    words = words_of(cs)
    bits_inside(cs, words[0])
    chi = cs.challenge(words)
    bits_inside(cs, chi)


def late_claim(cs: ConstraintSystem) -> None:
    chi = cs.challenge(words_of(cs))
    cs.unchecked_bounded(cs.mul(chi, chi), 0, 15)


def late_bit(cs: ConstraintSystem) -> None:
    chi = cs.challenge(words_of(cs))
    cs.unchecked_bit(chi)


@template
def claims_inside(cs: ConstraintSystem, x: Variable) -> Variable:
    return cs.mul(cs.unchecked_bit(x), x)


def late_claim_inside(cs: ConstraintSystem) -> None:
    words = words_of(cs)
    claims_inside(cs, words[1])
    chi = cs.challenge(words)
    claims_inside(cs, chi)


def second_challenge(cs: ConstraintSystem) -> None:
    cs.challenge(words_of(cs))
    cs.challenge(words_of(cs))


def no_challenge(cs: ConstraintSystem) -> None:
    words_of(cs)


@pytest.mark.parametrize(
    "define",
    [
        late_input,
        late_hint,
        late_template,
        late_claim,
        late_bit,
        late_claim_inside,
        second_challenge,
        no_challenge,
    ],
)
def test_what_an_argument_speaks_of_must_be_early(define: Define) -> None:
    with pytest.raises(PhaseError):
        compile_circuit(define, challenge=True)


def inverse_after(cs: ConstraintSystem) -> None:
    words = words_of(cs)
    chi = cs.challenge(words)
    inverse = cs.hint_inverse(chi - words[0])
    cs.assert_product(inverse, chi - words[0], cs.one, "inverse")


@given(field_elements, field_elements, st.integers(1, R - 1))
def test_challenge_binds_words_to_y(a: int, b: int, chi: int) -> None:
    if (chi - a * b) % R == 0:
        return
    engine = Engine({"a": a, "b": b}, challenge=True, mask=77, chi=lambda words: chi)
    inverse_after(engine)
    words = [a * b % R, a, (b + 3) % R]
    assert engine.words == words
    assert engine.witness[1:3] == [chi, sum(d * pow(chi, i, R) for i, d in enumerate(words)) % R]
    assert INVERSE_AFTER.r1cs.unsatisfied_rows(engine.witness) == []
    layout = INVERSE_AFTER.r1cs.challenge
    assert layout is not None
    assert [engine.witness[w] for w in layout.words] == words
    assert engine.witness[layout.mask] == 77
    assert layout.mask == layout.n_early - 1
    wrong_y = list(engine.witness)
    wrong_y[2] = (wrong_y[2] + 1) % R
    assert INVERSE_AFTER.r1cs.unsatisfied_rows(wrong_y)


INVERSE_AFTER = compile_circuit(inverse_after, challenge=True)


def test_intervals_are_exact_and_refuse_to_overflow() -> None:
    x = Bounded({0: 1}, -3, 10)
    assert ((x * -2 + 1).lo, (x * -2 + 1).hi) == (-19, 7)
    assert ((x - x).lo, (x - x).hi) == (-13, 13)
    total = bounded_sum([x, x, x])
    assert (total.lo, total.hi) == (-9, 30)
    with pytest.raises(RangeOverflow):
        Bounded({0: 1}, 0, HALF) + 1
    with pytest.raises(ShapeError):
        bounded_sum([x, Variable({0: 1})])  # type: ignore[list-item]
    with pytest.raises(ShapeError):
        x * x  # type: ignore[operator]


def test_a_false_range_claim_is_found_by_the_engine() -> None:
    def define(cs: ConstraintSystem) -> None:
        cs.unchecked_bounded(cs.input("x"), 0, 15)

    define(Engine({"x": 15}))
    with pytest.raises(UnsoundClaim):
        define(Engine({"x": 16}))
    with pytest.raises(MissingInput):
        define(Engine({}))


def test_weighted_sum_is_the_plain_sum() -> None:
    xs = [Variable({0: 3, 1: 5}), Variable({1: R - 5}), 7]
    assert weighted_sum([1, 1, 2], xs).terms == (xs[0] + xs[1] + 14).terms  # type: ignore[operator]


def test_repetition_does_not_recompile() -> None:
    calls = 0

    @template
    def counted(cs: ConstraintSystem, x: Variable) -> Variable:
        nonlocal calls
        calls += 1
        return cs.mul(x, x)

    def define(cs: ConstraintSystem) -> None:
        x = cs.input("x")
        for _ in range(50):
            x = counted(cs, x + 1)
        cs.assert_zero(x, "end")

    assert compile_circuit(define).r1cs.n_constraints == 51
    # Once for its body, once to see that the body is still what the define says.
    assert calls == 2


def test_fingerprint_changes_with_the_circuit() -> None:
    def scaled(factor: int) -> Define:
        def define(cs: ConstraintSystem) -> None:
            a = cs.input("a")
            cs.assert_product(a, a * factor, 1, "square")

        return define

    assert compile_circuit(scaled(2)).fingerprint == compile_circuit(scaled(2)).fingerprint
    assert compile_circuit(scaled(2)).fingerprint != compile_circuit(scaled(3)).fingerprint


def test_an_output_is_read_as_what_it_was_given() -> None:
    """Under both, and in combinations made before: the value is not 0, and there is none before the assignment."""

    def early(cs: ConstraintSystem) -> None:
        out, x = cs.public_output("out"), cs.input("x")
        cs.mul(out, x)

    def late(cs: ConstraintSystem) -> None:
        out, x = cs.public_output("out"), cs.input("x")
        before = out * 2 + x
        cs.assign_output(out, cs.mul(x, x))
        cs.assert_equal(cs.mul(out, before), 49 * 105, "read")

    for run in (compile_circuit, lambda define: define(Engine({"x": 7}))):
        with pytest.raises(ShapeError, match="before assign_output"):
            run(early)  # type: ignore[operator]
    engine = Engine({"x": 7})
    late(engine)
    assert engine.witness[1] == 49
    assert compile_circuit(late).r1cs.unsatisfied_rows(engine.witness) == []
    with pytest.raises(Unsatisfied, match="read"):
        late(Engine({"x": 8}))


def test_mul_add_and_signs_are_one_constraint_and_one_hint() -> None:
    def define(cs: ConstraintSystem) -> None:
        a, b, c = (cs.input(name) for name in "abc")
        total = cs.mul_add(a, b, c + 1)
        for sign in cs.hint_signs(a, b, 3):
            cs.assert_product(sign - b, sign + b, Variable({}), "sign")
            total = cs.mul_add(sign, total, b)
        cs.assert_equal(total, -11606, "end")
        cs.assert_equal(c, -3, "c")

    circuit = compile_circuit(define)
    assert circuit.r1cs.n_constraints == 9
    engine = Engine({"a": 5, "b": 7, "c": R - 3})
    define(engine)
    assert engine.witness[4:9] == [33, 7, R - 7, 7, 238]
    assert circuit.r1cs.unsatisfied_rows(engine.witness) == []
