"""Match: two signed orders of one instrument trade at one price (docs/protocol.md section 5, rules 1 to 6).

Decides limits, fees, what slots remember and how positions move. That both orders speak of one instrument, one as a buy and one as a
sell, is their signatures' to hold: the messages are made here, of the step's instrument and of constant sides.
"""

from dataclasses import dataclass

from circuits.gadgets.compare import assert_nonnegative
from circuits.gadgets.logic import is_zero
from circuits.language import ConstraintSystem
from circuits.protocol.codes import Code
from circuits.protocol.kinds.match import KIND, ORDER, Side
from circuits.protocol.numbers import FEE_RATE_ONE
from circuits.protocol.shapes import SLOT
from circuits.statement.account import Account, Position
from circuits.statement.fields import pack_bounded, reason, take
from circuits.statement.wishes import Change, Instrument, MarketUse, OpenStep, Signed, StepKind, Wishes
from circuits.variables import Bit, Bounded, Value


@dataclass(frozen=True)
class Fill:
    """What both sides share: the instrument, quantity (1e-4 contract), price (1e-6 USD), notional (1e-10 USD)."""

    instrument: Instrument
    quantity: Bounded
    price: Bounded
    notional: Bounded


@dataclass(frozen=True)
class Party:
    """One side of a fill: its account, the position it holds so far, its fee; side and direction are constants of the place."""

    account: Account
    held: Position
    side: Side
    direction: int
    fee: Bounded


def prove(cs: ConstraintSystem, on: Bit, step: OpenStep) -> Wishes:
    """Inputs: quantity, price, buyer_fee, seller_fee; buy/... and sell/... (id, size, limit, max_fee_rate, expiry_ms).

    Holds, where `on`: the chosen instrument trades, the accounts differ, both orders allow the fill and its fees.
    """
    quantity, price = take(cs, KIND.layout, "quantity"), take(cs, KIND.layout, "price")
    buy_fee, sell_fee = take(cs, KIND.layout, "buyer_fee"), take(cs, KIND.layout, "seller_fee")
    fill = Fill(step.instrument, quantity, price, cs.mul_bounded(quantity, price, "notional"))
    tradable = reason(Code.INSTRUMENT_NOT_TRADABLE, "instrument")
    cs.assert_product(on, 1 - step.instrument.tradable, 0, tradable)
    apart = step.x.number - step.y.number
    cs.assert_product(apart, cs.hint_quotient(on, apart, "apart"), on, reason(Code.SELF_TRADE, "account"))
    with cs.scope("buy"):
        buy, buy_id = _side(cs, on, fill, Party(step.x, step.x_position, Side.BUY, 1, buy_fee))
    with cs.scope("sell"):
        sell, sell_id = _side(cs, on, fill, Party(step.y, step.y_position, Side.SELL, -1, sell_fee))
    return Wishes(
        record={
            "buyer": step.x.number,
            "seller": step.y.number,
            "instrument": step.instrument.choice.number,
            "quantity": quantity,
            "price": price,
            "buyer_slot": step.x.slot.choice.number,
            "buyer_id": buy_id,
            "seller_slot": step.y.slot.choice.number,
            "seller_id": sell_id,
            "buyer_fee": buy_fee,
            "seller_fee": sell_fee,
        },
        x=buy,
        y=sell,
        trades=True,
        market=MarketUse.ALWAYS,
        fees=buy_fee + sell_fee,
    )


def _side(cs: ConstraintSystem, on: Bit, fill: Fill, party: Party) -> tuple[Change, Bounded]:
    """What the fill makes of one account, and the order's id."""
    number, size = take(cs, ORDER.layout, "id"), take(cs, ORDER.layout, "size")
    limit, rate = take(cs, ORDER.layout, "limit"), take(cs, ORDER.layout, "max_fee_rate")
    expiry = take(cs, ORDER.layout, "expiry_ms")
    buys = party.side is Side.BUY
    # Of the order's own numbers alone: these hold in every step, since one that is no match can give 1 for all of them.
    better = limit - fill.price if buys else fill.price - limit
    assert_nonnegative(cs, better, reason(Code.PRICE_BEYOND_LIMIT, "price"))
    # fee*10^6 <= notional*rate + 999,999: at most 2^108 on either side.
    allowed = cs.mul_bounded(fill.notional, rate, "maximum_fee") + (FEE_RATE_ONE - 1)
    assert_nonnegative(cs, allowed - party.fee * FEE_RATE_ONE, reason(Code.FEE_ABOVE_MAXIMUM, "fee"))
    slot = _remember(cs, on, fill, party.account, number, size)
    position, settled = _move(cs, fill, party)
    signed: dict[str, Value] = {
        "account": party.account.number,
        "instrument": fill.instrument.choice.number,
        "side": int(party.side),
        "slot": party.account.slot.choice.number,
        "id": number,
        "size": size,
        "limit": limit,
        "max_fee_rate": rate,
        "expiry_ms": expiry,
    }
    change = Change(
        cash=settled - party.fee,
        chooses_slot=on,
        slot=slot,
        position=position,
        signed=Signed(ORDER, signed),
        meets_margin=True,
    )
    return change, number


def _remember(
    cs: ConstraintSystem, on: Bit, fill: Fill, account: Account, number: Bounded, size: Bounded
) -> Bounded:
    """The chosen slot's word after the fill (rule 3).

    Holds, where `on`: the order's id is at least the account's floor and the slot's; what was filled of this very order and the fill
    together are at most its size.
    """
    slot = account.slot
    for name, least in (("order_floor", account.order_floor), ("id", slot.id)):
        assert_nonnegative(cs, cs.mul_bounded(on, number - least, "newer"), reason(Code.STALE_ORDER_ID, name))
    same = is_zero(cs, number - slot.id)
    before = cs.mul_bounded(same, slot.filled, "filled")
    left = cs.mul_bounded(on, size - before - fill.quantity, "left")
    assert_nonnegative(cs, left, reason(Code.OVERFILL, "size"))
    # Where `on` this is what is filled now, at most the size; elsewhere it is 0.
    filled = cs.mul(on, size, "filled") - left
    return pack_bounded(SLOT, {"id": number, "filled": cs.unchecked_bounded(filled, 0, size.hi)})


def _move(cs: ConstraintSystem, fill: Fill, party: Party) -> tuple[Position, Bounded]:
    """Rules 5 and 6: the position after the fill, and what cash gains, fee apart.

    Holds: funding is settled into cash and brought up to date; quantity and entry quote move; a position that becomes 0 realises its
    entry quote. The ranges of what is written are the composition's to hold.
    """
    held, index = party.held, fill.instrument.funding
    settled = cs.mul_bounded(held.quantity, index - held.funding, "funding")
    paid = held.entry + fill.notional * party.direction
    quantity = held.quantity + fill.quantity * party.direction
    realised = cs.mul_bounded(is_zero(cs, quantity), paid, "realised")
    return Position(quantity, paid - realised, index), -settled - realised


STEP = StepKind(KIND, prove)
