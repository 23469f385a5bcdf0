"""Order and sign: exhaustively on small intervals, at the ends of large ones, and against lying hints."""

import itertools

import pytest

from circuits.errors import ShapeError
from circuits.field import HALF, R
from circuits.gadgets.compare import (
    assert_less,
    assert_less_or_equal,
    assert_nonnegative,
    is_less,
    is_less_or_equal,
    is_negative,
)
from circuits.gadgets.range import constrain_interval, constrain_unsigned
from circuits.variables import Variable


def pair(cs, lo, hi):
    return [constrain_interval(cs, x, lo, hi, "input") for x in cs.inputs("ab", 2)]


@pytest.mark.parametrize(("lo", "hi"), [(0, 7), (-4, 3), (-3, 2), (5, 6)])
def test_order_on_every_pair(lo, hi, trial) -> None:
    def define(cs):
        a, b = pair(cs, lo, hi)
        return [is_less(cs, a, b), is_less_or_equal(cs, a, b)]

    t = trial(define)
    for a, b in itertools.product(range(lo, hi + 1), repeat=2):
        assert t.outputs({"ab": [a, b]}) == [int(a < b), int(a <= b)]


def test_comparing_64_bits_costs_65_beside_the_ranges(trial, golden) -> None:
    def ranged(cs):
        return [constrain_unsigned(cs, x, 64) for x in cs.inputs("ab", 2)]

    t = trial(lambda cs: [is_less(cs, *ranged(cs))])
    golden("is_less_64", t.cost - 128)
    top = (1 << 64) - 1
    for a, b in itertools.product((0, 1, top // 2, top - 1, top), repeat=2):
        assert t.outputs({"ab": [a, b]}) == [int(a < b)]
    asserted = trial(lambda cs: assert_less_or_equal(cs, *ranged(cs), "RULE") or [])
    golden("assert_less_or_equal_64", asserted.cost - 128)


@pytest.mark.parametrize(("a", "b"), [(3, 3), (3, 9), (9, 3), (0, 255)])
def test_hints_and_wires(a, b, trial) -> None:
    t = trial(lambda cs: [is_less(cs, *[constrain_unsigned(cs, x, 8) for x in cs.inputs("ab", 2)])])
    assert t.assert_hints_bound({"ab": [a, b]}) >= 8
    t.assert_wires_bound({"ab": [a, b]})


@pytest.mark.parametrize("bits", [1, 30, 250])
def test_sign(bits, trial) -> None:
    limit = (1 << bits) - 1
    t = trial(lambda cs: [is_negative(cs, constrain_interval(cs, cs.input("x"), -limit, limit))])
    for x in (0, 1, -1, limit, -limit):
        assert t.outputs({"x": x}) == [int(x < 0)]


def test_an_interval_that_decides_costs_nothing(trial) -> None:
    def define(cs):
        x = constrain_interval(cs, cs.input("x"), 0, 7)
        assert_nonnegative(cs, x, "RULE")
        return [is_negative(cs, x), is_negative(cs, x - 8), is_less(cs, x, x + 100)]

    t = trial(define)
    assert t.cost == 3
    assert t.outputs({"x": 5}) == [0, 1, 1]


@pytest.mark.parametrize(("lo", "hi"), [(-8, 7), (-1, 100), (-HALF, 1 << 64), (-(1 << 250), (1 << 252) - 1)])
def test_nonnegative(lo, hi, trial) -> None:
    def define(cs):
        assert_nonnegative(cs, cs.unchecked_bounded(cs.input("x"), lo, hi), "RULE")
        return []

    t = trial(define)
    assert t.cost == hi.bit_length()
    for x in {0, 1, hi // 2, hi}:
        t.outputs({"x": x})
    for x in {-1, lo, lo // 2}:
        t.assert_refused({"x": x}, label="RULE")
    assert t.assert_hints_bound({"x": 5}) > 0


def test_assertions_hold_exactly(trial) -> None:
    for gadget, allowed in ((assert_less, lambda a, b: a < b), (assert_less_or_equal, lambda a, b: a <= b)):

        def define(cs, gadget=gadget):
            gadget(cs, *pair(cs, -4, 3), "RULE")
            return []

        t = trial(define)
        for a, b in itertools.product(range(-4, 4), repeat=2):
            if allowed(a, b):
                t.outputs({"ab": [a, b]})
            else:
                t.assert_refused({"ab": [a, b]}, label="RULE")


def test_only_bounded_values_are_compared(trial) -> None:
    for define in (
        lambda cs: is_less(cs, cs.input("x"), cs.one),
        lambda cs: assert_nonnegative(cs, cs.input("x"), "RULE"),
        lambda cs: is_negative(cs, Variable(cs.one.terms)),
        lambda cs: assert_nonnegative(cs, cs.constant(-1), "RULE"),
        lambda cs: assert_nonnegative(cs, cs.unchecked_bounded(cs.input("x"), -1, HALF), "RULE"),
        lambda cs: is_negative(cs, cs.unchecked_bounded(cs.input("x"), -1, HALF)),
    ):
        with pytest.raises(ShapeError):
            trial(define).run({"x": 1})
    assert R // 2 == HALF
