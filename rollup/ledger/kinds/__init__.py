"""The rules, one file a step kind: `check` says whether a transaction may happen and as which public record, `effect` what a record does.

An effect looks at the record alone, never at the transaction, so that a state rebuilt from L1 is made by the same function as the live
one.
"""

from collections.abc import Callable
from typing import Any

from circuits.protocol.kinds import KINDS, Transaction
from circuits.protocol.kinds.declaration import Record
from rollup.ledger.change import Touched
from rollup.ledger.context import BatchContext
from rollup.ledger.crypto import Crypto, Hasher
from rollup.ledger.kinds import cancel, deposit, match, tick, withdraw
from rollup.ledger.state import State

Check = Callable[[Any, State, BatchContext, int, Crypto], Record]
"""(transaction, state, context, time_ms, crypto) -> record. Raises Rejected."""
Effect = Callable[[Any, State, BatchContext, Hasher], tuple[State, tuple[Touched, ...]]]
"""(record, state, context, hasher) -> the state after, and the accounts that changed, in the order in which they did. Raises RebuildError
for a record that no check gives."""

_RULES = {"deposit": deposit, "match": match, "withdraw": withdraw, "cancel": cancel, "tick": tick}
# What a kind lacks is missing here too, for tests/test_kinds.py to name.
CHECKS: dict[int, Check] = {
    kind.number: _RULES[kind.name].check for kind in KINDS if hasattr(_RULES.get(kind.name), "check")
}
"""The check of every kind, by its number."""
EFFECTS: dict[int, Effect] = {
    kind.number: _RULES[kind.name].effect for kind in KINDS if hasattr(_RULES.get(kind.name), "effect")
}
"""The effect of every kind, by its number."""

__all__ = ["CHECKS", "EFFECTS", "Check", "Effect", "Transaction"]
