"""What the ledger needs from cryptography, and the protocol's ways of using it (protocol sections 3 and 4).

Decides how lists are hashed and how domains separate messages. The primitives themselves (Poseidon, EdDSA over Baby Jubjub) are
arguments: `Crypto` is satisfied by the integer twins and by the native kernel (`rollup.backends`), and nothing here chooses between
them.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

from circuits.protocol.kinds.declaration import Message, domain_tag
from circuits.protocol.layout import Point, Shape
from circuits.protocol.numbers import FIELD
from circuits.protocol.signature import Signature


class Hasher(Protocol):
    """circomlib's Poseidon of 1 to 16 canonical field elements. One object always gives the same hashes; it is a dictionary's key."""

    def hash(self, values: Sequence[int]) -> int: ...

    def __hash__(self) -> int: ...


class Crypto(Hasher, Protocol):
    """Hashing and signature verification: all that the rules need."""

    def verify(self, key: Point, message: int, signature: Signature) -> bool:
        """Whether the signature is valid; False for keys that are not on the curve. Never raises on bad keys."""
        ...


class Signer(Protocol):
    """One private key, expanded once. Deterministic: one message, one signature."""

    @property
    def public_key(self) -> Point: ...

    def sign(self, message: int) -> Signature: ...


class SigningCrypto(Crypto, Protocol):
    """What owners, oracles and the operator need besides."""

    def public_key(self, private_key: bytes) -> Point: ...

    def sign(self, private_key: bytes, message: int) -> Signature: ...

    def signer(self, private_key: bytes) -> Signer:
        """For who signs often: the key's expansion is kept. Its nonces are not those of `sign`; both kinds of signature verify."""
        ...


def hash_many(hasher: Hasher, values: Sequence[int]) -> int:
    """`hash_many` of protocol section 3: one Poseidon up to 16 values, else chained in chunks of 15 after the first 16."""
    accumulator = hasher.hash(values[:16])
    for start in range(16, len(values), 15):
        accumulator = hasher.hash([accumulator, *values[start : start + 15]])
    return accumulator


@lru_cache(maxsize=64)
def domain(hasher: Hasher, tag: str, chain_id: int, contract: int) -> int:
    """`H_3(tag, chain_id, contract)`: what keeps a message of one deployment from meaning anything in another. Kept: a deployment has a
    handful, and every signature asks for one."""
    return hasher.hash([domain_tag(tag), chain_id, contract])


def message_hash(declared: Message, body: Shape, chain_id: int, contract: int, hasher: Hasher) -> int:
    """`H_3(domain, p1, p2)`: what an owner signs, for an order, a withdrawal or a cancel."""
    return hasher.hash([domain(hasher, declared.tag, chain_id, contract), *declared.words(body)])


def element(value: int) -> int:
    """A signed value as the field element `v mod r`."""
    return value % FIELD
