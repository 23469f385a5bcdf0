"""The scalar field of BN254, in which every circuit value lives.

Decides the modulus and how a field element is read as a signed integer; leaves everything else to the modules that use it.
"""

from typing import Final

from circuits.protocol.numbers import FIELD

R: Final = FIELD
"""Order of BN254's groups (EIP-197), the modulus of all circuit arithmetic."""

HALF: Final = (R - 1) // 2
"""The largest integer that a field element read as signed can be."""


def inverse(x: int) -> int:
    """1/x in the field, or 0 for x = 0 (the convention of the INVERSE hint)."""
    x %= R
    return pow(x, -1, R) if x else 0


def to_signed(x: int) -> int:
    """Read a canonical field element as an integer in [-HALF, HALF]."""
    return x - R if x > HALF else x
