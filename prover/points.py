"""Points between the kernel's bytes and the verifier's trusted types.

The kernel speaks 32-byte little-endian coordinates (docs/architecture.md); `verifier` has types whose construction checks a point. This
module converts, and makes the kernel's pairing available as the verifier's `Pairing`. It decides nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from prover.native import kernel
from prover.native.groth16 import Proof as KernelProof
from prover.native.groth16 import VerifyingKeyBytes
from verifier.keys import Proof, VerifyingKey
from verifier.pairing import Pair
from verifier.points import Fp2, G1Point, G2Point


def g1_from_kernel(data: bytes) -> G1Point:
    """A G1 point of 64 bytes; whether it is a point is checked by the type that takes it."""
    return G1Point(*_numbers(data, 2))


def g2_from_kernel(data: bytes) -> G2Point:
    """A G2 point of 128 bytes, x then y, real part first."""
    x0, x1, y0, y1 = _numbers(data, 4)
    return G2Point(Fp2(x0, x1), Fp2(y0, y1))


def g1_to_kernel(point: G1Point) -> bytes:
    """64 bytes."""
    return _bytes([point.x, point.y])


def g2_to_kernel(point: G2Point) -> bytes:
    """128 bytes."""
    return _bytes([*point.x, *point.y])


def proof_from_kernel(proof: KernelProof) -> Proof:
    """The verifier's proof, every point checked."""
    d = None if proof.d is None else g1_from_kernel(proof.d)
    return Proof(g1_from_kernel(proof.a), g2_from_kernel(proof.b), g1_from_kernel(proof.c), d)


def verifying_key_from_kernel(key: VerifyingKeyBytes) -> VerifyingKey:
    """The verifier's key, every point checked."""
    return VerifyingKey(
        alpha=g1_from_kernel(key.alpha),
        beta=g2_from_kernel(key.beta),
        gamma=g2_from_kernel(key.gamma),
        delta=g2_from_kernel(key.delta),
        ic=tuple(g1_from_kernel(point) for point in key.ic),
        epsilon=None if key.epsilon is None else g2_from_kernel(key.epsilon),
    )


def native_pairing(pairs: Sequence[Pair]) -> bool:
    """The verifier's `Pairing` on the kernel: about a thousand times faster than py_ecc, with the same answers."""
    return bool(kernel.pairing_check(b"".join(g1_to_kernel(p) + g2_to_kernel(q) for p, q in pairs)))


def _numbers(data: bytes, count: int) -> list[int]:
    return [int.from_bytes(data[32 * i : 32 * i + 32], "little") for i in range(count)]


def _bytes(numbers: Sequence[int]) -> bytes:
    return b"".join(n.to_bytes(32, "little") for n in numbers)
