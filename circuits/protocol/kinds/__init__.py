"""The step kinds: one file each, and the one list of them.

Everything else about a kind derives from its declaration here, or is one of the four other things that make a kind: a check and an
effect in `rollup.ledger.kinds`, a circuit function in `circuits.statement.kinds`, a case table in `tests/kinds`.
"""

from circuits.protocol.codes import Code, Rejected
from circuits.protocol.kinds import cancel, deposit, match, tick, withdraw
from circuits.protocol.kinds.declaration import NO_OP_WORDS, Kind, Record, Words
from circuits.protocol.layout import Shape
from circuits.protocol.numbers import ELEMENT, KIND

Transaction = (
    deposit.Deposit | match.Match | withdraw.SignedWithdrawal | cancel.SignedCancel | tick.SignedTick
)
"""Whatever a ledger applies. No-ops are padding, not transactions."""

KINDS: tuple[Kind, ...] = (deposit.KIND, match.KIND, withdraw.KIND, cancel.KIND, tick.KIND)
"""Every kind in use, by ascending number; the numbers between are reserved."""

BY_NUMBER = {kind.number: kind for kind in KINDS}
BY_TRANSACTION: dict[type[Shape], Kind] = {kind.transaction: kind for kind in KINDS}
BY_RECORD: dict[type[Record], Kind] = {kind.record: kind for kind in KINDS}


def read_record(words: Words) -> Record | None:
    """The record behind four words, None for a no-op: the only reader of records. Raises Rejected: MALFORMED for an unknown kind, bits
    where no field stands or a value out of its range, NON_CANONICAL for a word >= r."""
    if words == NO_OP_WORDS:
        return None
    ELEMENT.require("record word 0", words[0])
    kind = BY_NUMBER.get(words[0] & (KIND.high - 1))
    if kind is None:
        raise Rejected(Code.MALFORMED, f"record kind {words[0] & (KIND.high - 1)} is not in use")
    return kind.read(words)
