"""The fill of a match step: what two signed orders allow (docs/protocol.md section 5, match, rules 1 to 6).

Decides limits, expiries, fees, fills remembered in slots, and how positions move. Signatures are checked by circuits.batch.step,
margin by circuits.batch.margin.
"""

from __future__ import annotations

from dataclasses import dataclass

from circuits import widths
from circuits.batch.account import KnownAccount, Position
from circuits.batch.market import Row
from circuits.gadgets.compare import assert_nonnegative
from circuits.gadgets.logic import OneHotOrNone, is_zero, one_hot, pick_or_zero
from circuits.gadgets.range import constrain_signed, constrain_unsigned
from circuits.language import ConstraintSystem
from circuits.protocol.sizes import Size
from circuits.variables import Bit, Bounded, Variable, weighted_sum


@dataclass(frozen=True)
class Fill:
    """A trade at one price. In a step that is no match every selector is 0, whatever the numbers say."""

    instrument: Variable
    picks: OneHotOrNone
    quantity: Bounded
    price: Bounded
    notional: Bounded
    moved: tuple[Variable, ...]
    """pick_i * quantity: how far instrument i's position moves."""
    funding: Bounded
    """Funding index of the traded instrument."""


@dataclass(frozen=True)
class Order:
    """One side's signed order and the fee it pays for this fill."""

    slot: Variable
    slot_picks: OneHotOrNone
    number: Bounded
    size: Bounded
    limit: Bounded
    max_fee_rate: Bounded
    expiry: Bounded
    fee: Bounded

    def terms(self, account: Bounded, instrument: Variable, side: int) -> tuple[Variable, Variable]:
        """The two packed words p1, p2 of the order's message (section 4)."""
        first = weighted_sum(
            [1, 1 << 32, side << 48, 1 << 49, 1 << 57], [account, instrument, 1, self.slot, self.number]
        )
        second = weighted_sum(
            [1, 1 << 40, 1 << 87, 1 << 107], [self.size, self.limit, self.max_fee_rate, self.expiry]
        )
        return first, second


def input_fill(cs: ConstraintSystem, size: Size, rows: tuple[Row, ...], is_match: Bit) -> Fill:
    """The traded instrument, quantity and price.

    Holds: in a match exactly one instrument is picked, its row is tradable, quantity and price are at least 1; otherwise none is picked.
    Inputs: instrument (I selectors), quantity, price.
    """
    picks = one_hot(cs, cs.inputs("instrument", size.instruments), is_match, "INSTRUMENT_MISMATCH")
    quantity = constrain_unsigned(cs, cs.input("quantity"), widths.POSITION, "MALFORMED")
    price = constrain_unsigned(cs, cs.input("price"), widths.PRICE, "MALFORMED")
    cs.assert_equal(
        pick_or_zero(cs, picks, [row.tradable for row in rows]), is_match, "INSTRUMENT_NOT_TRADABLE"
    )
    funding = pick_or_zero(cs, picks, [row.funding for row in rows])
    limit = (1 << widths.FUNDING) - 1
    return Fill(
        instrument=weighted_sum(range(size.instruments), picks),
        picks=picks,
        quantity=quantity,
        price=price,
        notional=cs.mul_bounded(quantity, price, "notional"),
        moved=tuple(cs.mul(bit, quantity, "moved") for bit in picks),
        funding=cs.unchecked_bounded(funding, -limit, limit),
    )


def input_order(
    cs: ConstraintSystem, size: Size, fill: Fill, time: Bounded, is_match: Bit, *, buys: bool
) -> Order:
    """One side's order, with the rules that need no account.

    Holds: price within the limit; not expired at `time`; fee within the signed maximum; in a match the id, the limit, and the fill
    are at least 1. A step that is no match satisfies these with zeros and the latest expiry.
    Inputs: slot (K selectors), id, size, limit, max_fee_rate, expiry, fee.
    """
    slot_picks = one_hot(cs, cs.inputs("slot", size.order_slots), is_match, "MALFORMED")
    number = constrain_unsigned(cs, cs.input("id"), widths.ORDER_ID, "MALFORMED")
    order_size = constrain_unsigned(cs, cs.input("size"), widths.POSITION, "MALFORMED")
    limit = constrain_unsigned(cs, cs.input("limit"), widths.PRICE, "MALFORMED")
    rate = constrain_unsigned(cs, cs.input("max_fee_rate"), widths.FEE_RATE, "MALFORMED")
    expiry = constrain_unsigned(cs, cs.input("expiry"), widths.TIME, "MALFORMED")
    fee = constrain_unsigned(cs, cs.input("fee"), widths.FEE, "MALFORMED")
    for value in (number, limit):
        assert_nonzero_if(cs, is_match, value, "MALFORMED")
    better = limit - fill.price if buys else fill.price - limit
    assert_nonnegative(cs, better, "PRICE_BEYOND_LIMIT")
    assert_nonnegative(cs, expiry - time, "EXPIRED")
    # fee*10^6 <= notional*rate + 999,999: at most 2^108 on either side.
    allowed = cs.mul_bounded(fill.notional, rate, "maximum_fee") + (widths.FEE_RATE_ONE - 1)
    assert_nonnegative(cs, allowed - fee * widths.FEE_RATE_ONE, "FEE_ABOVE_MAXIMUM")
    return Order(
        slot=weighted_sum(range(size.order_slots), slot_picks),
        slot_picks=slot_picks,
        number=number,
        size=order_size,
        limit=limit,
        max_fee_rate=rate,
        expiry=expiry,
        fee=fee,
    )


def assert_nonzero_if(cs: ConstraintSystem, enabled: Bit, value: Variable, label: str) -> None:
    """Holds: if enabled, value != 0; otherwise nothing (the hint is then 0). Costs 1."""
    cs.assert_product(value, cs.hint_quotient(enabled, value, label), enabled, label)


def remember_fill(
    cs: ConstraintSystem, slots: tuple[Variable, ...], order: Order, fill: Fill
) -> tuple[Variable, ...]:
    """The account's slots after the fill (rule 3).

    Holds: the picked slot's id is not newer than the order's; what it had filled of this very order plus the fill is at most the
    order's size; the slot then holds this order. With no slot picked the slots stay.
    """
    stored = pick_or_zero(cs, order.slot_picks, slots)
    # The packed slot is id * 2^40 + filled with both parts ranged: 72 bits, so the split is unique.
    stored_id, stored_filled = cs.hint_divmod(stored, cs.constant(1 << widths.FILLED), "slot")
    old_id = constrain_unsigned(cs, stored_id, widths.ORDER_ID, "slot_id")
    old_filled = constrain_unsigned(cs, stored_filled, widths.FILLED, "slot_filled")
    cs.assert_equal(old_id * (1 << widths.FILLED) + old_filled, stored, "slot")
    assert_nonnegative(cs, order.number - old_id, "STALE_ORDER_ID")
    same = is_zero(cs, order.number - old_id)
    filled = cs.mul_bounded(same, old_filled, "filled") + fill.quantity
    assert_nonnegative(cs, order.size - filled, "OVERFILL")
    delta = order.number * (1 << widths.FILLED) + filled - stored
    return tuple(slot + cs.mul(bit, delta, "slot") for bit, slot in zip(order.slot_picks, slots, strict=True))


@dataclass(frozen=True)
class Moved:
    """What a fill makes of an account's positions, and what it takes from cash (funding settled, quote realised on closing)."""

    positions: tuple[Position, ...]
    cash: Bounded


def move_positions(cs: ConstraintSystem, account: KnownAccount, fill: Fill, direction: int) -> Moved:
    """Rules 5 and 6 for one side; `direction` is 1 for the buyer, -1 for the seller.

    Holds: of the picked instrument, funding is settled into cash and its index brought up to date, quantity and entry quote move, and
    a position that becomes 0 realises its entry quote; |entry| < 2^94. Nothing else moves. Quantities still want their range check.
    """
    held = account.positions
    wide = (1 << widths.POSITION) - 1
    quantity = cs.unchecked_bounded(pick_or_zero(cs, fill.picks, [p.quantity for p in held]), -wide, wide)
    entry = cs.unchecked_bounded(
        pick_or_zero(cs, fill.picks, [p.entry for p in held]),
        -(1 << widths.TRADED_CASH) + 1,
        (1 << widths.TRADED_CASH) - 1,
    )
    funding = cs.unchecked_bounded(
        pick_or_zero(cs, fill.picks, [p.funding for p in held]),
        -(1 << widths.FUNDING) + 1,
        (1 << widths.FUNDING) - 1,
    )
    settled = cs.mul_bounded(quantity, fill.funding - funding, "funding")
    paid = entry + fill.notional * direction
    closed = is_zero(cs, quantity + fill.quantity * direction)
    realised = cs.mul_bounded(closed, paid, "realised")
    # Without a pick `paid` is plus or minus a notional, below 2^87: the check holds there too.
    left = constrain_signed(cs, paid - realised, widths.TRADED_CASH, "CASH_OVERFLOW")
    positions = tuple(
        Position(
            quantity=p.quantity + moved * direction,
            entry=p.entry + cs.mul(bit, left - entry, "entry"),
            funding=p.funding + cs.mul(bit, fill.funding - funding, "index"),
        )
        for p, bit, moved in zip(held, fill.picks, fill.moved, strict=True)
    )
    return Moved(positions, -settled - realised)


def conserved_claim(cs: ConstraintSystem, cash: Bounded, positions: tuple[Position, ...]) -> Variable:
    """cash - sum of entries + sum of q*funding: what the account has a claim on, apart from marks (MARGIN, Conservation)."""
    accrued = [cs.mul(p.quantity, p.funding, "accrued") for p in positions]
    return weighted_sum(
        [1, *[-1] * len(positions), *[1] * len(positions)], [cash, *(p.entry for p in positions), *accrued]
    )
