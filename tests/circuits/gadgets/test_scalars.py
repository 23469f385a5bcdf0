"""Scalar multiplication against the twin at ordinary, extreme and exceptional scalars, and against lying
recodings.
"""

import random

import pytest

from circuits.engine import HintCall
from circuits.errors import ShapeError, Unsatisfied
from circuits.field import R
from circuits.gadgets.bits import unchecked_bits
from circuits.gadgets.fixed_base import multiply_fixed
from circuits.gadgets.montgomery import MontgomeryPoint, constant_coordinates
from circuits.gadgets.variable_base import multiply_variable
from circuits.language import Opcode
from circuits.twins import babyjub
from circuits.twins.babyjub import BASE8, GENERATOR, SUBGROUP_ORDER

L = SUBGROUP_ORDER


def fixed(count):
    def define(cs):
        p = multiply_fixed(cs, unchecked_bits(cs, cs.input("s"), count, "bits"), BASE8)
        return [p.x, p.y]

    return define


def variable(cs):
    p = multiply_variable(cs, cs.input("h"), MontgomeryPoint(*cs.inputs("p", 2)), "RULE")
    return [p.u, p.v]


@pytest.mark.parametrize("count", [4, 5, 6, 64, 250, 251])
def test_fixed_base(count, trial, golden) -> None:
    t = trial(fixed(count))
    if count == 251:
        golden("multiply_fixed_251", t.cost - count)
    top = (1 << count) - 1
    for s in {0, 1, 2, 7, 8, top, top - 1, min(L - 1, top), min(L, top), min(L + 1, top), 3**400 % L & top}:
        assert t.run({"s": s})[0] == [*babyjub.mul(BASE8, s)]
    assert t.outputs({"s": top // 3}) == [*babyjub.mul(BASE8, top // 3)]


def test_fixed_base_hints_and_wires(trial) -> None:
    t = trial(fixed(251))
    s = 3**400 % L
    # The slopes and the last conversions: every eleventh hint lies in turn.
    assert t.assert_hints_bound({"s": s}, range(1, 88, 11)) >= 30
    t.assert_wires_bound({"s": s})


def test_the_one_exceptional_addition_of_251_bits_is_refused(trial) -> None:
    # The last window meets its own point: T = Q + l in units of half the base, with Q the most negative
    # entry.
    q = -3 * 8**83
    s = (2**251 - 1 + 2 * q + L) // 2
    assert 0 < s < L
    t = trial(fixed(251))
    t.assert_refused({"s": s}, label="fixed_base")
    for answer in (1, 5, R - 1):
        t.assert_refused(
            {"s": s},
            lambda call, a=answer: [a] if call.opcode is Opcode.INVERSE else call.honest,
            label="fixed_base",
        )


def test_lengths_and_bases_are_checked(trial) -> None:
    for count in (3, 252):
        with pytest.raises(ShapeError):
            trial(fixed(count)).run({"s": 1})
    with pytest.raises(AssertionError):
        trial(lambda cs: multiply_fixed(cs, unchecked_bits(cs, cs.one, 9, ""), GENERATOR)).run({})


POINT = babyjub.mul(BASE8, 1234567)
INPUT = [*constant_coordinates(POINT)]


def test_variable_base(trial, golden) -> None:
    t = trial(variable)
    golden("multiply_variable", t.cost)
    rng = random.Random(3)
    ordinary = [rng.randrange(R) for _ in range(4)]
    for h in (
        *ordinary,
        R - 1,
        R - 2,
        R // 2,
        1 << 253,
        1 << 20,
        (1 << 253) - 1,
        L + (1 << 40),
        3 * L - (1 << 100),
    ):
        expected = constant_coordinates(babyjub.mul(POINT, h))
        assert t.run({"h": h, "p": INPUT})[0] == [*expected]
    assert t.outputs({"h": ordinary[0], "p": INPUT}) == [
        *constant_coordinates(babyjub.mul(POINT, ordinary[0]))
    ]


def free_where_undefined(answer):
    """A prover who chooses a slope or an inverse where the honest one does not exist."""

    def hook(call: HintCall):
        undefined = call.opcode in (Opcode.QUOTIENT, Opcode.INVERSE) and call.operands[-1] == 0
        return [answer] if undefined else call.honest

    return hook


@pytest.mark.parametrize("h", [0, L, 4 * L, 7 * L])
def test_multiples_of_the_order_are_refused(h, trial) -> None:
    t = trial(variable)
    for hook in (None, free_where_undefined(1), free_where_undefined(12345)):
        t.assert_refused({"h": h, "p": INPUT}, hook, label="RULE")


def test_near_multiples_of_the_order_no_wrong_result_passes(trial) -> None:
    t = trial(variable)
    refused = 0
    for near in (0, L, 5 * L):
        for h in (near + d for d in (-5, -2, -1, 1, 2, 3, 4, 7)):
            for hook in (None, free_where_undefined(1)):
                try:
                    result = t.run({"h": h % R, "p": INPUT}, hook)[0]
                except Unsatisfied:
                    refused += 1
                else:
                    assert result == [*constant_coordinates(babyjub.mul(POINT, h % R))]
    assert refused >= 4


def recoded(n, even):
    """A prover who recodes n instead of h + (6 + e) l, with a parity bit of his choice."""
    code = (n - 1 - (1 << 253)) // 2

    def hook(call: HintCall):
        if call.opcode is Opcode.BITS and len(call.honest) == 1:
            return [1 - even]
        if call.opcode is Opcode.SIGNS:
            unit = call.operands[1]
            return [unit if code >> i & 1 else -unit for i in range(253)]
        return call.honest

    return hook


@pytest.mark.parametrize(
    "h", [5**100 % R, 5**101 % R, R - 1, R - (1 << 250), 1 << 30, (1 << 30) + 1, 1 << 251]
)
def test_no_other_recoding_passes(h, trial) -> None:
    t = trial(variable)
    passed, refused = [], 0
    for even in (0, 1):
        for multiple in range(-4, 5):
            n = h + (6 + even) * L + multiple * R
            if n % 2 == 0 or not (1 << 253) < n < 3 << 253:
                continue
            try:
                passed.append((t.run({"h": h, "p": INPUT}, recoded(n, even))[0], multiple))
            except Unsatisfied:
                refused += 1
    assert passed == [([*constant_coordinates(babyjub.mul(POINT, h))], 0)]
    assert refused >= 1


def test_variable_base_hints_and_wires(trial) -> None:
    t = trial(variable)
    inputs = {"h": 5**100 % R, "p": INPUT}
    assert t.assert_hints_bound(inputs, range(0, 540, 45)) >= 40
    t.assert_wires_bound(inputs)
