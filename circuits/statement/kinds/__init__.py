"""The circuit function of every step kind, one file a kind, and the one list of them.

The order is that of the selectors in a step slot. Ticks have slots of their own (`tick.prove_tick`).
"""

from circuits.protocol.kinds.declaration import Message
from circuits.statement.kinds import cancel, deposit, match, withdraw
from circuits.statement.wishes import StepKind

STEP_KINDS: tuple[StepKind, ...] = (deposit.STEP, match.STEP, withdraw.STEP, cancel.STEP)
"""Every kind that a step slot may hold."""

MESSAGES: tuple[Message, ...] = tuple(message for step in STEP_KINDS for message in step.kind.messages)
"""Every message that an owner signs, each once."""
