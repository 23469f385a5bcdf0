"""Plain and challenge-form verification. Oracles: snarkjs's and rapidsnark's proofs, and proofs built from
known discrete logarithms, which satisfy the equation by arithmetic on exponents and share nothing with a
prover."""

from dataclasses import replace
from pathlib import Path

import pytest
from eth_utils import keccak
from py_ecc.optimized_bn128 import G1 as ECC_G1
from py_ecc.optimized_bn128 import G2 as ECC_G2
from py_ecc.optimized_bn128 import multiply, normalize

from prover.points import native_pairing
from verifier import (
    Fp2,
    G1Point,
    G2Point,
    MalformedError,
    Proof,
    Reason,
    RefusedError,
    VerifyingKey,
    challenge,
    digest,
    evaluate,
    key_from_json,
    proof_from_json,
    verify,
    verify_words,
    vk_hash,
)
from verifier.files import public_from_json
from verifier.groth16 import unsafe_check_equation
from verifier.pairing import combine, negate, py_ecc_product
from verifier.points import G1, G2, P, R

VECTORS = Path(__file__).parent.parent / "vectors" / "snarkjs"


def g1(k: int) -> G1Point:
    x, y = normalize(multiply(ECC_G1, k % R))
    return G1Point(int(x), int(y))


def g2(k: int) -> G2Point:
    x, y = normalize(multiply(ECC_G2, k % R))
    return G2Point(Fp2(*map(int, x.coeffs)), Fp2(*map(int, y.coeffs)))


# Discrete logarithms of a key: alpha, beta, gamma, delta, epsilon, IC_0..IC_2.
LOGS = (3, 5, 7, 11, 13, 17, 19, 23)
CHALLENGE_KEY = VerifyingKey(
    alpha=g1(3), beta=g2(5), gamma=g2(7), delta=g2(11), epsilon=g2(13), ic=(g1(17), g1(19), g1(23))
)
PLAIN_KEY = replace(CHALLENGE_KEY, epsilon=None)
WORDS = (4, 31337, 0, R - 1)


def forge(public: tuple[int, int], d: int | None, a: int = 29, b: int = 31) -> Proof:
    """A proof whose logarithms satisfy ab = alpha beta + gamma ic + d epsilon + c delta (d None: plain)."""
    alpha, beta, gamma, delta, epsilon, ic0, ic1, ic2 = LOGS
    statement = gamma * (ic0 + public[0] * ic1 + public[1] * ic2)
    c = (a * b - alpha * beta - statement - (d or 0) * epsilon) * pow(delta, -1, R)
    return Proof(g1(a), g2(b), g1(c), None if d is None else g1(d))


def challenge_proof(words: tuple[int, ...] = WORDS, d: int = 37) -> Proof:
    chi = challenge(CHALLENGE_KEY, g1(d), words)
    return forge((chi, evaluate(words, chi)), d)


def refused(reason: Reason, call, *args) -> None:
    # Refusals use the native pairing, acceptances py_ecc's, so that the suite stays fast and both are seen.
    if call in (verify, verify_words, unsafe_check_equation):
        args = (*args, native_pairing)
    with pytest.raises((RefusedError, MalformedError)) as error:
        call(*args)
    assert error.value.reason is reason
    assert str(int(reason)) in str(error.value)


@pytest.mark.parametrize("circuit", ["multiplier", "poseidon2"])
@pytest.mark.parametrize("suffix", ["", "_rapidsnark"])
def test_proofs_of_other_provers(circuit, suffix):
    folder = VECTORS / circuit
    key = key_from_json((folder / "vkey.json").read_bytes())
    proof = proof_from_json((folder / f"proof{suffix}.json").read_bytes())
    public = public_from_json((folder / f"public{suffix}.json").read_bytes())
    verify(key, proof, public)
    refused(Reason.EQUATION, verify, key, proof, (public[0] + 1, *public[1:]))
    with pytest.raises(RefusedError):
        verify(key, proof, (public[0], *public[1:-1], public[-1] - 1))
    refused(Reason.INPUT_COUNT, verify, key, proof, public[:-1])
    refused(Reason.INPUT_COUNT, verify, key, proof, (*public, 0))
    refused(Reason.NON_CANONICAL_INPUT, verify, key, proof, (public[0] + R, *public[1:]))
    refused(Reason.NON_CANONICAL_INPUT, verify, key, proof, (-1, *public[1:]))


def test_each_element_of_a_plain_proof_matters():
    public = (41, 43)
    proof = forge(public, None)
    verify(PLAIN_KEY, proof, public)
    for changed in (
        replace(proof, a=negate(proof.a)),
        replace(proof, b=g2(32)),
        replace(proof, c=negate(proof.c)),
    ):
        refused(Reason.EQUATION, verify, PLAIN_KEY, changed, public)
    refused(Reason.EQUATION, verify, PLAIN_KEY, proof, (43, 41))


def test_inputs_that_cancel_the_statement_are_not_special():
    # 17 + 19 x + 23 y = 0: the statement point is infinity and its pairing one.
    x = 5
    y = (-17 - 19 * x) * pow(23, -1, R) % R
    assert combine(PLAIN_KEY.ic[0], PLAIN_KEY.ic[1:], (x, y)) is None
    verify(PLAIN_KEY, forge((x, y), None), (x, y))
    refused(Reason.EQUATION, verify, PLAIN_KEY, forge((x, y), None), (x, y + 1))


def test_challenge_form():
    proof = challenge_proof()
    verify_words(CHALLENGE_KEY, proof, WORDS)
    refused(Reason.EQUATION, verify_words, CHALLENGE_KEY, proof, (*WORDS[:-1], 0))
    refused(Reason.EQUATION, verify_words, CHALLENGE_KEY, proof, (*WORDS, 0))
    assert proof.d is not None
    refused(Reason.EQUATION, verify_words, CHALLENGE_KEY, replace(proof, d=negate(proof.d)), WORDS)
    refused(Reason.EQUATION, verify_words, CHALLENGE_KEY, replace(proof, d=g1(38)), WORDS)


def test_a_challenge_of_the_prover_s_choice_is_refused():
    # The equation holds for the chosen (chi, y), and only recomputing chi tells.
    chi = 12345
    proof = forge((chi, evaluate(WORDS, chi)), 37)
    unsafe_check_equation(CHALLENGE_KEY, proof, (chi, evaluate(WORDS, chi)))
    refused(Reason.EQUATION, verify_words, CHALLENGE_KEY, proof, WORDS)
    refused(Reason.WORDS_REQUIRED, verify, CHALLENGE_KEY, proof, (chi, evaluate(WORDS, chi)))


def test_d_is_bound_by_epsilon_not_by_delta():
    proof = challenge_proof()
    other = replace(CHALLENGE_KEY, epsilon=CHALLENGE_KEY.delta, delta=g2(13))
    refused(Reason.EQUATION, verify_words, other, proof, WORDS)


def test_forms_do_not_mix():
    plain, challenged = forge((1, 2), None), challenge_proof()
    refused(Reason.FORM_MISMATCH, verify, PLAIN_KEY, challenged, (1, 2))
    refused(Reason.FORM_MISMATCH, verify_words, CHALLENGE_KEY, plain, WORDS)
    refused(Reason.FORM_MISMATCH, verify_words, PLAIN_KEY, challenged, WORDS)
    refused(Reason.FORM_MISMATCH, vk_hash, PLAIN_KEY)


def test_words_are_canonical_and_there_are_some():
    proof = challenge_proof()
    refused(Reason.NO_WORDS, verify_words, CHALLENGE_KEY, proof, ())
    refused(Reason.NON_CANONICAL_INPUT, verify_words, CHALLENGE_KEY, proof, (*WORDS[:-1], WORDS[-1] + R))
    refused(Reason.NON_CANONICAL_INPUT, verify_words, CHALLENGE_KEY, proof, (-1,))


def test_challenge_is_the_documented_hash():
    # docs/protocol.md section 7, with another keccak and the layout written out by hand.
    def word(n: int) -> bytes:
        return n.to_bytes(32, "big")

    def words_g2(point: G2Point) -> list[int]:
        return [point.x.c1, point.x.c0, point.y.c1, point.y.c0]

    key = CHALLENGE_KEY
    layout = [*key.alpha]
    for point in (key.beta, key.gamma, g2(13), key.delta):
        layout += words_g2(point)
    layout += [c for point in key.ic for c in point]
    key_hash = keccak(b"".join(map(word, layout)))
    assert vk_hash(key) == key_hash
    statement = keccak(word(len(WORDS)) + b"".join(map(word, WORDS)))
    assert digest(WORDS) == statement
    d = g1(37)
    domain = keccak(text="tickproof.challenge.v1")
    expected = keccak(domain + key_hash + word(d.x) + word(d.y) + word(len(WORDS)) + statement)
    assert challenge(key, d, WORDS) == int.from_bytes(expected, "big") % R


def test_evaluate_is_the_polynomial_with_the_words_as_coefficients():
    assert evaluate((5, 7, 11), 2) == 5 + 14 + 44
    assert evaluate((0, 0, 1), R - 1) == 1
    assert evaluate((9,), 0) == 9


@pytest.mark.parametrize(
    "fields",
    [
        {"gamma": "delta"},
        {"epsilon": "delta"},
        {"epsilon": "gamma"},
        {"beta": "gamma"},
        {"beta": "epsilon"},
        {"beta": "delta"},
    ],
)
@pytest.mark.parametrize("opposite", [False, True])
def test_a_key_with_two_equal_trapdoors_is_refused(fields, opposite):
    (name, other), *_ = fields.items()
    point = getattr(CHALLENGE_KEY, other)
    if opposite:
        point = G2Point(point.x, Fp2(-point.y.c0 % P, -point.y.c1 % P))
    refused(Reason.DEGENERATE_KEY, lambda: replace(CHALLENGE_KEY, **{name: point}))


def test_a_key_without_phase_two_really_is_forgeable():
    # Why DEGENERATE_KEY exists: with gamma = delta, C = -(statement) proves anything, known to be so in the wild.
    public = (1234567, 89)
    statement = combine(PLAIN_KEY.ic[0], PLAIN_KEY.ic[1:], public)
    assert statement is not None
    pairs = [(negate(g1(3)), g2(5)), (g1(3), g2(5)), (statement, G2), (negate(statement), G2)]
    assert py_ecc_product(pairs)


def test_points_of_keys_and_proofs_are_checked_on_construction():
    outside = G2Point(
        Fp2(2, 1),
        Fp2(
            7292567877523311580221095596750716176434782432868683424513645834767876293070,
            19659275751359636165940301690575149581329631496732780143538578556285923319774,
        ),
    )
    proof = challenge_proof()
    for name in ("a", "c", "d"):
        refused(Reason.POINT_AT_INFINITY, lambda n=name: replace(proof, **{n: G1Point(0, 0)}))
        refused(Reason.NOT_ON_CURVE, lambda n=name: replace(proof, **{n: G1Point(1, 1)}))
        refused(Reason.NON_CANONICAL_COORDINATE, lambda n=name: replace(proof, **{n: G1Point(1 + P, 2)}))
    for name in ("beta", "gamma", "delta", "epsilon"):
        refused(Reason.NOT_IN_SUBGROUP, lambda n=name: replace(CHALLENGE_KEY, **{n: outside}))
        refused(
            Reason.POINT_AT_INFINITY,
            lambda n=name: replace(CHALLENGE_KEY, **{n: G2Point(Fp2(0, 0), Fp2(0, 0))}),
        )
    refused(Reason.NOT_IN_SUBGROUP, lambda: replace(proof, b=outside))
    refused(Reason.POINT_AT_INFINITY, lambda: replace(CHALLENGE_KEY, alpha=G1Point(0, 0)))
    for i in range(3):
        ic = list(CHALLENGE_KEY.ic)
        ic[i] = G1Point(0, 0)
        refused(Reason.POINT_AT_INFINITY, lambda ic=ic: replace(CHALLENGE_KEY, ic=tuple(ic)))
    refused(Reason.BAD_SHAPE, lambda: replace(PLAIN_KEY, ic=()))
    refused(Reason.BAD_SHAPE, lambda: replace(CHALLENGE_KEY, ic=(G1, G1)))


def test_bytes_round_trip_and_frames():
    for key in (PLAIN_KEY, CHALLENGE_KEY):
        assert VerifyingKey.from_bytes(key.to_bytes()) == key
        refused(Reason.BAD_LENGTH, VerifyingKey.from_bytes, key.to_bytes()[:-1])
        refused(Reason.BAD_LENGTH, VerifyingKey.from_bytes, key.to_bytes() + b"\0")
        refused(Reason.UNKNOWN_FORMAT, VerifyingKey.from_bytes, b"TPVL" + key.to_bytes()[4:])
        refused(Reason.UNKNOWN_FORMAT, VerifyingKey.from_bytes, b"TPVK\2" + key.to_bytes()[5:])
    refused(Reason.UNKNOWN_FORMAT, VerifyingKey.from_bytes, b"TPVK")
    for proof in (forge((1, 2), None), challenge_proof()):
        assert Proof.from_bytes(proof.to_bytes()) == proof
        refused(Reason.BAD_LENGTH, Proof.from_bytes, proof.to_bytes()[:-1])
        refused(Reason.BAD_LENGTH, Proof.from_bytes, proof.to_bytes() + bytes(96))


def test_the_pairing_is_the_one_passed_in():
    seen = []

    def spy(pairs) -> bool:
        seen.append(len(pairs))
        return False

    with pytest.raises(RefusedError):
        verify_words(CHALLENGE_KEY, challenge_proof(), WORDS, spy)
    assert seen == [5]
