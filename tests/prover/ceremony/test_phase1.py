"""Checking powers of tau. Each case replaces points of snarkjs's file by others that are on the curve but
wrong."""

import struct
from pathlib import Path

import pytest

from prover.ceremony import (
    CeremonyError,
    Reason,
    check_powers,
    check_powers_transcript,
    contribute,
    new_key,
    verify_ceremony,
)
from prover.ceremony.arithmetic import ReferenceArithmetic
from prover.formats.montgomery import encode_g1, encode_g2
from prover.formats.ptau import (
    ALPHA_TAU_G1,
    BETA_G2,
    BETA_TAU_G1,
    LAGRANGE_ALPHA_G1,
    LAGRANGE_BETA_G1,
    LAGRANGE_TAU_G1,
    LAGRANGE_TAU_G2,
    TAU_G1,
    TAU_G2,
    lagrange_start,
    read_ptau,
)
from prover.formats.sections import write_sections
from prover.reference.groups import G1_GROUP, G2_GROUP
from prover.reference.polynomials import root_of_unity
from verifier.points import Fp2, G2Point, R

CEREMONY = Path(__file__).parents[2] / "vectors" / "snarkjs" / "ceremony"
DATA = (CEREMONY / "p4.ptau").read_bytes()


def patched(section, index, points):
    """The file with points replaced, found by walking the sections with struct alone."""
    at = 12
    while True:
        number, size = struct.unpack_from("<IQ", DATA, at)
        if number == section:
            break
        at += 12 + size
    in_g2 = section in (TAU_G2, LAGRANGE_TAU_G2, BETA_G2)
    content = (encode_g2 if in_g2 else encode_g1)(points)
    start = at + 12 + index * (128 if in_g2 else 64)
    return read_ptau(DATA[:start] + content + DATA[start + len(content) :])


ONE, TWO = G1_GROUP.multiples([5, 7]), G2_GROUP.multiples([5, 7])
OUTSIDE = G2Point(
    Fp2(2, 1),
    Fp2(
        7292567877523311580221095596750716176434782432868683424513645834767876293070,
        19659275751359636165940301690575149581329631496732780143538578556285923319774,
    ),
)


def refused(reason, ptau, arithmetic, power=4):
    with pytest.raises(CeremonyError) as error:
        check_powers(ptau, arithmetic, power)
    assert error.value.reason is reason


@pytest.mark.parametrize("power", range(1, 5))
def test_snarkjs_s_file_holds(ptau, arithmetic, power):
    check_powers(ptau, arithmetic, power)


@pytest.mark.prove
def test_it_holds_in_pure_python_too(ptau):
    check_powers(ptau, ReferenceArithmetic(), 1)


@pytest.mark.parametrize(
    ("section", "index", "points", "reason"),
    [
        (TAU_G1, 0, ONE[:1], Reason.NOT_THE_GENERATOR),
        (TAU_G2, 0, TWO[:1], Reason.NOT_THE_GENERATOR),
        (TAU_G1, 1, ONE[:1], Reason.NOT_POWERS),
        (TAU_G1, 7, ONE, Reason.NOT_POWERS),
        (TAU_G1, 30, ONE[:1], Reason.NOT_POWERS),
        (TAU_G2, 1, TWO[:1], Reason.NOT_POWERS),
        (TAU_G2, 9, TWO[:1], Reason.NOT_POWERS),
        (TAU_G2, 15, TWO[:1], Reason.NOT_POWERS),
        (ALPHA_TAU_G1, 0, ONE[:1], Reason.NOT_POWERS),
        (ALPHA_TAU_G1, 15, ONE[:1], Reason.NOT_POWERS),
        (BETA_TAU_G1, 3, ONE[:1], Reason.NOT_POWERS),
        (BETA_G2, 0, TWO[:1], Reason.BETA_MISMATCH),
        (TAU_G2, 9, [OUTSIDE], Reason.OUTSIDE_SUBGROUP),
        (LAGRANGE_TAU_G2, lagrange_start(4), [OUTSIDE], Reason.OUTSIDE_SUBGROUP),
        (TAU_G1, 4, [None], Reason.INFINITY),
        (TAU_G2, 4, [None], Reason.INFINITY),
        (ALPHA_TAU_G1, 0, [None] * 16, Reason.INFINITY),
        (LAGRANGE_TAU_G1, lagrange_start(4) + 3, ONE[:1], Reason.NOT_LAGRANGE),
        (LAGRANGE_TAU_G1, lagrange_start(5) + 3, ONE[:1], Reason.NOT_LAGRANGE),
        (LAGRANGE_ALPHA_G1, lagrange_start(4), ONE[:1], Reason.NOT_LAGRANGE),
        (LAGRANGE_BETA_G1, lagrange_start(4) + 15, ONE[:1], Reason.NOT_LAGRANGE),
        (LAGRANGE_TAU_G2, lagrange_start(4) + 15, TWO[:1], Reason.NOT_LAGRANGE),
    ],
)
def test_what_does_not_hold(arithmetic, section, index, points, reason):
    refused(reason, patched(section, index, points), arithmetic)


def test_a_smaller_circuit_does_not_read_what_it_does_not_use(arithmetic):
    ptau = patched(LAGRANGE_ALPHA_G1, lagrange_start(4), ONE[:1])
    check_powers(ptau, arithmetic, 3)
    refused(Reason.NOT_LAGRANGE, ptau, arithmetic, 4)


def test_unprepared_and_too_small_files(arithmetic, ptau):
    refused(Reason.NOT_PREPARED, read_ptau((CEREMONY / "p4_2.ptau").read_bytes()), arithmetic)
    refused(Reason.CIRCUIT_TOO_LARGE, ptau, arithmetic, 5)


def test_a_file_cut_from_a_larger_one_holds(arithmetic, words_system):
    # `snarkjs powersoftau truncate`, as the published files are: its last Lagrange form has the true tau^(2n-1).
    cut = read_ptau((CEREMONY / "p4_03.ptau").read_bytes())
    assert (cut.power, cut.ceremony_power) == (3, 4)
    assert not check_powers_transcript(cut, arithmetic).hashed
    for power in (1, 2, 3):
        check_powers(cut, arithmetic, power)
    key, _ = contribute(new_key(words_system, cut, arithmetic), arithmetic)
    verify_ceremony(words_system, cut, key, arithmetic)


@pytest.mark.parametrize("name", ["p4.ptau", "p4_03.ptau"])
def test_the_power_that_a_file_lacks_is_the_true_one_or_zero(arithmetic, name):
    """Every L_j of the double domain moved by w^j Y, which is another tau^(2n-1) and nothing else: `snarkjs
    powersoftau verify` takes this."""
    data = (CEREMONY / name).read_bytes()
    file = read_ptau(data)
    count, start = 4 << file.power - 1, lagrange_start(file.power + 1)
    shift = root_of_unity(count)
    moved = [
        G1_GROUP.sum([point, G1_GROUP.multiply(ONE[0], pow(shift, j, R))])
        for j, point in enumerate(file.g1(LAGRANGE_TAU_G1, start, count))
    ]
    section = encode_g1([*file.g1(LAGRANGE_TAU_G1, 0, start), *moved])
    content = {n: c.data for n, c in file.sections.by_number.items()} | {LAGRANGE_TAU_G1: section}
    refused(Reason.NOT_LAGRANGE, read_ptau(write_sections(b"ptau", 1, content)), arithmetic, file.power)
