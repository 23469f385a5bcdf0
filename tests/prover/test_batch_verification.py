"""Batches of real proofs, made by the kernel, against the Python verifier's answer for each of them alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from circuits.r1cs import R1CS, ChallengeLayout, Matrix
from prover.batch_verification import BatchVerifier, Claim
from prover.native import groth16, kernel
from prover.points import g1_from_kernel, native_pairing, proof_from_kernel, verifying_key_from_kernel
from verifier import Reason, challenge, evaluate, verify, verify_words
from verifier.errors import VerifierError
from verifier.points import R

SECRETS = groth16.UnsafeSecrets(tau=101, alpha=103, beta=107, gamma=113, delta=109, epsilon=None)


def matrix(*rows: dict[int, int]) -> Matrix:
    """Coefficient table: number 0 is 1, number 1 is r - 1."""
    ptr, col, coeff = [0], [], []
    for row in rows:
        for wire, value in row.items():
            col.append(wire)
            coeff.append(0 if value == 1 else 1)
        ptr.append(len(col))
    return Matrix(*(np.array(part, dtype=np.uint32) for part in (ptr, col, coeff)))


TABLE = b"".join(value.to_bytes(32, "little") for value in (1, R - 1))
# x * y = z with z public; and y = d0 + d1 chi over early words d0, d1
PLAIN = R1CS(4, 1, 1, matrix({2: 1}), matrix({3: 1}), matrix({1: 1}), TABLE, None)
WORDS = R1CS(
    6,
    2,
    2,
    matrix({3: 1}, {5: 1}),
    matrix({0: 1}, {1: 1}),
    matrix({3: 1}, {2: 1, 4: -1}),
    TABLE,
    ChallengeLayout(n_early=6, mask=3, words=(4, 5)),
)


def made(circuit: R1CS, epsilon: int | None, folder: Path) -> kernel.ProvingKey:
    path = folder / "key"
    groth16.unsafe_setup(groth16.load_r1cs(circuit), path, replace(SECRETS, epsilon=epsilon))
    return groth16.load_key(path)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> tuple[BatchVerifier, list[Claim]]:
    key = made(PLAIN, None, tmp_path_factory.mktemp("plain"))
    claims: list[Claim] = []
    for x in range(5):
        proof = groth16.prove(key, groth16.witness_bytes([1, x * 7, x, 7]))
        claims.append((proof_from_kernel(proof), (x * 7,)))
    return BatchVerifier(verifying_key_from_kernel(groth16.verifying_key(key))), claims


@pytest.fixture(scope="module")
def worded(tmp_path_factory: pytest.TempPathFactory) -> tuple[BatchVerifier, list[Claim]]:
    key = made(WORDS, 127, tmp_path_factory.mktemp("words"))
    verifying = verifying_key_from_kernel(groth16.verifying_key(key))
    claims: list[Claim] = []
    for i in range(4):
        words = (i + 1, R - 5 * i - 1)
        early = [1, 0, 0, 1000 + i, *words]
        d = g1_from_kernel(groth16.commit_early(key, groth16.witness_bytes(early)))
        chi = challenge(verifying, d, words)
        proof = groth16.prove(key, groth16.witness_bytes([1, chi, evaluate(words, chi), *early[3:]]))
        claims.append((proof_from_kernel(proof), words))
    return BatchVerifier(verifying), claims


def refused(reason: Reason, batch: list[Claim], check: Callable[[list[Claim]], None]) -> str:
    with pytest.raises(VerifierError) as error:
        check(batch)
    assert error.value.reason is reason
    return error.value.detail


def test_good_batches_pass_as_each_proof_alone_does(
    plain: tuple[BatchVerifier, list[Claim]], worded: tuple[BatchVerifier, list[Claim]]
) -> None:
    for proof, public in plain[1]:
        verify(plain[0].key, proof, public, native_pairing)
    for proof, words in worded[1]:
        verify_words(worded[0].key, proof, words, native_pairing)
    for size in range(len(plain[1]) + 1):
        plain[0].verify(plain[1][:size])
    for size in range(len(worded[1]) + 1):
        worded[0].verify_words(worded[1][:size])


def test_a_false_statement_is_refused_and_named(
    plain: tuple[BatchVerifier, list[Claim]], worded: tuple[BatchVerifier, list[Claim]]
) -> None:
    verifier, claims = plain
    assert "proof 3" in refused(
        Reason.EQUATION, [*claims[:3], (claims[3][0], (22,)), claims[4]], verifier.verify
    )
    assert "proof 0" in refused(Reason.EQUATION, [(claims[1][0], claims[0][1])], verifier.verify)
    verifier, claims = worded
    swapped = [claims[0], (claims[2][0], claims[1][1]), (claims[1][0], claims[2][1])]
    assert "proof 1" in refused(Reason.EQUATION, swapped, verifier.verify_words)
    longer = [(claims[0][0], (*claims[0][1], 0))]
    refused(Reason.EQUATION, longer, verifier.verify_words)


def test_forms_counts_and_ranges_are_checked_as_by_the_verifier(
    plain: tuple[BatchVerifier, list[Claim]], worded: tuple[BatchVerifier, list[Claim]]
) -> None:
    (of_plain, plain_claims), (of_words, words_claims) = plain, worded
    proof = plain_claims[0][0]
    refused(Reason.WORDS_REQUIRED, plain_claims, of_words.verify)
    refused(Reason.FORM_MISMATCH, words_claims, of_plain.verify_words)
    refused(Reason.FORM_MISMATCH, [(words_claims[0][0], (0,))], of_plain.verify)
    refused(Reason.FORM_MISMATCH, [(proof, (0,))], of_words.verify_words)
    refused(Reason.INPUT_COUNT, [(proof, ())], of_plain.verify)
    refused(Reason.INPUT_COUNT, [(proof, (0, 0))], of_plain.verify)
    refused(Reason.NON_CANONICAL_INPUT, [(proof, (R,))], of_plain.verify)
    refused(Reason.NON_CANONICAL_INPUT, [(proof, (-1,))], of_plain.verify)
    refused(Reason.NO_WORDS, [(words_claims[0][0], ())], of_words.verify_words)
    refused(Reason.NON_CANONICAL_INPUT, [(words_claims[0][0], (R,))], of_words.verify_words)
