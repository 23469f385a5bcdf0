"""Match: two signed orders of one instrument trade at one price (protocol section 5, "Match")."""

from dataclasses import replace

from circuits.protocol import numbers as n
from circuits.protocol.codes import Code, Rejected
from circuits.protocol.kinds.match import ORDER, Match, MatchRecord, Order, Side
from rollup.ledger.account import Account, OrderSlot, Position
from rollup.ledger.authority import require_signed
from rollup.ledger.change import Touched, account_of, touch, with_slot, written
from rollup.ledger.context import BatchContext
from rollup.ledger.crypto import Crypto, Hasher
from rollup.ledger.errors import RebuildError
from rollup.ledger.orders import maximum_fee, require_live, require_tradable, require_unfilled
from rollup.ledger.solvency import require_cash, require_initial_margin
from rollup.ledger.state import State


def check(match: Match, state: State, context: BatchContext, time_ms: int, crypto: Crypto) -> MatchRecord:
    """The record of the fill.

    Raises Rejected in this order: what the pair decides (WRONG_SIDE, SELF_TRADE, INSTRUMENT_MISMATCH), the market (NO_TICK, STALE_TICK,
    RESUME_WINDOW, INSTRUMENT_NOT_TRADABLE), limits (PRICE_BEYOND_LIMIT), each order (UNKNOWN_ACCOUNT, EXPIRED, MALFORMED, STALE_ORDER_ID,
    OVERFILL, FEE_ABOVE_MAXIMUM), both signatures (BAD_SIGNATURE), and what each account is left with (POSITION_OVERFLOW, CASH_OVERFLOW,
    INITIAL_MARGIN).
    """
    buy, sell = match.buy.order, match.sell.order
    _require_pair(buy, sell)
    require_tradable(state, buy.instrument, context, time_ms)
    _require_within_limits(match.price, buy, sell)
    notional = match.quantity * match.price
    accounts = []
    for order, fee in ((buy, match.buyer_fee), (sell, match.seller_fee)):
        account = require_live(state, order, time_ms)
        require_unfilled(account, order, match.quantity)
        if fee > maximum_fee(notional, order.max_fee_rate):
            raise Rejected(Code.FEE_ABOVE_MAXIMUM, f"fee {fee} on notional {notional}", order.account)
        accounts.append(account)
    for signed, account in zip((match.buy, match.sell), accounts, strict=True):
        require_signed(signed.order.account, account, ORDER, signed.order, signed.signature, context, crypto)
    record = _record(match, time_ms - context.time_ms)
    for change in _traded(record, state):
        _require_ranges(change, buy.instrument)
        require_initial_margin(change.index, change.after, state)
    return record


def effect(
    record: MatchRecord, state: State, context: BatchContext, hasher: Hasher
) -> tuple[State, tuple[Touched, ...]]:
    """Both accounts settle funding, move position and quote, pay their fee and remember the fill; open interest follows. Raises
    RebuildError."""
    touched = _traded(record, state)
    totals = replace(state.totals, fees=state.totals.fees + record.buyer_fee + record.seller_fee)
    at = record.instrument
    longs = sum(_long(change.after, at) - _long(change.before, at) for change in touched)
    interest = (*state.interest[:at], state.interest[at] + longs, *state.interest[at + 1 :])
    moved = replace(state, accounts=written(state, touched), totals=totals, interest=interest)
    return moved, touched


def _require_pair(buy: Order, sell: Order) -> None:
    """Rule 1 as far as the two orders alone decide it."""
    if buy.side != Side.BUY:
        raise Rejected(Code.WRONG_SIDE, "the buy order is not a buy", buy.account)
    if sell.side != Side.SELL:
        raise Rejected(Code.WRONG_SIDE, "the sell order is not a sell", sell.account)
    if buy.account == sell.account:
        raise Rejected(Code.SELF_TRADE, "both orders belong to one account", buy.account)
    if buy.instrument != sell.instrument:
        raise Rejected(Code.INSTRUMENT_MISMATCH, f"instruments {buy.instrument} and {sell.instrument}")


def _require_within_limits(price: int, buy: Order, sell: Order) -> None:
    """Rule 2."""
    if price > buy.limit:
        raise Rejected(Code.PRICE_BEYOND_LIMIT, f"price {price}, limit {buy.limit}", buy.account)
    if price < sell.limit:
        raise Rejected(Code.PRICE_BEYOND_LIMIT, f"price {price}, limit {sell.limit}", sell.account)


def _record(match: Match, elapsed: int) -> MatchRecord:
    buy, sell = match.buy.order, match.sell.order
    return MatchRecord(
        elapsed=elapsed,
        buyer=buy.account,
        seller=sell.account,
        instrument=buy.instrument,
        quantity=match.quantity,
        price=match.price,
        buyer_slot=buy.slot,
        buyer_id=buy.id,
        seller_slot=sell.slot,
        seller_id=sell.id,
        buyer_fee=match.buyer_fee,
        seller_fee=match.seller_fee,
    )


def _traded(record: MatchRecord, state: State) -> tuple[Touched, Touched]:
    """Both accounts, as the fill leaves them."""
    if record.instrument >= len(state.market.marks):
        raise RebuildError(f"instrument {record.instrument} of {len(state.market.marks)}")
    if record.buyer == record.seller:
        raise RebuildError(f"account {record.buyer} trades with itself")
    return (
        _side(record, state, record.buyer, 1, record.buyer_slot, record.buyer_id, record.buyer_fee),
        _side(record, state, record.seller, -1, record.seller_slot, record.seller_id, record.seller_fee),
    )


def _side(
    record: MatchRecord, state: State, index: int, sign: int, slot: int, order_id: int, fee: int
) -> Touched:
    """Rules 3 and 5 to 7 for one side; `sign` is -1 for the seller."""
    before, at = account_of(state, index), record.instrument
    funding = state.market.marks[at].funding
    held = before.positions[at]
    quantity = held.quantity + sign * record.quantity
    entry = held.entry + sign * record.quantity * record.price
    cash = before.cash - held.quantity * (funding - held.funding) - fee
    if quantity == 0:
        cash, entry = cash - entry, 0
    position = Position(quantity, entry, funding)
    return touch(
        state,
        index,
        before,
        cash=cash,
        positions=(*before.positions[:at], position, *before.positions[at + 1 :]),
        slots=_remembered(before, slot, order_id, record.quantity),
    )


def _remembered(account: Account, slot: int, order_id: int, quantity: int) -> tuple[OrderSlot, ...]:
    """The slots after a fill: a newer order starts at zero (rule 3)."""
    if slot >= len(account.slots):
        raise RebuildError(f"order slot {slot} of {len(account.slots)}")
    stored = account.slots[slot]
    filled = quantity + (stored.filled if stored.order_id == order_id else 0)
    return with_slot(account, slot, OrderSlot(order_id, filled))


def _require_ranges(change: Touched, instrument: int) -> None:
    """Rule 7: what a trade may leave behind."""
    position = change.after.positions[instrument]
    if not n.POSITION.low <= position.quantity < n.POSITION.high:
        raise Rejected(Code.POSITION_OVERFLOW, f"position {position.quantity}", change.index)
    if not n.TRADED_CASH.low <= position.entry < n.TRADED_CASH.high:
        raise Rejected(Code.CASH_OVERFLOW, f"entry quote {position.entry}", change.index)
    require_cash(change.index, change.after)


def _long(account: Account, instrument: int) -> int:
    return max(0, account.positions[instrument].quantity)
