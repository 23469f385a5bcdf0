"""BLAKE2b-512 continued from a stored state (RFC 7693): powers-of-tau files keep the hash of a response as it
was before the last bytes, and hashlib cannot start from there.

Decides nothing but the arithmetic. A state is 208 bytes: a buffer of 128, eight words, the number of bytes
compressed so far, the number of bytes in the buffer, all little-endian; snarkjs stores 216, the rest
unused."""

import struct

from prover.ceremony.errors import CeremonyError, Reason

_IV = (
    0x6A09E667F3BCC908, 0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B, 0xA54FF53A5F1D36F1,
    0x510E527FADE682D1, 0x9B05688C2B3E6C1F, 0x1F83D9ABFB41BD6B, 0x5BE0CD19137E2179,
)  # fmt: skip
_SIGMA = (
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
_MIXED = ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
          (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14))  # fmt: skip
_WORD = (1 << 64) - 1
_BLOCK = 128
STATE = struct.Struct("<128s8QQQ")


def _rotated(x: int, bits: int) -> int:
    return (x >> bits | x << 64 - bits) & _WORD


def _compress(h: list[int], block: bytes, count: int, last: bool) -> list[int]:
    m = struct.unpack("<16Q", block)
    v = [*h, *_IV]
    v[12] ^= count & _WORD
    v[13] ^= count >> 64
    if last:
        v[14] ^= _WORD
    for i in range(12):
        s = _SIGMA[i % 10]
        for k, (a, b, c, d) in enumerate(_MIXED):
            v[a] = (v[a] + v[b] + m[s[2 * k]]) & _WORD
            v[d] = _rotated(v[d] ^ v[a], 32)
            v[c] = (v[c] + v[d]) & _WORD
            v[b] = _rotated(v[b] ^ v[c], 24)
            v[a] = (v[a] + v[b] + m[s[2 * k + 1]]) & _WORD
            v[d] = _rotated(v[d] ^ v[a], 16)
            v[c] = (v[c] + v[d]) & _WORD
            v[b] = _rotated(v[b] ^ v[c], 63)
    return [x ^ v[i] ^ v[i + 8] for i, x in enumerate(h)]


def finish(state: bytes, rest: bytes) -> bytes:
    """The hash (64 bytes) of what led to `state` and then `rest`. Raises `CeremonyError` 12 on a state that
    no hash is in."""
    buffer, *h, compressed, pending = STATE.unpack_from(state)
    if pending > _BLOCK or compressed % _BLOCK:
        raise CeremonyError(Reason.POWERS_HASH, "the state of a response's hash is not one of BLAKE2b")
    data = buffer[:pending] + rest
    while len(data) > _BLOCK:
        compressed += _BLOCK
        h = _compress(h, data[:_BLOCK], compressed, False)
        data = data[_BLOCK:]
    h = _compress(h, data.ljust(_BLOCK, b"\0"), compressed + len(data), True)
    return struct.pack("<8Q", *h)
