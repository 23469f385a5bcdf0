"""When the open batch is sealed: a pure function from what is seen to a decision.

Decides Wait or Close with its reason. A batch that is full, or that a tick cannot enter any more, is closed by `rollup.core` without
being asked. Policies are data, features carry their own time: a decision can be replayed from the journal, and another policy tried
against this one.
"""

from dataclasses import dataclass
from enum import Enum


class Reason(Enum):
    """Why a batch was closed."""

    URGENT = "urgent"
    AGE = "age"


@dataclass(frozen=True, slots=True)
class Features:
    """What a policy may look at. Times in ms since the epoch; slots as counts."""

    now_ms: int
    opened_ms: int
    ticks_used: int
    steps_used: int
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """Longest time that a batch with something in it stays open, ms."""

    max_age_ms: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Keep the batch open."""


@dataclass(frozen=True, slots=True)
class Close:
    """Seal it now."""

    reason: Reason


Decision = Wait | Close


def decide(features: Features, policy: Policy) -> Decision:
    """Wait or Close. An empty batch is never closed."""
    if features.steps_used == 0 and features.ticks_used == 0:
        return Wait()
    if features.urgent:
        return Close(Reason.URGENT)
    if features.now_ms - features.opened_ms >= policy.max_age_ms:
        return Close(Reason.AGE)
    return Wait()
