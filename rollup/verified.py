"""Signatures that were checked before: an order is checked when it comes and at every fill, and the answer cannot change.

Decides how many answers are remembered, and that only valid ones are: what is refused costs the sender's patience, not this memory.
"""

from collections.abc import Sequence
from typing import Final

from circuits.protocol.layout import Point
from circuits.protocol.signature import Signature
from rollup.ledger.crypto import Crypto

REMEMBERED: Final = 50_000
"""Signatures: some tens of megabytes. The oldest goes first."""


class Verified:
    """A `Crypto` that checks no valid signature twice."""

    def __init__(self, crypto: Crypto) -> None:
        self._crypto = crypto
        self._valid: dict[tuple[Point, int, Signature], None] = {}

    def hash(self, values: Sequence[int]) -> int:
        return self._crypto.hash(values)

    def verify(self, key: Point, message: int, signature: Signature) -> bool:
        asked = (key, message, signature)
        if asked in self._valid:
            return True
        valid = self._crypto.verify(key, message, signature)
        if valid:
            self._valid[asked] = None
            if len(self._valid) > REMEMBERED:
                del self._valid[next(iter(self._valid))]
        return valid
