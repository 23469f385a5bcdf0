"""Bit decompositions, plain and canonical, against Python's own bits and against a prover who spells x +
r.
"""

import pytest

from circuits.engine import HintCall
from circuits.errors import ShapeError
from circuits.field import R
from circuits.gadgets.bits import compose, constrain_bits, unchecked_bits
from circuits.gadgets.canonical import assert_bits_below, constrain_field_bits
from circuits.language import Opcode


def spelled(value: int, count: int) -> list[int]:
    return [value >> i & 1 for i in range(count)]


def of_count(count):
    return lambda cs: constrain_bits(cs, cs.input("x"), count)


@pytest.mark.parametrize("count", [1, 2, 5, 64, 253])
def test_bits_are_the_binary_expansion(count, trial) -> None:
    t = trial(of_count(count))
    assert t.cost == count
    for x in {0, 1, (1 << count) - 1, (1 << count) // 3}:
        assert t.outputs({"x": x}) == spelled(x, count)
    for x in ((1 << count), -1, R // 2 if count < 253 else (1 << 253) + 5):
        t.assert_refused({"x": x}, label="range")


def test_bits_hints_and_wires(trial) -> None:
    t = trial(of_count(9))
    assert t.assert_hints_bound({"x": 0b101100111}) >= 3
    t.assert_wires_bound({"x": 0b101100111})


@pytest.mark.parametrize("count", [0, 254])
def test_widths_without_unique_bits_are_refused(count, trial) -> None:
    with pytest.raises(ShapeError):
        trial(of_count(count)).run({"x": 1})


field_bits = lambda cs: constrain_field_bits(cs, cs.input("x"))  # noqa: E731


def test_field_bits(trial, golden) -> None:
    t = trial(field_bits)
    golden("field_bits", t.cost)
    for x in (0, 1, R - 1, R // 2, 1 << 253, (1 << 253) - 1, R - (1 << 29), 0x1234567890ABCDEF << 180):
        assert t.outputs({"x": x}) == spelled(x, 254)


@pytest.mark.parametrize("x", [0, 1, 17, (1 << 254) - 1 - R, 1 << 200])
def test_the_expansion_of_x_plus_r_is_refused(x, trial) -> None:
    # x + r < 2^254, so without the comparison both expansions would pass.
    def spell_other(call: HintCall):
        if call.opcode is Opcode.BITS and len(call.honest) == 253:
            return spelled(x + R, 253)
        return call.honest

    assert x + R < 1 << 254
    trial(lambda cs: unchecked_bits(cs, cs.input("x"), 254, "loose")).run({"x": x}, spell_other)
    trial(field_bits).assert_refused({"x": x}, spell_other, label="canonical")


def test_field_bits_hints_and_wires(trial) -> None:
    t = trial(field_bits)
    assert t.assert_hints_bound({"x": 3**150 % R}) >= 20
    t.assert_wires_bound({"x": 3**150 % R})
    # Where a chunk equals r's, any inverse of their zero difference will do: those wires decide nothing.
    assert t.assert_hints_bound({"x": R - 12345}) >= 5
    t.assert_wires_bound({"x": R - 12345}, free=8)


BOUNDS = [
    1,
    2,
    5,
    (1 << 29) - 1,
    1 << 29,
    (1 << 29) + 1,
    0x2B0000000000001,
    (1 << 59) + (7 << 29),
    (1 << 60) - 1,
]


@pytest.mark.parametrize("bound", BOUNDS)
def test_bits_below_a_constant(bound, trial) -> None:
    def define(cs):
        assert_bits_below(cs, constrain_bits(cs, cs.input("x"), 60), bound, "below")
        return []

    t = trial(define)
    edges = {0, 1, bound - 1, bound // 2, bound - (1 << 29), bound - 2, (bound >> 29 << 29) - 1}
    for x in sorted(x for x in edges if 0 <= x < bound):
        t.outputs({"x": x})
    over = {bound, bound + 1, bound + (1 << 29), ((bound >> 29) + 1) << 29, (1 << 60) - 1}
    for x in sorted(x for x in over if bound <= x < 1 << 60):
        t.assert_refused({"x": x}, label="below")


def test_a_bound_that_nothing_reaches_costs_nothing(trial) -> None:
    def define(cs):
        bits = constrain_bits(cs, cs.input("x"), 8)
        assert_bits_below(cs, bits, 256)
        return [compose(bits)]

    t = trial(define)
    assert t.cost == 8
    assert t.outputs({"x": 255}) == [255]


def test_meaningless_bounds_are_refused(trial) -> None:
    for bits, bound in ((8, 0), (0, 5)):
        with pytest.raises(ShapeError):
            trial(
                lambda cs, n=bits, b=bound: assert_bits_below(cs, unchecked_bits(cs, cs.one, 8, "")[:n], b)
            ).run({})
