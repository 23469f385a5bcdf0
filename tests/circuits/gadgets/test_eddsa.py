"""The signature gadget against circomlibjs's signatures and the twin, each refusal by itself, and slots
that are not used.
"""

from dataclasses import replace

import pytest

from circuits.engine import HintCall
from circuits.errors import Unsatisfied
from circuits.field import R
from circuits.gadgets.eddsa import Signature, assert_eddsa
from circuits.language import Opcode
from circuits.twins import babyjub, eddsa
from circuits.twins.babyjub import BASE8, GENERATOR, IDENTITY, SUBGROUP_ORDER, Point

L = SUBGROUP_ORDER
KEY = bytes(range(32))
MESSAGE = 31337


def define(cs):
    enabled = cs.assert_bit(cs.input("enabled"))
    x, y = cs.inputs("key", 2)
    assert_eddsa(cs, enabled, (x, y), Signature(*cs.inputs("signature", 3)), cs.input("message"))
    return []


def inputs(key, signature, message, enabled=1):
    parts = [signature.r8x, signature.r8y, signature.s]
    return {"enabled": enabled, "key": [*key], "signature": parts, "message": message}


@pytest.fixture(scope="module")
def circuit(trial):
    return trial(define)


@pytest.fixture(scope="module")
def valid():
    return eddsa.public_key(KEY), eddsa.sign(KEY, MESSAGE)


def test_cost(circuit, golden) -> None:
    golden("assert_eddsa", circuit.cost - 1)
    assert circuit.cost - 1 <= 4217


def test_accepts_circomlibjs_signatures(circuit, vectors) -> None:
    for case in vectors("eddsa_poseidon")["cases"][::3]:
        signature = eddsa.Signature(int(case["r8"][0]), int(case["r8"][1]), int(case["s"]))
        key = Point(*(int(x) for x in case["public_key"]))
        circuit.run(inputs(key, signature, int(case["message"])))


def test_engine_and_constraints_agree(circuit, valid) -> None:
    circuit.outputs(inputs(*valid, MESSAGE))


@pytest.mark.parametrize("part", ["r8x", "r8y", "s"])
def test_a_changed_part_is_refused(part, circuit, valid) -> None:
    key, signature = valid
    changed = replace(signature, **{part: getattr(signature, part) ^ 1})
    circuit.assert_refused(inputs(key, changed, MESSAGE), label="BAD_SIGNATURE")


def test_another_message_or_key_is_refused(circuit, valid) -> None:
    key, signature = valid
    circuit.assert_refused(inputs(key, signature, MESSAGE + 1), label="BAD_SIGNATURE")
    circuit.assert_refused(inputs(babyjub.negate(key), signature, MESSAGE), label="BAD_SIGNATURE")
    circuit.assert_refused(inputs(BASE8, signature, MESSAGE), label="BAD_SIGNATURE")


def short_signature():
    """A valid signature whose S + l still has 251 bits."""
    for message in range(100):
        signature = eddsa.sign(KEY, message)
        if signature.s + L < 1 << 251:
            return message, signature
    raise AssertionError("no short S among a hundred")


@pytest.mark.parametrize("enabled", [0, 1])
def test_s_plus_the_order_is_refused(enabled, circuit) -> None:
    message, signature = short_signature()
    key = eddsa.public_key(KEY)
    circuit.run(inputs(key, signature, message, enabled))
    for s in (signature.s + L, L, (1 << 251) - 1):
        circuit.assert_refused(inputs(key, replace(signature, s=s), message, enabled), label="BAD_SIGNATURE")


def test_s_minus_r_cannot_be_spelled(circuit) -> None:
    # The top bit of S is what the others leave over: bits of S + l do not fit S itself.
    message, signature = short_signature()
    other = signature.s + L

    def spell(call: HintCall):
        if call.opcode is Opcode.BITS and len(call.honest) == 250:
            return [other >> i & 1 for i in range(250)]
        return call.honest

    circuit.assert_refused(inputs(eddsa.public_key(KEY), signature, message), spell, label="BAD_SIGNATURE")


def test_a_key_off_the_curve_is_refused(circuit, valid) -> None:
    for key in (Point(1, 1), Point(0, 0), Point(R - 1, 5)):
        circuit.assert_refused(inputs(key, valid[1], MESSAGE), label="BAD_SIGNATURE")


@pytest.mark.parametrize("k", range(8))
def test_a_key_of_small_order_is_refused(k, circuit) -> None:
    key = babyjub.mul(GENERATOR, k * L)
    r8 = babyjub.mul(BASE8, 77)
    signature = eddsa.Signature(r8.x, r8.y, 77)
    assert babyjub.mul(key, 8) == IDENTITY
    assert not eddsa.is_valid(key, signature, MESSAGE)

    def free_quotients(call: HintCall):
        return [9] if call.opcode is Opcode.QUOTIENT and call.operands[-1] == 0 else call.honest

    for hook in (None, free_quotients):
        circuit.assert_refused(inputs(key, signature, MESSAGE), hook, label="BAD_SIGNATURE")


def test_a_small_part_of_the_key_does_not_matter_but_one_of_r8_does(circuit) -> None:
    order_two = Point(0, R - 1)
    key = babyjub.add(babyjub.mul(BASE8, 5), order_two)

    def signature_with(r8):
        s = (9 + 8 * eddsa.challenge(r8, key, MESSAGE) * 5) % L
        return eddsa.Signature(r8.x, r8.y, s)

    r8 = babyjub.mul(BASE8, 9)
    circuit.run(inputs(key, signature_with(r8), MESSAGE))
    twisted = babyjub.add(r8, order_two)
    circuit.assert_refused(inputs(key, signature_with(twisted), MESSAGE), label="BAD_SIGNATURE")


@pytest.mark.parametrize("r8", [Point(0, 0), Point(1, 1), Point(R - 1, 2)])
def test_r8_off_the_curve_is_refused(r8, circuit, valid) -> None:
    for s in (0, 1, valid[1].s):
        signature = eddsa.Signature(r8.x, r8.y, s)
        circuit.assert_refused(inputs(valid[0], signature, MESSAGE), label="BAD_SIGNATURE")


UNUSED = eddsa.Signature(0, 0, 0)


RAW_KEYS = [
    (0, 0),
    (0, 1),
    (0, R - 1),
    (1, 1),
    (R - 1, R - 1),
    tuple(babyjub.mul(GENERATOR, L)),
    (1 << 200, 7),
]


@pytest.mark.parametrize("key", RAW_KEYS)
def test_an_unused_slot_asks_nothing_of_the_key(key, circuit) -> None:
    for message in (0, R - 1, 12345):
        circuit.run(inputs(key, UNUSED, message, enabled=0))
    circuit.run(inputs(key, replace(UNUSED, r8x=5, s=L - 1), 1, enabled=0))
    circuit.outputs(inputs(key, eddsa.Signature(*BASE8, 0), 1, enabled=0))


def test_enabled_is_a_bit(circuit, valid) -> None:
    for enabled in (2, R - 1):
        with pytest.raises(Unsatisfied):
            circuit.run(inputs(*valid, MESSAGE, enabled))


def test_every_wire_is_bound(circuit, valid) -> None:
    circuit.assert_wires_bound(inputs(*valid, MESSAGE))


def test_hints_are_bound(circuit, valid) -> None:
    # Every define's hint in turn would take minutes; each kind is met several times. The rest are the
    # scalars' own tests.
    assert circuit.assert_hints_bound(inputs(*valid, MESSAGE), range(0, 640, 53)) >= 40
