"""The node's clock: a wall clock that may not leave L1's.

Decides the time of what is admitted, and that nothing is admitted while the two disagree: a record from L1's future could not be
committed, and one from its past would miss its deadline or be given a price that was old.
"""

from collections.abc import Callable
from dataclasses import dataclass

from circuits.protocol.codes import Code, Rejected


@dataclass(frozen=True, slots=True)
class BoundedClock:
    """`wall_ms` and `l1_ms` give the time of this machine and of L1's newest block, ms since the epoch."""

    wall_ms: Callable[[], int]
    l1_ms: Callable[[], int]
    lead_ms: int
    """How far this machine may be ahead of L1's newest block: the contract's limit for a batch's last record."""

    def __call__(self) -> int:
        """The time now: this machine's, or L1's where that is later. Raises Rejected (CLOCK) beyond the lead."""
        wall, l1 = self.wall_ms(), self.l1_ms()
        if wall > l1 + self.lead_ms:
            raise Rejected(
                Code.CLOCK,
                f"this node's clock is {wall - l1} ms ahead of L1's newest block, {self.lead_ms} are allowed: one of the two stands "
                "still or is wrong",
            )
        return max(wall, l1)
