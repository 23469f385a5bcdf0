"""Native verification against the pure Python verifier, against snarkjs's and rapidsnark's proofs, and against proofs
made from known discrete logarithms; every way in which a proof, a statement or a key can be wrong is refused."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from eth_utils import keccak
from py_ecc.optimized_bn128 import G1 as ECC_G1
from py_ecc.optimized_bn128 import G2 as ECC_G2
from py_ecc.optimized_bn128 import multiply, normalize

from prover.native import kernel
from verifier import (
    Fp2,
    G1Point,
    G2Point,
    Proof,
    VerifyingKey,
    challenge,
    evaluate,
    key_from_json,
    proof_from_json,
    verify,
    vk_hash,
)
from verifier.files import public_from_json
from verifier.points import P, R

VECTORS = Path(__file__).parents[2] / "vectors" / "snarkjs"


def g1(k: int) -> G1Point:
    x, y = normalize(multiply(ECC_G1, k % R))
    return G1Point(int(x), int(y))


def g2(k: int) -> G2Point:
    x, y = normalize(multiply(ECC_G2, k % R))
    return G2Point(Fp2(*map(int, x.coeffs)), Fp2(*map(int, y.coeffs)))


# Discrete logarithms of the keys: alpha, beta, gamma, delta, epsilon, IC_0..IC_2.
LOGS = (3, 5, 7, 11, 13, 17, 19, 23)
CHALLENGE_KEY = VerifyingKey(
    alpha=g1(3), beta=g2(5), gamma=g2(7), delta=g2(11), epsilon=g2(13), ic=(g1(17), g1(19), g1(23))
)
PLAIN_KEY = replace(CHALLENGE_KEY, epsilon=None)
PLAIN = kernel.PreparedVerifyingKey(PLAIN_KEY.to_bytes())
CHALLENGE = kernel.PreparedVerifyingKey(CHALLENGE_KEY.to_bytes())
WORDS = (4, 31337, 0, R - 1)


def field_bytes(*values: int) -> bytes:
    return b"".join(value.to_bytes(32, "little") for value in values)


def forge(public: tuple[int, int], d: int | None, a: int = 29, b: int = 31) -> Proof:
    """A proof whose logarithms satisfy ab = alpha beta + gamma ic + d epsilon + c delta (d None: plain)."""
    alpha, beta, gamma, delta, epsilon, ic0, ic1, ic2 = LOGS
    statement = gamma * (ic0 + public[0] * ic1 + public[1] * ic2)
    c = (a * b - alpha * beta - statement - (d or 0) * epsilon) * pow(delta, -1, R)
    return Proof(g1(a), g2(b), g1(c), None if d is None else g1(d))


def challenge_proof(words: tuple[int, ...] = WORDS, d: int = 37) -> Proof:
    chi = challenge(CHALLENGE_KEY, g1(d), words)
    return forge((chi, evaluate(words, chi)), d)


@pytest.mark.parametrize("size", [0, 1, 31, 32, 135, 136, 137, 271, 272, 1000])
def test_keccak_is_ethereums(size: int) -> None:
    data = random.Random(size).randbytes(size)
    assert kernel.keccak256(data) == keccak(data)


# --- one proof --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("circuit", ["multiplier", "poseidon2"])
@pytest.mark.parametrize("suffix", ["", "_rapidsnark"])
def test_proofs_of_other_provers(circuit: str, suffix: str) -> None:
    folder = VECTORS / circuit
    key = kernel.PreparedVerifyingKey(key_from_json((folder / "vkey.json").read_bytes()).to_bytes())
    proof = proof_from_json((folder / f"proof{suffix}.json").read_bytes()).to_bytes()
    public = public_from_json((folder / f"public{suffix}.json").read_bytes())
    key.verify(proof, field_bytes(*public))
    key.verify_batch([proof] * 3, [field_bytes(*public)] * 3)
    with pytest.raises(kernel.InvalidProof):
        key.verify(proof, field_bytes((public[0] + 1) % R, *public[1:]))


def test_agrees_with_the_python_verifier() -> None:
    proof = forge((41, 43), None)
    verify(PLAIN_KEY, proof, (41, 43))
    PLAIN.verify(proof.to_bytes(), field_bytes(41, 43))
    assert CHALLENGE.hash == vk_hash(CHALLENGE_KEY)
    assert (PLAIN.n_public, PLAIN.has_challenge, CHALLENGE.has_challenge) == (2, False, True)


def opposite(point: G1Point) -> G1Point:
    return G1Point(point.x, P - point.y)


PLAIN_PROOF = forge((41, 43), None)
CHALLENGED = challenge_proof()


@pytest.mark.parametrize(
    "changed",
    [
        replace(PLAIN_PROOF, a=opposite(PLAIN_PROOF.a)),
        replace(PLAIN_PROOF, a=g1(30)),
        replace(PLAIN_PROOF, b=g2(32)),
        replace(PLAIN_PROOF, c=opposite(PLAIN_PROOF.c)),
        replace(PLAIN_PROOF, c=g1(1)),
    ],
)
def test_each_element_of_a_plain_proof_matters(changed: Proof) -> None:
    PLAIN.verify(PLAIN_PROOF.to_bytes(), field_bytes(41, 43))
    with pytest.raises(kernel.InvalidProof):
        PLAIN.verify(changed.to_bytes(), field_bytes(41, 43))


def test_inputs_at_the_edges_of_the_field() -> None:
    for public in [(0, 0), (R - 1, R - 1), (0, 1)]:
        PLAIN.verify(forge(public, None).to_bytes(), field_bytes(*public))
    # IC_0 + x IC_1 + y IC_2 at infinity is no reason to refuse
    cancelling = ((-17 - 23) * pow(19, -1, R) % R, 1)
    PLAIN.verify(forge(cancelling, None).to_bytes(), field_bytes(*cancelling))


@pytest.mark.parametrize("field", ["a", "c", "d"])
def test_each_element_of_a_challenge_proof_matters(field: str) -> None:
    CHALLENGE.verify_words(CHALLENGED.to_bytes(), field_bytes(*WORDS))
    with pytest.raises(kernel.InvalidProof):
        CHALLENGE.verify_words(replace(CHALLENGED, **{field: g1(1)}).to_bytes(), field_bytes(*WORDS))


def test_the_words_are_bound() -> None:
    for words in [(5, *WORDS[1:]), (*WORDS, 0), WORDS[:-1], (*WORDS[1:], WORDS[0])]:
        with pytest.raises(kernel.InvalidProof):
            CHALLENGE.verify_words(CHALLENGED.to_bytes(), field_bytes(*words))


def test_a_challenge_of_the_provers_choice_is_refused() -> None:
    chi = 123
    own = forge((chi, evaluate(WORDS, chi)), 37)
    CHALLENGE.unsafe_check_equation(own.to_bytes(), field_bytes(chi, evaluate(WORDS, chi)))
    with pytest.raises(kernel.InvalidProof):
        CHALLENGE.verify_words(own.to_bytes(), field_bytes(*WORDS))
    with pytest.raises(kernel.UnsupportedKey):
        CHALLENGE.verify(own.to_bytes(), field_bytes(chi, evaluate(WORDS, chi)))
    with pytest.raises(kernel.UnsupportedKey):
        CHALLENGE.verify_batch([own.to_bytes()], [field_bytes(chi, evaluate(WORDS, chi))])
    with pytest.raises(kernel.UnsupportedKey):
        PLAIN.verify_words(PLAIN_PROOF.to_bytes(), field_bytes(41))


# --- batches ----------------------------------------------------------------------------------------------------


def plain_batch(size: int) -> tuple[list[bytes], list[bytes]]:
    publics = [(7 * i, i * i) for i in range(size)]
    proofs = [forge(public, None, a=29 + i, b=31 + 2 * i) for i, public in enumerate(publics)]
    return [proof.to_bytes() for proof in proofs], [field_bytes(*public) for public in publics]


@pytest.mark.parametrize("size", [0, 1, 2, 7, 17])
def test_batches_of_good_proofs_pass(size: int) -> None:
    PLAIN.verify_batch(*plain_batch(size))


def test_batch_of_the_challenge_form() -> None:
    statements = [(i + 1, *WORDS[: i % 3]) for i in range(5)]
    proofs = [challenge_proof(words, d=50 + i).to_bytes() for i, words in enumerate(statements)]
    words = [field_bytes(*statement) for statement in statements]
    CHALLENGE.verify_words_batch(proofs, words)
    with pytest.raises(kernel.InvalidProof, match="proof 0"):
        CHALLENGE.verify_words_batch(proofs[::-1], words)


@pytest.mark.parametrize("place", range(5))
def test_one_false_proof_spoils_its_batch_and_is_named(place: int) -> None:
    proofs, publics = plain_batch(5)
    proofs[place] = PLAIN_PROOF.to_bytes()
    with pytest.raises(kernel.InvalidProof, match=f"proof {place}"):
        PLAIN.verify_batch(proofs, publics)


def test_errors_that_cancel_without_weights_are_refused() -> None:
    """Two proofs whose C are off by +1 and -1: the unweighted product of their equations holds."""
    good = [forge((1, 2), None, a=29), forge((3, 4), None, a=37)]
    logs = [(29 * 31 - 15 - 7 * (17 + x * 19 + y * 23)) * pow(11, -1, R) for x, y in [(1, 2), (3, 4)]]
    logs[1] = (37 * 31 - 15 - 7 * (17 + 3 * 19 + 4 * 23)) * pow(11, -1, R)
    assert [g1(log) for log in logs] == [proof.c for proof in good]
    bad = [replace(good[0], c=g1(logs[0] + 1)), replace(good[1], c=g1(logs[1] - 1))]
    with pytest.raises(kernel.InvalidProof, match="proof 0"):
        PLAIN.verify_batch([proof.to_bytes() for proof in bad], [field_bytes(1, 2), field_bytes(3, 4)])


def test_batch_answers_do_not_depend_on_threads() -> None:
    proofs, publics = plain_batch(10)
    before = kernel.threads()
    try:
        for count in (1, 2, 4):
            kernel.set_threads(count)
            PLAIN.verify_batch(proofs, publics)
            with pytest.raises(kernel.InvalidProof, match="proof 0"):
                PLAIN.verify_batch(proofs, publics[::-1])
    finally:
        kernel.set_threads(before)


# --- malformed bytes --------------------------------------------------------------------------------------------

GOOD = PLAIN_PROOF.to_bytes()
INPUTS = field_bytes(41, 43)
KEY = PLAIN_KEY.to_bytes()


def patched(data: bytes, place: int, new: bytes) -> bytes:
    return data[:place] + new + data[place + len(new) :]


BAD_CALLS: list[tuple[str, type[Exception], Callable[[], object]]] = [
    ("proof too short", kernel.MalformedInput, lambda: PLAIN.verify(GOOD[:-1], INPUTS)),
    ("proof of the other form", kernel.MalformedInput, lambda: PLAIN.verify(CHALLENGED.to_bytes(), INPUTS)),
    ("proof without D", kernel.MalformedInput, lambda: CHALLENGE.verify_words(GOOD, INPUTS)),
    ("no words", kernel.MalformedInput, lambda: CHALLENGE.verify_words(CHALLENGED.to_bytes(), b"")),
    ("too few inputs", kernel.MalformedInput, lambda: PLAIN.verify(GOOD, INPUTS[:32])),
    ("too many inputs", kernel.MalformedInput, lambda: PLAIN.verify(GOOD, INPUTS + bytes(32))),
    ("input + r", kernel.NonCanonical, lambda: PLAIN.verify(GOOD, field_bytes(41 + R, 43))),
    ("word + r", kernel.NonCanonical, lambda: CHALLENGE.verify_words(CHALLENGED.to_bytes(), field_bytes(R))),
    ("A off the curve", kernel.NotOnCurve, lambda: PLAIN.verify(patched(GOOD, 32, field_bytes(9)), INPUTS)),
    ("A at infinity", kernel.InfinityNotAllowed, lambda: PLAIN.verify(patched(GOOD, 0, bytes(64)), INPUTS)),
    ("B at infinity", kernel.InfinityNotAllowed, lambda: PLAIN.verify(patched(GOOD, 64, bytes(128)), INPUTS)),
    ("C not canonical", kernel.NonCanonical, lambda: PLAIN.verify(patched(GOOD, 192, b"\xff" * 32), INPUTS)),
    ("fewer statements", kernel.MalformedInput, lambda: PLAIN.verify_batch([GOOD, GOOD], [INPUTS])),
    ("key's magic", kernel.MalformedInput, lambda: kernel.PreparedVerifyingKey(b"TPVL" + KEY[4:])),
    ("key's version", kernel.MalformedInput, lambda: kernel.PreparedVerifyingKey(patched(KEY, 4, b"\x02"))),
    ("key's form", kernel.MalformedInput, lambda: kernel.PreparedVerifyingKey(patched(KEY, 8, b"\x02"))),
    ("key cut", kernel.MalformedInput, lambda: kernel.PreparedVerifyingKey(KEY[:-1])),
    (
        "key of 2^32 inputs",
        kernel.MalformedInput,
        lambda: kernel.PreparedVerifyingKey(patched(KEY, 12, b"\xff" * 4)),
    ),
    ("empty key", kernel.MalformedInput, lambda: kernel.PreparedVerifyingKey(b"")),
    (
        "key without IC",
        kernel.MalformedInput,
        lambda: kernel.PreparedVerifyingKey(patched(KEY, 12, bytes(4))[:-192]),
    ),
    (
        "challenge form with one input",
        kernel.MalformedInput,
        lambda: kernel.PreparedVerifyingKey(patched(CHALLENGE_KEY.to_bytes(), 12, b"\x02")[:-64]),
    ),
    (
        "alpha at infinity",
        kernel.InfinityNotAllowed,
        lambda: kernel.PreparedVerifyingKey(patched(KEY, 16, bytes(64))),
    ),
    (
        "gamma = delta",
        kernel.DegenerateKey,
        lambda: kernel.PreparedVerifyingKey(patched(KEY, 208, KEY[336:464])),
    ),
    (
        "epsilon = delta",
        kernel.DegenerateKey,
        lambda: kernel.PreparedVerifyingKey(patched(CHALLENGE_KEY.to_bytes(), 464, KEY[336:464])),
    ),
]


@pytest.mark.parametrize(("error", "call"), [pytest.param(e, c, id=name) for name, e, c in BAD_CALLS])
def test_malformed_input_is_refused_for_its_own_reason(
    error: type[Exception], call: Callable[[], object]
) -> None:
    with pytest.raises(error) as caught:
        call()
    assert type(caught.value) is error


def test_flipped_bits_never_verify() -> None:
    rng = random.Random(5)
    for _ in range(200):
        place = rng.randrange(len(GOOD))
        with pytest.raises((kernel.InvalidProof, kernel.MalformedInput)):
            PLAIN.verify(patched(GOOD, place, bytes([GOOD[place] ^ 1 << rng.randrange(8)])), INPUTS)
