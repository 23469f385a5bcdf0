"""What one order may do by itself, whatever it meets: what is left of it, what it may pay, whether it may rest in a book."""

from circuits.protocol import numbers as n
from circuits.protocol.codes import Code, Rejected
from circuits.protocol.kinds.match import ORDER, Order, SignedOrder
from circuits.protocol.row import Status
from rollup.ledger.account import Account
from rollup.ledger.authority import require_not_expired, require_registered, require_signed
from rollup.ledger.context import BatchContext
from rollup.ledger.crypto import Crypto
from rollup.ledger.market import TRADABLE_KINDS, require_fresh
from rollup.ledger.state import State


def filled_amount(account: Account, order: Order) -> int:
    """How much of `order` the account has filled, 1e-4 contract; 0 if its slot knows another order."""
    stored = account.slots[order.slot]
    return stored.filled if stored.order_id == order.id else 0


def maximum_fee(notional: int, max_fee_rate: int) -> int:
    """The largest fee that f*10^6 <= notional*rate + 999,999 allows: the signed maximum, rounded up. 1e-10 USD."""
    return (notional * max_fee_rate + n.FEE_RATE_ONE - 1) // n.FEE_RATE_ONE


def check_order(
    state: State, signed: SignedOrder, context: BatchContext, time_ms: int, crypto: Crypto
) -> Rejected | None:
    """Why an order could not trade at `time_ms` whatever it met, or None: what an order book asks before it lets one rest.

    Checks instrument, market, account, slot, id, expiry, that something is left to fill, and the signature.
    """
    order = signed.order
    try:
        require_tradable(state, order.instrument, context, time_ms)
        account = require_live(state, order, time_ms)
        require_unfilled(account, order, 1)
        require_signed(order.account, account, ORDER, order, signed.signature, context, crypto)
    except Rejected as refusal:
        return refusal.with_traceback(None)
    return None


def require_tradable(state: State, instrument: int, context: BatchContext, time_ms: int) -> None:
    """Raise Rejected unless the instrument trades now, under a market that may be used: INSTRUMENT_MISMATCH, NO_TICK, STALE_TICK,
    RESUME_WINDOW, INSTRUMENT_NOT_TRADABLE."""
    if instrument >= context.size.instruments:
        raise Rejected(Code.INSTRUMENT_MISMATCH, f"no instrument {instrument}")
    require_fresh(state.market, time_ms, context.configuration)
    row = state.market.rows[instrument]
    if row.status != Status.LIVE or row.kind not in TRADABLE_KINDS:
        raise Rejected(Code.INSTRUMENT_NOT_TRADABLE, f"instrument {row.id} does not trade")


def require_live(state: State, order: Order, time_ms: int) -> Account:
    """The account of an order that is neither expired nor cancelled nor superseded. Raises Rejected: UNKNOWN_ACCOUNT, EXPIRED, MALFORMED,
    STALE_ORDER_ID."""
    account = require_registered(state, order.account)
    require_not_expired(order.account, order.expiry_ms, time_ms)
    require_slot(state, order.account, order.slot)
    floor = max(account.order_floor, account.slots[order.slot].order_id)
    if order.id < floor:
        raise Rejected(Code.STALE_ORDER_ID, f"order {order.id}, {floor} is the least id", order.account)
    return account


def require_slot(state: State, index: int, slot: int) -> None:
    """Raise Rejected (MALFORMED) for a slot that this size does not have."""
    if slot >= state.size.order_slots:
        raise Rejected(Code.MALFORMED, f"order slot {slot} of {state.size.order_slots}", index)


def require_unfilled(account: Account, order: Order, quantity: int) -> None:
    """Raise Rejected (OVERFILL) if less than `quantity` of the order is left."""
    filled = filled_amount(account, order) + quantity
    if filled > order.size:
        raise Rejected(Code.OVERFILL, f"{filled} filled of {order.size}", order.account)
