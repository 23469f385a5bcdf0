"""What every transaction does, and every rejection that `apply` can return, each with the state unchanged."""

from dataclasses import replace
from typing import Any

import pytest

from circuits.protocol import numbers as n
from circuits.protocol.codes import Code, Rejected
from circuits.protocol.kinds.match import Side
from circuits.protocol.kinds.tick import Index
from circuits.protocol.row import InstrumentKind
from circuits.protocol.signature import Signature
from circuits.protocol.sizes import MINIMAL
from rollup.ledger.account import Nonces, OrderSlot, Position
from rollup.ledger.apply import Step, apply, seal
from rollup.ledger.errors import ContextMismatch
from rollup.ledger.kinds import Transaction
from rollup.ledger.market import fresh, table_hash
from rollup.ledger.orders import check_order, maximum_fee
from rollup.ledger.state import State, state_root


def refused(
    world: Any, state: State, transaction: Transaction, code: Code, time_ms: int | None = None
) -> Rejected:
    """The refusal, after checking its code and that the state it was asked of did not move."""
    root = state_root(state, world.crypto)
    outcome = world.apply(state, transaction, time_ms)
    assert isinstance(outcome, Rejected), outcome
    assert outcome.code == code, outcome
    assert state_root(state, world.crypto) == root
    return outcome


def with_account(state: State, index: int, **changes: Any) -> State:
    return replace(state, accounts=state.accounts.set(index, replace(state.account(index), **changes)))


@pytest.fixture(scope="module")
def wide(world: Any) -> Any:
    """A world with two tick slots a batch."""
    return replace(world, size=replace(MINIMAL, name="WIDE", ticks=2))


class TestDeposit:
    def test_registers_and_credits(self, world: Any) -> None:
        state = world.genesis()
        deposit = world.deposit(state, 5, 250)
        step = world.apply(state, deposit)
        account = step.after.account(5)
        assert (account.owner, account.cash, account.nonces) == (0xA005, 250 * world.CASH, Nonces())
        assert account.trading_key == account.asset_key == deposit.key
        assert step.after.totals.deposits == 250 * world.CASH
        assert step.after.queue_index == 1
        assert step.kind.name == "deposit"
        assert (step.after.sequence, step.after.time_ms) == (1, world.START_MS)

    def test_tops_up_without_touching_the_keys(self, world: Any) -> None:
        state = world.run(world.genesis(), world.deposit(world.genesis(), 0, 10))
        after = world.run(state, world.deposit(state, 0, 7))
        assert after.account(0) == replace(state.account(0), cash=17 * world.CASH)

    def test_any_key_words_are_accepted(self, world: Any) -> None:
        deposit = replace(world.deposit(world.genesis(), 0, 1), key=(n.FIELD - 1, 0))
        assert isinstance(world.apply(world.genesis(), deposit), Step)

    def test_fits_on_top_of_what_a_trade_may_leave(self, world: Any) -> None:
        state = with_account(world.funded(), 0, cash=n.TRADED_CASH.high - 1)
        largest = replace(world.deposit(state, 0, 1), amount=n.AMOUNT.high - 1)
        assert isinstance(world.apply(state, largest), Step)

    def test_refuses_a_total_beyond_its_width(self, world: Any) -> None:
        """Rule and circuit agree on 2^80, which the contract's cap never lets happen."""
        state = world.funded()
        credit = 7 * world.CASH
        for room, accepted in ((credit + 1, True), (credit, False)):
            totals = replace(state.totals, deposits=n.DEPOSITS.high - room)
            near = replace(state, totals=totals)
            if accepted:
                assert isinstance(world.apply(near, world.deposit(near, 0, 7)), Step)
            else:
                refused(world, near, world.deposit(near, 0, 7), Code.CASH_OVERFLOW)

    def test_cash_ends_below_its_width(self, world: Any) -> None:
        state = world.funded()
        for room, accepted in ((world.CASH + 1, True), (world.CASH, False)):
            near = with_account(state, 0, cash=n.CASH.high - room)
            outcome = world.apply(near, world.deposit(near, 0, 1))
            assert isinstance(outcome, Step) == accepted

    def test_stamps_the_tick(self, world: Any) -> None:
        state = world.funded()
        assert world.run(state, world.deposit(state, 0, 1)).account(0).last_tick == 1

    def test_refuses_a_registered_account_as_new(self, world: Any) -> None:
        state = world.funded()
        again = replace(world.deposit(world.genesis(), 0, 1), queue_index=state.queue_index)
        refused(world, state, again, Code.DEPOSIT_ACCOUNT)

    def test_refuses_another_owner(self, world: Any) -> None:
        state = world.funded()
        refused(world, state, replace(world.deposit(state, 0, 1), owner=1), Code.DEPOSIT_ACCOUNT)

    def test_refuses_a_top_up_of_nobody(self, world: Any) -> None:
        state = world.funded()
        deposit = replace(world.deposit(state, 9, 1), is_new=False, key=(0, 0))
        refused(world, state, deposit, Code.DEPOSIT_ACCOUNT)

    @pytest.mark.parametrize("shift", [-1, 1])
    def test_refuses_out_of_order(self, world: Any, shift: int) -> None:
        state = world.funded()
        deposit = world.deposit(state, 0, 1)
        refused(world, state, replace(deposit, queue_index=deposit.queue_index + shift), Code.DEPOSIT_ORDER)

    def test_refuses_an_account_outside_the_tree(self, world: Any) -> None:
        state = world.genesis()
        deposit = replace(world.deposit(state, 0, 1), account=world.size.accounts)
        refused(world, state, deposit, Code.UNKNOWN_ACCOUNT)

    @pytest.mark.parametrize("index", [MINIMAL.accounts - 1, MINIMAL.accounts])
    def test_the_tree_ends_where_it_says(self, world: Any, index: int) -> None:
        state = world.genesis()
        deposit = replace(world.deposit(state, 0, 1), account=index)
        assert isinstance(world.apply(state, deposit), Step) == (index < MINIMAL.accounts)


class TestMatch:
    def test_moves_position_and_quote(self, world: Any) -> None:
        state = world.funded()
        after = world.run(state, world.trade(buyer_fee=5, seller_fee=3))
        notional = world.LOT * 3000 * world.USD
        buyer, seller = after.account(0), after.account(1)
        assert buyer.positions[0] == Position(world.LOT, notional, 0)
        assert seller.positions[0] == Position(-world.LOT, -notional, 0)
        assert (buyer.cash, seller.cash) == (10_000 * world.CASH - 5, 10_000 * world.CASH - 3)
        assert after.totals.fees == 8
        assert buyer.slots[0] == OrderSlot(1, world.LOT)
        assert after.interest == (world.LOT, 0, 0, 0)

    def test_settles_funding_of_the_traded_instrument(self, world: Any) -> None:
        state = world.run(world.funded(), world.trade())
        funded = world.row(0, 3000 * world.USD, funding=2 * world.USD)
        state = world.run(
            state, world.tick(state.market, world.rows(funded), world.START_MS + 1), world.START_MS + 1
        )
        buy = world.order(0, Side.BUY, id=2)
        sell = world.order(1, Side.SELL, id=2)
        after = world.run(state, world.match(buy, sell), world.START_MS + 1)
        # One contract paid 2 USD of funding to the short, once.
        assert after.account(0).cash == 9_998 * world.CASH
        assert after.account(1).cash == 10_002 * world.CASH
        assert after.account(0).positions[0].funding == 2 * world.USD

    def test_closing_realises_the_difference(self, world: Any) -> None:
        state = world.run(world.funded(), world.trade())
        buy = world.order(1, Side.BUY, id=2, limit=3100 * world.USD)
        sell = world.order(0, Side.SELL, id=2)
        after = world.run(state, world.match(buy, sell, price=3100 * world.USD))
        assert after.account(0).cash == 10_100 * world.CASH
        assert after.account(1).cash == 9_900 * world.CASH
        assert all(after.account(i).positions[0] == Position(0, 0, 0) for i in (0, 1))
        assert after.interest == (0, 0, 0, 0)

    def test_open_interest_is_what_is_long(self, world: Any) -> None:
        """Opening adds, handing over keeps, turning over counts only the part that stays long."""
        state = world.funded(accounts=3)
        fills = [(0, 1, 4, 4), (2, 0, 4, 4), (2, 1, 1, 5), (1, 2, 7, 2), (0, 1, 3, 3)]
        for number, (buyer, seller, lots, long) in enumerate(fills, start=1):
            buy, sell = world.order(buyer, Side.BUY, id=number), world.order(seller, Side.SELL, id=number)
            state = world.run(state, world.match(buy, sell, quantity=lots))
            assert state.interest == (long, 0, 0, 0)
            held = [state.account(i).positions[0].quantity for i in range(3)]
            assert sum(held) == 0 and sum(q for q in held if q > 0) == long

    def test_remembers_partial_fills(self, world: Any) -> None:
        state = world.funded()
        buy, sell = world.order(0, Side.BUY), world.order(1, Side.SELL)
        half = world.match(buy, sell, quantity=world.LOT // 2)
        state = world.run(world.run(state, half), half)
        assert state.account(0).slots[0] == OrderSlot(1, world.LOT)
        refused(world, state, world.match(buy, sell, quantity=1), Code.OVERFILL)

    def test_a_newer_order_takes_the_slot_over(self, world: Any) -> None:
        state = world.run(world.funded(), world.trade())
        newer = world.match(world.order(0, Side.BUY, id=9), world.order(1, Side.SELL, slot=3))
        state = world.run(state, newer)
        assert state.account(0).slots[0] == OrderSlot(9, world.LOT)
        assert state.account(1).slots[3] == OrderSlot(1, world.LOT)
        assert refused(world, state, world.trade(), Code.STALE_ORDER_ID).account == 0

    @pytest.mark.parametrize(("sides", "blamed"), [((Side.SELL, Side.SELL), 0), ((Side.BUY, Side.BUY), 1)])
    def test_refuses_wrong_sides(self, world: Any, sides: tuple[Side, Side], blamed: int) -> None:
        match = world.match(world.order(0, sides[0]), world.order(1, sides[1]))
        assert refused(world, world.funded(), match, Code.WRONG_SIDE).account == blamed

    def test_refuses_a_self_trade(self, world: Any) -> None:
        refused(world, world.funded(), world.trade(0, 0), Code.SELF_TRADE)

    def test_refuses_different_instruments(self, world: Any) -> None:
        match = world.match(world.order(0, Side.BUY), world.order(1, Side.SELL, instrument=1))
        refused(world, world.funded(), match, Code.INSTRUMENT_MISMATCH)

    def test_refuses_instruments_outside_the_universe(self, world: Any) -> None:
        outside = world.size.instruments
        match = world.match(
            world.order(0, Side.BUY, instrument=outside), world.order(1, Side.SELL, instrument=outside)
        )
        refused(world, world.funded(), match, Code.INSTRUMENT_MISMATCH)

    def test_refuses_an_unused_row(self, world: Any) -> None:
        match = world.match(world.order(0, Side.BUY, instrument=1), world.order(1, Side.SELL, instrument=1))
        refused(world, world.funded(), match, Code.INSTRUMENT_NOT_TRADABLE)

    @pytest.mark.parametrize("kind", [InstrumentKind.CALL, InstrumentKind.PUT])
    def test_refuses_options(self, world: Any, kind: InstrumentKind) -> None:
        state = world.funded()
        rows = world.rows(world.row(0, 3000 * world.USD, kind=kind))
        later = world.START_MS + 1
        state = world.run(state, world.tick(state.market, rows, later), later)
        refused(world, state, world.trade(), Code.INSTRUMENT_NOT_TRADABLE, later)

    def test_futures_trade(self, world: Any) -> None:
        state = world.funded()
        rows = world.rows(
            world.row(0, 3000 * world.USD, kind=InstrumentKind.FUTURE, expiry_ms=world.START_MS + 10**9)
        )
        later = world.START_MS + 1
        state = world.run(state, world.tick(state.market, rows, later), later)
        assert isinstance(world.apply(state, world.trade(), later), Step)

    @pytest.mark.parametrize(("price", "blamed"), [(3_000_000_001, 0), (2_999_999_999, 1)])
    def test_refuses_prices_beyond_a_limit(self, world: Any, price: int, blamed: int) -> None:
        refusal = refused(world, world.funded(), world.trade(price=price), Code.PRICE_BEYOND_LIMIT)
        assert refusal.account == blamed

    @pytest.mark.parametrize("late", [0, 1])
    def test_refuses_expired_orders(self, world: Any, late: int) -> None:
        state = world.funded()
        orders = [world.order(0, Side.BUY), world.order(1, Side.SELL)]
        side = Side(late)
        orders[late] = world.order(late, side, expiry_ms=world.START_MS - 1)
        assert refused(world, state, world.match(*orders), Code.EXPIRED).account == late
        orders[late] = world.order(late, side, expiry_ms=world.START_MS)
        assert isinstance(world.apply(state, world.match(*orders)), Step)

    def test_refuses_a_slot_outside_the_size(self, world: Any) -> None:
        match = world.match(world.order(0, Side.BUY, slot=world.size.order_slots), world.order(1, Side.SELL))
        refused(world, world.funded(), match, Code.MALFORMED)

    @pytest.mark.parametrize("side", ["buyer_fee", "seller_fee"])
    def test_fee_cap_is_the_signed_rate_rounded_up(self, world: Any, side: str) -> None:
        # 3 lots at 1 micro-dollar and 1000 ppm: 0.003 rounds up to one unit of 1e-10 USD.
        assert maximum_fee(3, 1000) == 1
        state = world.funded()
        cap = 3000 * world.CASH // 1000
        assert isinstance(world.apply(state, world.trade(**{side: cap})), Step)
        refused(world, state, world.trade(**{side: cap + 1}), Code.FEE_ABOVE_MAXIMUM)

    @pytest.mark.parametrize("forged", [0, 1])
    def test_refuses_bad_signatures(self, world: Any, forged: int) -> None:
        orders = [world.order(0, Side.BUY), world.order(1, Side.SELL)]
        orders[forged] = world.sign_order(orders[forged].order, signer=7)
        assert refused(world, world.funded(), world.match(*orders), Code.BAD_SIGNATURE).account == forged

    @pytest.mark.parametrize(
        "change",
        [
            {"instrument": 1},
            {"id": 2},
            {"size": 20_001},
            {"limit": 3_000_000_001},
            {"max_fee_rate": 999},
            {"slot": 1},
            {"expiry_ms": 2**47},
            {"account": 2},
        ],
    )
    def test_every_signed_field_is_bound(self, world: Any, change: dict[str, int]) -> None:
        state = world.funded(accounts=3)
        rows = world.rows(world.row(0, 3000 * world.USD), world.row(1, 3000 * world.USD))
        later = world.START_MS + 1
        state = world.run(state, world.tick(state.market, rows, later), later)
        buy = world.order(0, Side.BUY)
        altered = replace(buy, order=replace(buy.order, **change))
        sell = world.order(1, Side.SELL, instrument=altered.order.instrument)
        refused(world, state, world.match(altered, sell), Code.BAD_SIGNATURE, later)

    @pytest.mark.parametrize("change", [{"chain_id": 1338}, {"contract": 0xC0FFED}])
    def test_signatures_do_not_cross_deployments(self, world: Any, change: dict[str, int]) -> None:
        state = world.funded()
        context = replace(world.context(state), **change)
        outcome = apply(state, world.trade(), context, world.START_MS, world.crypto)
        assert isinstance(outcome, Rejected) and outcome.code == Code.BAD_SIGNATURE

    @pytest.mark.parametrize("stranger", [5, MINIMAL.accounts, 2**32 - 1])
    def test_refuses_unknown_accounts(self, world: Any, stranger: int) -> None:
        buy = world.order(stranger, Side.BUY)
        match = world.match(buy, world.order(1, Side.SELL))
        assert refused(world, world.funded(), match, Code.UNKNOWN_ACCOUNT).account == stranger

    def test_refuses_trades_without_a_tick(self, world: Any) -> None:
        state = world.genesis()
        for account in (0, 1):
            state = world.run(state, world.deposit(state, account, 1000))
        refused(world, state, world.trade(), Code.NO_TICK)

    @pytest.mark.parametrize(("shift", "accepted"), [(0, True), (60_000, True), (60_001, False)])
    def test_tick_age(self, world: Any, shift: int, accepted: bool) -> None:
        state, time_ms = world.funded(), world.START_MS + shift
        if accepted:
            assert isinstance(world.apply(state, world.trade(), time_ms), Step)
        else:
            refused(world, state, world.trade(), Code.STALE_TICK, time_ms)

    def test_a_market_is_not_usable_before_its_tick(self, world: Any) -> None:
        """No record can ask this, as none is older than the one before; a node may."""
        market = world.funded().market
        assert fresh(market, world.START_MS, world.configuration)
        assert not fresh(market, world.START_MS - 1, world.configuration)
        assert not fresh(world.genesis().market, world.START_MS, world.configuration)

    @pytest.mark.parametrize("side", [0, 1])
    def test_positions_end_below_their_width(self, world: Any, side: int) -> None:
        """The buyer at 2^40 - 1, the seller at 1 - 2^40; one lot more is refused."""
        sign = 1 - 2 * side
        for lots, accepted in ((2**40 - 1, True), (2**40, False)):
            held = Position(sign * (lots - world.LOT), 0, 0)
            positions = (held, *(Position(),) * 3)
            state = with_account(world.funded(), side, positions=positions, cash=2**93)
            if accepted:
                after = world.run(state, world.trade()).account(side)
                assert after.positions[0].quantity == sign * lots
            else:
                assert refused(world, state, world.trade(), Code.POSITION_OVERFLOW).account == side

    @pytest.mark.parametrize("side", [0, 1])
    def test_entries_end_below_their_width(self, world: Any, side: int) -> None:
        sign, notional = 1 - 2 * side, world.LOT * 3000 * world.USD
        for entry, accepted in ((2**94 - 1, True), (2**94, False)):
            held = Position(sign, sign * (entry - notional), 0)
            positions = (held, *(Position(),) * 3)
            state = with_account(world.funded(), side, positions=positions, cash=(1 - side) * (2**94 - 1))
            if accepted:
                after = world.run(state, world.trade()).account(side)
                assert after.positions[0].entry == sign * entry
            else:
                assert refused(world, state, world.trade(), Code.CASH_OVERFLOW).account == side

    def test_refuses_cash_beyond_its_width(self, world: Any) -> None:
        state = with_account(world.funded(), 1, cash=n.TRADED_CASH.high)
        assert refused(world, state, world.trade(), Code.CASH_OVERFLOW).account == 1

    @pytest.mark.parametrize("poor", [0, 1])
    def test_refuses_trades_over_margin_with_figures(self, world: Any, poor: int) -> None:
        # Shock 18 % and contingency 2 % of 3000 USD: 600 USD for one contract.
        enough = with_account(world.funded(), poor, cash=600 * world.CASH)
        assert isinstance(world.apply(enough, world.trade()), Step)
        short = with_account(world.funded(), poor, cash=600 * world.CASH - 1)
        refusal = refused(world, short, world.trade(), Code.INITIAL_MARGIN)
        assert refusal.account == poor
        assert "initial requirement 600.00" in refusal.detail


class TestWithdraw:
    def test_debits_and_advances_the_nonce(self, world: Any) -> None:
        state = world.funded()
        step = world.apply(state, world.withdrawal(0, 40, fee=2 * world.USD))
        account = step.after.account(0)
        assert (account.cash, account.nonces) == (9_958 * world.CASH, Nonces(0, 1))
        assert step.after.totals.withdrawals == 40 * world.CASH
        assert step.after.totals.fees == 2 * world.CASH
        assert step.words[1] == account.owner

    def test_works_before_any_tick_without_positions(self, world: Any) -> None:
        state = world.run(world.genesis(), world.deposit(world.genesis(), 0, 10))
        assert world.run(state, world.withdrawal(0, 10)).account(0).cash == 0

    def test_refuses_replays(self, world: Any) -> None:
        state = world.run(world.funded(), world.withdrawal(0, 40))
        refused(world, state, world.withdrawal(0, 40), Code.NONCE_MISMATCH)

    def test_nonces_of_a_window_come_in_any_order(self, world: Any) -> None:
        state = world.funded()
        for nonce in (5, 31, 0):
            state = world.run(state, world.withdrawal(0, 1, nonce=nonce))
        assert state.account(0).nonces == Nonces(0, 1 << 5 | 1 << 31 | 1)
        for nonce in (5, 31, 0):
            refused(world, state, world.withdrawal(0, 1, nonce=nonce), Code.NONCE_MISMATCH)

    def test_a_later_window_leaves_the_earlier_behind(self, world: Any) -> None:
        state = world.run(world.funded(), world.withdrawal(0, 1, nonce=64))
        assert state.account(0).nonces == Nonces(2, 1)
        refused(world, state, world.withdrawal(0, 1, nonce=63), Code.NONCE_MISMATCH)
        refused(world, state, world.withdrawal(0, 1, nonce=64), Code.NONCE_MISMATCH)
        assert isinstance(world.apply(state, world.withdrawal(0, 1, nonce=65)), Step)

    def test_the_last_nonce_can_be_used_once(self, world: Any) -> None:
        last = n.NONCE.high - 1
        state = world.run(world.funded(), world.withdrawal(0, 1, nonce=last))
        assert state.account(0).nonces == Nonces(2**27 - 1, 1 << 31)
        refused(world, state, world.withdrawal(0, 1, nonce=last), Code.NONCE_MISMATCH)

    def test_refuses_expired(self, world: Any) -> None:
        withdrawal = world.withdrawal(0, 40, expiry_ms=world.START_MS + 1)
        assert isinstance(world.apply(world.funded(), withdrawal, world.START_MS + 1), Step)
        refused(world, world.funded(), withdrawal, Code.EXPIRED, world.START_MS + 2)

    def test_refuses_strangers(self, world: Any) -> None:
        refused(world, world.funded(), world.withdrawal(9, 40), Code.UNKNOWN_ACCOUNT)

    def test_refuses_other_signers(self, world: Any) -> None:
        forged = world.sign_withdrawal(world.withdrawal(0, 40).withdrawal, signer=1)
        refused(world, world.funded(), forged, Code.BAD_SIGNATURE)

    @pytest.mark.parametrize(
        "change", [{"amount": 1}, {"fee": 1}, {"expiry_ms": 2**47}, {"nonce": 9}, {"account": 1}]
    )
    def test_every_signed_field_is_bound(self, world: Any, change: dict[str, int]) -> None:
        signed = world.withdrawal(0, 40)
        altered = replace(signed, withdrawal=replace(signed.withdrawal, **change))
        refused(world, world.funded(), altered, Code.BAD_SIGNATURE)

    def test_the_trading_key_cannot_withdraw(self, world: Any) -> None:
        state = world.funded()
        state = with_account(state, 0, asset_key=state.account(1).asset_key)
        refused(world, state, world.withdrawal(0, 40), Code.BAD_SIGNATURE)

    def test_refuses_more_than_there_is(self, world: Any) -> None:
        state = world.funded()
        assert isinstance(world.apply(state, world.withdrawal(0, 10_000)), Step)
        refused(world, state, world.withdrawal(0, 10_001), Code.INITIAL_MARGIN)
        refused(world, state, world.withdrawal(0, 10_000, fee=1), Code.INITIAL_MARGIN)

    def test_refuses_what_the_positions_need(self, world: Any) -> None:
        state = world.run(world.funded(), world.trade())
        assert isinstance(world.apply(state, world.withdrawal(0, 9_400)), Step)
        refused(world, state, world.withdrawal(0, 9_400, fee=1), Code.INITIAL_MARGIN)

    def test_tick_age_matters_with_positions_only(self, world: Any) -> None:
        late = world.START_MS + 60_001
        idle = world.funded()
        assert isinstance(world.apply(idle, world.withdrawal(0, 40), late), Step)
        held = world.run(idle, world.trade())
        refused(world, held, world.withdrawal(0, 40), Code.STALE_TICK, late)

    def test_refuses_cash_beyond_its_width(self, world: Any) -> None:
        state = world.funded()
        for cash, accepted in ((n.TRADED_CASH.high, False), (n.TRADED_CASH.high - 1, True)):
            near = with_account(state, 0, cash=cash + world.CASH)
            outcome = world.apply(near, world.withdrawal(0, 1))
            assert isinstance(outcome, Step) if accepted else outcome.code is Code.CASH_OVERFLOW
        # One dollar out of a debt that a position more than covers.
        held = (Position(1, 1 - 2**94, 0), *(Position(),) * 3)
        for left, accepted in ((1 - 2**94, True), (-(2**94), False)):
            debt = with_account(state, 0, cash=left + world.CASH, positions=held)
            outcome = world.apply(debt, world.withdrawal(0, 1))
            assert isinstance(outcome, Step) if accepted else outcome.code is Code.CASH_OVERFLOW

    def test_no_market_no_withdrawal_from_positions(self, world: Any) -> None:
        state = world.run(world.genesis(), world.deposit(world.genesis(), 0, 10))
        held = with_account(state, 0, positions=(Position(1, 0, 0), *(Position(),) * 3))
        refused(world, held, world.withdrawal(0, 1), Code.NO_TICK)


class TestTick:
    def test_sets_the_market(self, world: Any) -> None:
        state = world.genesis()
        rows = world.rows(world.row(0, 3000 * world.USD))
        step = world.apply(state, world.tick(state.market, rows))
        market = step.after.market
        assert (market.tick_seq, market.tick_time_ms, market.rows) == (1, world.START_MS, rows)
        assert step.words == (
            15 | 1 << 40 | world.START_MS << 80,
            market.tick_hash,
            table_hash(rows, world.crypto),
            step.words[3],
        )

    def refuse(self, world: Any, code: Code, signers: tuple[int, ...] = (0, 1), **changes: int) -> None:
        state = world.funded()
        rows = world.rows(world.row(0, 3000 * world.USD))
        changes.setdefault("time_ms", world.START_MS + 1)
        tick = world.tick(state.market, rows, signers=signers, **changes)
        refused(world, state, tick, code, world.START_MS + 2)

    @pytest.mark.parametrize("change", [{"seq": 1}, {"previous": 5}, {"previous": 0}])
    def test_refuses_a_broken_chain(self, world: Any, change: dict[str, int]) -> None:
        self.refuse(world, Code.TICK_SEQUENCE, **change)

    def test_refuses_time_standing_still(self, world: Any) -> None:
        self.refuse(world, Code.TICK_TIME, time_ms=world.START_MS)

    def test_refuses_a_tick_from_the_future(self, world: Any) -> None:
        self.refuse(world, Code.TICK_TIME, time_ms=world.START_MS + 3)

    def test_numbers_may_be_skipped(self, world: Any) -> None:
        state = world.funded()
        tick = world.tick(state.market, world.rows(), world.START_MS + 1, seq=9)
        assert world.run(state, tick, world.START_MS + 1).market.tick_seq == 9

    def test_age_is_not_checked_at_admission(self, world: Any) -> None:
        """An old tick carries the chain on; it is trading on it that is refused."""
        state = world.funded()
        late = world.START_MS + 10**9
        rows = world.rows(world.row(0, 3000 * world.USD))
        state = world.run(state, world.tick(state.market, rows, world.START_MS + 1), late)
        assert state.market.tick_seq == 2 and state.market.resume_until_ms == 0
        outcome = world.apply(state, world.trade(), late)
        assert outcome.code is Code.STALE_TICK

    @pytest.mark.parametrize("change", [{"universe": 2}, {"parameter_hash": 78}])
    def test_refuses_other_parameters(self, world: Any, change: dict[str, int]) -> None:
        self.refuse(world, Code.TICK_PARAMETERS, **change)

    @pytest.mark.parametrize("signers", [(), (2,)])
    def test_refuses_a_short_quorum(self, world: Any, signers: tuple[int, ...]) -> None:
        self.refuse(world, Code.TICK_QUORUM, signers)

    @pytest.mark.parametrize("signers", [(0, 0), (1, 0), (0, 3)])
    def test_refuses_repeated_unordered_or_unregistered_signers(
        self, world: Any, signers: tuple[int, ...]
    ) -> None:
        self.refuse(world, Code.TICK_SIGNERS, signers)

    @pytest.mark.parametrize("signers", [(0, 1), (0, 2), (1, 2), (0, 1, 2)])
    def test_any_quorum_serves(self, world: Any, signers: tuple[int, ...]) -> None:
        tick = world.tick(world.genesis().market, world.rows(), signers=signers)
        assert isinstance(world.apply(world.genesis(), tick), Step)

    def test_a_signature_of_something_else_does_not_count(self, world: Any) -> None:
        state = world.genesis()
        tick = world.tick(state.market, world.rows())
        first, second = tick.signatures
        wrong = replace(second, signature=replace(second.signature, s=second.signature.s ^ 1))
        refused(world, state, replace(tick, signatures=(first, wrong)), Code.TICK_QUORUM)

    def test_an_oracle_cannot_sign_for_another(self, world: Any) -> None:
        state = world.genesis()
        tick = world.tick(state.market, world.rows(), signers=(0, 1))
        moved = replace(tick.signatures[1], oracle=2)
        refused(world, state, replace(tick, signatures=(tick.signatures[0], moved)), Code.TICK_QUORUM)

    def test_refuses_rows_that_were_not_signed(self, world: Any) -> None:
        state = world.genesis()
        tick = world.tick(state.market, world.rows(world.row(0, 3000 * world.USD)))
        swapped = replace(tick, rows=world.rows(world.row(0, 3001 * world.USD)))
        refused(world, state, swapped, Code.TICK_ROW)

    def test_refuses_misplaced_and_malformed_tables(self, world: Any) -> None:
        state = world.genesis()
        good = world.rows(world.row(0, 3000 * world.USD))
        bad_tables = [
            good[:-1],
            (*good, good[-1]),
            (good[1], good[0], *good[2:]),
            (replace(good[0], id=1), *good[1:]),
            (replace(good[0], underlying=1), *good[1:]),
            (replace(good[0], scenarios=good[0].scenarios[:-1]), *good[1:]),
            (*good[:-1], replace(good[-1], mark=1)),
        ]
        for rows in bad_tables:
            refused(world, state, world.tick(state.market, rows), Code.TICK_ROW)

    def test_refuses_a_wrong_number_of_indices(self, world: Any) -> None:
        state = world.genesis()
        for indices in ((Index(1, 1),) * 2, ()):
            signed = world.tick(state.market, world.rows())
            refused(world, state, replace(signed, tick=replace(signed.tick, indices=indices)), Code.TICK_ROW)

    def test_comes_before_all_steps(self, world: Any) -> None:
        state = world.run(world.funded(), world.withdrawal(0, 1))
        refused(world, state, world.tick(state.market, world.rows(), world.START_MS + 1), Code.TICK_SLOTS)

    def test_refuses_more_ticks_than_slots(self, world: Any) -> None:
        state, start = world.genesis(), world.START_MS
        for after_ms in range(world.size.ticks):
            state = world.run(
                state, world.tick(state.market, world.rows(), start + after_ms), start + after_ms
            )
        refused(world, state, world.tick(state.market, world.rows(), start + 99), Code.TICK_SLOTS)


class TestBridge:
    GAP = 3_600_000

    def bridge(self, world: Any, state: State, gap: int = GAP, **changes: Any) -> Any:
        time_ms = state.market.tick_time_ms + gap
        rows = world.rows(world.row(0, 3000 * world.USD))
        return world.tick(state.market, rows, time_ms, **{"bridge": True, **changes})

    @pytest.mark.parametrize(
        ("gap", "window"),
        [(60_001, 96_000), (384_003, 96_000), (384_004, 96_001), (3_600_000, 900_000), (10**9, 900_000)],
    )
    def test_opens_a_resume_window(self, world: Any, gap: int, window: int) -> None:
        """W = min(15 min, max(resume minimum, gap / 4)) after the record's time, whatever the tick's."""
        state = world.funded()
        now = world.START_MS + gap + 5
        market = world.run(state, self.bridge(world, state, gap), now).market
        assert (market.tick_seq, market.resume_until_ms) == (2, now + window)

    def test_the_window_is_cut_where_the_minimum_is_longer(self, world: Any) -> None:
        long = replace(world, crypto=world.crypto)
        long.configuration = replace(world.configuration, resume_minimum_ms=10**7)
        state = long.funded()
        now = long.START_MS + self.GAP
        assert long.run(state, self.bridge(long, state), now).market.resume_until_ms == now + 900_000

    @pytest.mark.parametrize("previous", [0, 12345])
    def test_names_any_older_tick(self, world: Any, previous: int) -> None:
        state = world.funded()
        tick = self.bridge(world, state, previous=previous, seq=7)
        assert world.run(state, tick, world.START_MS + self.GAP).market.tick_seq == 7

    def test_numbers_and_times_still_go_up(self, world: Any) -> None:
        state = world.funded()
        now = world.START_MS + self.GAP
        refused(world, state, self.bridge(world, state, seq=1), Code.TICK_SEQUENCE, now)
        refused(world, state, self.bridge(world, state, gap=0), Code.TICK_TIME, now)
        refused(world, state, self.bridge(world, state), Code.TICK_TIME, now - 1)

    def test_needs_a_gap(self, world: Any) -> None:
        state = world.funded()
        refused(world, state, self.bridge(world, state, 60_000), Code.TICK_BRIDGE, world.START_MS + self.GAP)
        assert isinstance(
            world.apply(state, self.bridge(world, state, 60_001), world.START_MS + self.GAP), Step
        )

    def test_needs_a_tick_to_come_from(self, world: Any) -> None:
        state = world.genesis()
        refused(world, state, self.bridge(world, state), Code.TICK_BRIDGE, world.START_MS)

    def test_comes_first_in_its_batch(self, wide: Any) -> None:
        state = wide.funded()
        plain = wide.tick(state.market, wide.rows(), wide.START_MS + 1)
        state = wide.run(state, plain, wide.START_MS + self.GAP + 1)
        refused(wide, state, self.bridge(wide, state), Code.TICK_BRIDGE, wide.START_MS + self.GAP + 1)

    def test_does_not_resume_beyond_time(self, world: Any) -> None:
        state = world.funded()
        end = n.TIME.high
        gap = end - 900_001 - world.START_MS
        refused(world, state, self.bridge(world, state, gap), Code.TICK_BRIDGE, end - 900_000)
        assert isinstance(world.apply(state, self.bridge(world, state, gap), end - 900_001), Step)

    def test_no_trade_and_no_withdrawal_from_positions_before_it_resumes(self, world: Any) -> None:
        state = world.run(world.funded(accounts=3), world.trade())
        now = world.START_MS + self.GAP
        state = world.run(state, self.bridge(world, state), now)
        rows = world.rows(world.row(0, 3000 * world.USD))
        for at, open_ in ((now + 899_999, False), (now + 900_000, True)):
            later = world.run(state, world.tick(state.market, rows, at), at)
            assert later.market.resume_until_ms == now + 900_000
            again = world.match(
                world.order(0, Side.BUY, id=2, expiry_ms=2 * at),
                world.order(1, Side.SELL, id=2, expiry_ms=2 * at),
            )
            assert fresh(later.market, at, world.configuration) == open_
            for transaction in (again, world.withdrawal(0, 1, expiry_ms=2 * at)):
                if open_:
                    assert isinstance(world.apply(later, transaction, at), Step)
                else:
                    refused(world, later, transaction, Code.RESUME_WINDOW, at)
            assert isinstance(world.apply(later, world.withdrawal(2, 1, expiry_ms=2 * at), at), Step)
            assert isinstance(world.apply(later, world.cancel(0, 5, expiry_ms=2 * at), at), Step)


class TestCancel:
    def test_raises_a_slot(self, world: Any) -> None:
        state = world.run(world.funded(), world.trade())
        step = world.apply(state, world.cancel(0, 1, slot=0))
        before, after = state.account(0), step.after.account(0)
        assert after == replace(before, slots=(OrderSlot(2, 0), *before.slots[1:]))
        assert step.words == (4 | 0 << 40 | 1 << 81, 0, 0, 0)
        assert (step.after.totals, step.after.interest) == (state.totals, state.interest)

    def test_raises_the_floor_of_all_slots(self, world: Any) -> None:
        state = world.funded()
        step = world.apply(state, world.cancel(0, 6))
        assert step.after.account(0) == replace(state.account(0), order_floor=7, last_tick=1)
        assert step.words == (4 | 0 << 40 | 1 << 72 | 6 << 81, 0, 0, 0)

    def test_what_was_cancelled_never_trades(self, world: Any) -> None:
        """Also not after its replacement has left: the old signed bytes are worth nothing."""
        state = world.funded()
        by_slot = world.run(state, world.cancel(0, 4, slot=3))
        by_floor = world.run(state, world.cancel(0, 4))
        sell = world.order(1, Side.SELL)
        for cancelled, slot in ((by_slot, 3), (by_floor, 3), (by_floor, 0)):
            for number in (1, 4):
                buy = world.order(0, Side.BUY, slot=slot, id=number)
                refusal = refused(world, cancelled, world.match(buy, sell), Code.STALE_ORDER_ID)
                assert refusal.account == 0
            buy = world.order(0, Side.BUY, slot=slot, id=5)
            assert isinstance(world.apply(cancelled, world.match(buy, sell)), Step)
        other = world.match(world.order(0, Side.BUY, slot=2, id=4), sell)
        assert isinstance(world.apply(by_slot, other), Step)

    def test_an_order_with_the_next_id_starts_unfilled(self, world: Any) -> None:
        state = world.run(world.funded(), world.trade())
        state = world.run(state, world.cancel(0, 1, slot=0))
        again = world.match(world.order(0, Side.BUY, id=2), world.order(1, Side.SELL, id=2))
        assert world.run(state, again).account(0).slots[0] == OrderSlot(2, world.LOT)

    def test_needs_no_market_and_no_margin(self, world: Any) -> None:
        state = world.run(world.genesis(), world.deposit(world.genesis(), 0, 10))
        ruined = with_account(state, 0, cash=-1, positions=(Position(1, 0, 0), *(Position(),) * 3))
        for cancel in (world.cancel(0, 3), world.cancel(0, 3, slot=7)):
            assert isinstance(world.apply(ruined, cancel), Step)

    @pytest.mark.parametrize("slot", [None, 3])
    def test_refuses_to_lower_or_to_change_nothing(self, world: Any, slot: int | None) -> None:
        state = world.run(world.funded(), world.cancel(0, 9, slot=slot))
        for number in (1, 9):
            assert refused(world, state, world.cancel(0, number, slot=slot), Code.STALE_ORDER_ID).account == 0
        assert isinstance(world.apply(state, world.cancel(0, 10, slot=slot)), Step)

    def test_cancels_the_order_that_is_partly_filled(self, world: Any) -> None:
        half = world.trade(quantity=world.LOT // 2)
        state = world.run(world.funded(), half)
        state = world.run(state, world.cancel(0, 1, slot=0))
        refused(world, state, half, Code.STALE_ORDER_ID)

    def test_reaches_the_last_id(self, world: Any) -> None:
        for slot in (None, 2):
            state = world.run(world.funded(), world.cancel(0, 2**32 - 2, slot=slot))
            refused(world, state, world.cancel(0, 2**32 - 2, slot=slot), Code.STALE_ORDER_ID)

    def test_expires(self, world: Any) -> None:
        cancel = world.cancel(0, 1, expiry_ms=world.START_MS)
        assert isinstance(world.apply(world.funded(), cancel), Step)
        assert refused(world, world.funded(), cancel, Code.EXPIRED, world.START_MS + 1).account == 0

    @pytest.mark.parametrize("stranger", [5, MINIMAL.accounts, 2**32 - 1])
    def test_refuses_strangers(self, world: Any, stranger: int) -> None:
        cancel = world.cancel(stranger, 1)
        assert refused(world, world.funded(), cancel, Code.UNKNOWN_ACCOUNT).account == stranger

    def test_refuses_a_slot_outside_the_size(self, world: Any) -> None:
        refused(world, world.funded(), world.cancel(0, 1, slot=world.size.order_slots), Code.MALFORMED)

    def test_refuses_other_signers(self, world: Any) -> None:
        assert refused(world, world.funded(), world.cancel(0, 1, signer=1), Code.BAD_SIGNATURE).account == 0

    def test_the_asset_key_cannot_cancel(self, world: Any) -> None:
        state = world.funded()
        state = with_account(state, 0, trading_key=state.account(1).trading_key)
        refused(world, state, world.cancel(0, 1), Code.BAD_SIGNATURE)

    @pytest.mark.parametrize(
        "change",
        [{"id": 2}, {"slot": 1}, {"account": 1}, {"expiry_ms": 2**47}, {"everything": True, "slot": 0}],
    )
    def test_every_signed_field_is_bound(self, world: Any, change: dict[str, Any]) -> None:
        signed = world.cancel(0, 1, slot=3)
        altered = replace(signed, cancel=replace(signed.cancel, **change))
        refused(world, world.funded(), altered, Code.BAD_SIGNATURE)

    def test_a_withdrawal_is_no_cancel(self, world: Any) -> None:
        """Messages of one form under two tags: the signature of one does not serve the other."""
        signed = world.withdrawal(0, 40)
        cancel = replace(world.cancel(0, 1), signature=signed.signature)
        refused(world, world.funded(), cancel, Code.BAD_SIGNATURE)


class TestSeveralTicks:
    def test_follow_each_other_in_one_batch(self, wide: Any) -> None:
        state = wide.funded()
        first = wide.tick(state.market, wide.rows(wide.row(0, 2900 * wide.USD)), wide.START_MS + 1)
        state = wide.run(state, first, wide.START_MS + 1)
        second = wide.tick(state.market, wide.rows(wide.row(0, 2950 * wide.USD)), wide.START_MS + 2)
        assert second.tick.previous == state.market.tick_hash
        state = wide.run(state, second, wide.START_MS + 2)
        assert (state.used.ticks, state.market.tick_seq) == (2, 3)
        assert state.market.marks[0].mark == 2950 * wide.USD
        refused(
            wide,
            state,
            wide.tick(state.market, wide.rows(), wide.START_MS + 3),
            Code.TICK_SLOTS,
            state.time_ms + 9,
        )
        assert isinstance(wide.apply(state, wide.trade(), wide.START_MS + 2), Step)

    def test_each_needs_its_quorum(self, wide: Any) -> None:
        state = wide.funded()
        alone = wide.tick(state.market, wide.rows(), wide.START_MS + 1, signers=(1,))
        refused(wide, state, alone, Code.TICK_QUORUM, wide.START_MS + 1)


class TestOrdersThatRest:
    """`check_order`: what a book asks before it lets an order wait."""

    def outcome(self, world: Any, state: State, order: Any, time_ms: int = 0) -> Rejected | None:
        time_ms = time_ms or world.START_MS
        return check_order(state, order, world.context(state, time_ms), time_ms, world.crypto)

    def test_an_order_that_could_trade_may_rest(self, world: Any) -> None:
        assert self.outcome(world, world.funded(), world.order(0, Side.BUY)) is None

    def test_what_could_never_trade_may_not(self, world: Any) -> None:
        state = world.run(world.funded(), world.trade())
        late = world.START_MS + 60_001
        forged = world.sign_order(world.order(0, Side.BUY, id=2).order, signer=1)
        cases = [
            (world.order(0, Side.BUY), 0, Code.OVERFILL),
            (world.order(0, Side.BUY, id=2, instrument=1), 0, Code.INSTRUMENT_NOT_TRADABLE),
            (world.order(0, Side.BUY, id=2, instrument=4), 0, Code.INSTRUMENT_MISMATCH),
            (world.order(0, Side.BUY, id=2), late, Code.STALE_TICK),
            (world.order(0, Side.BUY, id=2, expiry_ms=5), 0, Code.EXPIRED),
            (world.order(9, Side.BUY), 0, Code.UNKNOWN_ACCOUNT),
            (world.order(0, Side.BUY, id=2, slot=8), 0, Code.MALFORMED),
            (forged, 0, Code.BAD_SIGNATURE),
        ]
        for order, time_ms, code in cases:
            outcome = self.outcome(world, state, order, time_ms)
            assert outcome is not None and outcome.code is code
        cancelled = world.run(state, world.cancel(0, 5))
        outcome = self.outcome(world, cancelled, world.order(0, Side.BUY, id=5))
        assert outcome is not None and outcome.code is Code.STALE_ORDER_ID


class TestBatch:
    def test_refuses_more_steps_than_slots(self, world: Any) -> None:
        state = world.genesis()
        for account in range(world.size.steps):
            state = world.run(state, world.deposit(state, account, 10))
        refused(world, state, world.deposit(state, 0, 1), Code.BATCH_FULL)
        sealed = seal(state, world.context(state))
        assert sealed.batch_number == 1
        assert isinstance(world.apply(sealed, world.deposit(sealed, 0, 1)), Step)

    def test_the_context_must_be_the_open_batch(self, world: Any) -> None:
        state = world.genesis()
        context = replace(world.context(state), number=2)
        with pytest.raises(ContextMismatch):
            apply(state, world.deposit(state, 0, 1), context, world.START_MS, world.crypto)
        with pytest.raises(ContextMismatch):
            seal(state, context)

    def test_the_context_must_be_of_the_size(self, world: Any, wide: Any) -> None:
        state = world.genesis()
        with pytest.raises(ContextMismatch):
            apply(state, world.deposit(state, 0, 1), wide.context(state), world.START_MS, world.crypto)

    def test_an_epoch_does_not_go_back(self, world: Any) -> None:
        state = world.genesis()
        later = seal(state, replace(world.context(state), epoch=3))
        assert (later.epoch, later.batch_number) == (3, 1)
        for epoch in (3, 4):
            context = replace(world.context(later), epoch=epoch)
            assert isinstance(
                apply(later, world.deposit(later, 0, 1), context, world.START_MS, world.crypto), Step
            )
        with pytest.raises(ContextMismatch):
            seal(later, replace(world.context(later), epoch=2))

    def test_records_do_not_go_back_in_time(self, world: Any) -> None:
        state = world.genesis()
        deposit = world.deposit(state, 0, 1)
        start = world.START_MS
        step = world.apply(state, deposit, start + 7, start)
        assert (step.record.elapsed, step.after.time_ms) == (7, start + 7)
        again = world.deposit(step.after, 1, 1)
        outcome = world.apply(step.after, again, start + 6, start)
        assert outcome.code is Code.TIME_ORDER
        assert world.apply(step.after, again, start + 7, start).record.elapsed == 7

    def test_a_record_lies_in_its_batch(self, world: Any) -> None:
        state = world.genesis()
        deposit = world.deposit(state, 0, 1)
        start = world.START_MS
        assert world.apply(state, deposit, start - 1, start).code is Code.TIME_ORDER
        assert world.apply(state, deposit, start + 2**32, start).code is Code.TIME_ORDER
        assert world.apply(state, deposit, start + 2**32 - 1, start).record.elapsed == 2**32 - 1
        assert world.apply(state, deposit, 2**48, 2**48 - 1).code is Code.TIME_ORDER

    def test_a_batch_does_not_open_before_the_states_time(self, world: Any) -> None:
        state = world.run(world.genesis(), world.deposit(world.genesis(), 0, 1))
        state = seal(state, world.context(state))
        deposit = world.deposit(state, 1, 1)
        assert world.apply(state, deposit, world.START_MS, world.START_MS - 1).code is Code.TIME_ORDER
        assert isinstance(world.apply(state, deposit, world.START_MS, world.START_MS), Step)

    def test_sequence_counts_records(self, world: Any) -> None:
        state = world.funded()
        assert (state.sequence, state.used.steps) == (3, 0)
        step = world.apply(state, world.trade())
        assert step.after.sequence == 4

    def test_an_order_alone_is_no_transaction(self, world: Any) -> None:
        refused(world, world.funded(), world.order(0, Side.BUY), Code.MALFORMED)

    def test_order_chain_hashes_the_records(self, world: Any) -> None:
        state = world.funded()
        step = world.apply(state, world.trade())
        assert step.order_chain == world.crypto.hash([state.order_chain, *step.words])

    def test_a_signature_off_the_curve_is_only_refused(self, world: Any) -> None:
        state = world.funded()
        buy = replace(world.order(0, Side.BUY), signature=Signature(1, 1, 1))
        refused(world, state, world.match(buy, world.order(1, Side.SELL)), Code.BAD_SIGNATURE)
