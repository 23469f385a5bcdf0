"""What a ceremony hashes: the circuit and its initial key, and the contributions before one's own.

Decides the bytes, and that they are snarkjs's for a plain circuit, so that its users can check ours and we
theirs. Hashes are BLAKE2b-512; points are uncompressed big-endian (G2: imaginary parts first), infinity
zeros. A challenge circuit has its own domain tags: its hashes cover the layout and epsilon, and the G2
points that the two proofs of knowledge refer to are drawn from different hashes."""

import hashlib
from collections.abc import Iterable, Sequence

from prover.ceremony.arithmetic import Arithmetic
from prover.ceremony.randomness import hash_to_g2
from prover.formats.contributions import Contribution, Knowledge
from prover.formats.montgomery import G1_SIZE, G2_SIZE
from prover.formats.zkey import Zkey
from verifier.points import G1Point, G2Point, g1_evm_words, g2_evm_words

CIRCUIT_TAG = b"tickproof.ceremony.circuit.v1"
EPSILON_TAG = b"tickproof.ceremony.epsilon.v1"
DELTA_TAG = b"tickproof.ceremony.delta.v1"


def _words(words: Iterable[int]) -> bytes:
    return b"".join(word.to_bytes(32, "big") for word in words)


def uncompressed_g1(point: G1Point | None) -> bytes:
    """64 bytes."""
    return bytes(64) if point is None else _words(g1_evm_words(point))


def uncompressed_g2(point: G2Point | None) -> bytes:
    """128 bytes."""
    return bytes(128) if point is None else _words(g2_evm_words(point))


def _u32(n: int) -> bytes:
    return n.to_bytes(4, "big")


def circuit_hash(key: Zkey, quotient_basis: bytes, arithmetic: Arithmetic) -> bytes:
    """The hash of an initial key. `quotient_basis`: the query [tau^i Z(tau)]_1 that stands for H in snarkjs's
    hash, uncompressed.

    A challenge key hashes its layout, [epsilon]_1, [epsilon]_2 and early query too, and H itself, under a
    tag."""
    hasher = hashlib.blake2b()
    if key.challenge is not None:
        layout = key.challenge.layout
        hasher.update(CIRCUIT_TAG + _u32(layout.n_early) + _u32(layout.mask) + _u32(len(layout.words)))
        hasher.update(b"".join(_u32(wire) for wire in layout.words))
        hasher.update(uncompressed_g1(key.challenge.epsilon_1) + uncompressed_g2(key.challenge.epsilon_2))
    hasher.update(uncompressed_g1(key.alpha_1) + uncompressed_g1(key.beta_1))
    hasher.update(uncompressed_g2(key.beta_2) + uncompressed_g2(key.gamma_2))
    hasher.update(uncompressed_g1(key.delta_1) + uncompressed_g2(key.delta_2))

    def query(data: bytes) -> None:
        hasher.update(_u32(len(data) // G1_SIZE) + arithmetic.uncompressed_g1(data))

    query(key.ic)
    if key.challenge is not None:
        query(key.challenge.early)
        query(key.h)
    # snarkjs announces one point fewer than it hashes when it hashes in several pieces.
    hasher.update(_u32(key.domain_size - 1) + quotient_basis)
    for data in (key.late, key.a, key.b1):
        query(data)
    hasher.update(_u32(len(key.b2) // G2_SIZE) + arithmetic.uncompressed_g2(key.b2))
    return hasher.digest()


def _public_key(knowledge: Knowledge) -> bytes:
    points = (knowledge.after, knowledge.g1_s, knowledge.g1_sx)
    return b"".join(map(uncompressed_g1, points)) + uncompressed_g2(knowledge.g2_spx)


def _contribution_bytes(contribution: Contribution) -> bytes:
    epsilon = b"" if contribution.epsilon is None else _public_key(contribution.epsilon)
    return _public_key(contribution.delta) + epsilon + contribution.transcript


def contribution_hash(contribution: Contribution) -> bytes:
    """What a contributor publishes and later finds in the list."""
    return hashlib.blake2b(_contribution_bytes(contribution)).digest()


def transcript_hash(
    circuit: bytes, before: Sequence[Contribution], own: Sequence[tuple[G1Point, G1Point]]
) -> bytes:
    """The hash a contribution's proofs refer to: the circuit, all earlier contributions, own ([s]_1, [s
    x]_1) pairs."""
    hasher = hashlib.blake2b(circuit)
    for contribution in before:
        hasher.update(_contribution_bytes(contribution))
    for pair in own:
        hasher.update(b"".join(map(uncompressed_g1, pair)))
    return hasher.digest()


def delta_base(transcript: bytes, with_challenge: bool) -> G2Point:
    """The G2 point that delta's proof multiplies."""
    return hash_to_g2(hashlib.blake2b(DELTA_TAG + transcript).digest() if with_challenge else transcript)


def epsilon_base(transcript: bytes) -> G2Point:
    """The G2 point that epsilon's proof multiplies."""
    return hash_to_g2(hashlib.blake2b(EPSILON_TAG + transcript).digest())
