"""Hostile files: whatever the bytes, a reader returns a value or raises FormatError; each check has a file
that fails it."""

import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prover.formats.errors import FormatError, Reason
from prover.formats.ptau import BETA_G2, TAU_G1, TAU_G2, read_ptau
from prover.formats.r1cs import read_r1cs
from prover.formats.sections import read_sections, write_sections
from prover.formats.wtns import read_wtns
from prover.formats.zkey import read_zkey, write_zkey
from prover.reference import Secrets, unsafe_setup
from prover.reference.interchange import epsilon_in_g1, to_zkey
from verifier.points import P, R

VECTORS = Path(__file__).parents[2] / "vectors" / "snarkjs"


def _everything_of_a_ptau(data):
    file = read_ptau(data)
    for section in (TAU_G1, TAU_G2):
        (file.g1 if section == TAU_G1 else file.g2)(section, 0, 4)
    file.beta_g2()


READERS = {
    "r1cs": (read_r1cs, (VECTORS / "multiplier" / "multiplier.r1cs").read_bytes()),
    "wtns": (read_wtns, (VECTORS / "multiplier" / "multiplier.wtns").read_bytes()),
    "zkey": (read_zkey, (VECTORS / "ceremony" / "m2.zkey").read_bytes()),
    "ptau": (_everything_of_a_ptau, (VECTORS / "ceremony" / "p4.ptau").read_bytes()),
}


def layout(data):
    """{section: (offset of its content, size)} read with struct alone."""
    found, at = {}, 12
    while at < len(data):
        number, size = struct.unpack_from("<IQ", data, at)
        found[number] = (at + 12, size)
        at += 12 + size
    return found


def patch(data, offset, value):
    return data[:offset] + value + data[offset + len(value) :]


def refused(reason, reader, data, offset=None):
    with pytest.raises(FormatError) as error:
        reader(data)
    assert error.value.reason is reason
    assert 0 <= error.value.offset <= len(data)
    if offset is not None:
        assert error.value.offset == offset


def u32(n):
    return struct.pack("<I", n)


@pytest.mark.parametrize("kind", READERS)
def test_every_truncation_is_refused(kind):
    reader, data = READERS[kind]
    reader(data)
    ends = {0, 1, 3, 4, 8, 11, 12, 13, 24, len(data) - 1}
    ends |= {
        start + delta for start, size in layout(data).values() for delta in (-12, -5, 0, size - 1, size // 2)
    }
    for end in sorted(e for e in ends if e < len(data)):
        with pytest.raises(FormatError):
            reader(data[:end])
    refused(Reason.SIZE_MISMATCH, reader, data + b"\0")


@pytest.mark.parametrize("kind", READERS)
def test_the_frame(kind):
    reader, data = READERS[kind]
    refused(Reason.BAD_MAGIC, reader, b"abcd" + data[4:], 0)
    refused(Reason.UNSUPPORTED, reader, patch(data, 4, u32(9)), 4)
    refused(Reason.UNSUPPORTED, reader, patch(data, 8, u32(0xFFFFFFFF)), 8)
    first = min(layout(data).values())[0]
    refused(Reason.TRUNCATED, reader, patch(data, first - 8, b"\xff" * 8))
    numbers = list(layout(data))
    at = layout(data)[numbers[1]][0] - 12
    refused(Reason.BAD_SECTION, reader, patch(data, at, u32(numbers[0])), at)
    refused(Reason.BAD_SECTION, reader, patch(data, layout(data)[1][0] - 12, u32(99)))


@pytest.mark.parametrize("kind", READERS)
def test_another_field_is_refused(kind):
    reader, data = READERS[kind]
    at = layout(data)[2 if kind == "zkey" else 1][0]
    refused(Reason.WRONG_FIELD, reader, patch(data, at + 4, b"\x00"), at)
    refused(Reason.WRONG_FIELD, reader, patch(data, at, u32(48)), at)


def test_wtns_numbers():
    reader, data = READERS["wtns"]
    at = layout(data)[2][0]
    refused(Reason.NON_CANONICAL, reader, patch(data, at + 32, R.to_bytes(32, "little")), at + 32)
    refused(Reason.NON_CANONICAL, reader, patch(data, at + 64, b"\xff" * 32), at + 64)
    refused(Reason.INCONSISTENT, reader, patch(data, at, b"\x02"), at)
    refused(Reason.SIZE_MISMATCH, reader, patch(data, layout(data)[1][0] + 36, u32(0xFFFFFFFF)))
    assert reader(patch(data, at + 32, (R - 1).to_bytes(32, "little")))[1] == R - 1


def test_r1cs_numbers():
    reader, data = READERS["r1cs"]
    header, body = layout(data)[1][0], layout(data)[2][0]
    refused(Reason.TRUNCATED, reader, patch(data, header + 60, u32(0xFFFFFFFF)), body)
    refused(Reason.SIZE_MISMATCH, reader, patch(data, header + 60, u32(9)))
    refused(Reason.TRUNCATED, reader, patch(data, body, u32(0xFFFFFFFF)))
    refused(Reason.BAD_INDEX, reader, patch(data, body + 4, u32(21)), body + 4)
    refused(Reason.NON_CANONICAL, reader, patch(data, body + 8, b"\xff" * 32))
    refused(Reason.INCONSISTENT, reader, patch(data, header + 40, u32(100)))
    refused(Reason.SIZE_MISMATCH, reader, patch(data, header + 36, u32(0xFFFFFFFF)))
    refused(Reason.BAD_INDEX, reader, patch(data, header + 52, struct.pack("<Q", 1)))
    sections = {number: data[start : start + size] for number, (start, size) in layout(data).items()}
    assert reader(write_sections(b"r1cs", 1, sections | {4: u32(0), 5: u32(0)})).n_outputs == 2
    refused(Reason.UNSUPPORTED, reader, write_sections(b"r1cs", 1, sections | {4: u32(1), 5: u32(0)}))


def test_r1cs_without_constraints():
    reader, data = READERS["r1cs"]
    sections = {number: data[start : start + size] for number, (start, size) in layout(data).items()}
    empty = sections | {1: sections[1][:-4] + u32(0), 2: b""}
    system = reader(write_sections(b"r1cs", 1, empty)).system
    assert (system.n_constraints, system.n_wires, system.domain_size) == (0, 21, 4)
    refused(Reason.SIZE_MISMATCH, reader, write_sections(b"r1cs", 1, empty | {2: u32(0)}))


def test_zkey_numbers():
    reader, data = READERS["zkey"]
    at = layout(data)
    header = at[2][0] + 72
    p = P.to_bytes(32, "little")
    refused(Reason.UNSUPPORTED, reader, patch(data, at[1][0], u32(2)), at[1][0])
    refused(Reason.INCONSISTENT, reader, patch(data, header + 4, u32(21)))
    refused(Reason.INCONSISTENT, reader, patch(data, header + 8, u32(15)))
    refused(Reason.INCONSISTENT, reader, patch(data, header + 8, u32(1 << 31)))
    refused(Reason.SIZE_MISMATCH, reader, patch(data, header, u32(0xFFFFFFFF)))
    refused(Reason.SIZE_MISMATCH, reader, patch(data, header + 8, u32(32)))
    refused(Reason.NON_CANONICAL, reader, patch(data, header + 12, p), header + 12)
    refused(Reason.NOT_ON_CURVE, reader, patch(data, header + 12, b"\1"), header + 12)
    refused(Reason.POINT_AT_INFINITY, reader, patch(data, header + 12, bytes(64)), header + 12)
    refused(Reason.POINT_AT_INFINITY, reader, patch(data, header + 12 + 128, bytes(128)))
    for section in (3, 5, 6, 7, 8, 9):
        start, size = at[section]
        step = 128 if section == 7 else 64
        index = next(i for i in range(start, start + size, step) if any(data[i : i + step]))
        refused(Reason.NON_CANONICAL, reader, patch(data, index, p), index)
        refused(Reason.NOT_ON_CURVE, reader, patch(data, index, bytes([data[index] ^ 1])), index)
    coefficients = at[4][0]
    refused(Reason.SIZE_MISMATCH, reader, patch(data, coefficients, u32(0xFFFFFFFF)))
    refused(Reason.BAD_INDEX, reader, patch(data, coefficients + 4, u32(2)), coefficients + 4)
    refused(Reason.BAD_INDEX, reader, patch(data, coefficients + 8, u32(16)), coefficients + 4)
    refused(Reason.BAD_INDEX, reader, patch(data, coefficients + 12, u32(21)), coefficients + 4)
    refused(Reason.NON_CANONICAL, reader, patch(data, coefficients + 16, b"\xff" * 32))


def test_zkey_header_points_outside_the_g2_subgroup_are_refused():
    # The point of the twist at x = 2 + u (tests/verifier/test_points.py) in Montgomery form, as beta_2.
    reader, data = READERS["zkey"]
    y = (
        7292567877523311580221095596750716176434782432868683424513645834767876293070,
        19659275751359636165940301690575149581329631496732780143538578556285923319774,
    )
    point = b"".join((c * 2**256 % P).to_bytes(32, "little") for c in (2, 1, *y))
    at = layout(data)[2][0] + 72 + 12 + 128
    refused(Reason.NOT_IN_SUBGROUP, reader, patch(data, at, point), at)


def test_zkey_contributions():
    reader, data = READERS["zkey"]
    start = layout(data)[10][0]
    refused(Reason.TRUNCATED, reader, patch(data, start + 64, u32(0xFFFFFFFF)))
    refused(Reason.SIZE_MISMATCH, reader, patch(data, start + 64, u32(1)))
    first = start + 68
    kind = first + 3 * 64 + 128 + 64
    refused(Reason.UNSUPPORTED, reader, patch(data, kind, u32(7)), kind)
    refused(Reason.INCONSISTENT, reader, patch(data, kind, u32(1)), kind)
    refused(Reason.UNSUPPORTED, reader, patch(data, kind + 8, b"\x09"), kind + 8)
    refused(Reason.INCONSISTENT, reader, patch(data, kind + 10, b"\xff"))
    refused(Reason.POINT_AT_INFINITY, reader, patch(data, first, bytes(64)), first)


def test_ptau_numbers():
    reader, data = READERS["ptau"]
    header = layout(data)[1][0]
    refused(Reason.INCONSISTENT, reader, patch(data, header + 36, u32(5)))
    refused(Reason.SIZE_MISMATCH, reader, patch(data, header + 36, u32(3)))
    refused(Reason.INCONSISTENT, reader, patch(data, header + 36, u32(0)))
    refused(Reason.INCONSISTENT, reader, patch(data, header + 36, u32(40) + u32(40)))
    beta = layout(data)[BETA_G2][0]
    refused(Reason.NOT_ON_CURVE, reader, patch(data, beta, bytes([data[beta] ^ 1])), beta)


def test_challenge_layouts(words_system):
    secrets = Secrets(tau=101, alpha=103, beta=107, delta=109, gamma=113, epsilon=127)
    data = write_zkey(
        to_zkey(unsafe_setup(words_system, secrets), words_system.challenge, epsilon_in_g1(127))
    )
    at = layout(data)[11][0]
    read_zkey(data)
    refused(Reason.BAD_INDEX, read_zkey, patch(data, at, u32(3)), at)
    refused(Reason.BAD_INDEX, read_zkey, patch(data, at, u32(9)), at)
    refused(Reason.SIZE_MISMATCH, read_zkey, patch(data, at, u32(8)))
    refused(Reason.BAD_INDEX, read_zkey, patch(data, at + 4, u32(7)), at)
    refused(Reason.TRUNCATED, read_zkey, patch(data, at + 8, u32(0xFFFFFFFF)))
    refused(Reason.BAD_MAGIC, read_zkey, b"tkez" + data[4:])
    # Without its letters the file is a plain key whose sections have the wrong sizes.
    refused(Reason.SIZE_MISMATCH, read_zkey, b"zkey" + data[4:])


def only_format_errors(reader, data):
    try:
        reader(data)
    except FormatError as error:
        assert isinstance(error.offset, int)


@st.composite
def mutations(draw, data):
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data) - 1))
        match draw(st.integers(0, 3)):
            case 0:
                data = patch(data, at, draw(st.binary(min_size=1, max_size=min(40, len(data) - at))))
            case 1:
                data = data[:at] + draw(st.binary(max_size=16)) + data[at:]
            case 2:
                data = data[:at] + data[at + draw(st.integers(1, 64)) :]
            case 3:
                start, _ = draw(st.sampled_from(sorted(layout(READERS["zkey"][1]).values())))
                data = patch(
                    data, min(start - 8, len(data)), struct.pack("<Q", draw(st.integers(0, 2**64 - 1)))
                )
        data = data or b"\0"
    return data


@pytest.mark.parametrize("kind", READERS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_mutated_files(kind, data):
    reader, original = READERS[kind]
    only_format_errors(reader, data.draw(mutations(original)))


@pytest.mark.release
@pytest.mark.parametrize("kind", READERS)
@settings(max_examples=5000, deadline=None)
@given(data=st.data())
def test_mutated_files_at_length(kind, data):
    reader, original = READERS[kind]
    only_format_errors(reader, data.draw(mutations(original)))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([b"r1cs", b"wtns", b"zkey", b"tkey", b"ptau"]))
def test_arbitrary_sections(data, magic):
    for reader, _ in READERS.values():
        only_format_errors(reader, magic + data)


def test_writing_and_cutting_are_inverse():
    file = read_sections(write_sections(b"abcd", 3, {7: b"xyz", 1: b""}), b"abcd", (3,))
    assert {n: bytes(c.data) for n, c in file.by_number.items()} == {7: b"xyz", 1: b""}
