"""EdDSA-Poseidon signatures (docs/protocol.md, section 4), circomlib's scheme with every point checked.

It decides what a valid signature is inside a circuit: the same as `circuits.twins.eddsa.verify`. Which
message is signed, and whose key must sign it, belongs to the callers. A signature slot that is not used
costs the same and asks nothing of the key: its words may be anything at all.
"""

from dataclasses import dataclass

from circuits.gadgets.bits import constrain_bits
from circuits.gadgets.canonical import assert_bits_below
from circuits.gadgets.edwards import Point, add, clear_cofactor, negate
from circuits.gadgets.fixed_base import multiply_fixed
from circuits.gadgets.logic import select
from circuits.gadgets.montgomery import from_edwards, to_edwards
from circuits.gadgets.poseidon import poseidon
from circuits.gadgets.variable_base import multiply_variable
from circuits.language import ConstraintSystem, template
from circuits.twins.babyjub import BASE8, SUBGROUP_ORDER
from circuits.variables import Bit, Value, Variable, plain

RULE = "BAD_SIGNATURE"


@dataclass(frozen=True)
class Signature:
    """A signature as raw field elements: R8's coordinates and S."""

    r8x: Variable
    r8y: Variable
    s: Variable


def assert_eddsa(
    cs: ConstraintSystem,
    enabled: Bit,
    key: tuple[Value, Value],
    signature: Signature,
    message: Value,
) -> None:
    """If enabled, the signature of the message is valid under the key.

    Given: a bit; a key, a signature and a message of any field elements.
    Holds: S < l, always. If enabled = 1: the key A is on the curve and 8 A is not the identity; S * Base8 =
    R8 + 8 h A for h = Poseidon(R8x, R8y, Ax, Ay, M). R8 is then the difference of two points of the
    subgroup, by a complete formula: it is on the curve without a check of its own.
    Assumes: nothing. If enabled = 0 every constraint can be satisfied whatever words key and message hold:
    the key is replaced by Base8 before anything is asked of it, and a prover may give R8 = (0, 0), S = 0.
    Costs: tests/circuits/golden_counts.json; circomlib's EdDSAPoseidonVerifier has 4,217 without point
    checks.
    """
    parts = (signature.r8x, signature.r8y, signature.s)
    x, y = map(plain, key)
    _verify(cs, enabled, (x, y), Signature(*map(plain, parts)), plain(message))


@template
def _verify(
    cs: ConstraintSystem,
    enabled: Bit,
    key: tuple[Variable, Variable],
    signature: Signature,
    message: Variable,
) -> None:
    ax = select(cs, enabled, key[0], plain(BASE8.x), RULE)
    ay = select(cs, enabled, key[1], plain(BASE8.y), RULE)
    h = poseidon(cs, [signature.r8x, signature.r8y, ax, ay, message])
    clean = from_edwards(cs, clear_cofactor(cs, Point(ax, ay), RULE), RULE)
    right = to_edwards(cs, multiply_variable(cs, h, clean, RULE), RULE)

    bits = constrain_bits(cs, signature.s, SUBGROUP_ORDER.bit_length(), RULE)
    assert_bits_below(cs, bits, SUBGROUP_ORDER, RULE)
    left = multiply_fixed(cs, bits, BASE8, RULE)

    r8 = add(cs, left, negate(right), RULE)
    cs.assert_product(enabled, r8.x - signature.r8x, Variable({}), RULE)
    cs.assert_product(enabled, r8.y - signature.r8y, Variable({}), RULE)
