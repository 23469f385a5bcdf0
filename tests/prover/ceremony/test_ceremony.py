"""Phase 2. Oracles: snarkjs's keys and hashes (both ways, in a release test with node); proofs under the
resulting keys."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from prover.ceremony import (
    CeremonyError,
    Reason,
    apply_beacon,
    contribute,
    new_key,
    verify_ceremony,
    verify_from_initial,
)
from prover.ceremony.arithmetic import ReferenceArithmetic
from prover.formats.montgomery import decode_g1, encode_g1
from prover.formats.wtns import read_wtns
from prover.formats.zkey import read_zkey, write_zkey
from prover.points import native_pairing
from prover.reference import commit, prove
from prover.reference.groups import G1_GROUP, G2_GROUP
from prover.reference.interchange import from_zkey
from verifier import MalformedError, challenge, evaluate, verify, verify_words
from verifier.points import R

VECTORS = Path(__file__).parents[2] / "vectors" / "snarkjs"
BEACON = bytes(range(1, 33))


def theirs(name):
    return read_zkey((VECTORS / "ceremony" / name).read_bytes())


def test_the_initial_key_is_snarkjs_s(multiplier, ptau, arithmetic):
    made, expected = new_key(multiplier, ptau, arithmetic), theirs("m0.zkey")
    for field in (
        "ic",
        "a",
        "b1",
        "b2",
        "late",
        "h",
        "alpha_1",
        "beta_1",
        "beta_2",
        "gamma_2",
        "delta_1",
        "delta_2",
    ):
        assert getattr(made, field) == getattr(expected, field)
    assert made.coefficients.value == expected.coefficients.value
    assert made.transcript.circuit_hash == expected.transcript.circuit_hash


def test_snarkjs_s_ceremony_holds_here(multiplier, ptau, arithmetic):
    report = verify_ceremony(multiplier, ptau, theirs("m2.zkey"), arithmetic, require_beacon=True)
    # As `snarkjs zkey verify` prints them.
    assert report.circuit_hash.hex().startswith("fb9b2e924c4533571c284c2951bf5ba1")
    assert [(c.name, c.hash.hex()[:32]) for c in report.contributions] == [
        ("alice", "91f792ef2aae7855740b38845083ba0b"),
        ("final", "0cad131167700c4cc735f83e61395cef"),
    ]
    assert report.contributions[1].beacon == BEACON


def test_snarkjs_s_beacon_is_made_here_byte_for_byte(arithmetic):
    made, _ = apply_beacon(theirs("m1.zkey"), arithmetic, BEACON, 10, "final")
    assert write_zkey(made) == (VECTORS / "ceremony" / "m2.zkey").read_bytes()


def test_our_contributions_hold_and_the_key_proves(multiplier, ptau, arithmetic):
    key, first = contribute(theirs("m1.zkey"), arithmetic, "here", b"entropy")
    key, last = apply_beacon(key, arithmetic, BEACON, 10)
    key = read_zkey(write_zkey(key))
    report = verify_ceremony(multiplier, ptau, key, arithmetic)
    assert [c.hash for c in report.contributions[1:]] == [first, last]
    witness = read_wtns((VECTORS / "multiplier" / "multiplier.wtns").read_bytes())
    verify(key.verifying_key(), prove(from_zkey(key), witness, 5, 7), witness[1:4], native_pairing)


@pytest.mark.prove
def test_in_pure_python(multiplier, ptau):
    reference = ReferenceArithmetic()
    initial = theirs("m0.zkey")
    key, _ = contribute(initial, reference)
    assert len(verify_from_initial(initial, key, reference).contributions) == 1


@pytest.fixture(scope="module")
def words_initial(words_system, ptau, arithmetic):
    return new_key(words_system, ptau, arithmetic)


@pytest.fixture(scope="module")
def words_key(words_initial, arithmetic):
    key, _ = contribute(words_initial, arithmetic, "first")
    key, _ = contribute(key, arithmetic, "second")
    return apply_beacon(key, arithmetic, BEACON, 10)[0]


def test_a_challenge_circuit_has_a_ceremony_too(words_system, ptau, words_key, arithmetic):
    key = read_zkey(write_zkey(words_key))
    report = verify_ceremony(words_system, ptau, key, arithmetic, require_beacon=True)
    assert [c.name for c in report.contributions] == ["first", "second", None]
    proving_key, words, mask = from_zkey(key), (3, 1000, 77), 99
    chi = challenge(key.verifying_key(), commit(proving_key, (mask, *words)), words)
    witness = (1, chi, evaluate(words, chi), mask, *words, words[2] * chi % R)
    assert words_system.unsatisfied_rows(witness) == []
    verify_words(key.verifying_key(), prove(proving_key, witness, 5, 7), words, native_pairing)


def test_the_initial_key_is_none_to_verify_under(words_initial, multiplier, ptau, arithmetic):
    with pytest.raises(MalformedError):
        words_initial.verifying_key()
    with pytest.raises(MalformedError):
        new_key(multiplier, ptau, arithmetic).verifying_key()


def refused(reason, initial, key, arithmetic):
    with pytest.raises(CeremonyError) as error:
        verify_from_initial(initial, key, arithmetic)
    assert error.value.reason is reason


def moved(query):
    """A query with its last finite point replaced by another point."""
    points = decode_g1(memoryview(query), 0, "query")
    index = max(i for i, p in enumerate(points) if p is not None)
    points[index] = G1_GROUP.multiples([123])[0]
    return encode_g1(points)


def scaled(query, k):
    return encode_g1([G1_GROUP.multiply(p, k) for p in decode_g1(memoryview(query), 0, "query")])


def test_every_part_of_a_key_is_checked(words_initial, words_key, arithmetic):
    key, part = words_key, words_key.challenge
    verify_from_initial(words_initial, key, arithmetic)
    for changed, reason in (
        (replace(key, transcript=replace(key.transcript, circuit_hash=bytes(64))), Reason.OTHER_CIRCUIT),
        (replace(key, challenge=None), Reason.OTHER_CIRCUIT),
        (
            replace(key, challenge=replace(part, layout=replace(part.layout, words=(5, 4, 6)))),
            Reason.OTHER_CIRCUIT,
        ),
        (replace(key, challenge=replace(part, early=part.early[64:])), Reason.OTHER_CIRCUIT),
        (replace(key, ic=moved(key.ic)), Reason.CHANGED_KEY),
        (replace(key, a=moved(key.a)), Reason.CHANGED_KEY),
        (replace(key, b1=moved(key.b1)), Reason.CHANGED_KEY),
        (replace(key, b2=key.b2[128:] + key.b2[:128]), Reason.CHANGED_KEY),
        (replace(key, gamma_2=key.delta_2), Reason.CHANGED_KEY),
        (replace(key, alpha_1=key.beta_1), Reason.CHANGED_KEY),
        (replace(key, domain_size=16), Reason.CHANGED_KEY),
        (
            replace(key, coefficients=replace(key.coefficients, value=bytes(len(key.coefficients.value)))),
            Reason.CHANGED_KEY,
        ),
        (replace(key, delta_1=key.beta_1), Reason.DELTA_MISMATCH),
        (replace(key, delta_2=key.beta_2), Reason.DELTA_MISMATCH),
        (replace(key, late=moved(key.late)), Reason.LATE_MISMATCH),
        (replace(key, late=scaled(key.late, 2)), Reason.LATE_MISMATCH),
        (replace(key, late=bytes(len(key.late))), Reason.LATE_MISMATCH),
        (replace(key, h=moved(key.h)), Reason.H_MISMATCH),
        (replace(key, h=key.h[:-64]), Reason.H_MISMATCH),
        (replace(key, challenge=replace(part, epsilon_1=key.beta_1)), Reason.EPSILON_MISMATCH),
        (replace(key, challenge=replace(part, epsilon_2=key.delta_2)), Reason.EPSILON_MISMATCH),
        (replace(key, challenge=replace(part, early=moved(part.early))), Reason.EARLY_MISMATCH),
        (replace(key, challenge=replace(part, early=scaled(part.early, 3))), Reason.EARLY_MISMATCH),
    ):
        refused(reason, words_initial, changed, arithmetic)


def with_contributions(key, contributions):
    return replace(key, transcript=replace(key.transcript, contributions=tuple(contributions)))


def test_every_contribution_is_checked(words_initial, words_key, arithmetic):
    first, second, beacon = words_key.transcript.contributions
    other_1, other_2 = G1_GROUP.multiples([321])[0], G2_GROUP.multiples([321])[0]

    def case(reason, *contributions):
        refused(reason, words_initial, with_contributions(words_key, contributions), arithmetic)

    case(Reason.NO_CONTRIBUTION)
    case(Reason.TRANSCRIPT, second, first, beacon)
    case(Reason.TRANSCRIPT, second, beacon)
    case(Reason.TRANSCRIPT, first, first, beacon)
    case(Reason.DELTA_MISMATCH, first, second)
    case(Reason.OTHER_CIRCUIT, replace(first, epsilon=None), second, beacon)
    case(Reason.TRANSCRIPT, replace(first, transcript=bytes(64)), second, beacon)
    for trapdoor in ("delta", "epsilon"):
        known = getattr(first, trapdoor)
        case(Reason.TRANSCRIPT, replace(first, **{trapdoor: replace(known, g1_s=other_1)}), second, beacon)
        case(Reason.TRANSCRIPT, replace(first, **{trapdoor: replace(known, g1_sx=other_1)}), second, beacon)
        case(
            Reason.NO_KNOWLEDGE, replace(first, **{trapdoor: replace(known, g2_spx=other_2)}), second, beacon
        )
        case(Reason.WRONG_UPDATE, replace(first, **{trapdoor: replace(known, after=other_1)}), second, beacon)
    # epsilon's proof does not do for delta: their G2 points come from different hashes.
    case(
        Reason.NO_KNOWLEDGE,
        replace(first, delta=replace(first.delta, g2_spx=first.epsilon.g2_spx)),
        second,
        beacon,
    )
    # A contribution that calls itself a beacon, and a beacon of other randomness.
    case(Reason.BEACON_MISMATCH, first, second, replace(beacon, beacon=BEACON[::-1]))
    case(Reason.BEACON_MISMATCH, first, second, replace(beacon, beacon_iterations=11))
    case(Reason.BEACON_MISMATCH, replace(first, beacon=BEACON, beacon_iterations=10), second, beacon)


def test_a_key_whose_maker_kept_the_secret_is_refused(words_initial, arithmetic):
    # delta multiplied twice but shown once: the queries agree with delta, the transcript does not.
    key, _ = contribute(words_initial, arithmetic)
    again, _ = contribute(key, arithmetic)
    hidden = with_contributions(again, key.transcript.contributions)
    refused(Reason.DELTA_MISMATCH, words_initial, hidden, arithmetic)


def test_without_a_beacon(multiplier, ptau, arithmetic):
    with pytest.raises(CeremonyError) as error:
        verify_ceremony(multiplier, ptau, theirs("m1.zkey"), arithmetic, require_beacon=True)
    assert error.value.reason is Reason.NO_BEACON
    verify_ceremony(multiplier, ptau, theirs("m1.zkey"), arithmetic)


@pytest.mark.parametrize("name", ["", "x" * 65, "é" * 33])
def test_names(arithmetic, name):
    with pytest.raises(CeremonyError) as error:
        contribute(theirs("m0.zkey"), arithmetic, name)
    assert error.value.reason is Reason.BAD_NAME


def test_circuits_that_do_not_fit(multiplier, ptau, arithmetic):
    tight = replace(ptau, power=3)
    with pytest.raises(CeremonyError) as error:
        new_key(multiplier, tight, arithmetic)
    assert error.value.reason is Reason.CIRCUIT_TOO_LARGE
    with pytest.raises(CeremonyError) as error:
        new_key(multiplier, replace(ptau, prepared=False), arithmetic)
    assert error.value.reason is Reason.NOT_PREPARED


@pytest.mark.release
def test_snarkjs_takes_our_keys(multiplier, ptau, arithmetic, tmp_path):
    node = shutil.which("node")
    script = "console.log(require('path').join(require.resolve('snarkjs'), '..', 'cli.cjs'))"
    found = node and subprocess.run([node, "-e", script], capture_output=True, text=True, check=False)
    if not found or found.returncode != 0:
        pytest.skip("node with the npm package snarkjs is not installed")

    def snarkjs(*arguments):
        run = subprocess.run(
            [node, found.stdout.strip(), *arguments], capture_output=True, text=True, check=True
        )
        return run.stdout

    paths = [str(tmp_path / f"{i}.zkey") for i in range(4)]
    initial = new_key(multiplier, ptau, arithmetic)
    Path(paths[0]).write_bytes(write_zkey(initial))
    snarkjs("zkey", "contribute", paths[0], paths[1], "--name=there", "-e=entropy")
    key, _ = contribute(read_zkey(Path(paths[1]).read_bytes()), arithmetic, "here")
    Path(paths[2]).write_bytes(write_zkey(key))
    snarkjs("zkey", "beacon", paths[2], paths[3], BEACON.hex(), "10")
    r1cs, powers = VECTORS / "multiplier" / "multiplier.r1cs", VECTORS / "ceremony" / "p4.ptau"
    assert "ZKey Ok!" in snarkjs("zkey", "verify", str(r1cs), str(powers), paths[3])
    report = verify_ceremony(multiplier, ptau, read_zkey(Path(paths[3]).read_bytes()), arithmetic)
    assert [c.name for c in report.contributions] == ["there", "here", None]
