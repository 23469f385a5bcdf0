"""Bindings of the two verifier contracts. Both raise on an invalid proof and return nothing of interest otherwise; what
a proof proves is `verifier`'s business, and its keys and proofs are the types taken here.
"""

from collections.abc import Sequence

from web3 import Web3

from contracts.artifact import load
from contracts.transactions import bound, call, deploy, function
from contracts.words import statement
from verifier.errors import MalformedError, Reason
from verifier.keys import Proof, VerifyingKey

MAX_PROOFS = 16
"""Proofs in one batched verification (Verifier.vy)."""
GAS_PER_WORD = 1_200
"""An upper bound on calldata, copies, hash and evaluation of one public word (the calldata floor of EIP-7623 included)."""


def verify_gas(words: int, proofs: int = 1) -> int:
    """A gas limit for verifying `proofs` proofs over `words` words altogether."""
    return 500_000 + 90_000 * (proofs - 1) + GAS_PER_WORD * words


def challenge_words(proof: Proof) -> tuple[int, ...]:
    """The ten words of a proof with D. Raises MalformedError 3 for a plain proof."""
    if proof.d is None:
        raise MalformedError(Reason.BAD_SHAPE, "the proof has no element D")
    return proof.evm_words()


class ChallengeVerifier:
    """Verifier.vy at an address: one key of the challenge form."""

    def __init__(self, web3: Web3, address: str) -> None:
        """Raises ContractError 280 if there is no contract."""
        self._contract = bound(web3, load("Verifier"), address)
        self.address: str = self._contract.address

    def vk_hash(self) -> bytes:
        """keccak256 of the key's points, as computed on chain."""
        return bytes(call(function(self._contract, "vk_hash")))

    def verify(self, words: Sequence[int], proof: Proof) -> bytes:
        """The digest of `words`, if `proof` proves them. Raises ContractError 201..206."""
        prepared = function(self._contract, "verify", statement(words), challenge_words(proof))
        return bytes(call(prepared, gas=verify_gas(len(words))))

    def verify_many(self, batches: Sequence[tuple[Sequence[int], Proof]]) -> tuple[bytes, ...]:
        """The digests of all words, if every proof proves its own. Raises ContractError 201..206, 209."""
        statements = b"".join(statement(words) for words, _ in batches)
        proofs = [challenge_words(proof) for _, proof in batches]
        gas = verify_gas(len(statements) // 32, max(len(proofs), 1))
        digests = call(function(self._contract, "verify_many", statements, proofs), gas=gas)
        return tuple(bytes(digest) for digest in digests)


class PlainVerifier:
    """PlainVerifier.vy at an address: one key without a challenge."""

    def __init__(self, web3: Web3, address: str) -> None:
        """Raises ContractError 280 if there is no contract."""
        self._contract = bound(web3, load("PlainVerifier"), address)
        self.address: str = self._contract.address

    def vk_hash(self) -> bytes:
        """keccak256 of the key's points, as computed on chain."""
        return bytes(call(function(self._contract, "vk_hash")))

    def verify(self, public: Sequence[int], proof: Proof) -> None:
        """Return if `proof` proves the inputs `public`. Raises ContractError 203..208, MalformedError 3."""
        if proof.d is not None:
            raise MalformedError(Reason.BAD_SHAPE, "the proof has an element D")
        prepared = function(self._contract, "verify", list(public), proof.evm_words())
        call(prepared, gas=verify_gas(8 * len(public)))


def deploy_verifier(web3: Web3, key: VerifyingKey, sender: str) -> ChallengeVerifier:
    """Deploy Verifier.vy for a key of the challenge form. Raises MalformedError 3 for a plain key."""
    if key.epsilon is None:
        raise MalformedError(Reason.BAD_SHAPE, "a plain key has no challenge")
    contract = deploy(web3, load("Verifier"), [key.evm_words()], sender)
    return ChallengeVerifier(web3, contract.address)


def deploy_plain_verifier(web3: Web3, key: VerifyingKey, sender: str) -> PlainVerifier:
    """Deploy PlainVerifier.vy for a plain key (at most 32 inputs). Raises MalformedError 3 for the challenge form."""
    if key.epsilon is not None:
        raise MalformedError(Reason.BAD_SHAPE, "a key of the challenge form verifies words")
    words = key.evm_words()
    ic = [words[i : i + 2] for i in range(14, len(words), 2)]
    contract = deploy(web3, load("PlainVerifier"), [words[:14], ic], sender)
    return PlainVerifier(web3, contract.address)
