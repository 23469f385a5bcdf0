"""What a kind asks of its step: the language between `kinds`, which know rules, and `step`, which proves.

Decides what a kind can ask for. A kind's function runs in every step slot, whatever the slot's kind; what it returns takes effect only
where its bit is 1, because the composition selects it by that bit. So nothing here is gated by the kind itself, and a value is typed with
the range that it has in every step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from circuits.language import ConstraintSystem
from circuits.protocol.kinds.declaration import Kind, Message
from circuits.statement.account import Account, Position
from circuits.statement.choice import Choice
from circuits.variables import Bit, Bounded, Value


class MarketUse(Enum):
    """When a step needs a market that may be used at its time."""

    NEVER = "never"
    WHILE_HOLDING = "if account X holds a position"
    ALWAYS = "always"


@dataclass(frozen=True)
class Signed:
    """A message that the account's key must have signed, with the fields of its declaration; `expiry_ms`, which every message has, must
    not be before the record's time."""

    message: Message
    values: Mapping[str, Value]


@dataclass(frozen=True)
class Change:
    """What becomes of one account, and what must hold for it. None leaves a part alone."""

    cash: Bounded | None = None
    """Added to cash, 1e-10 USD."""
    nonces: Bounded | None = None
    order_floor: Bounded | None = None
    chooses_slot: Bit | None = None
    """Whether the step opens one of the account's order slots; None for no."""
    slot: Bounded | None = None
    """The word that the chosen slot holds afterwards."""
    position: Position | None = None
    """The position in the step's instrument afterwards."""
    signed: Signed | None = None
    meets_margin: bool = False
    """Whether initial margin, and |cash| < 2^94, must hold afterwards. A kind without it may only add deposits to cash."""


@dataclass(frozen=True)
class Wishes:
    """Everything that a kind asks for. `record` are the fields of its record but `kind` and `elapsed`."""

    record: Mapping[str, Value]
    x: Change
    y: Change | None = None
    """None: the kind leaves account Y alone."""
    trades: bool = False
    """Whether an instrument is chosen."""
    registers: bool = False
    """Whether account X may be nobody's, to become its identity's."""
    market: MarketUse = MarketUse.NEVER
    deposited: Bounded | None = None
    withdrawn: Bounded | None = None
    fees: Bounded | None = None
    """What L1 paid in, owes, and what the operator keeps, 1e-10 USD."""


@dataclass(frozen=True)
class Instrument:
    """The instrument that a step chose, if it did: zero where none is chosen."""

    choice: Choice
    tradable: Bounded
    funding: Bounded


@dataclass(frozen=True)
class OpenStep:
    """What a kind's function may read. Both accounts are open, whether the kind needs them or not."""

    x: Account
    y: Account
    instrument: Instrument
    x_position: Position
    y_position: Position


Prove = Callable[[ConstraintSystem, Bit, OpenStep], Wishes]
"""(constraint system, whether the step is of this kind, the open step) -> what it asks for."""


@dataclass(frozen=True)
class StepKind:
    """A kind's declaration with its circuit function."""

    kind: Kind
    prove: Prove
