"""Implementations of `rollup.ledger.crypto.SigningCrypto`: the readable integer twins, and the native kernel.

Decides only how their calls are adapted. Which one a node runs on is the caller's argument; there is no fall-back from
one to the other, and both give the same answers, refusals included.
"""

from collections.abc import Sequence
from hashlib import blake2b

from circuits.errors import ShapeError
from circuits.protocol.layout import Point
from circuits.protocol.signature import Signature
from circuits.twins import eddsa
from circuits.twins.babyjub import BASE8, SUBGROUP_ORDER, mul
from circuits.twins.babyjub import Point as CurvePoint
from circuits.twins.blake512 import blake512
from circuits.twins.poseidon import poseidon
from prover.native import kernel


class TwinCrypto:
    """Pure Python: about 0.5 ms for a small hash, tens of ms for a signature. For tests and as the oracle."""

    def hash(self, values: Sequence[int]) -> int:
        return poseidon(values)

    def verify(self, key: Point, message: int, signature: Signature) -> bool:
        twin = eddsa.Signature(signature.r8x, signature.r8y, signature.s)
        return eddsa.is_valid(CurvePoint(*key), twin, message)

    def public_key(self, private_key: bytes) -> Point:
        point = eddsa.public_key(private_key)
        return point.x, point.y

    def sign(self, private_key: bytes, message: int) -> Signature:
        signature = eddsa.sign(private_key, message)
        return Signature(signature.r8x, signature.r8y, signature.s)

    def signer(self, private_key: bytes) -> "TwinSigner":
        return TwinSigner(private_key)


class TwinSigner:
    """One key of the twins. Raises ShapeError if there are not 32 private bytes."""

    def __init__(self, private_key: bytes) -> None:
        secret, self._nonce_key = _expanded(private_key)
        self._secret = int.from_bytes(secret, "little")
        self._key = mul(BASE8, self._secret >> 3)

    @property
    def public_key(self) -> Point:
        return self._key.x, self._key.y

    def sign(self, message: int) -> Signature:
        digest = _nonce(self._nonce_key, message.to_bytes(32, "little"))
        nonce = int.from_bytes(digest, "little") % SUBGROUP_ORDER
        r8 = mul(BASE8, nonce)
        s = (nonce + eddsa.challenge(r8, self._key, message) * self._secret) % SUBGROUP_ORDER
        return Signature(r8.x, r8.y, s)


class NativeCrypto:
    """The compiled kernel: microseconds for a hash, a fraction of a millisecond for a signature."""

    def hash(self, values: Sequence[int]) -> int:
        data = b"".join(value.to_bytes(32, "little") for value in values)
        return int.from_bytes(kernel.poseidon(data), "little")

    def verify(self, key: Point, message: int, signature: Signature) -> bool:
        parts = (*key, signature.r8x, signature.r8y, signature.s, message)
        try:
            kernel.eddsa_verify(*(part.to_bytes(32, "little") for part in parts))
        except (kernel.InvalidSignature, kernel.NotOnCurve, kernel.NonCanonical):
            return False
        return True

    def public_key(self, private_key: bytes) -> Point:
        secret, _ = _expanded(private_key)
        point = kernel.eddsa_public_key(secret)
        return int.from_bytes(point[:32], "little"), int.from_bytes(point[32:], "little")

    def sign(self, private_key: bytes, message: int) -> Signature:
        secret, nonce_key = _expanded(private_key)
        encoded = message.to_bytes(32, "little")
        signed = kernel.eddsa_sign(secret, blake512(nonce_key + encoded), encoded)
        r8x, r8y, s = (int.from_bytes(signed[at : at + 32], "little") for at in (0, 32, 64))
        return Signature(r8x, r8y, s)

    def signer(self, private_key: bytes) -> "NativeSigner":
        return NativeSigner(private_key)


class NativeSigner:
    """One key of the kernel. Raises ShapeError if there are not 32 private bytes."""

    def __init__(self, private_key: bytes) -> None:
        self._secret, self._nonce_key = _expanded(private_key)
        point = kernel.eddsa_public_key(self._secret)
        self._key = int.from_bytes(point[:32], "little"), int.from_bytes(point[32:], "little")

    @property
    def public_key(self) -> Point:
        return self._key

    def sign(self, message: int) -> Signature:
        encoded = message.to_bytes(32, "little")
        signed = kernel.eddsa_sign(self._secret, _nonce(self._nonce_key, encoded), encoded)
        r8x, r8y, s = (int.from_bytes(signed[at : at + 32], "little") for at in (0, 32, 64))
        return Signature(r8x, r8y, s)


def _nonce(nonce_key: bytes, message: bytes) -> bytes:
    """64 bytes of a signer's secret nonce. Verification does not depend on how it was made; BLAKE2b comes with Python in C, the BLAKE-512
    of circomlibjs does not."""
    return blake2b(message, key=nonce_key, digest_size=64, person=b"tickproof.nonce").digest()


def _expanded(private_key: bytes) -> tuple[bytes, bytes]:
    """The pruned secret scalar and the nonce key of 32 private bytes, as circomlibjs derives them.

    Raises ShapeError if there are not 32 bytes.
    """
    if len(private_key) != eddsa.PRIVATE_KEY_BYTES:
        raise ShapeError(f"a private key has {eddsa.PRIVATE_KEY_BYTES} bytes, not {len(private_key)}")
    digest = bytearray(blake512(private_key))
    digest[0] &= 0xF8
    digest[31] = digest[31] & 0x7F | 0x40
    return bytes(digest[:32]), bytes(digest[32:])
