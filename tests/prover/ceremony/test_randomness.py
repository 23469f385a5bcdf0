"""Draws as snarkjs makes them. Oracles: pycryptodome's ChaCha20; snarkjs's own beacon and proofs
(test_ceremony.py)."""

import pytest
from Crypto.Cipher import ChaCha20
from hypothesis import given, settings
from hypothesis import strategies as st

from prover.ceremony import CeremonyError, Reason
from prover.ceremony.randomness import ChaCha, fresh, from_beacon, hash_to_g2
from verifier.points import check_g1, check_g2


@given(st.binary(min_size=32, max_size=32))
@settings(max_examples=20)
def test_the_stream_is_chacha20(seed):
    stream = ChaCha(seed)
    words = [stream.u32() for _ in range(40)]
    # The seed's words are big-endian, ChaCha20's key words little-endian.
    key = b"".join(seed[i : i + 4][::-1] for i in range(0, 32, 4))
    expected = ChaCha20.new(key=key, nonce=bytes(8)).encrypt(bytes(160))
    assert b"".join(w.to_bytes(4, "little") for w in words) == expected


@given(st.binary(min_size=64, max_size=64))
@settings(max_examples=5, deadline=None)
def test_points_are_in_their_groups_and_repeat(digest):
    stream = ChaCha(digest)
    check_g1(stream.g1(), "drawn")
    check_g2(hash_to_g2(digest), "hashed")
    assert hash_to_g2(digest) == hash_to_g2(digest)


def test_fresh_streams_differ_even_for_equal_entropy():
    assert fresh(b"x").scalar() != fresh(b"x").scalar()


@pytest.mark.parametrize(("beacon", "exponent"), [(b"", 10), (bytes(256), 10), (b"x", 9), (b"x", 33)])
def test_beacons_out_of_bounds(beacon, exponent):
    with pytest.raises(CeremonyError) as error:
        from_beacon(beacon, exponent)
    assert error.value.reason is Reason.BAD_BEACON
