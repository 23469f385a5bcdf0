"""Ranges at and one past each end, and sign and magnitude with every lie about the sign."""

import pytest

from circuits.engine import HintCall
from circuits.errors import ShapeError, Unsatisfied
from circuits.field import R
from circuits.gadgets.range import constrain_interval, constrain_signed, constrain_unsigned
from circuits.gadgets.signed import sign_and_magnitude
from circuits.language import Opcode


@pytest.mark.parametrize("bits", [1, 8, 64, 252])
def test_unsigned(bits, trial) -> None:
    t = trial(lambda cs: [constrain_unsigned(cs, cs.input("x"), bits, "RULE")])
    assert t.cost == bits
    for x in (0, 1, (1 << bits) - 1):
        assert t.outputs({"x": x}) == [x]
    for x in (-1, 1 << bits, R // 2):
        t.assert_refused({"x": x}, label="RULE")


def test_unsigned_carries_its_interval(trial) -> None:
    def define(cs):
        x = constrain_unsigned(cs, cs.input("x"), 12)
        assert (x.lo, x.hi) == (0, 4095)
        return [x]

    trial(define).outputs({"x": 4095})


@pytest.mark.parametrize("bits", [1, 40, 95, 251])
def test_signed_is_symmetric(bits, trial) -> None:
    t = trial(lambda cs: [constrain_signed(cs, cs.input("x"), bits, "RULE")])
    assert t.cost == bits + 2
    limit = (1 << bits) - 1
    for x in (0, 1, -1, limit, -limit):
        assert t.outputs({"x": x}) == [x % R]
    for x in (limit + 1, -limit - 1, R // 2, R // 2 + 1):
        t.assert_refused({"x": x}, label="RULE")
        # Nor does the other sign help.
        t.assert_refused({"x": x}, lambda c: [1 - c.honest[0]] if c.opcode is Opcode.SIGN else c.honest)


@pytest.mark.parametrize(
    ("lo", "hi", "cost"), [(0, 6, 6), (-3, 4, 3), (-5, 5, 8), (7, 7, 1), (-(1 << 70), 1 << 70, 144)]
)
def test_interval(lo, hi, cost, trial) -> None:
    t = trial(lambda cs: [constrain_interval(cs, cs.input("x"), lo, hi, "RULE")])
    assert t.cost == cost
    for x in {lo, hi, (lo + hi) // 2}:
        assert t.outputs({"x": x}) == [x % R]
    for x in (lo - 1, hi + 1, hi + (1 << 80), R // 2):
        t.assert_refused({"x": x}, label="RULE")


@pytest.mark.parametrize("bits", [1, 4, 40])
def test_sign_and_magnitude(bits, trial) -> None:
    t = trial(lambda cs: list(sign_and_magnitude(cs, cs.input("x"), bits, "RULE")))
    assert t.cost == bits + 3
    limit = (1 << bits) - 1
    for x in {0, 1, -1, limit, -limit, limit // 2}:
        assert t.outputs({"x": x}) == [int(x < 0), abs(x)]
    for x in (limit + 1, -limit - 1):
        t.assert_refused({"x": x}, label="RULE")


def test_zero_has_one_sign(trial) -> None:
    t = trial(lambda cs: list(sign_and_magnitude(cs, cs.input("x"), 8)))

    def negative_zero(call: HintCall):
        return [1] if call.opcode is Opcode.SIGN else [5] if call.opcode is Opcode.QUOTIENT else call.honest

    with pytest.raises(Unsatisfied):
        t.run({"x": 0}, negative_zero)


@pytest.mark.parametrize("x", [0, 77, -77])
def test_hints_and_wires(x, trial) -> None:
    t = trial(lambda cs: list(sign_and_magnitude(cs, cs.input("x"), 8)))
    assert t.assert_hints_bound({"x": x}) >= 4
    # At zero the quotient 0/0 is free.
    t.assert_wires_bound({"x": x}, free=int(x == 0))
    trial(lambda cs: [constrain_signed(cs, cs.input("x"), 8)]).assert_hints_bound({"x": x})
    trial(lambda cs: [constrain_interval(cs, cs.input("x"), -100, 200)]).assert_wires_bound({"x": x})


def test_widths_that_cannot_be_told_apart_are_refused(trial) -> None:
    for define in (
        lambda cs: constrain_unsigned(cs, cs.input("x"), 253),
        lambda cs: constrain_unsigned(cs, cs.input("x"), 0),
        lambda cs: constrain_signed(cs, cs.input("x"), 252),
        lambda cs: constrain_interval(cs, cs.input("x"), 0, 1 << 253),
        lambda cs: constrain_interval(cs, cs.input("x"), 1, 0),
        lambda cs: sign_and_magnitude(cs, cs.input("x"), 252),
    ):
        with pytest.raises(ShapeError):
            trial(define).run({"x": 0})
