"""Implementations of `rollup.crypto.SigningCrypto`.

Decides only how the twins' calls are adapted. Which one a node runs on is the caller's argument; there is no fall-back.
"""

from collections.abc import Sequence

from circuits.twins import eddsa
from circuits.twins.babyjub import Point as CurvePoint
from circuits.twins.poseidon import poseidon
from rollup.crypto import Point, Signature


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
