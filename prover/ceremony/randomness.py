"""Randomness as snarkjs derives it: a ChaCha20 stream, and field elements, points and hashes to G2 drawn
from it.

Decides the exact draw, bit for bit, because a verifier repeats it for beacons and for the G2 points that
proofs of knowledge refer to. A field element is four 64-bit words (the first drawn half is the high one),
least significant word first, cut to 254 bits, drawn again unless below the modulus, and then read as a
*Montgomery form*: x * 2^-256. A point is an x, then a bit for the larger root, drawn again unless x is on
the curve; on G2 it is multiplied by the cofactor 2p - r."""

import hashlib
import secrets
from functools import lru_cache

from py_ecc.fields import optimized_bn128_FQ2 as FQ2
from py_ecc.optimized_bn128 import multiply, normalize

from prover.ceremony.errors import CeremonyError, Reason
from prover.reference.groups import G1_GROUP
from verifier.points import Fp2, G1Point, G2Point, P, R

_MASK = (1 << 254) - 1
_FROM_P = pow(1 << 256, -1, P)
_FROM_R = pow(1 << 256, -1, R)
COFACTOR = 2 * P - R
MIN_ITERATIONS, MAX_ITERATIONS = 10, 32
"""Bounds of a beacon's exponent: snarkjs's least, and what a verifier can still repeat (2^32 hashes)."""

_CONSTANTS = (0x61707865, 0x3320646E, 0x79622D32, 0x6B206574)
_ROUNDS = (
    (0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
    (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14),
)  # fmt: skip


def _rotate(x: int, k: int) -> int:
    return (x << k | x >> 32 - k) & 0xFFFFFFFF


class ChaCha:
    """The ChaCha20 key stream (RFC 8439's block function, 64-bit counter and nonce zero) as 32-bit words."""

    def __init__(self, seed: bytes) -> None:
        """`seed`: at least 32 bytes, of which the first 32 are the key, as big-endian words."""
        self._key = [int.from_bytes(seed[i : i + 4], "big") for i in range(0, 32, 4)]
        self._counter = 0
        self._block: list[int] = []

    def u32(self) -> int:
        """The next word."""
        if not self._block:
            self._block = self._next()[::-1]
        return self._block.pop()

    def _next(self) -> list[int]:
        counter = (self._counter & 0xFFFFFFFF, self._counter >> 32)
        start = [*_CONSTANTS, *self._key, *counter, 0, 0]
        self._counter += 1
        s = list(start)
        for _ in range(10):
            for a, b, c, d in _ROUNDS:
                for x, y, z, k in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                    s[x] = (s[x] + s[y]) & 0xFFFFFFFF
                    s[z] = _rotate(s[z] ^ s[x], k)
        return [(x + y) & 0xFFFFFFFF for x, y in zip(s, start, strict=True)]

    def _below(self, modulus: int) -> int:
        while True:
            value = 0
            for i in range(4):
                value |= (self.u32() << 32 | self.u32()) << 64 * i
            value &= _MASK
            if value < modulus:
                return value

    def scalar(self) -> int:
        """An element of the scalar field."""
        return self._below(R) * _FROM_R % R

    def coordinate(self) -> int:
        """An element of the base field."""
        return self._below(P) * _FROM_P % P

    def g1(self) -> G1Point:
        """A point of G1 whose logarithm nobody knows."""
        while True:
            x = self.coordinate()
            greatest = bool(self.u32() & 1)
            square = (x * x * x + 3) % P
            y = pow(square, (P + 1) // 4, P)
            if y * y % P == square:
                return G1Point(x, y if (y > P // 2) == greatest else -y % P)

    def g2(self) -> G2Point:
        """A point of the subgroup G2 whose logarithm nobody knows."""
        while True:
            x = FQ2([self.coordinate(), self.coordinate()])
            greatest = bool(self.u32() & 1)
            y = _root(x * x * x + FQ2([3, 0]) / FQ2([9, 1]))
            if y is None:
                continue
            if _is_negative(y) != greatest:
                y = -y
            return _clear_cofactor(x, y)


def _root(square: FQ2) -> FQ2 | None:
    """A square root in Fp2 for p = 3 mod 4 (Adj, Rodriguez-Henriquez, IEEE TC 2014, algorithm 9), or None."""
    power = square ** ((P - 3) // 4)
    candidate = power * square
    alpha = power * candidate
    if alpha == FQ2([P - 1, 0]):
        root = FQ2([0, 1]) * candidate
    else:
        root = (FQ2([1, 0]) + alpha) ** ((P - 1) // 2) * candidate
    return root if root * root == square else None


def _is_negative(y: FQ2) -> bool:
    c0, c1 = (int(c) for c in y.coeffs)
    return (c1 or c0) > P // 2


def _clear_cofactor(x: FQ2, y: FQ2) -> G2Point:
    u, v = normalize(multiply((x, y, FQ2.one()), COFACTOR))
    return G2Point(Fp2(*(int(c) for c in u.coeffs)), Fp2(*(int(c) for c in v.coeffs)))


@lru_cache(maxsize=256)
def hash_to_g2(digest: bytes) -> G2Point:
    """The point that the first 32 bytes of a 64-byte digest draw (tens of milliseconds, so the last ones
    are kept)."""
    return ChaCha(digest).g2()


def fresh(entropy: bytes) -> ChaCha:
    """A stream from 64 bytes of the operating system and whatever the contributor adds."""
    return ChaCha(hashlib.blake2b(secrets.token_bytes(64) + entropy).digest())


def from_beacon(beacon: bytes, iterations_exponent: int) -> ChaCha:
    """The stream of a public random value, hashed 2^exponent times with SHA-256.

    Raises `CeremonyError` 23 unless 1 <= len(beacon) <= 255 and the exponent is within 10..32.
    """
    if not 1 <= len(beacon) <= 255 or not MIN_ITERATIONS <= iterations_exponent <= MAX_ITERATIONS:
        raise CeremonyError(Reason.BAD_BEACON, "a beacon has 1..255 bytes and an exponent within 10..32")
    digest = beacon
    for _ in range(1 << iterations_exponent):
        digest = hashlib.sha256(digest).digest()
    return ChaCha(digest)


def multiply_g1(point: G1Point, scalar: int) -> G1Point:
    """scalar * point, finite. Raises `CeremonyError` 6 if it is not (scalar = 0 mod r)."""
    product = G1_GROUP.multiply(point, scalar)
    if product is None:
        raise CeremonyError(Reason.INFINITY, "the product of a point and a scalar is infinity")
    return product
