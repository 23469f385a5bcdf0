"""What every transaction does, and every rejection that `apply` can return, each with the state unchanged."""

from dataclasses import replace
from typing import Any

import pytest

from circuits.twins import babyjub
from rollup import bounds
from rollup.accounts import OrderSlot, Position
from rollup.crypto import Signature
from rollup.instruments import Kind, table_hash
from rollup.market import Index
from rollup.records import StepKind
from rollup.rejections import Code, Rejected
from rollup.rules import ContextMismatch, Step, apply, maximum_fee, seal
from rollup.state import State, state_root
from rollup.transactions import Side, Transaction


def refused(
    world: Any, state: State, transaction: Transaction, code: Code, time_ms: int | None = None
) -> Rejected:
    """The refusal, after checking its code and that the state it was asked of did not move."""
    root = state_root(state, world.crypto)
    outcome = world.apply(state, transaction, world.START_MS if time_ms is None else time_ms)
    assert isinstance(outcome, Rejected), outcome
    assert outcome.code == code, outcome
    assert state_root(state, world.crypto) == root
    return outcome


def with_account(state: State, index: int, **changes: Any) -> State:
    return replace(state, accounts=state.accounts.set(index, replace(state.account(index), **changes)))


class TestDeposit:
    def test_registers_and_credits(self, world: Any) -> None:
        state = world.genesis()
        deposit = world.deposit(state, 5, 250)
        step = world.apply(state, deposit)
        account = step.after.account(5)
        assert (account.owner, account.cash, account.nonce) == (0xA005, 250 * world.CASH, 0)
        assert account.trading_key == account.asset_key == deposit.key
        assert step.after.totals.deposits == 250 * world.CASH
        assert step.after.queue_index == 1
        assert step.kind == StepKind.DEPOSIT

    def test_tops_up_without_touching_the_keys(self, world: Any) -> None:
        state = world.run(world.genesis(), world.deposit(world.genesis(), 0, 10))
        after = world.run(state, world.deposit(state, 0, 7))
        assert after.account(0) == replace(state.account(0), cash=17 * world.CASH)

    def test_any_key_words_are_accepted(self, world: Any) -> None:
        deposit = replace(world.deposit(world.genesis(), 0, 1), key=(bounds.FIELD - 1, 0))
        assert isinstance(world.apply(world.genesis(), deposit), Step)

    def test_fits_on_top_of_what_a_trade_may_leave(self, world: Any) -> None:
        state = with_account(world.funded(), 0, cash=bounds.TRADED_CASH - 1)
        largest = replace(world.deposit(state, 0, 1), amount=bounds.AMOUNT - 1)
        assert isinstance(world.apply(state, largest), Step)

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

    def test_refuses_cash_beyond_a_leaf(self, world: Any) -> None:
        state = with_account(world.funded(), 0, cash=bounds.CASH - 1)
        refused(world, state, world.deposit(state, 0, 1), Code.CASH_OVERFLOW)


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

    @pytest.mark.parametrize("kind", [Kind.CALL, Kind.PUT])
    def test_refuses_options(self, world: Any, kind: Kind) -> None:
        state = world.funded()
        rows = world.rows(world.row(0, 3000 * world.USD, kind=kind))
        later = world.START_MS + 1
        state = world.run(state, world.tick(state.market, rows, later), later)
        refused(world, state, world.trade(), Code.INSTRUMENT_NOT_TRADABLE, later)

    def test_futures_trade(self, world: Any) -> None:
        state = world.funded()
        rows = world.rows(world.row(0, 3000 * world.USD, kind=Kind.FUTURE, expiry_ms=world.START_MS + 10**9))
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
        outcome = apply(state, world.trade(), context, world.crypto)
        assert isinstance(outcome, Rejected) and outcome.code == Code.BAD_SIGNATURE

    @pytest.mark.parametrize("stranger", [5, 2**32 - 1])
    def test_refuses_unknown_accounts(self, world: Any, stranger: int) -> None:
        buy = world.order(stranger, Side.BUY)
        match = world.match(buy, world.order(1, Side.SELL))
        assert refused(world, world.funded(), match, Code.UNKNOWN_ACCOUNT).account == stranger

    def test_refuses_trades_without_a_tick(self, world: Any) -> None:
        state = world.genesis()
        for account in (0, 1):
            state = world.run(state, world.deposit(state, account, 1000))
        refused(world, state, world.trade(), Code.NO_TICK)

    @pytest.mark.parametrize(("shift", "accepted"), [(-1, False), (0, True), (60_000, True), (60_001, False)])
    def test_tick_age(self, world: Any, shift: int, accepted: bool) -> None:
        state, time_ms = world.funded(), world.START_MS + shift
        if accepted:
            assert isinstance(world.apply(state, world.trade(), time_ms), Step)
        else:
            refused(world, state, world.trade(), Code.STALE_TICK, time_ms)

    def test_refuses_positions_beyond_their_width(self, world: Any) -> None:
        state = with_account(
            world.funded(dollars=10**12),
            0,
            positions=(Position(bounds.POSITION - world.LOT, 0, 0), *(Position(),) * 3),
            cash=bounds.TRADED_CASH // 2,
        )
        assert refused(world, state, world.trade(), Code.POSITION_OVERFLOW).account == 0

    def test_refuses_entries_beyond_their_width(self, world: Any) -> None:
        entry = bounds.TRADED_CASH - 1
        state = with_account(
            world.funded(),
            0,
            positions=(Position(1, entry, 0), *(Position(),) * 3),
            cash=bounds.TRADED_CASH - 1,
        )
        assert refused(world, state, world.trade(), Code.CASH_OVERFLOW).account == 0

    def test_refuses_cash_beyond_its_width(self, world: Any) -> None:
        state = with_account(world.funded(), 1, cash=bounds.TRADED_CASH)
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
        assert (account.cash, account.nonce) == (9_958 * world.CASH, 1)
        assert step.after.totals.withdrawals == 40 * world.CASH
        assert step.after.totals.fees == 2 * world.CASH
        assert step.words[1] == account.owner

    def test_works_before_any_tick_without_positions(self, world: Any) -> None:
        state = world.run(world.genesis(), world.deposit(world.genesis(), 0, 10))
        assert world.run(state, world.withdrawal(0, 10)).account(0).cash == 0

    def test_refuses_replays(self, world: Any) -> None:
        state = world.run(world.funded(), world.withdrawal(0, 40))
        refused(world, state, world.withdrawal(0, 40), Code.NONCE_MISMATCH)

    def test_refuses_the_last_nonce(self, world: Any) -> None:
        last = bounds.NONCE - 1
        state = with_account(world.funded(), 0, nonce=last)
        refused(world, state, world.withdrawal(0, 40, nonce=last), Code.NONCE_MISMATCH)

    def test_refuses_expired(self, world: Any) -> None:
        withdrawal = world.withdrawal(0, 40, expiry_ms=world.START_MS - 1)
        refused(world, world.funded(), withdrawal, Code.EXPIRED)

    def test_refuses_strangers(self, world: Any) -> None:
        refused(world, world.funded(), world.withdrawal(9, 40), Code.UNKNOWN_ACCOUNT)

    def test_refuses_other_signers(self, world: Any) -> None:
        forged = world.sign_withdrawal(world.withdrawal(0, 40).withdrawal, signer=1)
        refused(world, world.funded(), forged, Code.BAD_SIGNATURE)

    @pytest.mark.parametrize("change", [{"amount": 1}, {"fee": 1}, {"expiry_ms": 2**47}])
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
        state = with_account(world.funded(), 0, cash=bounds.CASH - 1)
        refused(world, state, world.withdrawal(0, 1), Code.CASH_OVERFLOW)


class TestTick:
    def test_sets_the_market(self, world: Any) -> None:
        state = world.genesis()
        rows = world.rows(world.row(0, 3000 * world.USD))
        step = world.apply(state, world.tick(state.market, rows))
        market = step.after.market
        assert (market.tick_seq, market.tick_time_ms, market.rows) == (1, world.START_MS, rows)
        assert step.words == (
            15 | 1 << 8 | world.START_MS << 48,
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

    @pytest.mark.parametrize("change", [{"seq": 1}, {"seq": 3}, {"previous": 5}])
    def test_refuses_a_broken_chain(self, world: Any, change: dict[str, int]) -> None:
        self.refuse(world, Code.TICK_SEQUENCE, **change)

    def test_refuses_time_standing_still(self, world: Any) -> None:
        self.refuse(world, Code.TICK_TIME, time_ms=world.START_MS)

    def test_refuses_a_tick_from_the_future(self, world: Any) -> None:
        self.refuse(world, Code.STALE_TICK, time_ms=world.START_MS + 3)

    def test_refuses_an_old_tick(self, world: Any) -> None:
        state = world.funded()
        tick = world.tick(state.market, world.rows(), world.START_MS + 1)
        refused(world, state, tick, Code.STALE_TICK, world.START_MS + 60_002)

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
            (replace(good[0], underlying=1), *good[1:]),
            (replace(good[0], scenarios=good[0].scenarios[:-1]), *good[1:]),
            (*good[:-1], replace(good[-1], mark=1)),
        ]
        for rows in bad_tables:
            refused(world, state, world.tick(state.market, rows), Code.TICK_ROW)

    def test_refuses_a_wrong_number_of_indices(self, world: Any) -> None:
        state = world.genesis()
        tick = world.tick(state.market, world.rows(), indices=(Index(1, 1),) * 2)
        refused(world, state, tick, Code.TICK_ROW)

    def test_comes_before_all_steps(self, world: Any) -> None:
        state = world.run(world.funded(), world.withdrawal(0, 1))
        refused(world, state, world.tick(state.market, world.rows(), world.START_MS + 1), Code.TICK_SLOTS)

    def test_refuses_more_ticks_than_slots(self, world: Any) -> None:
        state = world.genesis()
        state = world.run(state, world.tick(state.market, world.rows()))
        refused(world, state, world.tick(state.market, world.rows(), world.START_MS + 1), Code.TICK_SLOTS)


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
            apply(state, world.deposit(state, 0, 1), context, world.crypto)
        with pytest.raises(ContextMismatch):
            seal(state, context)

    def test_order_chain_hashes_the_records(self, world: Any) -> None:
        state = world.funded()
        step = world.apply(state, world.trade())
        assert step.order_chain == world.crypto.hash([state.order_chain, *step.words])

    def test_a_signature_off_the_curve_is_only_refused(self, world: Any) -> None:
        state = world.funded()
        buy = replace(world.order(0, Side.BUY), signature=Signature(1, 1, 1))
        refused(world, state, world.match(buy, world.order(1, Side.SELL)), Code.BAD_SIGNATURE)


def test_one_signer_cannot_pose_as_two_oracles(world: Any) -> None:
    first, second, third = world.configuration.oracles
    low_order = babyjub.Point(0, bounds.FIELD - 1)  # of order 2
    twisted = tuple(babyjub.add(babyjub.Point(*first), low_order))
    for keys in (
        (first, second, first),
        (first, second, twisted),
        (first, second, (0, 1)),
        (first, second, (1, 1)),
    ):
        with pytest.raises(Rejected) as refused:
            replace(world.configuration, oracles=keys)
        assert refused.value.code is Code.TICK_SIGNERS
    replace(world.configuration, oracles=(third, first, second))
