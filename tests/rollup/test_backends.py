"""The twins and the kernel behind one interface: equal answers, equal refusals."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits.errors import ShapeError
from circuits.protocol.numbers import FIELD, SUBGROUP_ORDER
from circuits.protocol.signature import Signature
from circuits.twins import babyjub, eddsa
from rollup.backends import NativeCrypto, TwinCrypto

TWIN, NATIVE = TwinCrypto(), NativeCrypto()
elements = st.integers(0, FIELD - 1)
private_keys = st.binary(min_size=32, max_size=32)


@settings(deadline=None, max_examples=30)
@given(st.lists(elements, min_size=1, max_size=16))
def test_hashes_agree(values: list[int]) -> None:
    assert NATIVE.hash(values) == TWIN.hash(values)


@settings(deadline=None, max_examples=10)
@given(private_keys, elements)
def test_signatures_agree(key: bytes, message: int) -> None:
    public = TWIN.public_key(key)
    signature = TWIN.sign(key, message)
    assert (NATIVE.public_key(key), NATIVE.sign(key, message)) == (public, signature)
    other = replace(signature, s=(signature.s + 1) % SUBGROUP_ORDER)
    for crypto in (TWIN, NATIVE):
        assert crypto.verify(public, message, signature)
        assert not crypto.verify(public, (message + 1) % FIELD, signature)
        assert not crypto.verify(public, message, other)
        assert not crypto.verify((public[1], public[0]), message, signature)


@settings(deadline=None, max_examples=10)
@given(private_keys, elements)
def test_signers_agree(key: bytes, message: int) -> None:
    """A signer's signatures verify by the textbook equation, repeat, and are the same on both; their nonces are their own."""
    twin, native = TWIN.signer(key), NATIVE.signer(key)
    signature = native.sign(message)
    assert signature == native.sign(message) == NATIVE.signer(key).sign(message) == twin.sign(message)
    assert native.public_key == twin.public_key == TWIN.public_key(key)
    eddsa.verify(
        babyjub.Point(*native.public_key), eddsa.Signature(signature.r8x, signature.r8y, signature.s), message
    )
    assert signature.r8x != NATIVE.sign(key, message).r8x


@settings(deadline=None, max_examples=20)
@given(private_keys, private_keys, elements, elements)
def test_a_nonce_is_one_keys_and_one_messages(first: bytes, second: bytes, message: int, other: int) -> None:
    """A nonce that came twice under one key would give the key away; one that two keys shared would tie them together."""
    signers = [NATIVE.signer(key) for key in sorted({first, second})]
    points = [signer.sign(text).r8x for signer in signers for text in sorted({message, other})]
    assert len(set(points)) == len(points)


@settings(deadline=None, max_examples=20)
@given(elements, elements, elements, elements, st.integers(0, SUBGROUP_ORDER - 1), elements)
def test_noise_is_refused_by_both(x: int, y: int, r8x: int, r8y: int, s: int, message: int) -> None:
    for crypto in (TWIN, NATIVE):
        assert not crypto.verify((x, y), message, Signature(r8x, r8y, s))


@pytest.mark.parametrize("key", [(0, 1), (0, FIELD - 1)])
def test_keys_of_small_order_are_refused_by_both(key: tuple[int, int]) -> None:
    """Under such a key S*B8 = R8 satisfies the equation for any message: anyone could sign."""
    nonce = babyjub.mul(babyjub.BASE8, 12_345)
    for crypto in (TWIN, NATIVE):
        assert not crypto.verify(key, 7, Signature(nonce.x, nonce.y, 12_345))


@pytest.mark.parametrize("crypto", [TWIN, NATIVE])
def test_private_keys_have_32_bytes(crypto: TwinCrypto | NativeCrypto) -> None:
    for key in (b"", bytes(31), bytes(33)):
        with pytest.raises(ShapeError):
            crypto.public_key(key)
        with pytest.raises(ShapeError):
            crypto.sign(key, 1)
        with pytest.raises(ShapeError):
            crypto.signer(key)


@pytest.mark.parametrize("backend", [TWIN, NATIVE], ids=["twin", "native"])
def test_a_key_that_is_no_field_element_verifies_nothing(backend: TwinCrypto | NativeCrypto) -> None:
    signature = Signature(*babyjub.BASE8, 1)
    for key in ((FIELD, 0), (0, FIELD), (2**256 - 1, 1)):
        assert backend.verify(key, 5, signature) is False
