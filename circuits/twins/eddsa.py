"""EdDSA over Baby Jubjub with Poseidon, bit for bit as circomlibjs's `signPoseidon`: a readable integer twin.

It decides key derivation, signing and what counts as a valid signature. What is signed (messages, domains)
is fixed in docs/protocol.md; the twin of the curve and of the hash are its neighbours. Not constant-time:
for tests, tools and the demo's traders, not for keys that guard money on a shared machine.

Source: RFC 8032's structure with BLAKE-512 for the key, as circomlibjs 0.1.7 has it; the equation checked is
S * Base8 = R8 + 8 * h * A with h = Poseidon(R8x, R8y, Ax, Ay, M).
"""

from dataclasses import dataclass

from circuits.errors import CircuitError, ShapeError
from circuits.field import R
from circuits.twins.babyjub import BASE8, IDENTITY, SUBGROUP_ORDER, Point, add, is_on_curve, mul
from circuits.twins.blake512 import blake512
from circuits.twins.poseidon import poseidon

PRIVATE_KEY_BYTES = 32


class InvalidSignature(CircuitError):
    """The signature does not verify; the message says which check failed."""

    number = 1040


@dataclass(frozen=True)
class Signature:
    """A signature: the point R8 and the scalar S. Untrusted until `verify` has passed."""

    r8x: int
    r8y: int
    s: int

    @property
    def r8(self) -> Point:
        return Point(self.r8x, self.r8y)


def _expand(private_key: bytes) -> tuple[int, bytes]:
    """The secret scalar (a multiple of 8, bit 254 set) and the 32-byte nonce key. Raises ShapeError on a
    wrong length.
    """
    if len(private_key) != PRIVATE_KEY_BYTES:
        raise ShapeError(f"a private key has {PRIVATE_KEY_BYTES} bytes, not {len(private_key)}")
    digest = blake512(private_key)
    pruned = bytearray(digest[:32])
    pruned[0] &= 0xF8
    pruned[31] = pruned[31] & 0x7F | 0x40
    return int.from_bytes(pruned, "little"), digest[32:]


def public_key(private_key: bytes) -> Point:
    """The public key of 32 private bytes, a point of the prime-order subgroup. Raises ShapeError on a
    wrong length.
    """
    secret, _ = _expand(private_key)
    return mul(BASE8, secret >> 3)


def challenge(r8: Point, key: Point, message: int) -> int:
    """The hash h that binds the nonce point, the key and the message."""
    return poseidon([r8.x, r8.y, key.x, key.y, message])


def sign(private_key: bytes, message: int) -> Signature:
    """The deterministic signature of a field element.

    Raises ShapeError if the key has not 32 bytes or the message is not in [0, r).
    """
    if not 0 <= message < R:
        raise ShapeError("the message is not a canonical field element")
    secret, nonce_key = _expand(private_key)
    key = mul(BASE8, secret >> 3)
    nonce = int.from_bytes(blake512(nonce_key + message.to_bytes(32, "little")), "little") % SUBGROUP_ORDER
    r8 = mul(BASE8, nonce)
    s = (nonce + challenge(r8, key, message) * secret) % SUBGROUP_ORDER
    return Signature(r8.x, r8.y, s)


def verify(key: Point, signature: Signature, message: int) -> None:
    """Raise InvalidSignature unless the signature of the message is valid under the key.

    Checked: every number canonical, S below the subgroup order, both points on the curve, 8 times the key not
    the identity (anyone could sign for such a key), and the equation. Another key outside the subgroup is not
    refused: the factor 8 removes its small part, as in circomlib.
    """
    if not 0 <= message < R:
        raise InvalidSignature("the message is not a canonical field element")
    if not 0 <= signature.s < SUBGROUP_ORDER:
        raise InvalidSignature("S is not below the subgroup order")
    if not is_on_curve(key):
        raise InvalidSignature("the key is not on the curve")
    if not is_on_curve(signature.r8):
        raise InvalidSignature("R8 is not on the curve")
    cleared = mul(key, 8)
    if cleared == IDENTITY:
        raise InvalidSignature("the key is of small order")
    h = challenge(signature.r8, key, message)
    if mul(BASE8, signature.s) != add(signature.r8, mul(cleared, h)):
        raise InvalidSignature("the equation does not hold")


def is_valid(key: Point, signature: Signature, message: int) -> bool:
    """Whether `verify` accepts."""
    try:
        verify(key, signature, message)
    except InvalidSignature:
        return False
    return True
