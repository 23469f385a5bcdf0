"""EdDSA's twin against circomlibjs's signatures, and every check of verification in a case where only it
fails.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from circuits.errors import ShapeError
from circuits.field import R
from circuits.twins import babyjub
from circuits.twins.babyjub import BASE8, GENERATOR, SUBGROUP_ORDER, Point
from circuits.twins.eddsa import InvalidSignature, Signature, challenge, is_valid, public_key, sign, verify

KEY = bytes(range(32))
MESSAGE = 1234
# A point of order 2: the key's small part that the factor 8 removes.
ORDER_TWO = Point(0, R - 1)


def test_keys_and_signatures_equal_circomlibjs(vectors: Callable[[str], Any]) -> None:
    cases = vectors("eddsa_poseidon")["cases"]
    assert len(cases) == 28
    for case in cases:
        private, message = bytes.fromhex(case["private_key"]), int(case["message"])
        key = Point(int(case["public_key"][0]), int(case["public_key"][1]))
        signature = Signature(int(case["r8"][0]), int(case["r8"][1]), int(case["s"]))
        assert public_key(private) == key
        assert sign(private, message) == signature
        verify(key, signature, message)


@pytest.mark.parametrize("change", [{"r8x": 1}, {"r8y": 1}, {"s": 1}, {"s": SUBGROUP_ORDER}, {"r8x": R}])
def test_a_changed_signature_is_refused(change: dict[str, int]) -> None:
    signature = sign(KEY, MESSAGE)
    changed = replace(signature, **{k: getattr(signature, k) + v for k, v in change.items()})
    with pytest.raises(InvalidSignature):
        verify(public_key(KEY), changed, MESSAGE)


def test_another_message_or_key_is_refused() -> None:
    signature = sign(KEY, MESSAGE)
    assert is_valid(public_key(KEY), signature, MESSAGE)
    assert not is_valid(public_key(KEY), signature, MESSAGE + 1)
    assert not is_valid(public_key(KEY), signature, MESSAGE + R)
    assert not is_valid(public_key(bytes(32)), signature, MESSAGE)
    assert not is_valid(Point(1, 1), signature, MESSAGE)


def test_s_plus_the_order_names_itself() -> None:
    signature = sign(KEY, MESSAGE)
    with pytest.raises(InvalidSignature, match="subgroup order"):
        verify(public_key(KEY), replace(signature, s=signature.s + SUBGROUP_ORDER), MESSAGE)


def test_r8_off_the_curve_names_itself() -> None:
    with pytest.raises(InvalidSignature, match="R8 is not on the curve"):
        verify(public_key(KEY), Signature(1, 1, 1), MESSAGE)


def test_a_small_part_of_the_key_does_not_matter_but_one_of_r8_does() -> None:
    secret = 5
    key = babyjub.add(babyjub.mul(BASE8, secret), ORDER_TWO)
    r8 = babyjub.mul(BASE8, 9)
    s = (9 + 8 * challenge(r8, key, MESSAGE) * secret) % SUBGROUP_ORDER
    verify(key, Signature(r8.x, r8.y, s), MESSAGE)
    twisted = babyjub.add(r8, babyjub.mul(GENERATOR, SUBGROUP_ORDER))
    s = (9 + 8 * challenge(twisted, key, MESSAGE) * secret) % SUBGROUP_ORDER
    with pytest.raises(InvalidSignature, match="equation"):
        verify(key, Signature(twisted.x, twisted.y, s), MESSAGE)


def test_shapes_are_checked_before_signing() -> None:
    with pytest.raises(ShapeError):
        sign(KEY, R)
    with pytest.raises(ShapeError):
        sign(KEY[:31], 0)
    with pytest.raises(ShapeError):
        public_key(KEY + b"\x00")
