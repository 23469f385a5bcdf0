"""Who made a powers-of-tau file. Oracles: snarkjs's file and what `snarkjs powersoftau verify` prints about it;
published first challenges; hashlib. Each case changes bytes of the recorded contributions."""

import hashlib
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits.twins.blake512 import IV
from prover.ceremony import CeremonyError, Reason, check_powers_transcript
from prover.ceremony.arithmetic import ReferenceArithmetic
from prover.ceremony.blake2b import STATE, _compress, finish
from prover.ceremony.powers_transcript import FIRST_CHALLENGE_28, first_challenge
from prover.formats.errors import FormatError
from prover.formats.montgomery import encode_g1, encode_g2
from prover.formats.ptau import ALPHA_TAU_G1, CONTRIBUTIONS, TAU_G1, read_ptau
from prover.formats.sections import read_sections, write_sections
from prover.reference.groups import G1_GROUP, G2_GROUP

CEREMONY = Path(__file__).parents[2] / "vectors" / "snarkjs" / "ceremony"
DATA = (CEREMONY / "p4.ptau").read_bytes()
SECTIONS = {n: bytes(c.data) for n, c in read_sections(DATA, b"ptau", (1,)).by_number.items()}
ONE, TWO = encode_g1(G1_GROUP.multiples([5])), encode_g2(G2_GROUP.multiples([5]))

# Offsets inside a contribution: five values, then s and s*x of tau, alpha, beta, then x*H of each, then hashes.
TAU_1, TAU_2, ALPHA_1, BETA_1, BETA_2, SECRETS, SPX = 0, 64, 192, 256, 320, 448, 832
PARTIAL, CHALLENGE, KIND = 1216, 1432, 1496


def starts(section):
    at, found = 4, []
    for _ in range(int.from_bytes(section[:4], "little")):
        found.append(at)
        at += KIND + 8 + int.from_bytes(section[at + KIND + 4 : at + KIND + 8], "little")
    assert at == len(section)
    return found


FIRST, BEACON = starts(SECTIONS[CONTRIBUTIONS])


def changed(section, at, content):
    old = SECTIONS[section]
    new = old[:at] + content + old[at + len(content) :]
    return read_ptau(write_sections(b"ptau", 1, SECTIONS | {section: new}))


def refused(reason, ptau, arithmetic):
    with pytest.raises(CeremonyError) as error:
        check_powers_transcript(ptau, arithmetic)
    assert error.value.reason is reason


def test_snarkjs_s_file_holds(ptau, arithmetic):
    report = check_powers_transcript(ptau, arithmetic)
    assert report.hashed
    assert [(s.name, s.response.hex()) for s in report.steps] == [
        (
            "one",
            "54bba9ccac4f95b49a8869d7db2e511bed7335710d7fbede6b83f0503c31b452"
            "1e8bcd679771d6a57e480cf69509bf3248d1bd57b6de7779be2c9bd706038513",
        ),
        (
            "beacon",
            "fbd8b66fa8d51605c3718a1a8cd61701c2deeffb436fd584783422fe2562353e"
            "5f5b7e5b7337543e7a52bc3f56368ff97e11f12da5f7d1243351005ee96caba8",
        ),
    ]
    assert report.steps[0].beacon is None and report.steps[1].beacon == bytes(range(1, 33))


def test_an_unprepared_file_has_one_too(arithmetic):
    raw = read_ptau((CEREMONY / "p4_2.ptau").read_bytes())
    assert len(check_powers_transcript(raw, arithmetic).steps) == 2


@pytest.mark.prove
def test_in_pure_python(ptau):
    assert len(check_powers_transcript(ptau, ReferenceArithmetic()).steps) == 2


def test_first_challenges_are_the_published_ones():
    # "First Contribution Hash" of `snarkjs powersoftau new bn128 14`, as snarkjs's own tests and many logs have it.
    assert first_challenge(14).hex() == (
        "bc0bde7980381fa642b2097591dd83f1ed15b003e15c35520af32c95eb519149"
        "2a6f3175215635cfc10e6098e2c612d0ca84f1a9f90b5333560c8af59b9209f4"
    )


@pytest.mark.release
def test_the_first_challenge_of_the_public_ceremonies():
    # Also the BLAKE2b of challenge_initial in the attestation 0001 of Perpetual Powers of Tau.
    assert first_challenge(28) == FIRST_CHALLENGE_28


@pytest.mark.parametrize(
    ("at", "content", "reason"),
    [
        *((FIRST + SECRETS + 64 * i, ONE, Reason.POWERS_NO_KNOWLEDGE) for i in range(6)),
        *((FIRST + SPX + 128 * i, TWO, Reason.POWERS_NO_KNOWLEDGE) for i in range(3)),
        *((FIRST + at, ONE, Reason.POWERS_WRONG_UPDATE) for at in (TAU_1, ALPHA_1, BETA_1)),
        *((FIRST + at, TWO, Reason.POWERS_WRONG_UPDATE) for at in (TAU_2, BETA_2)),
        *((BEACON + at, ONE, Reason.POWERS_WRONG_UPDATE) for at in (TAU_1, ALPHA_1, BETA_1)),
        # The next contribution refers to this hash; of the last one it is the file's.
        (FIRST + CHALLENGE, bytes(64), Reason.POWERS_NO_KNOWLEDGE),
        (BEACON + CHALLENGE, bytes(64), Reason.POWERS_HASH),
        (BEACON + PARTIAL, bytes(8), Reason.POWERS_HASH),
        (BEACON + PARTIAL + 200, (129).to_bytes(8, "little"), Reason.POWERS_HASH),
        (BEACON + PARTIAL + 192, (100).to_bytes(8, "little"), Reason.POWERS_HASH),
        # The beacon's last byte; its iterations come before its name's end, so the last byte is of its randomness.
        (len(SECTIONS[CONTRIBUTIONS]) - 1, b"\x21", Reason.POWERS_BEACON),
    ],
)
def test_what_does_not_hold(arithmetic, at, content, reason):
    refused(reason, changed(CONTRIBUTIONS, at, content), arithmetic)


def test_the_powers_are_the_last_contribution_s(arithmetic):
    refused(Reason.POWERS_OTHER, changed(TAU_G1, 64, ONE), arithmetic)
    refused(Reason.POWERS_OTHER, changed(ALPHA_TAU_G1, 0, ONE), arithmetic)
    # Any other point is caught by the hash of the file (and by check_powers).
    refused(Reason.POWERS_HASH, changed(TAU_G1, 9 * 64, ONE), arithmetic)


def without(contributions):
    return read_ptau(write_sections(b"ptau", 1, SECTIONS | {CONTRIBUTIONS: contributions}))


def test_a_file_of_nobody_or_of_beacons_alone(arithmetic):
    section = SECTIONS[CONTRIBUTIONS]
    refused(Reason.NO_POWERS_CONTRIBUTION, without(bytes(4)), arithmetic)
    refused(Reason.NO_POWERS_CONTRIBUTION, without(bytes([1, 0, 0, 0]) + section[BEACON:]), arithmetic)
    # A step left out, or the last one.
    refused(Reason.POWERS_OTHER, without(bytes([1, 0, 0, 0]) + section[FIRST:BEACON]), arithmetic)
    twice = section[FIRST:BEACON] * 2 + section[BEACON:]
    refused(Reason.POWERS_NO_KNOWLEDGE, without(bytes([3, 0, 0, 0]) + twice), arithmetic)


def test_a_file_cannot_say_it_was_cut(arithmetic):
    # The first challenge is that of the larger ceremony, so a lie about the size shows.
    header = SECTIONS[1][:-4] + (5).to_bytes(4, "little")
    refused(
        Reason.POWERS_NO_KNOWLEDGE,
        read_ptau(write_sections(b"ptau", 1, SECTIONS | {1: header})),
        arithmetic,
    )


@pytest.mark.parametrize("cut", [1, 100, 1500])
def test_a_section_that_ends_early(arithmetic, cut):
    with pytest.raises(FormatError):
        check_powers_transcript(without(SECTIONS[CONTRIBUTIONS][:-cut]), arithmetic)


@given(st.binary(max_size=700), st.data())
@settings(max_examples=30, deadline=None)
def test_a_hash_goes_on_where_it_stopped(data, drawn):
    h, compressed, at = [IV[0] ^ 0x01010040, *IV[1:]], 0, drawn.draw(st.integers(0, len(data)))
    while at - compressed > 128:
        h = _compress(h, data[compressed : compressed + 128], compressed + 128, False)
        compressed += 128
    pending = data[compressed:at]
    state = STATE.pack(pending.ljust(128, b"\0"), *h, compressed, len(pending)) + bytes(8)
    assert struct.calcsize(STATE.format) + 8 == 216
    assert finish(state, data[at:]) == hashlib.blake2b(data).digest()
