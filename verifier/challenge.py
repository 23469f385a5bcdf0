"""The challenge form: from a key, D and the public words to chi and y, and the whole verification.

Decided here, exactly as docs/protocol.md section 7 writes it: the hash of a key, the digest of the words,
the challenge, the evaluation. chi is a function of the key, of D and of the words alone, so a prover fixes
all three before it learns chi; why that is enough is docs/soundness.md, "One challenge". What the words
mean is left to whoever reads them."""

from collections.abc import Sequence

from Crypto.Hash import keccak

from verifier.errors import MalformedError, Reason, RefusedError
from verifier.groth16 import unsafe_check_equation
from verifier.keys import Proof, VerifyingKey
from verifier.pairing import Pairing, py_ecc_product
from verifier.points import G1Point, R, g1_evm_words


def keccak256(data: bytes) -> bytes:
    """Ethereum's keccak256 (the original Keccak padding, not SHA3-256)."""
    return keccak.new(digest_bits=256, data=data).digest()


CHALLENGE_DOMAIN = keccak256(b"tickproof.challenge.v1")


def _encode(words: Sequence[int]) -> bytes:
    return b"".join(word.to_bytes(32, "big") for word in words)


def check_words(words: Sequence[int]) -> None:
    """Raise `MalformedError` 16 if there are none, 15 if one is outside [0, r)."""
    if not words:
        raise MalformedError(Reason.NO_WORDS, "a statement has at least one word")
    for i, word in enumerate(words):
        if not 0 <= word < R:
            raise MalformedError(Reason.NON_CANONICAL_INPUT, f"word {i} is not in [0, r)")


def key_hash(key: VerifyingKey) -> bytes:
    """keccak256 over the points of a key of either form in EVM order: what names the key to people (32 bytes)."""
    return keccak256(_encode(key.evm_words()))


def vk_hash(key: VerifyingKey) -> bytes:
    """The `key_hash` that a challenge covers: alpha, beta, gamma, epsilon, delta, IC_0.. (32 bytes).

    Raises `RefusedError` 31 for a plain key.
    """
    if key.epsilon is None:
        raise RefusedError(Reason.FORM_MISMATCH, "a plain key has no challenge")
    return key_hash(key)


def digest(words: Sequence[int]) -> bytes:
    """keccak256(n || d_0 || ... || d_{n-1}), each a 32-byte big-endian word. Raises as `check_words`."""
    check_words(words)
    return keccak256(_encode([len(words), *words]))


def challenge_from_hash(key_hash: bytes, d: G1Point, words: Sequence[int]) -> int:
    """`challenge` for whoever keeps the 32 bytes of `vk_hash` at hand."""
    statement = digest(words)
    return (
        int.from_bytes(
            keccak256(CHALLENGE_DOMAIN + key_hash + _encode([*g1_evm_words(d), len(words)]) + statement),
            "big",
        )
        % R
    )


def challenge(key: VerifyingKey, d: G1Point, words: Sequence[int]) -> int:
    """chi = keccak256(domain || vk_hash || D.x || D.y || n || digest) mod r.

    Raises `RefusedError` 31 for a plain key, `MalformedError` 15 or 16 as `check_words`.
    """
    return challenge_from_hash(vk_hash(key), d, words)


def evaluate(words: Sequence[int], chi: int) -> int:
    """y = sum of words[i] * chi^i mod r."""
    y = 0
    for word in reversed(words):
        y = (y * chi + word) % R
    return y


def verify_words(
    key: VerifyingKey, proof: Proof, words: Sequence[int], pairing: Pairing = py_ecc_product
) -> None:
    """Return if `proof` proves the statement `words` under a key of the challenge form.

    Raises `RefusedError` 31 (key or proof is plain) or 33 (equation), `MalformedError` 15 or 16 (words).
    """
    if proof.d is None:
        raise RefusedError(Reason.FORM_MISMATCH, "the proof has no element D")
    chi = challenge(key, proof.d, words)
    unsafe_check_equation(key, proof, [chi, evaluate(words, chi)], pairing)
