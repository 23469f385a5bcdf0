"""The reference prover. Oracles: the verifier; proofs by exponents; the same proof computed from the
trapdoors."""

from dataclasses import replace

import pytest

from prover.points import native_pairing
from prover.reference import ReferenceProverError, Secrets, commit, prove, unsafe_setup
from prover.reference.groups import G1_GROUP, G2_GROUP
from prover.reference.keygen import domain_rows
from prover.reference.polynomials import interpolate, root_of_unity
from prover.reference.proving import random_blinding
from verifier import MalformedError, RefusedError, challenge, evaluate, verify, verify_words
from verifier.points import R

PLAIN = Secrets(tau=101, alpha=103, beta=107, delta=109, gamma=113)
CHALLENGED = replace(PLAIN, epsilon=127)
WORDS = (3, 1000, 77)


@pytest.fixture(scope="module")
def cubic_key(cubic):
    return unsafe_setup(cubic, PLAIN)


@pytest.fixture(scope="module")
def words_key(words_circuit):
    return unsafe_setup(words_circuit, CHALLENGED)


def words_witness(key, words=WORDS, mask=424242):
    early = (mask, *words)
    chi = challenge(key.verifying_key, commit(key, early), words)
    return (1, chi, evaluate(words, chi), *early, words[2] * chi % R)


def horner(coefficients, x):
    value = 0
    for c in reversed(coefficients):
        value = (value * x + c) % R
    return value


def exponents(r1cs, secrets, witness, r, s):
    """A, B, C, D as exponents, from dense polynomials and a long division: no Lagrange basis, no coset."""
    n = r1cs.domain_size
    rows = domain_rows(r1cs)
    root = root_of_unity(n)

    def wire_polynomial(matrix, wire):
        return interpolate([sum(c for w, c in row if w == wire) % R for row in matrix])

    at_tau = [
        [horner(wire_polynomial(matrix, wire), secrets.tau) for wire in range(r1cs.n_wires)]
        for matrix in rows
    ]
    a_tau, b_tau, c_tau = at_tau
    combined = [
        [
            sum(v) % R
            for v in zip(
                *([x * w for x in wire_polynomial(m, i)] for i, w in enumerate(witness)), strict=True
            )
        ]
        for m in rows
    ]
    t = [0] * (2 * n)
    for i, x in enumerate(combined[0]):
        for j, y in enumerate(combined[1]):
            t[i + j] += x * y
    for i, z in enumerate(combined[2]):
        t[i] -= z
    # Division by X^n - 1: the quotient's coefficients are the high ones, folded down; the rest must vanish.
    quotient = [x % R for x in t[n:]]
    assert all((low + high) % R == 0 for low, high in zip(t[:n], quotient, strict=True))
    assert pow(root, n, R) == 1
    h_times_z = horner(quotient, secrets.tau) * (pow(secrets.tau, n, R) - 1)
    k = [secrets.beta * x + secrets.alpha * y + z for x, y, z in zip(a_tau, b_tau, c_tau, strict=True)]
    first_late = r1cs.n_public + 1 if r1cs.challenge is None else r1cs.challenge.n_early
    a = secrets.alpha + sum(w * x for w, x in zip(witness, a_tau, strict=True)) + r * secrets.delta
    b = secrets.beta + sum(w * x for w, x in zip(witness, b_tau, strict=True)) + s * secrets.delta
    late = sum(w * x for w, x in zip(witness[first_late:], k[first_late:], strict=True))
    c = (late + h_times_z) * pow(secrets.delta, -1, R) + s * a + r * b - r * s * secrets.delta
    early = sum(witness[i] * k[i] for i in range(r1cs.n_public + 1, first_late))
    d = None if secrets.epsilon is None else early * pow(secrets.epsilon, -1, R)
    return a, b, c, d


def test_plain(cubic, cubic_key):
    witness = (1, 35, 3, 9, 27)
    assert not cubic.unsatisfied_rows(witness)
    verify(cubic_key.verifying_key, prove(cubic_key, witness, 5, 7), (35,))
    verify(
        cubic_key.verifying_key,
        prove(cubic_key, witness, random_blinding(), random_blinding()),
        (35,),
        native_pairing,
    )
    with pytest.raises(RefusedError):
        verify(cubic_key.verifying_key, prove(cubic_key, witness, 5, 7), (36,), native_pairing)


@pytest.mark.parametrize("wire", range(1, 5))
def test_a_wrong_wire_does_not_verify(cubic, cubic_key, wire):
    witness = [1, 35, 3, 9, 27]
    witness[wire] += 1
    assert cubic.unsatisfied_rows(witness)
    with pytest.raises(RefusedError):
        verify(cubic_key.verifying_key, prove(cubic_key, witness, 5, 7), (witness[1],), native_pairing)


@pytest.mark.parametrize("blinding", [(0, 0), (5, 7), (R - 1, 1)])
def test_plain_proof_equals_the_exponents(cubic, cubic_key, blinding):
    witness = (1, 35, 3, 9, 27)
    proof = prove(cubic_key, witness, *blinding)
    a, b, c, _ = exponents(cubic, PLAIN, witness, *blinding)
    assert (proof.a, proof.c) == tuple(G1_GROUP.multiples([a, c]))
    assert [proof.b] == G2_GROUP.multiples([b])
    assert proof.d is None


def test_challenge_proof_equals_the_exponents(words_circuit, words_key):
    witness = words_witness(words_key)
    proof = prove(words_key, witness, 5, 7)
    a, b, c, d = exponents(words_circuit, CHALLENGED, witness, 5, 7)
    assert (proof.a, proof.c, proof.d) == tuple(G1_GROUP.multiples([a, c, d]))
    assert [proof.b] == G2_GROUP.multiples([b])


def test_challenge(words_circuit, words_key):
    witness = words_witness(words_key)
    assert not words_circuit.unsatisfied_rows(witness)
    proof = prove(words_key, witness, random_blinding(), random_blinding())
    verify_words(words_key.verifying_key, proof, WORDS, native_pairing)
    for other in ((3, 1000, 78), (3, 1000), (3, 1000, 77, 0)):
        with pytest.raises(RefusedError):
            verify_words(words_key.verifying_key, proof, other, native_pairing)


def test_words_chosen_after_the_challenge_do_not_verify(words_circuit, words_key):
    # The forgery the challenge exists to stop: keep D (so chi is known), then pick other words with the same y.
    chi = challenge(words_key.verifying_key, commit(words_key, (1, *WORDS)), WORDS)
    shift = 5
    other = ((WORDS[0] - shift * chi) % R, WORDS[1] + shift, WORDS[2])
    assert evaluate(other, chi) == evaluate(WORDS, chi)
    witness = (1, chi, evaluate(other, chi), 1, *other, other[2] * chi % R)
    assert not words_circuit.unsatisfied_rows(witness)
    proof = prove(words_key, witness, 5, 7)
    for d in (proof.d, commit(words_key, (1, *WORDS))):
        with pytest.raises(RefusedError):
            verify_words(words_key.verifying_key, replace(proof, d=d), other, native_pairing)
        with pytest.raises(RefusedError):
            verify_words(words_key.verifying_key, replace(proof, d=d), WORDS, native_pairing)


def test_moving_an_early_value_from_d_to_c_does_not_verify(words_circuit, words_key):
    # C gets what D lacks, over delta instead of epsilon: only the separate trapdoor tells them apart.
    witness = words_witness(words_key)
    proof = prove(words_key, witness, 5, 7)
    part = G1_GROUP.multiply(words_key.early[1], WORDS[0])
    minus = G1_GROUP.multiply(part, -1)
    d, c = G1_GROUP.sum([proof.d, minus]), G1_GROUP.sum([proof.c, part])
    with pytest.raises(RefusedError):
        verify_words(words_key.verifying_key, replace(proof, c=c, d=d), WORDS, native_pairing)


def test_the_mask_changes_d_and_the_proof_still_verifies(words_key):
    proofs = [prove(words_key, words_witness(words_key, mask=mask), 5, 7) for mask in (1, 2)]
    assert proofs[0].d != proofs[1].d
    for proof in proofs:
        verify_words(words_key.verifying_key, proof, WORDS, native_pairing)


def refused(number, call, *args):
    with pytest.raises(ReferenceProverError) as error:
        call(*args)
    assert error.value.reason == number


def test_what_is_refused(cubic, words_circuit, cubic_key, words_key):
    good = (1, 35, 3, 9, 27)
    refused(3, prove, cubic_key, good[:-1], 1, 1)
    refused(3, prove, cubic_key, (*good, 0), 1, 1)
    refused(4, prove, cubic_key, (1, 35, 3, 9, 27 + R), 1, 1)
    refused(4, prove, cubic_key, (1, 35, -3, 9, 27), 1, 1)
    refused(5, prove, cubic_key, (2, 35, 3, 9, 27), 1, 1)
    refused(7, prove, cubic_key, good, R, 1)
    refused(7, prove, cubic_key, good, 1, -1)
    refused(2, commit, cubic_key, (1,))
    refused(3, commit, words_key, (1, 2, 3))
    refused(4, commit, words_key, (1, 2, 3, R))
    refused(9, commit, words_key, (0, 0, 0, 0))
    refused(6, unsafe_setup, cubic, CHALLENGED)
    refused(6, unsafe_setup, words_circuit, PLAIN)
    for field in ("tau", "alpha", "beta", "delta", "gamma", "epsilon"):
        refused(1, lambda f=field: replace(CHALLENGED, **{f: 0}))
        refused(1, lambda f=field: replace(CHALLENGED, **{f: R}))


def test_a_setup_whose_key_would_be_forgeable_is_refused(cubic, words_circuit):
    with pytest.raises(MalformedError):
        unsafe_setup(cubic, replace(PLAIN, gamma=PLAIN.delta))
    with pytest.raises(MalformedError):
        unsafe_setup(words_circuit, replace(CHALLENGED, epsilon=R - CHALLENGED.delta))


def test_random_secrets_are_fresh():
    first, second = Secrets.random(challenge=True), Secrets.random(challenge=True)
    assert first != second
    assert first.epsilon is not None
    assert Secrets.random(challenge=False).epsilon is None
