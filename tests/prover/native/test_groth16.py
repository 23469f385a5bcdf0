"""The kernel's setup and prover. Oracles: the pure-Python reference (same key elements and, with fixed blinding, the
same proof), the verifier, and snarkjs's own keys and witnesses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from prover import reference
from prover.formats.wtns import read_wtns
from prover.formats.zkey import read_zkey
from prover.native import groth16, kernel
from verifier import challenge, evaluate, verify, verify_words
from verifier.files import key_from_json, public_from_json
from verifier.keys import Proof as VerifierProof
from verifier.points import g1_to_bytes, g2_to_bytes, unchecked_g1, unchecked_g2

from .systems import R, cubic, cubic_witness, random_system, words_circuit

VECTORS = Path(__file__).parents[2] / "vectors" / "snarkjs"
PLAIN = groth16.UnsafeSecrets(tau=101, alpha=103, beta=107, gamma=113, delta=109, epsilon=None)
CHALLENGED = groth16.UnsafeSecrets(tau=101, alpha=103, beta=107, gamma=113, delta=109, epsilon=127)
WORDS = (3, 1000, R - 77)


def as_reference(s: groth16.UnsafeSecrets) -> reference.Secrets:
    return reference.Secrets(
        tau=s.tau, alpha=s.alpha, beta=s.beta, delta=s.delta, gamma=s.gamma, epsilon=s.epsilon
    )


def for_verifier(proof: groth16.Proof) -> VerifierProof:
    return VerifierProof(
        unchecked_g1(proof.a),
        unchecked_g2(proof.b),
        unchecked_g1(proof.c),
        None if proof.d is None else unchecked_g1(proof.d),
    )


def reference_bytes(proof: VerifierProof) -> tuple[bytes, bytes, bytes, bytes | None]:
    d = None if proof.d is None else g1_to_bytes(proof.d)
    return g1_to_bytes(proof.a), g2_to_bytes(proof.b), g1_to_bytes(proof.c), d


def kernel_bytes(proof: groth16.Proof) -> tuple[bytes, bytes, bytes, bytes | None]:
    return proof.a, proof.b, proof.c, proof.d


@pytest.fixture(scope="module")
def cubic_key(tmp_path_factory: pytest.TempPathFactory) -> kernel.ProvingKey:
    path = tmp_path_factory.mktemp("keys") / "cubic.zkey"
    groth16.unsafe_setup(groth16.load_r1cs(cubic()), path, PLAIN)
    return groth16.load_key(path, "each")


@pytest.fixture(scope="module")
def words_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "words.tkey"
    groth16.unsafe_setup(groth16.load_r1cs(words_circuit()), path, CHALLENGED)
    return path


@pytest.fixture(scope="module")
def cubic_reference() -> reference.ProvingKey:
    return reference.unsafe_setup(cubic(), as_reference(PLAIN))


@pytest.fixture(scope="module")
def words_reference() -> reference.ProvingKey:
    return reference.unsafe_setup(words_circuit(), as_reference(CHALLENGED))


@pytest.fixture
def restore() -> Iterator[None]:
    engine, threads = kernel.engine(), kernel.threads()
    yield
    kernel.set_engine(engine)
    kernel.set_threads(threads)


def words_witness(key: reference.ProvingKey, mask: int = 424242) -> list[int]:
    early = (mask, *WORDS)
    chi = challenge(key.verifying_key, reference.commit(key, early), WORDS)
    return [1, chi, evaluate(WORDS, chi), *early, WORDS[2] * chi % R]


# --- setup ---


def test_setup_writes_the_elements_that_the_reference_computes(
    tmp_path: Path, cubic_reference: reference.ProvingKey
) -> None:
    path = tmp_path / "cubic.zkey"
    groth16.unsafe_setup(groth16.load_r1cs(cubic()), path, PLAIN)
    file = read_zkey(path.read_bytes())
    expected = cubic_reference
    assert file.verifying_key() == expected.verifying_key
    assert (file.alpha_1, file.beta_1, file.delta_1) == (expected.alpha_1, expected.beta_1, expected.delta_1)
    from prover.formats.montgomery import decode_g1, decode_g2

    for name in ("a", "b1", "late", "h"):
        assert tuple(decode_g1(memoryview(getattr(file, name)), 0, name)) == getattr(expected, name), name
    assert tuple(decode_g2(memoryview(file.b2), 0, "b2")) == expected.b2
    entries = zip(
        file.coefficients.matrix.tolist(),
        file.coefficients.row.tolist(),
        file.coefficients.wire.tolist(),
        file.coefficients.values(),
        strict=True,
    )
    rows = [
        (m, i, wire, c)
        for m, matrix in enumerate((expected.rows_a, expected.rows_b))
        for i, row in enumerate(matrix)
        for wire, c in row
    ]
    assert sorted(entries) == sorted(rows)


def test_setup_with_a_challenge_writes_early_and_late_elements(
    words_path: Path, words_reference: reference.ProvingKey
) -> None:
    file = read_zkey(words_path.read_bytes())
    expected = words_reference
    from prover.formats.montgomery import decode_g1

    assert file.challenge is not None
    assert file.challenge.layout == words_circuit().challenge
    assert file.verifying_key() == expected.verifying_key
    assert tuple(decode_g1(memoryview(file.challenge.early), 0, "early")) == expected.early
    assert tuple(decode_g1(memoryview(file.late), 0, "late")) == expected.late


@pytest.mark.parametrize("name", ["tau", "alpha", "beta", "gamma", "delta"])
def test_setup_refuses_a_zero_secret_and_leaves_no_file(tmp_path: Path, name: str) -> None:
    from dataclasses import replace

    with pytest.raises(kernel.BadSecret):
        groth16.unsafe_setup(groth16.load_r1cs(cubic()), tmp_path / "k.zkey", replace(PLAIN, **{name: 0}))
    assert list(tmp_path.iterdir()) == []


def test_setup_refuses_tau_in_the_domain_and_equal_secrets(tmp_path: Path) -> None:
    from dataclasses import replace

    r1cs = groth16.load_r1cs(cubic())
    for tau in (1, R - 1, pow(5, (R - 1) // 8, R), pow(5, (R - 1) // 16, R)):
        with pytest.raises(kernel.BadSecret):
            groth16.unsafe_setup(r1cs, tmp_path / "k.zkey", replace(PLAIN, tau=tau))
    for bad in ({"gamma": PLAIN.delta}, {"gamma": R - PLAIN.delta}, {"beta": PLAIN.gamma}, {"epsilon": 5}):
        with pytest.raises(kernel.BadSecret):
            groth16.unsafe_setup(r1cs, tmp_path / "k.zkey", replace(PLAIN, **bad))
    with pytest.raises(kernel.BadSecret):
        groth16.unsafe_setup(groth16.load_r1cs(words_circuit()), tmp_path / "k.tkey", PLAIN)
    assert list(tmp_path.iterdir()) == []


def test_setup_says_when_it_cannot_write(tmp_path: Path) -> None:
    with pytest.raises(kernel.FileFailure):
        groth16.unsafe_setup(groth16.load_r1cs(cubic()), tmp_path / "missing" / "k.zkey", PLAIN)


# --- proving ---


@pytest.mark.parametrize(("r", "s"), [(5, 7), (0, 0), (R - 1, 1), (0, 12345)])
def test_plain_proof_is_the_reference_s_byte_for_byte(
    cubic_key: kernel.ProvingKey, cubic_reference: reference.ProvingKey, r: int, s: int
) -> None:
    witness = cubic_witness(3)
    expected_key = cubic_reference
    expected = reference.prove(expected_key, witness, r, s)
    got = groth16.prove(cubic_key, groth16.witness_bytes(witness), r=r, s=s)
    assert kernel_bytes(got) == reference_bytes(expected)
    verify(expected_key.verifying_key, for_verifier(got), (witness[1],))


def test_challenge_proof_is_the_reference_s_byte_for_byte(
    words_path: Path, words_reference: reference.ProvingKey
) -> None:
    key = groth16.load_key(words_path)
    expected_key = words_reference
    witness = words_witness(expected_key)
    early_only = groth16.witness_bytes([*witness[:7], 0])
    assert groth16.commit_early(key, early_only) == g1_to_bytes(reference.commit(expected_key, witness[3:7]))
    got = groth16.prove(key, groth16.witness_bytes(witness), r=11, s=13)
    assert kernel_bytes(got) == reference_bytes(reference.prove(expected_key, witness, 11, 13))
    verify_words(expected_key.verifying_key, for_verifier(got), WORDS)


def test_a_commitment_made_before_serves_the_proof_and_no_other_point_does(
    words_path: Path, words_reference: reference.ProvingKey, cubic_key: kernel.ProvingKey
) -> None:
    key = groth16.load_key(words_path)
    encoded = groth16.witness_bytes(words_witness(words_reference))
    d = groth16.commit_early(key, encoded)
    expected = groth16.prove(key, encoded, r=3, s=4)
    for witness in (encoded, kernel.Witness.from_bytes(encoded)):
        again = groth16.prove(key, witness, r=3, s=4, early=d)
        assert kernel_bytes(again) == kernel_bytes(expected)
        assert "msm D" not in {phase.name for phase in again.profile}
    generator = (1).to_bytes(32, "little") + (2).to_bytes(32, "little")
    with pytest.raises(kernel.MalformedInput, match="does not commit"):
        groth16.prove(key, encoded, early=generator)
    with pytest.raises(kernel.InfinityNotAllowed):
        groth16.prove(key, encoded, early=bytes(64))
    with pytest.raises(kernel.NotOnCurve):
        groth16.prove(key, encoded, early=generator[32:] + generator[:32])
    with pytest.raises(kernel.MalformedInput):
        groth16.prove(key, encoded, early=d + b"\0")
    with pytest.raises(kernel.MalformedInput, match="plain key"):
        groth16.prove(cubic_key, groth16.witness_bytes(cubic_witness(4)), early=generator)


def test_a_witness_handle_proves_what_its_bytes_prove(
    words_path: Path, words_reference: reference.ProvingKey
) -> None:
    key = groth16.load_key(words_path)
    expected_key = words_reference
    encoded = groth16.witness_bytes(words_witness(expected_key))
    handle = kernel.Witness.from_bytes(encoded)
    assert groth16.commit_early(key, handle) == groth16.commit_early(key, encoded)
    assert kernel_bytes(groth16.prove(key, handle, r=3, s=4)) == kernel_bytes(
        groth16.prove(key, encoded, r=3, s=4)
    )


@pytest.mark.parametrize("circuit", ["multiplier", "poseidon2"])
def test_a_key_made_by_snarkjs_proves_here(circuit: str) -> None:
    folder = VECTORS / circuit
    key = groth16.load_key(folder / f"{circuit}.zkey", "each")
    witness = read_wtns((folder / f"{circuit}.wtns").read_bytes())
    proof = groth16.prove(key, groth16.witness_bytes(witness))
    public = public_from_json((folder / "public.json").read_text())
    vkey = key_from_json((folder / "vkey.json").read_text())
    verify(vkey, for_verifier(proof), public)
    part = groth16.verifying_key(key)
    assert part.alpha == g1_to_bytes(vkey.alpha)
    assert (part.beta, part.gamma, part.delta) == tuple(map(g2_to_bytes, (vkey.beta, vkey.gamma, vkey.delta)))
    assert part.ic == tuple(map(g1_to_bytes, vkey.ic))
    assert part.epsilon is None


def test_fresh_blinding_makes_two_proofs_differ(cubic_key: kernel.ProvingKey) -> None:
    encoded = groth16.witness_bytes(cubic_witness(4))
    assert groth16.prove(cubic_key, encoded).a != groth16.prove(cubic_key, encoded).a


@pytest.mark.parametrize("engine", kernel.engines())
def test_engines_and_threads_give_the_same_bytes(engine: str, tmp_path: Path, restore: None) -> None:
    r1cs, witness = random_system(700, 3)
    encoded = groth16.witness_bytes(witness)
    handle = groth16.load_r1cs(r1cs)
    kernel.set_engine("portable")
    kernel.set_threads(1)
    groth16.unsafe_setup(handle, tmp_path / "first.zkey", PLAIN)
    first = (tmp_path / "first.zkey").read_bytes()
    expected = groth16.prove(groth16.load_key(tmp_path / "first.zkey"), encoded, r=5, s=6)
    kernel.set_engine(engine)
    for threads in (1, 2, 4):
        kernel.set_threads(threads)
        groth16.unsafe_setup(handle, tmp_path / "again.zkey", PLAIN)
        assert (tmp_path / "again.zkey").read_bytes() == first
        got = groth16.prove(groth16.load_key(tmp_path / "again.zkey", "each"), encoded, r=5, s=6)
        assert kernel_bytes(got) == kernel_bytes(expected)
        # a plan worse than double-and-add (one addition a bit of each scalar) has chosen its windows badly
        spent = {phase.name: phase.multiplications for phase in got.profile}
        assert 0 < spent["msm A"] < 6 * 254 * len(witness)
        assert 0 < spent["msm B2"] < 3 * 6 * 254 * len(witness)


def test_a_larger_proof_verifies(tmp_path: Path) -> None:
    r1cs, witness = random_system(3000, 8)
    groth16.unsafe_setup(
        groth16.load_r1cs(r1cs), tmp_path / "k.zkey", groth16.UnsafeSecrets.random(challenge=False)
    )
    key = groth16.load_key(tmp_path / "k.zkey")
    assert key.has_r1cs
    proof = groth16.prove(key, groth16.witness_bytes(witness))
    vkey = read_zkey((tmp_path / "k.zkey").read_bytes()).verifying_key()
    verify(vkey, for_verifier(proof), (witness[1],))
    assert {p.name for p in proof.profile} >= {"rows", "ntt", "msm H", "msm A", "msm B1", "msm B2", "msm C"}
    assert all(p.seconds >= 0 for p in proof.profile)


# --- what is refused ---


def test_own_keys_name_the_first_broken_row(tmp_path: Path) -> None:
    r1cs, witness = random_system(300, 5)
    handle = groth16.load_r1cs(r1cs)
    assert handle.check(groth16.witness_bytes(witness)) == -1
    assert handle.check(kernel.Witness.from_bytes(groth16.witness_bytes(witness))) == -1
    groth16.unsafe_setup(handle, tmp_path / "k.zkey", PLAIN)
    key = groth16.load_key(tmp_path / "k.zkey")
    for wire in (1, 7, len(witness) // 2, len(witness) - 1):
        bent = list(witness)
        bent[wire] = (bent[wire] + 1) % R
        first = r1cs.unsatisfied_rows(bent)[0]
        assert handle.check(groth16.witness_bytes(bent)) == first
        with pytest.raises(kernel.UnsatisfiedWitness, match=rf"constraint {first}$"):
            groth16.prove(key, groth16.witness_bytes(bent))


@pytest.mark.parametrize("circuit", ["multiplier", "poseidon2"])
def test_foreign_keys_refuse_by_verifying_the_proof(circuit: str) -> None:
    folder = VECTORS / circuit
    key = groth16.load_key(folder / f"{circuit}.zkey")
    witness = read_wtns((folder / f"{circuit}.wtns").read_bytes())
    for wire in (1, len(witness) - 1):
        bent = [*witness[:wire], (witness[wire] + 1) % R, *witness[wire + 1 :]]
        with pytest.raises(kernel.UnsatisfiedWitness):
            groth16.prove(key, groth16.witness_bytes(bent))


def test_malformed_witnesses_and_blinding_are_refused(cubic_key: kernel.ProvingKey) -> None:
    good = groth16.witness_bytes(cubic_witness(3))
    with pytest.raises(kernel.MalformedInput):
        groth16.prove(cubic_key, good[:-32])
    with pytest.raises(kernel.MalformedInput):
        groth16.prove(cubic_key, good + bytes(32))
    with pytest.raises(kernel.NonCanonical):
        groth16.prove(cubic_key, good[:-32] + R.to_bytes(32, "little"))
    with pytest.raises(kernel.MalformedInput):
        groth16.prove(cubic_key, (2).to_bytes(32, "little") + good[32:])
    with pytest.raises(kernel.NonCanonical):
        groth16.prove(cubic_key, good, r=R)
    with pytest.raises(kernel.UnsupportedKey):
        groth16.commit_early(cubic_key, good)


def test_bad_systems_are_refused() -> None:
    import numpy as np

    def u32(*values: int) -> np.ndarray:  # type: ignore[type-arg]
        return np.array(values, dtype=np.uint32)

    one = (1).to_bytes(32, "little")
    good = (u32(0, 1), u32(1), u32(0))
    assert kernel.R1cs(3, 1, *good, *good, *good, one).n_constraints == 1
    for bad in (
        (u32(0, 2), u32(1), u32(0)),
        (u32(1, 1), u32(1), u32(0)),
        (u32(0, 1), u32(3), u32(0)),
        (u32(0, 1), u32(1), u32(1)),
        (u32(0, 1), u32(1), u32(0, 0)),
        (u32(0, 0, 1), u32(1), u32(0)),
        (u32(), u32(), u32()),
    ):
        with pytest.raises(kernel.MalformedInput):
            kernel.R1cs(3, 1, *good, *bad, *good, one)
    with pytest.raises(kernel.MalformedInput):
        kernel.R1cs(3, 3, *good, *good, *good, one)
    with pytest.raises(kernel.NonCanonical):
        kernel.R1cs(3, 1, *good, *good, *good, R.to_bytes(32, "little"))
    with pytest.raises(kernel.MalformedInput):
        kernel.R1cs(3, 1, *good, *good, *good, one, (3, 2, []))
