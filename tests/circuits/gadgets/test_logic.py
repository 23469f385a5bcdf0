"""Equality, selection and one-hot choice on every case of small tables."""

import itertools

import pytest

from circuits.engine import Engine
from circuits.errors import ShapeError, Unsatisfied
from circuits.field import R
from circuits.gadgets.logic import (
    OneHot,
    OneHotOrNone,
    assert_nonzero,
    assert_one_hot,
    is_equal,
    is_zero,
    mux,
    one_hot,
    one_hot_of_index,
    pick,
    pick_or_zero,
    select,
    swap,
)
from circuits.gadgets.range import constrain_interval, constrain_unsigned
from circuits.variables import Bit, Bounded


def test_zero_and_equal(trial, golden) -> None:
    t = trial(lambda cs: [is_zero(cs, cs.input("x"))])
    golden("is_zero", t.cost)
    for x in (0, 1, -1, R // 2):
        assert t.outputs({"x": x}) == [int(x == 0)]
        assert t.assert_hints_bound({"x": x}) >= (1 if x else 0)
        # The inverse of zero is free and decides nothing.
        t.assert_wires_bound({"x": x}, free=int(x == 0))
    equal = trial(lambda cs: [is_equal(cs, *cs.inputs("ab", 2))])
    for a, b in itertools.product((0, 1, R - 1), repeat=2):
        assert equal.outputs({"ab": [a, b]}) == [int(a == b)]


def test_nonzero(trial) -> None:
    t = trial(lambda cs: assert_nonzero(cs, cs.input("x"), "RULE") or [])
    t.outputs({"x": 5})
    t.assert_refused({"x": 0}, label="RULE")
    t.assert_refused({"x": 0}, lambda call: [1], label="RULE")
    assert trial(lambda cs: assert_nonzero(cs, 5, "RULE") or []).outputs({}) == []
    with pytest.raises(ShapeError):
        assert_nonzero(Engine(), R, "RULE")


def test_select_swap_and_mux(trial, golden) -> None:
    def define(cs):
        bits = [cs.assert_bit(b) for b in cs.inputs("bits", 2)]
        values = cs.inputs("values", 4)
        return [
            select(cs, bits[0], values[1], values[0]),
            *swap(cs, bits[0], *values[:2]),
            mux(cs, bits, values),
        ]

    t = trial(define)
    golden("select_swap_mux4", t.cost - 2)
    values = [10, R - 1, 0, 99]
    for low, high in itertools.product((0, 1), repeat=2):
        pair = [values[1], values[0]] if low else values[:2]
        expected = [values[low], *pair, values[low + 2 * high]]
        assert t.outputs({"bits": [low, high], "values": values}) == expected
    t.assert_wires_bound({"bits": [1, 0], "values": values})


def test_a_selection_keeps_the_hull_of_its_intervals(trial) -> None:
    def define(cs):
        bit = cs.assert_bit(cs.input("bit"))
        small, signed = constrain_unsigned(cs, cs.input("a"), 3), constrain_interval(cs, cs.input("b"), -9, 2)
        chosen = select(cs, bit, small, signed)
        assert isinstance(chosen, Bounded) and (chosen.lo, chosen.hi) == (-9, 7)
        chosen_bit = select(cs, bit, bit, bit.complement())
        assert isinstance(chosen_bit, Bit)
        mixed = select(cs, bit, small, cs.input("c"))
        assert not isinstance(mixed, Bounded)
        hot = assert_one_hot(cs, [bit, bit.complement()])
        picked = pick(cs, hot, [small, signed])
        assert isinstance(picked, Bounded) and (picked.lo, picked.hi) == (-9, 7)
        return [chosen, picked, mixed, chosen_bit]

    assert trial(define).outputs({"bit": 0, "a": 7, "b": -9, "c": 1}) == [R - 9, R - 9, 1, 1]
    assert trial(define).outputs({"bit": 1, "a": 7, "b": -9, "c": 1}) == [7, 7, 7, 1]


def test_one_hot_accepts_exactly_the_unit_vectors(trial) -> None:
    t = trial(lambda cs: assert_one_hot(cs, cs.inputs("x", 3), "RULE"))
    assert t.cost == 4
    for x in itertools.product((0, 1, 2, -1), repeat=3):
        if sorted(x) == [0, 0, 1]:
            assert t.outputs({"x": list(x)}) == list(x)
        else:
            t.assert_refused({"x": list(x)}, label="RULE")


def test_one_hot_of_a_total(trial) -> None:
    def define(cs):
        total = cs.assert_bit(cs.input("total"), "total")
        return [*one_hot(cs, cs.inputs("x", 3), total, "RULE"), total]

    t = trial(define)
    assert t.outputs({"x": [0, 0, 0], "total": 0}) == [0, 0, 0, 0]
    assert t.outputs({"x": [0, 1, 0], "total": 1}) == [0, 1, 0, 1]
    for x, total in (([0, 1, 0], 0), ([0, 0, 0], 1), ([1, 1, 0], 1), ([2, -1, 0], 1)):
        t.assert_refused({"x": x, "total": total}, label="RULE")
    # Two may be 1 only where the total may be 2, which is no bit.
    t.assert_refused({"x": [1, 1, 0], "total": 2}, label="total")


@pytest.mark.parametrize("count", [1, 2, 5])
def test_one_hot_of_an_index(count, trial) -> None:
    t = trial(lambda cs: one_hot_of_index(cs, cs.input("i"), count, "RULE"))
    assert t.cost == count + 1
    for i in range(count):
        assert t.outputs({"i": i}) == [int(k == i) for k in range(count)]
        t.assert_hints_bound({"i": i})
        t.assert_wires_bound({"i": i})
    for i in (count, -1, R // 2):
        t.assert_refused({"i": i}, label="RULE")


def test_pick(trial) -> None:
    t = trial(lambda cs: [pick(cs, assert_one_hot(cs, cs.inputs("hot", 3)), cs.inputs("v", 3))])
    assert t.cost == 4 + 2
    for k in range(3):
        assert t.outputs({"hot": [int(j == k) for j in range(3)], "v": [7, 8, 9]}) == [7 + k]


def test_pick_or_zero(trial) -> None:
    def define(cs):
        hot = one_hot(cs, cs.inputs("hot", 3), cs.assert_bit(cs.input("total")))
        return [pick_or_zero(cs, hot, cs.inputs("v", 3))]

    t = trial(define)
    assert t.cost == 5 + 3
    assert t.outputs({"hot": [0, 0, 0], "total": 0, "v": [7, 8, 9]}) == [0]
    for k in range(3):
        hot = [int(j == k) for j in range(3)]
        assert t.outputs({"hot": hot, "total": 1, "v": [7, 8, 9]}) == [7 + k]


def test_a_choice_is_a_type(trial) -> None:
    """Bits that nothing holds to be one-hot choose no value; one-hot or none is not one-hot, nor the reverse."""

    def bits(cs):
        return [cs.assert_bit(bit) for bit in cs.inputs("bits", 2)]

    def perhaps(cs):
        return one_hot(cs, cs.inputs("bits", 2), cs.assert_bit(cs.input("total")))

    for define in (
        lambda cs: pick(cs, bits(cs), [1, 2]),
        lambda cs: pick(cs, tuple(bits(cs)), [1, 2]),
        lambda cs: pick(cs, perhaps(cs), [1, 2]),
        lambda cs: pick_or_zero(cs, bits(cs), [1, 2]),
        lambda cs: pick_or_zero(cs, assert_one_hot(cs, cs.inputs("bits", 2)), [1, 2]),
        lambda cs: one_hot(cs, cs.inputs("bits", 2), cs.input("total")),
        lambda cs: one_hot(cs, cs.inputs("bits", 2), 1),
        lambda cs: OneHot(tuple(cs.inputs("bits", 2))),
        lambda cs: OneHotOrNone(tuple(cs.inputs("bits", 2))),
    ):
        with pytest.raises(ShapeError):
            define(Engine({"bits": [0, 1], "total": 1}))


def test_integers_are_the_constants_that_they_are(trial) -> None:
    def define(cs):
        bit, x = cs.assert_bit(cs.input("bit")), cs.input("x")
        hot = assert_one_hot(cs, [bit, 1 - bit])
        perhaps = one_hot(cs, [bit, 0], bit)
        chosen = select(cs, bit, 5, -2)
        assert (chosen.lo, chosen.hi) == (-2, 5)
        return [
            chosen,
            pick(cs, hot, [3, 4]),
            pick_or_zero(cs, perhaps, [6, 7]),
            mux(cs, [bit], [R - 1, 9]),
            *swap(cs, bit, 1, x),
            is_equal(cs, 7, x),
            *(is_zero(cs, constant) for constant in (0, R, 3)),
        ]

    t = trial(define)
    assert t.outputs({"bit": 1, "x": 7}) == [5, 3, 6, 9, 7, 1, 1, 1, 1, 0]
    assert t.outputs({"bit": 0, "x": 8}) == [R - 2, 4, 0, R - 1, 1, 8, 0, 1, 1, 0]


def test_shapes_are_checked(trial) -> None:
    for define in (
        lambda cs: mux(cs, [cs.assert_bit(cs.one)], [cs.one] * 3),
        lambda cs: pick(cs, assert_one_hot(cs, [1]), [cs.one] * 2),
        lambda cs: pick_or_zero(cs, one_hot(cs, [1], cs.assert_bit(1)), [cs.one] * 2),
        lambda cs: assert_one_hot(cs, []),
        lambda cs: select(cs, cs.one, cs.one, cs.one),
        lambda cs: swap(cs, cs.one, cs.one, cs.one),
        lambda cs: one_hot(cs, [], cs.assert_bit(1)),
        lambda cs: one_hot_of_index(cs, cs.one, 0),
    ):
        with pytest.raises(ShapeError):
            trial(define).run({})


def test_a_value_that_is_no_bit_selects_nothing(trial) -> None:
    with pytest.raises(Unsatisfied):
        trial(lambda cs: [select(cs, cs.assert_bit(cs.input("b")), cs.one, cs.one * 3)]).run({"b": 2})
