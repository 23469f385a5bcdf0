"""Cancel: an owner raises the least order id that may still trade, in one slot or in all of them (protocol section 5)."""

from dataclasses import replace

from circuits.protocol.codes import Code, Rejected
from circuits.protocol.kinds.cancel import CANCEL, CancelRecord, SignedCancel
from rollup.ledger.account import OrderSlot
from rollup.ledger.authority import require_not_expired, require_registered, require_signed
from rollup.ledger.change import Touched, account_of, touch, with_slot, written
from rollup.ledger.context import BatchContext
from rollup.ledger.crypto import Crypto, Hasher
from rollup.ledger.orders import require_slot
from rollup.ledger.state import State


def check(
    signed: SignedCancel, state: State, context: BatchContext, time_ms: int, crypto: Crypto
) -> CancelRecord:
    """The record of the cancel. Raises Rejected: UNKNOWN_ACCOUNT, EXPIRED, MALFORMED, STALE_ORDER_ID, BAD_SIGNATURE."""
    wish = signed.cancel
    account = require_registered(state, wish.account)
    require_not_expired(wish.account, wish.expiry_ms, time_ms)
    require_slot(state, wish.account, wish.slot)
    least = account.order_floor if wish.everything else account.slots[wish.slot].order_id
    if least > wish.id:
        raise Rejected(Code.STALE_ORDER_ID, f"{least} is the least id already", wish.account)
    require_signed(wish.account, account, CANCEL, wish, signed.signature, context, crypto)
    return CancelRecord(
        elapsed=time_ms - context.time_ms,
        account=wish.account,
        everything=wish.everything,
        slot=wish.slot,
        id=wish.id,
    )


def effect(
    record: CancelRecord, state: State, context: BatchContext, hasher: Hasher
) -> tuple[State, tuple[Touched, ...]]:
    """The floor of the account, or the slot, asks for the next id. Raises RebuildError."""
    before = account_of(state, record.account)
    if record.everything:
        change = touch(state, record.account, before, order_floor=record.id + 1)
    else:
        slots = with_slot(before, record.slot, OrderSlot(record.id + 1, 0))
        change = touch(state, record.account, before, slots=slots)
    return replace(state, accounts=written(state, (change,))), (change,)
