"""Hostile and broken key files: each gets a typed error, never a crash, and every check has a file that fails it."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from prover.native import groth16, kernel
from verifier.points import P

from .systems import cubic, random_system, words_circuit

VECTORS = Path(__file__).parents[2] / "vectors" / "snarkjs"
SECRETS = groth16.UnsafeSecrets(tau=101, alpha=103, beta=107, gamma=113, delta=109, epsilon=None)
CHALLENGED = groth16.UnsafeSecrets(tau=101, alpha=103, beta=107, gamma=113, delta=109, epsilon=127)
RADIX = 1 << 256


def cut(file: bytes) -> dict[int, bytes]:
    """The sections, by a reader of the test's own."""
    sections = {}
    offset = 12
    while offset < len(file):
        number, size = struct.unpack_from("<IQ", file, offset)
        sections[number] = file[offset + 12 : offset + 12 + size]
        offset += 12 + size
    return sections


def join(sections: dict[int, bytes], magic: bytes = b"zkey") -> bytes:
    body = b"".join(struct.pack("<IQ", n, len(s)) + s for n, s in sections.items())
    return magic + struct.pack("<II", 1, len(sections)) + body


def montgomery(x: int) -> bytes:
    return (x * RADIX % P).to_bytes(32, "little")


def outside_subgroup() -> bytes:
    """A twist point outside the subgroup: a random point of the twist almost never lies inside (test_msm shows it)."""
    from py_ecc.fields import optimized_bn128_FQ2 as FQ2
    from py_ecc.optimized_bn128 import b2

    for x0 in range(1, 50):
        x = FQ2([x0, 1])
        rhs = x * x * x + b2
        a, b = (int(c) for c in rhs.coeffs)
        norm = pow(a * a + b * b, (P + 1) // 4, P)
        half = (a + norm) * pow(2, -1, P) % P
        root = pow(half, (P + 1) // 4, P)
        if norm * norm % P != (a * a + b * b) % P or root * root % P != half or root == 0:
            continue
        y1 = b * pow(2 * root, -1, P) % P
        return montgomery(x0) + montgomery(1) + montgomery(root) + montgomery(y1)
    raise AssertionError("no twist point found")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("k") / "k.zkey"
    groth16.unsafe_setup(groth16.load_r1cs(cubic()), path, SECRETS)
    return path.read_bytes()


@pytest.fixture(scope="module")
def challenged(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("k") / "k.tkey"
    groth16.unsafe_setup(groth16.load_r1cs(words_circuit()), path, CHALLENGED)
    return path.read_bytes()


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., kernel.ProvingKey]:
    def from_bytes(data: bytes, check: str = "each") -> kernel.ProvingKey:
        path = tmp_path / "candidate.zkey"
        path.write_bytes(data)
        return groth16.load_key(path, check)

    return from_bytes


Load = Callable[..., kernel.ProvingKey]


def patched(file: bytes, section: int, offset: int, data: bytes) -> bytes:
    sections = cut(file)
    old = sections[section]
    sections[section] = old[:offset] + data + old[offset + len(data) :]
    return join(sections, file[:4])


def test_the_pieces_of_these_tests_put_a_good_file_together(
    own: bytes, challenged: bytes, load: Load
) -> None:
    assert join(cut(own)) == own
    assert load(join(cut(own))).n_wires == 5
    assert load(join(cut(challenged), b"tkey")).has_challenge


def test_without_our_extra_section_the_coefficients_are_read_from_snarkjs_s(own: bytes, load: Load) -> None:
    sections = cut(own)
    del sections[13]
    key = load(join(sections))
    assert not key.has_r1cs
    witness = groth16.witness_bytes([1, 35, 3, 9, 27])
    with_rows = groth16.prove(load(own), witness, r=1, s=2)
    assert groth16.prove(key, witness, r=1, s=2).c == with_rows.c


def test_every_truncation_is_refused(own: bytes, challenged: bytes, load: Load) -> None:
    rng = random.Random(1)
    for file in (own, challenged, (VECTORS / "multiplier" / "multiplier.zkey").read_bytes()):
        lengths = {
            0,
            1,
            3,
            4,
            8,
            11,
            12,
            23,
            24,
            len(file) - 1,
            *(rng.randrange(len(file)) for _ in range(60)),
        }
        for length in lengths:
            with pytest.raises(kernel.MalformedInput):
                load(file[:length])
        with pytest.raises(kernel.MalformedInput):
            load(file + b"\0")


def test_random_damage_never_crashes(own: bytes, challenged: bytes, load: Load) -> None:
    """Whatever a flipped byte hits: an error of ours, or a key (a flip in a contribution or in a coefficient)."""
    rng = random.Random(2)
    for file in (own, challenged):
        refused = 0
        for _ in range(300):
            damaged = bytearray(file)
            for _ in range(rng.choice((1, 1, 4))):
                damaged[rng.randrange(len(file))] ^= 1 << rng.randrange(8)
            try:
                load(bytes(damaged))
            except kernel.KernelError:
                refused += 1
        assert refused > 150


@pytest.mark.parametrize("field", [0, 1, 2])
@pytest.mark.parametrize("value", [0, 1, 2, 6, 1 << 27, 1 << 31, 0xFFFFFFFF])
def test_counts_that_lie_are_refused(own: bytes, load: Load, field: int, value: int) -> None:
    """n_wires 5, n_public 1, domain 8 in the header, replaced one at a time."""
    if (field, value) == (1, 1):
        pytest.skip("the true value")
    with pytest.raises(kernel.MalformedInput):
        load(patched(own, 2, 72 + 4 * field, struct.pack("<I", value)))


def test_a_section_missing_twice_or_of_another_size_is_refused(own: bytes, load: Load) -> None:
    for number in (1, 2, 3, 5, 6, 7, 8, 9):
        sections = cut(own)
        del sections[number]
        with pytest.raises(kernel.MalformedInput):
            load(join(sections))
        sections = cut(own)
        sections[number] += bytes(64)
        with pytest.raises(kernel.MalformedInput):
            load(join(sections))
    twice = own[:8] + struct.pack("<I", 12) + own[12:] + struct.pack("<IQ", 1, 4) + struct.pack("<I", 1)
    with pytest.raises(kernel.MalformedInput, match="twice"):
        load(twice)
    sections = cut(own)
    del sections[13], sections[4]
    with pytest.raises(kernel.MalformedInput):
        load(join(sections))


def test_other_protocols_and_curves_are_unsupported(own: bytes, load: Load) -> None:
    with pytest.raises(kernel.UnsupportedKey):
        load(patched(own, 1, 0, struct.pack("<I", 2)))
    with pytest.raises(kernel.UnsupportedKey):
        load(patched(own, 2, 4, b"\x01"))
    with pytest.raises(kernel.UnsupportedKey):
        load(patched(own, 2, 40, b"\x02"))
    with pytest.raises(kernel.MalformedInput):
        load(b"zkez" + own[4:])
    with pytest.raises(kernel.MalformedInput):
        load(own[:4] + struct.pack("<I", 9) + own[8:])


@pytest.mark.parametrize("section", [3, 5, 6, 8, 9])
def test_bad_g1_points_in_every_query_are_refused(own: bytes, load: Load, section: int) -> None:
    for check in ("each", "batch"):
        with pytest.raises(kernel.NotOnCurve):
            load(patched(own, section, 0, montgomery(1) + montgomery(3)), check)
        with pytest.raises(kernel.NonCanonical):
            load(patched(own, section, 0, P.to_bytes(32, "little")), check)
        with pytest.raises(kernel.NonCanonical):
            load(patched(own, section, 32, b"\xff" * 32), check)


def test_bad_g2_points_are_refused(own: bytes, load: Load) -> None:
    for section, offset in ((7, 128), (2, 72 + 12 + 128)):
        with pytest.raises(kernel.NotOnCurve):
            load(patched(own, section, offset, montgomery(1) * 4))
        with pytest.raises(kernel.NonCanonical):
            load(patched(own, section, offset + 96, b"\xff" * 32))
        with pytest.raises(kernel.NotInSubgroup):
            load(patched(own, section, offset, outside_subgroup()))


def test_infinity_is_refused_where_no_sound_key_has_it(own: bytes, load: Load) -> None:
    with pytest.raises(kernel.InfinityNotAllowed):
        load(patched(own, 9, 64, bytes(64)))
    for offset, size in (
        (84, 64),
        (84 + 64, 64),
        (84 + 128, 128),
        (84 + 256, 128),
        (84 + 384, 64),
        (84 + 448, 128),
    ):
        with pytest.raises(kernel.InfinityNotAllowed):
            load(patched(own, 2, offset, bytes(size)))


def test_the_batched_subgroup_check_finds_one_bad_point_among_many(tmp_path: Path, load: Load) -> None:
    r1cs, _ = random_system(600, 4)
    groth16.unsafe_setup(groth16.load_r1cs(r1cs), tmp_path / "k.zkey", SECRETS)
    file = (tmp_path / "k.zkey").read_bytes()
    load(file, "batch")
    count = len(cut(file)[7]) // 128
    assert count >= 256
    for index in (0, count // 2, count - 1):
        bad = patched(file, 7, 128 * index, outside_subgroup())
        with pytest.raises(kernel.NotInSubgroup):
            load(bad, "batch")
        with pytest.raises(kernel.NotInSubgroup):
            load(bad, "each")


@pytest.mark.parametrize("section", [5, 6, 7, 8, 9])
def test_a_key_of_good_points_in_wrong_places_gives_no_proof(own: bytes, load: Load, section: int) -> None:
    """Wire 2 takes part in A, B and C; its element is replaced by another valid one."""
    size = 128 if section == 7 else 64
    content = cut(own)[section]
    at = {5: 2, 6: 2, 7: 2, 8: 0, 9: 0}[section] * size
    other = cut(own)[2][84 + 128 : 84 + 256] if section == 7 else cut(own)[2][84 : 84 + 64]
    assert content[at : at + size] not in (other, bytes(size))
    key = load(patched(own, section, at, other))
    with pytest.raises(kernel.InconsistentKey):
        groth16.prove(key, groth16.witness_bytes([1, 35, 3, 9, 27]))


def test_coefficients_out_of_range_are_refused(load: Load) -> None:
    file = (VECTORS / "multiplier" / "multiplier.zkey").read_bytes()
    load(file)
    for offset, value in ((4, 2), (8, 16), (12, 21)):
        with pytest.raises(kernel.MalformedInput):
            load(patched(file, 4, offset, struct.pack("<I", value)))
    with pytest.raises(kernel.NonCanonical):
        load(patched(file, 4, 16, b"\xff" * 32))
    with pytest.raises(kernel.MalformedInput):
        load(patched(file, 4, 0, struct.pack("<I", 1)))


def test_an_inconsistent_r1cs_section_is_refused(own: bytes, load: Load) -> None:
    sections = cut(own)
    body = sections[13]
    n_constraints, distinct = struct.unpack_from("<II", body, 0)
    rows = 8 + 32 * distinct
    for offset, value in (
        (0, 100),
        (4, 1 << 30),
        (rows, 1 << 30),
        (rows + 4, 1),
        (rows + 8, 1 << 20),
        (rows + 4 + 4 * (n_constraints + 1), 5),
        (len(body) - 4, distinct),
    ):
        with pytest.raises(kernel.MalformedInput):
            load(patched(own, 13, offset, struct.pack("<I", value)))
    with pytest.raises(kernel.NonCanonical):
        load(patched(own, 13, 8, b"\xff" * 32))


def test_bad_challenge_layouts_are_refused(challenged: bytes, load: Load) -> None:
    for offset, value in ((0, 3), (0, 9), (0, 6), (4, 2), (4, 7), (8, 4), (8, 1 << 31), (12, 0), (12, 7)):
        with pytest.raises(kernel.MalformedInput):
            load(patched(challenged, 11, offset, struct.pack("<I", value)))
    with pytest.raises(kernel.NotInSubgroup):
        load(patched(challenged, 11, 12 + 12 + 64, outside_subgroup()))
    with pytest.raises(kernel.NotOnCurve):
        load(patched(challenged, 12, 0, montgomery(1) + montgomery(3)))


def test_files_that_cannot_be_read_say_so(tmp_path: Path) -> None:
    with pytest.raises(kernel.FileFailure):
        groth16.load_key(tmp_path / "absent.zkey")
    with pytest.raises(kernel.FileFailure):
        groth16.load_key(tmp_path)
    with pytest.raises(kernel.MalformedInput):
        groth16.load_key(tmp_path / "absent.zkey", "sometimes")
