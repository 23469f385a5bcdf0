"""BLAKE-512, the SHA-3 finalist: the hash behind circomlibjs's EdDSA key derivation.

It is neither BLAKE2b nor in hashlib. This module decides nothing but the hash itself, without salt, of whole
byte strings.

Source: Aumasson, Henzen, Meier, Phan, "SHA-3 proposal BLAKE", version 1.4 (the 16-round final), section 2.
"""

from math import isqrt
from struct import pack, unpack

_MASK = (1 << 64) - 1
_ROUNDS = 16
_BLOCK = 128


def _pi_fraction(bits: int) -> int:
    """The first `bits` bits of pi's fractional part, by Machin's formula 16 atan(1/5) - 4 atan(1/239)."""
    guard = 64
    one = 1 << (bits + guard)

    def arctan_inverse(n: int) -> int:
        total, power, k = 0, one // n, 0
        while power:
            total += (-power if k % 2 else power) // (2 * k + 1)
            power //= n * n
            k += 1
        return total

    pi = 16 * arctan_inverse(5) - 4 * arctan_inverse(239)
    return (pi >> guard) & ((1 << bits) - 1)


_PI = unpack(">16Q", _pi_fraction(16 * 64).to_bytes(128, "big"))
"""The sixteen constants: the leading digits of pi's fraction."""

IV = tuple(isqrt(p << 128) & _MASK for p in (2, 3, 5, 7, 11, 13, 17, 19))
"""SHA-512's initial value: the fractions of the first primes' square roots."""

SIGMA = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
    (14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3),
    (11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4),
    (7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8),
    (9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13),
    (2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9),
    (12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11),
    (13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10),
    (6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5),
    (10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0),
)

QUARTERS = (
    (0, 4, 8, 12),
    (1, 5, 9, 13),
    (2, 6, 10, 14),
    (3, 7, 11, 15),
    (0, 5, 10, 15),
    (1, 6, 11, 12),
    (2, 7, 8, 13),
    (3, 4, 9, 14),
)
"""The state words of the eight G functions of a round: four columns, then four diagonals."""


def _rotate(x: int, n: int) -> int:
    return (x >> n | x << (64 - n)) & _MASK


def _compress(h: tuple[int, ...], block: bytes, counter: int) -> tuple[int, ...]:
    """One compression; `counter` is the number of message bits hashed so far, or 0 for a block of padding
    only.
    """
    m = unpack(">16Q", block)
    low, high = counter & _MASK, counter >> 64
    tail = (_PI[4] ^ low, _PI[5] ^ low, _PI[6] ^ high, _PI[7] ^ high)
    v = [*h, *_PI[:4], *tail]
    for r in range(_ROUNDS):
        sigma = SIGMA[r % len(SIGMA)]
        for i, (ia, ib, ic, id_) in enumerate(QUARTERS):
            j, k = sigma[2 * i], sigma[2 * i + 1]
            a, b, c, d = v[ia], v[ib], v[ic], v[id_]
            a = (a + b + (m[j] ^ _PI[k])) & _MASK
            d = _rotate(d ^ a, 32)
            c = (c + d) & _MASK
            b = _rotate(b ^ c, 25)
            a = (a + b + (m[k] ^ _PI[j])) & _MASK
            d = _rotate(d ^ a, 16)
            c = (c + d) & _MASK
            b = _rotate(b ^ c, 11)
            v[ia], v[ib], v[ic], v[id_] = a, b, c, d
    return tuple(x ^ v[i] ^ v[i + 8] for i, x in enumerate(h))


def blake512(data: bytes) -> bytes:
    """The 64-byte BLAKE-512 digest of a byte string shorter than 2^125 bytes."""
    zeros = (111 - len(data)) % _BLOCK
    # The padding's first and last bit are ones; they share a byte when one byte is all there is room for.
    padding = b"\x81" if zeros == 0 else b"\x80" + bytes(zeros - 1) + b"\x01"
    padded = data + padding + pack(">QQ", 8 * len(data) >> 64, 8 * len(data) & _MASK)
    h = IV
    for at in range(0, len(padded), _BLOCK):
        counter = 8 * min(at + _BLOCK, len(data)) if at < len(data) else 0
        h = _compress(h, padded[at : at + _BLOCK], counter)
    return pack(">8Q", *h)
