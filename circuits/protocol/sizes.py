"""The sizes a batch circuit is compiled for (protocol section 1).

A size fixes every length that a hash, a record or a circuit depends on. Each size is its own circuit with its own
verifying key. Widths of numbers are not sizes: they are the same for every circuit.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """Lengths of one batch circuit; construction refuses combinations that no circuit can have (ValueError)."""

    name: str
    depth: int
    """Levels of the quaternary account tree; 4^depth accounts."""
    steps: int
    """Step slots in a batch."""
    ticks: int
    """Oracle tick slots in a batch."""
    instruments: int
    """Rows of the instrument table."""
    underlyings: int
    """Instrument i belongs to underlying i // (instruments / underlyings)."""
    scenarios: int
    """Scenario P&Ls per row."""
    order_slots: int
    """Live-order slots per account."""
    oracles: int
    """Registered oracle keys."""
    quorum: int
    """Distinct signatures that a tick needs."""

    def __post_init__(self) -> None:
        if not 1 <= self.depth <= 16:
            raise ValueError("depth must lie in 1..16: account numbers have 32 bits")
        if min(self.steps, self.ticks, self.instruments, self.underlyings, self.scenarios) < 1:
            raise ValueError("steps, ticks, instruments, underlyings and scenarios must be positive")
        if self.instruments % self.underlyings:
            raise ValueError("underlyings must divide instruments evenly")
        if not 1 <= self.order_slots <= 256:
            raise ValueError("order_slots must lie in 1..256: a slot number has 8 bits")
        if not 1 <= self.quorum <= self.oracles:
            raise ValueError("quorum must lie in 1..oracles")

    @property
    def accounts(self) -> int:
        """Number of leaves of the account tree."""
        return 1 << (2 * self.depth)

    def underlying_of(self, instrument: int) -> int:
        """The underlying that an instrument's row belongs to."""
        return instrument // (self.instruments // self.underlyings)


MINIMAL = Size(
    name="MINIMAL",
    depth=3,
    steps=4,
    ticks=2,
    instruments=4,
    underlyings=1,
    scenarios=24,
    order_slots=8,
    oracles=3,
    quorum=2,
)
"""For the test suite: everything is there, nothing is large."""

SMALL = Size(
    name="SMALL",
    depth=7,
    steps=8,
    ticks=2,
    instruments=4,
    underlyings=1,
    scenarios=24,
    order_slots=8,
    oracles=3,
    quorum=2,
)
"""For the demo: 16,384 accounts, proven on a laptop."""

SIZES = {size.name: size for size in (MINIMAL, SMALL)}
"""Every size that the project compiles, by name."""
