"""BLAKE2b-512 continued from a stored state (RFC 7693): powers-of-tau files keep the hash of a response as it
was before the last bytes, and hashlib cannot start from there.

Decides nothing but the arithmetic; the constants are BLAKE-512's, which BLAKE2b kept. A state is 208 bytes: a
buffer of 128, eight words, the number of bytes compressed so far, the number of bytes in the buffer, all
little-endian; snarkjs stores 216, the rest unused."""

import struct

from circuits.twins.blake512 import IV, QUARTERS, SIGMA
from prover.ceremony.errors import CeremonyError, Reason

_WORD = (1 << 64) - 1
_BLOCK = 128
STATE = struct.Struct("<128s8QQQ")


def _rotated(x: int, bits: int) -> int:
    return (x >> bits | x << 64 - bits) & _WORD


def _compress(h: list[int], block: bytes, count: int, last: bool) -> list[int]:
    m = struct.unpack("<16Q", block)
    v = [*h, *IV]
    v[12] ^= count & _WORD
    v[13] ^= count >> 64
    if last:
        v[14] ^= _WORD
    for i in range(12):
        s = SIGMA[i % 10]
        for k, (a, b, c, d) in enumerate(QUARTERS):
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
