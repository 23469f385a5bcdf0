"""What the rollup needs from cryptography, and the protocol's ways of using it (protocol sections 3 and 4).

Decides how lists are hashed, how domains separate messages, and what a signature looks like once it has been parsed.
The primitives themselves (Poseidon, EdDSA over Baby Jubjub) are arguments: `Crypto` is satisfied by the integer twins
and by the native kernel (`rollup.backends`), and nothing here chooses between them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from rollup.bounds import FIELD, SUBGROUP_ORDER
from rollup.rejections import require_canonical

Point = tuple[int, int]
"""Affine Baby Jubjub coordinates. Not known to be on the curve: verification checks that."""


@dataclass(frozen=True, slots=True)
class Signature:
    """EdDSA signature with canonical coordinates; raises NON_CANONICAL when a part is not reduced."""

    r8x: int
    r8y: int
    s: int

    def __post_init__(self) -> None:
        require_canonical("signature R8.x", self.r8x, FIELD)
        require_canonical("signature R8.y", self.r8y, FIELD)
        require_canonical("signature S", self.s, SUBGROUP_ORDER)


class Hasher(Protocol):
    """circomlib's Poseidon of 1 to 16 canonical field elements."""

    def hash(self, values: Sequence[int]) -> int: ...


class Crypto(Hasher, Protocol):
    """Hashing and signature verification: all that the rules need."""

    def verify(self, key: Point, message: int, signature: Signature) -> bool:
        """Whether the signature is valid; False for keys that are not on the curve. Never raises on bad keys."""
        ...


class SigningCrypto(Crypto, Protocol):
    """What owners, oracles and the operator need besides."""

    def public_key(self, private_key: bytes) -> Point: ...

    def sign(self, private_key: bytes, message: int) -> Signature: ...


def hash_many(hasher: Hasher, values: Sequence[int]) -> int:
    """`hash_many` of protocol section 3: one Poseidon up to 16 values, else chained in chunks of 15 after the first 16."""
    accumulator = hasher.hash(values[:16])
    for start in range(16, len(values), 15):
        accumulator = hasher.hash([accumulator, *values[start : start + 15]])
    return accumulator


def domain(hasher: Hasher, tag: str, chain_id: int, contract: int) -> int:
    """`H_3(tag, chain_id, contract)`: what keeps a message of one deployment from meaning anything in another."""
    return hasher.hash([int.from_bytes(tag.encode("ascii"), "big"), chain_id, contract])


def field(value: int) -> int:
    """A signed value as the field element `v mod r`."""
    return value % FIELD


def signed(element: int) -> int:
    """The inverse of `field` for |v| < r/2."""
    return element - FIELD if element > FIELD // 2 else element
