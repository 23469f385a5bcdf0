"""The Groth16 verification equation (ePrint 2016/260, section 3.2), and nothing of what its public inputs
mean.

    e(A, B) = e(alpha, beta) e(IC_0 + sum x_i IC_i, gamma) e(C, delta)              plain
    e(A, B) = e(alpha, beta) e(IC_0 + sum x_i IC_i, gamma) e(D, epsilon) e(C, delta)  challenge form

Keys and proofs arrive as trusted values; decided here: the number of inputs, each below r, that key and
proof are of one form, and the equation. A proof of the challenge form says nothing until chi has been
recomputed from D and the words, so `verify` refuses such a key and `verifier.challenge.verify_words` is the
way in."""

from collections.abc import Sequence

from verifier.errors import MalformedError, Reason, RefusedError
from verifier.keys import Proof, VerifyingKey
from verifier.pairing import Pairing, combine, negate, py_ecc_product
from verifier.points import R


def check_inputs(key: VerifyingKey, public: Sequence[int]) -> None:
    """Raise `RefusedError` 30 on a wrong number of inputs, `MalformedError` 15 on one outside [0, r)."""
    if len(public) != key.n_public:
        raise RefusedError(
            Reason.INPUT_COUNT, f"the key takes {key.n_public} public inputs, got {len(public)}"
        )
    for i, value in enumerate(public):
        if not 0 <= value < R:
            raise MalformedError(Reason.NON_CANONICAL_INPUT, f"public input {i} is not in [0, r)")


def unsafe_check_equation(
    key: VerifyingKey, proof: Proof, public: Sequence[int], pairing: Pairing = py_ecc_product
) -> None:
    """Check the equation of either form for the given inputs; unsafe where `public` holds a chi that the
    prover chose.

    Raises `RefusedError` 30 (number of inputs), 31 (D without epsilon or the reverse), 33 (equation), and
    `MalformedError` 15 (an input >= r).
    """
    if (key.epsilon is None) != (proof.d is None):
        form = "has no epsilon" if key.epsilon is None else "has epsilon"
        raise RefusedError(Reason.FORM_MISMATCH, f"the key {form}, the proof is of the other form")
    check_inputs(key, public)
    pairs = [(negate(proof.a), proof.b), (key.alpha, key.beta), (proof.c, key.delta)]
    statement = combine(key.ic[0], key.ic[1:], public)
    # e(infinity, gamma) = 1: a prover may meet such inputs, and they are no reason to refuse.
    if statement is not None:
        pairs.append((statement, key.gamma))
    if key.epsilon is not None and proof.d is not None:
        pairs.append((proof.d, key.epsilon))
    if not pairing(pairs):
        raise RefusedError(
            Reason.EQUATION, "the pairing equation does not hold: not a proof of this statement"
        )


def verify(key: VerifyingKey, proof: Proof, public: Sequence[int], pairing: Pairing = py_ecc_product) -> None:
    """Return if `proof` proves the statement with inputs `public` under a plain Groth16 key.

    Raises `RefusedError` 32 for a key of the challenge form, else as `unsafe_check_equation`.
    """
    if key.epsilon is not None:
        raise RefusedError(
            Reason.WORDS_REQUIRED,
            "a key of the challenge form verifies words, not (chi, y): see verify_words",
        )
    unsafe_check_equation(key, proof, public, pairing)
