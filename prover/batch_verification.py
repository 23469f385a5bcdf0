"""Many proofs under one key, verified together: n + 3 Miller loops instead of 4 n (n + 4 with a challenge), one final
exponentiation, two threads.

Takes and raises what `verifier` does for one proof: the same checks of form, count and range, here in front of the kernel,
which checks every point again and evaluates the weighted equation (prover/native/batch_verify.hpp says how the weights are
drawn). A batch is accepted as a whole; a refusal names the first false proof. What the statements mean is the caller's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from prover.native import kernel
from verifier.challenge import check_words
from verifier.errors import Reason, RefusedError
from verifier.groth16 import check_inputs
from verifier.keys import Proof, VerifyingKey

Claim = tuple[Proof, Sequence[int]]
"""A proof and its statement: the public inputs under a plain key, the public words under one with a challenge."""


class BatchVerifier:
    """A verifying key prepared for any number of batches."""

    def __init__(self, key: VerifyingKey) -> None:
        self.key = key
        self._prepared = kernel.PreparedVerifyingKey(key.to_bytes())

    def verify(self, claims: Sequence[Claim]) -> None:
        """Return if every plain proof is valid for its public inputs.

        Raises `RefusedError` 32 for a key with a challenge, 31 (a proof with D), 30 (number of inputs), 33 (equation), and
        `MalformedError` 15 (an input not in [0, r)).
        """
        if self.key.epsilon is not None:
            raise RefusedError(
                Reason.WORDS_REQUIRED, "a key of the challenge form verifies words: see verify_words"
            )
        for i, (proof, public) in enumerate(claims):
            if proof.d is not None:
                raise RefusedError(
                    Reason.FORM_MISMATCH, f"proof {i} is of the challenge form, the key is plain"
                )
            check_inputs(self.key, public)
        self._check(claims, self._prepared.verify_batch)

    def verify_words(self, claims: Sequence[Claim]) -> None:
        """Return if every proof with a challenge is valid for its words; chi and y are computed from D and the words.

        Raises `RefusedError` 31 (the key or a proof is plain) or 33 (equation), `MalformedError` 15 or 16 (words).
        """
        if self.key.epsilon is None:
            raise RefusedError(Reason.FORM_MISMATCH, "a plain key has no challenge")
        for i, (proof, words) in enumerate(claims):
            if proof.d is None:
                raise RefusedError(Reason.FORM_MISMATCH, f"proof {i} has no element D")
            check_words(words)
        self._check(claims, self._prepared.verify_words_batch)

    @staticmethod
    def _check(claims: Sequence[Claim], check: Callable[[list[bytes], list[bytes]], None]) -> None:
        proofs = [proof.to_bytes() for proof, _ in claims]
        statements = [
            b"".join(value.to_bytes(32, "little") for value in statement) for _, statement in claims
        ]
        try:
            check(proofs, statements)
        except kernel.InvalidProof as refusal:
            raise RefusedError(Reason.EQUATION, str(refusal)) from refusal
