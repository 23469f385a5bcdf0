"""Admission, matching, batches and receipts, and what a restart must not change."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from circuits.protocol.codes import Code, Rejected
from circuits.protocol.encoding import encode
from circuits.protocol.kinds.match import Side, SignedOrder
from circuits.protocol.sizes import MINIMAL
from contracts.words import statement
from rollup import backends, sequencer
from rollup.commands import Credit, Entry, Finalise, Resume, Submit, Void, decode_entry, encode_entry
from rollup.core import WORK_PER_SLICE, Core, CoreError
from rollup.fees import Fees
from rollup.journal import JournalError
from rollup.ledger.state import state_root
from rollup.receipts import Receipt, contradict, verify_receipt
from rollup.recovery import RecoveryError, recover
from rollup.sequencer import OrderOutcome, SequencerError
from rollup.snapshot import SnapshotError, restore, take
from tests.rollup.conftest import World
from tests.rollup.node.conftest import BLOCK, Desk, book_of, portrait


def resting_ids(desk: Desk, side: Side, instrument: int = 0) -> list[tuple[int, int, int]]:
    """(account, slot, id) of one side, best first."""
    orders = [each.signed.order for each in desk.sequencer.depth(instrument, side)]
    return [(order.account, order.slot, order.id) for order in orders]


def refused_as(outcome: OrderOutcome | Receipt | Rejected) -> Code | None:
    if isinstance(outcome, OrderOutcome):
        return None if outcome.refused is None else outcome.refused.code
    return outcome.code if isinstance(outcome, Rejected) else None


class TestOrders:
    def test_rest_then_trade_at_the_resting_price(self, world: World, desk: Desk) -> None:
        desk.open_market()
        resting = desk.order(1, Side.SELL, limit=2_990 * world.USD)
        assert (resting.fills, resting.resting, resting.refused) == ((), world.LOT, None)
        outcome = desk.order(0, Side.BUY, size=3 * world.LOT)
        assert [fill.match.price for fill in outcome.fills] == [2_990 * world.USD]
        assert outcome.resting == 2 * world.LOT and outcome.refused is None
        assert desk.state.account(0).positions[0].quantity == world.LOT
        assert not desk.sequencer.depth(0, Side.SELL)

    def test_fees_go_to_maker_and_taker_by_their_rates(self, world: World, tmp_path: Path) -> None:
        desk = Desk(world, tmp_path / "fees.db", Fees(maker_ppm=100, taker_ppm=500))
        desk.open_market()
        desk.order(1, Side.SELL)
        desk.order(0, Side.BUY)
        assert desk.state.totals.fees == 3000 * world.CASH * 600 // 10**6
        assert desk.state.account(0).cash == 10_000 * world.CASH - 3000 * world.CASH * 500 // 10**6
        assert refused_as(desk.order(0, Side.BUY, id=2, max_fee_rate=499)) is Code.FEE_ABOVE_MAXIMUM

    def test_fees_are_part_of_what_is_recovered(self, world: World, tmp_path: Path) -> None:
        desk = Desk(world, tmp_path / "fees.db", Fees(maker_ppm=100, taker_ppm=500))
        desk.open_market()
        desk.order(1, Side.SELL)
        desk.order(0, Side.BUY)
        desk.fees = Fees(maker_ppm=1, taker_ppm=1)
        desk.restart()
        assert desk.core.fees == desk.fees and desk.state.totals.fees == 3000 * world.CASH * 600 // 10**6

    def test_a_maker_without_margin_is_dropped_and_the_next_one_trades(
        self, world: World, desk: Desk
    ) -> None:
        desk.open_market()
        poor = world.order(1, Side.SELL, limit=2_999 * world.USD)
        desk.sequencer.order(poor)
        desk.order(2, Side.SELL)
        assert isinstance(desk.sequencer.withdraw(world.withdrawal(1, 10_000)), Receipt)
        outcome = desk.order(0, Side.BUY)
        assert [fill.match.sell.order.account for fill in outcome.fills] == [2]
        assert outcome.refused is None and not desk.sequencer.depth(0, Side.SELL)
        # Out of the book is out for good: money that comes back does not bring it back.
        desk.deposit(1, 10_000)
        assert refused_as(desk.sequencer.order(poor)) is Code.STALE_ORDER_ID

    def test_a_taker_without_margin_leaves_the_book_alone(self, world: World, desk: Desk) -> None:
        desk.open_market(accounts=2)
        desk.order(1, Side.SELL)
        desk.sequencer.withdraw(world.withdrawal(0, 9_500))
        assert refused_as(desk.order(0, Side.BUY)) is Code.INITIAL_MARGIN
        assert len(desk.sequencer.depth(0, Side.SELL)) == 1

    def test_an_account_does_not_trade_with_itself(self, world: World, desk: Desk) -> None:
        desk.open_market()
        met = world.order(0, Side.SELL)
        desk.sequencer.order(met)
        outcome = desk.order(0, Side.BUY, slot=1)
        assert (outcome.fills, outcome.resting, outcome.refused) == ((), world.LOT, None)
        assert not desk.sequencer.depth(0, Side.SELL)
        assert refused_as(desk.sequencer.order(met)) is Code.STALE_ORDER_ID

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"instrument": 1}, Code.INSTRUMENT_NOT_TRADABLE),
            ({"instrument": 9}, Code.INSTRUMENT_MISMATCH),
            ({"account": 9}, Code.UNKNOWN_ACCOUNT),
            ({"slot": 8}, Code.MALFORMED),
            ({"expiry_ms": 1}, Code.EXPIRED),
        ],
    )
    def test_those_that_cannot_trade_do_not_rest(
        self, world: World, desk: Desk, changes: dict[str, int], code: Code
    ) -> None:
        desk.open_market()
        fields = {"account": 0, **changes}
        assert refused_as(desk.order(fields.pop("account"), Side.BUY, **fields)) is code
        assert not desk.sequencer.depth(0, Side.BUY)

    def test_a_forged_one_does_not_rest(self, world: World, desk: Desk) -> None:
        desk.open_market()
        forged = world.sign_order(world.order(0, Side.BUY).order, signer=1)
        assert refused_as(desk.sequencer.order(forged)) is Code.BAD_SIGNATURE

    def test_each_record_has_its_own_time_and_none_trades_after_its_expiry(
        self, world: World, desk: Desk
    ) -> None:
        """In one batch that stays open: the resting order expires within it."""
        desk.open_market(accounts=2)
        desk.order(1, Side.SELL, expiry_ms=desk.now + 1_000)
        desk.now += 1_001
        outcome = desk.order(0, Side.BUY)
        assert outcome.fills == () and outcome.resting == world.LOT
        assert not desk.sequencer.depth(0, Side.SELL)

    def test_none_trades_on_a_price_that_grew_old_in_the_open_batch(self, world: World, desk: Desk) -> None:
        desk.open_market(accounts=2)
        desk.order(1, Side.SELL)
        desk.now += world.configuration.max_tick_age_ms + 1
        assert refused_as(desk.order(0, Side.BUY)) is Code.STALE_TICK


class TestCancel:
    """Issue 7, A.7: what was replaced or cancelled is gone for good, and no restart forgets it."""

    def test_a_newer_order_in_a_slot_cancels_the_older(self, world: World, desk: Desk) -> None:
        desk.open_market()
        desk.order(0, Side.BUY, id=5)
        assert refused_as(desk.order(0, Side.BUY, id=5)) is Code.STALE_ORDER_ID
        desk.order(0, Side.BUY, id=6, limit=2_000 * world.USD)
        assert resting_ids(desk, Side.BUY) == [(0, 0, 6)]

    @pytest.fixture(params=["live", "restarted", "from a snapshot", "new epoch", "new epoch, restarted"])
    def later(self, request: pytest.FixtureRequest, desk: Desk) -> Callable[[], None]:
        """What happens between the cancel and the moment when somebody sends the old bytes."""

        def happen() -> None:
            if "epoch" in request.param:
                desk.sequencer.void(1, desk.core.base.number)
            if "snapshot" in request.param:
                desk.sequencer.poll(urgent=True)
                desk.sequencer.final(desk.state.batch_number)
                base = desk.core.base
                desk.journal.save_snapshot(base.position, take(base, desk.core.base_book()))
            if request.param not in ("live", "new epoch"):
                desk.restart()

        return happen

    def test_replaced_bytes_never_trade_again(
        self, world: World, desk: Desk, later: Callable[[], None]
    ) -> None:
        """The recipe: 5 rests, 6 replaces it and leaves the book by a fill of another slot's doing, 5 is sent again."""
        desk.open_market()
        old = world.order(0, Side.BUY, id=5)
        desk.sequencer.order(old)
        desk.order(0, Side.BUY, id=6, limit=2_000 * world.USD)
        # 6 meets an order of its own account and leaves unfilled: the state has seen neither.
        desk.order(0, Side.SELL, slot=1, limit=2_000 * world.USD, id=1)
        assert not desk.sequencer.depth(0, Side.BUY)
        later()
        assert refused_as(desk.sequencer.order(old)) is Code.STALE_ORDER_ID

    def test_a_replacement_that_is_refused_has_replaced_all_the_same(
        self, world: World, desk: Desk, later: Callable[[], None]
    ) -> None:
        desk.open_market()
        old = world.order(0, Side.BUY, id=5, limit=2_999 * world.USD)
        desk.sequencer.order(old)
        desk.order(1, Side.SELL)
        desk.sequencer.withdraw(world.withdrawal(0, 9_500))
        assert refused_as(desk.order(0, Side.BUY, id=6)) is Code.INITIAL_MARGIN
        assert not desk.sequencer.depth(0, Side.BUY)
        later()
        assert refused_as(desk.sequencer.order(old)) is Code.STALE_ORDER_ID

    @pytest.mark.parametrize("slot", [None, 2])
    def test_signed_cancels(
        self, world: World, desk: Desk, later: Callable[[], None], slot: int | None
    ) -> None:
        desk.open_market()
        old = world.order(0, Side.BUY, id=7, slot=2)
        desk.sequencer.order(old)
        desk.order(0, Side.BUY, id=8, slot=3, limit=2_000 * world.USD)
        receipt = desk.sequencer.cancel(world.cancel(0, 7, slot))
        assert isinstance(receipt, Receipt)
        assert resting_ids(desk, Side.BUY) == [(0, 3, 8)]
        later()
        assert refused_as(desk.sequencer.order(old)) is Code.STALE_ORDER_ID
        assert desk.order(0, Side.BUY, id=8, slot=2).refused is None

    def test_cancels_count_before_anything_has_rested(self, world: World, desk: Desk) -> None:
        desk.open_market()
        assert isinstance(desk.sequencer.cancel(world.cancel(0, 7)), Receipt)
        assert refused_as(desk.order(0, Side.BUY, id=7)) is Code.STALE_ORDER_ID
        assert refused_as(desk.sequencer.cancel(world.cancel(0, 6))) is Code.STALE_ORDER_ID

    def test_nothing_else_is_cancelled(self, world: World, desk: Desk) -> None:
        desk.open_market()
        desk.order(0, Side.BUY, id=7, slot=2)
        desk.order(1, Side.BUY, id=7, slot=2)
        desk.sequencer.cancel(world.cancel(0, 6, 2))
        desk.sequencer.cancel(world.cancel(0, 7, 3))
        assert resting_ids(desk, Side.BUY) == [(0, 2, 7), (1, 2, 7)]

    def test_an_order_replaced_before_a_trade_does_not_get_it_in_the_next_epoch(
        self, world: World, desk: Desk
    ) -> None:
        """5 is replaced by 6, which expires before the epoch ends: 5 must not take the trade that came after."""
        desk.open_market()
        desk.sequencer.poll(urgent=True)
        boundary = desk.state.batch_number
        desk.order(0, Side.BUY, id=5)
        desk.order(0, Side.BUY, id=6, limit=2_990 * world.USD, expiry_ms=desk.now + 10)
        desk.order(1, Side.SELL, limit=2_980 * world.USD)
        assert desk.state.account(0).positions[0].quantity == world.LOT
        desk.now += 11
        desk.sequencer.void(1, boundary)
        assert desk.state.account(0).positions[0].quantity == 0
        assert resting_ids(desk, Side.SELL) == [(1, 0, 1)] and not resting_ids(desk, Side.BUY)

    def test_an_order_that_traded_before_it_was_replaced_trades_again(self, world: World, desk: Desk) -> None:
        """In their old order: a floor raised later takes nothing from what came before it."""
        desk.open_market()
        desk.sequencer.poll(urgent=True)
        boundary = desk.state.batch_number
        desk.order(0, Side.BUY, id=5, size=2 * world.LOT)
        first = desk.order(1, Side.SELL)
        desk.order(0, Side.BUY, id=6, limit=2_000 * world.USD)
        desk.sequencer.cancel(world.cancel(0, 6))
        desk.sequencer.void(1, boundary)
        assert desk.state.account(0).positions[0].quantity == world.LOT
        again = desk.sequencer.receipt(1, first.fills[0].receipt.promise.sequence)
        assert again.promise.transaction == first.fills[0].receipt.promise.transaction
        assert not resting_ids(desk, Side.BUY)

    def test_floors_outlive_two_epochs_that_follow_at_once(self, world: World, desk: Desk) -> None:
        """The second void comes before anything of the first was admitted again."""
        desk.open_market()
        desk.sequencer.poll(urgent=True)
        boundary = desk.state.batch_number
        old = world.order(0, Side.BUY, id=5)
        desk.sequencer.order(old)
        desk.order(0, Side.BUY, id=6, limit=2_000 * world.USD, expiry_ms=desk.now + 5)
        desk.order(1, Side.SELL, slot=1, limit=3_500 * world.USD, id=9)
        desk.now += 6
        desk.sequencer._run(Void(desk.now, 1, boundary, None))
        desk.restart()
        desk.sequencer.void(2, boundary)
        assert resting_ids(desk, Side.SELL) == [(1, 1, 9)] and not resting_ids(desk, Side.BUY)
        assert refused_as(desk.sequencer.order(old)) is Code.STALE_ORDER_ID


class TestVoid:
    """What fell is admitted again in its old order."""

    def sealed(self, desk: Desk) -> int:
        desk.sequencer.poll(urgent=True)
        return desk.state.batch_number

    def test_an_order_that_waited_at_the_boundary_goes_on(self, world: World, desk: Desk) -> None:
        """A sweep of six makers, stopped by a full batch after four: the epoch ends there."""
        desk.open_market()
        start = self.sealed(desk)
        for slot in range(6):
            desk.order(1, Side.SELL, slot=slot, size=world.LOT // 10)
        sweep = world.order(0, Side.BUY, size=world.LOT)
        desk.sequencer._run(Submit(desk.now, encode(sweep)))
        boundary = desk.state.batch_number
        assert boundary == start + 1 and len(desk.core.waiting) == 1
        desk.sequencer.void(1, boundary)
        assert desk.state.account(0).positions[0].quantity == 6 * world.LOT // 10
        assert resting_ids(desk, Side.BUY) == [(0, 0, 1)]
        # It was kept when it came and again when it went on: an earlier boundary admits it once.
        desk.sequencer._run(Void(desk.now, 2, start, None))
        orders = [item.what for item in desk.core.waiting if isinstance(item.what, SignedOrder)]
        assert len(orders) == 7 and orders.count(sweep) == 1
        desk.sequencer.go_on()
        assert desk.state.account(0).positions[0].quantity == 6 * world.LOT // 10

    def test_batches_after_the_boundary_are_gone(self, desk: Desk) -> None:
        desk.open_market()
        boundary = self.sealed(desk)
        for _ in range(3):
            desk.deposit(0, 1)
            self.sealed(desk)
        desk.sequencer.void(1, boundary)
        numbers = [(batch.number, batch.context.epoch) for batch in desk.sequencer.sealed_after(boundary)]
        assert numbers == [] and desk.core.open is not None
        assert self.sealed(desk) == boundary + 1 and desk.core.sealed[-1].context.epoch == 1

    def test_deposits_that_l1_lost_do_not_come_back(self, world: World, desk: Desk) -> None:
        desk.open_market(accounts=1)
        boundary = self.sealed(desk)
        for dollars in (5, 7, 9):
            desk.deposit(0, dollars)
        first = desk.state.queue_index - 3
        desk.sequencer.void(1, boundary, first + 1)
        assert desk.state.queue_index == first + 1
        assert desk.state.account(0).cash == 10_005 * world.CASH

    def test_what_waits_for_a_price_comes_before_what_came_later(self, world: World, desk: Desk) -> None:
        """The first order's tick is old now, the second order's is not: time priority is theirs as before."""
        desk.open_market()
        boundary = self.sealed(desk)
        desk.order(1, Side.SELL)
        desk.now += 50_000
        desk.tick(3_000 * world.USD)
        desk.order(2, Side.SELL)
        desk.now += 11_000
        desk.sequencer.void(1, boundary)
        assert resting_ids(desk, Side.SELL) == [(1, 0, 1), (2, 0, 1)]

    def test_orders_from_outside_do_not_overtake_what_waits_for_the_market(
        self, world: World, desk: Desk
    ) -> None:
        """A resume window ends by time alone: the order that comes first then is behind the one that waited."""
        desk.open_market()
        boundary = self.sealed(desk)
        desk.order(1, Side.SELL)
        desk.now += world.configuration.max_tick_age_ms + 1
        desk.sequencer.void(1, boundary)
        desk.tick(3_000 * world.USD, bridge=True, previous=0)
        desk.now += world.configuration.resume_minimum_ms - 1_000
        desk.tick(3_000 * world.USD)
        assert len(desk.core.parked) == 1
        desk.now += 1_001
        desk.order(2, Side.SELL)
        assert resting_ids(desk, Side.SELL) == [(1, 0, 1), (2, 0, 1)]

    def test_orders_from_outside_do_not_overtake_a_sweep(self, world: World, desk: Desk) -> None:
        desk.open_market()
        self.sealed(desk)
        for slot in range(6):
            desk.order(1, Side.SELL, slot=slot, size=world.LOT // 10)
        desk.sequencer._run(Submit(desk.now, encode(world.order(0, Side.BUY, size=world.LOT))))
        assert len(desk.core.waiting) == 1
        assert desk.order(2, Side.BUY).fills == ()
        assert resting_ids(desk, Side.BUY) == [(0, 0, 1), (2, 0, 1)]


class TestBytes:
    def test_takes_orders_withdrawals_cancels_and_ticks(self, world: World, desk: Desk) -> None:
        desk.open_market()
        outcome = desk.sequencer.receive(encode(world.order(0, Side.BUY)))
        assert isinstance(outcome, OrderOutcome) and outcome.resting == world.LOT
        assert isinstance(desk.sequencer.receive(encode(world.withdrawal(0, 1))), Receipt)
        assert isinstance(desk.sequencer.receive(encode(world.cancel(0, 1))), Receipt)
        assert not desk.sequencer.depth(0, Side.BUY)
        desk.now += 1
        tick = world.tick(desk.state.market, world.rows(), desk.now)
        assert isinstance(desk.sequencer.receive(encode(tick)), Receipt)

    def test_refuses_deposits_matches_and_noise(self, world: World, desk: Desk) -> None:
        desk.open_market()
        before = portrait(desk.core, world.crypto)
        position = desk.journal.position
        for data in (
            encode(world.deposit(desk.state, 0, 5)),
            encode(world.trade()),
            b"",
            b"\x02\x20",
            b"\x02\x03",
        ):
            outcome = desk.sequencer.receive(data)
            assert isinstance(outcome, Rejected) and outcome.code == Code.MALFORMED
        assert portrait(desk.core, world.crypto) == before and desk.journal.position == position

    def test_credits_are_deposits(self, world: World, desk: Desk) -> None:
        for data in (b"noise", encode(world.withdrawal(0, 1))):
            with pytest.raises(CoreError):
                desk.core.run(Credit(desk.now, data, *BLOCK))


class TestBatches:
    def test_close_by_size_by_tick_and_by_age(self, world: World, desk: Desk) -> None:
        for account in range(world.size.steps + 1):
            desk.deposit(account, 10)
        assert [batch.number for batch in desk.sequencer.sealed_after(0)] == [1]
        desk.tick(3000 * world.USD)
        assert [len(batch.steps) for batch in desk.sequencer.sealed_after(0)] == [4, 1]
        assert desk.sequencer.poll() == []
        desk.now += 5_000
        (last,) = desk.sequencer.poll()
        assert (last.number, len(last.ticks), len(last.steps)) == (3, 1, 0)
        assert desk.sequencer.poll() == [] and desk.sequencer.poll(urgent=True) == []

    def test_a_refused_transaction_opens_no_batch(self, world: World, desk: Desk) -> None:
        assert isinstance(desk.sequencer.withdraw(world.withdrawal(0, 1)), Rejected)
        desk.now += 10_000
        desk.deposit(0, 10)
        (sealed,) = desk.sequencer.poll(urgent=True)
        assert sealed.context.time_ms == desk.now

    def test_a_refused_tick_closes_no_batch(self, world: World, desk: Desk) -> None:
        desk.open_market()
        desk.sequencer.withdraw(world.withdrawal(0, 1))
        desk.now += 1
        forged = world.tick(desk.state.market, world.rows(), desk.now, signers=(0,))
        assert refused_as(desk.sequencer.tick(forged)) is Code.TICK_QUORUM
        assert desk.core.open is not None and desk.core.open.applied

    def test_time_never_goes_back(self, world: World, desk: Desk) -> None:
        desk.deposit(0, 10)
        (first,) = desk.sequencer.poll(urgent=True)
        desk.now -= 50
        desk.deposit(0, 10)
        (second,) = desk.sequencer.poll(urgent=True)
        assert second.context.time_ms == first.context.time_ms

    def test_a_batch_is_sealed_when_the_clock_gives_no_time(self, desk: Desk) -> None:
        """Nothing can come into it, and its deadline does not wait."""
        desk.deposit(0, 10)

        def stands_still() -> int:
            raise Rejected(Code.CLOCK, "wrong")

        desk.sequencer._clock_ms = stands_still
        assert len(desk.sequencer.poll()) == 1

    def test_both_tick_slots_are_used(self, world: World, tmp_path: Path) -> None:
        """Issue 7, A.11: a second tick goes into the open batch, after the first and before the steps."""
        two = World(size=replace(MINIMAL, name="TWO_TICKS", ticks=2))
        desk = Desk(two, tmp_path / "two.db")
        desk.deposit(0, 10)
        for mark in (3_000, 3_001, 3_002):
            desk.now += 400
            desk.tick(mark * two.USD)
        desk.deposit(0, 10)
        desk.sequencer.poll(urgent=True)
        shapes = [(len(batch.ticks), len(batch.steps)) for batch in desk.sequencer.sealed_after(0)]
        assert shapes == [(0, 1), (2, 0), (1, 1)]
        first, second = desk.sequencer.sealed_after(0)[1].ticks
        assert first.transaction.tick.seq + 1 == second.transaction.tick.seq
        assert second.transaction.tick.previous == first.after.market.tick_hash
        desk.restart()
        assert desk.state.market.rows[0].mark == 3_002 * two.USD
        assert statement(desk.sequencer.sealed_after(0)[1].words.words())


class TestReceipts:
    def test_say_where_a_transaction_stands(self, world: World, desk: Desk) -> None:
        desk.open_market()
        receipt = desk.sequencer.withdraw(world.withdrawal(0, 1))
        assert isinstance(receipt, Receipt)
        promise = receipt.promise
        assert (promise.epoch, promise.sequence, promise.time_ms) == (0, 5, desk.now)
        assert promise.order_chain == desk.state.order_chain
        verify_receipt(receipt, desk.sequencer.operator, world.chain_id, world.contract, world.crypto)
        assert not contradict(receipt, receipt)

    def test_unknown_numbers_have_none(self, world: World, desk: Desk) -> None:
        for epoch, sequence in ((0, 0), (0, 1), (1, 1)):
            with pytest.raises(IndexError):
                desk.sequencer.receipt(epoch, sequence)
        desk.deposit(0, 10)
        for epoch, sequence in ((0, 0), (0, 2), (1, 1)):
            with pytest.raises(IndexError):
                desk.sequencer.receipt(epoch, sequence)

    def test_a_new_epoch_counts_on_from_the_boundary(self, world: World, desk: Desk) -> None:
        desk.open_market()
        desk.sequencer.poll(urgent=True)
        boundary, sequence = desk.state.batch_number, desk.state.sequence
        old = desk.sequencer.withdraw(world.withdrawal(0, 1))
        assert isinstance(old, Receipt)
        desk.sequencer.void(3, boundary)
        new = desk.sequencer.receipt(3, sequence + 1)
        assert new.promise.transaction == old.promise.transaction and new.promise.epoch == 3
        assert desk.sequencer.receipt(0, sequence + 1) == old
        assert not contradict(old, new)

    def test_the_operators_key_is_expanded_once(
        self, world: World, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Issue 7, A.11: a receipt costs a hash and a signature, not a derivation of the key."""

        def derived(_: bytes) -> tuple[bytes, bytes]:
            raise AssertionError("the key was expanded again")

        deposits = [desk.world.deposit(desk.state, 0, 10)]
        monkeypatch.setattr(backends, "_expanded", derived)
        monkeypatch.setattr(backends, "blake512", derived)
        for deposit in deposits:
            assert isinstance(desk.sequencer.deposit(deposit, *BLOCK), Receipt)


class TestRestart:
    def test_everything_is_as_before(self, world: World, desk: Desk) -> None:
        desk.open_market()
        desk.order(1, Side.SELL, size=2 * world.LOT)
        desk.order(2, Side.SELL)
        desk.order(0, Side.BUY)
        desk.sequencer.withdraw(world.withdrawal(0, 1))
        receipts = [desk.sequencer.receipt(0, number) for number in range(1, desk.state.sequence + 1)]
        before, previous = portrait(desk.core, world.crypto), desk.core
        desk.restart()
        assert desk.core is not previous and portrait(desk.core, world.crypto) == before
        assert [desk.sequencer.receipt(0, number) for number in range(1, desk.state.sequence + 1)] == receipts
        outcome = desk.order(0, Side.BUY, id=2)
        assert [fill.match.sell.order.account for fill in outcome.fills] == [1]

    @pytest.mark.parametrize("second_fills", ["partly", "whole"])
    def test_two_orders_in_a_slot_one_after_the_other(
        self, world: World, desk: Desk, second_fills: str
    ) -> None:
        """Issue 7, A.1: the first rests and fills whole, the second of its slot rests and fills partly (the node never started again), or
        whole (the first came back in the book)."""
        desk.open_market()
        desk.order(1, Side.SELL, id=4)
        assert len(desk.order(0, Side.BUY, id=1).fills) == 1
        desk.order(1, Side.SELL, id=5)
        size = world.LOT if second_fills == "whole" else world.LOT // 2
        assert len(desk.order(0, Side.BUY, id=2, size=size).fills) == 1
        left = [(1, 0, 5)] if second_fills == "partly" else []
        assert resting_ids(desk, Side.SELL) == left
        before = book_of(desk.core.book)
        desk.restart()
        assert resting_ids(desk, Side.SELL) == left and book_of(desk.core.book) == before
        again = desk.order(0, Side.BUY, id=3, limit=4_000 * world.USD)
        assert len(again.fills) == len(left)

    def test_from_a_snapshot(self, world: World, tmp_path: Path) -> None:
        """Every field of it is something else than at genesis."""
        desk = Desk(world, tmp_path / "journal.db", Fees(maker_ppm=100, taker_ppm=500))
        desk.open_market()
        desk.sequencer.void(4, 0)
        desk.order(1, Side.SELL, size=2 * world.LOT, limit=3_100 * world.USD)
        desk.order(0, Side.SELL, id=6, limit=3_200 * world.USD)
        desk.order(0, Side.SELL, id=7, limit=3_300 * world.USD)
        assert desk.order(2, Side.BUY, limit=3_100 * world.USD).fills
        desk.tick(3_001 * world.USD)
        desk.order(2, Side.BUY, id=2)
        desk.order(0, Side.SELL, id=1, slot=5, size=world.LOT // 2)
        desk.tick(3_002 * world.USD)
        desk.sequencer.final(desk.state.batch_number - 1)
        base = desk.core.base
        assert (
            base.voids and any(base.state.interest) and base.state.totals.fees and len(desk.core.base_book())
        )
        desk.journal.save_snapshot(base.position, take(base, desk.core.base_book()))
        before = portrait(desk.core, world.crypto)
        desk.restart()
        assert portrait(desk.core, world.crypto) == before
        desk.journal.close()

    def test_from_a_snapshot_with_orders_that_wait_for_the_market(self, world: World, desk: Desk) -> None:
        """A new epoch admits them again at the next price; before it comes, batches are sealed and final."""
        desk.open_market()
        desk.sequencer.poll(urgent=True)
        boundary = desk.state.batch_number
        desk.order(1, Side.SELL)
        desk.order(0, Side.BUY)
        desk.now += world.configuration.max_tick_age_ms + 1
        desk.sequencer.void(1, boundary)
        assert len(desk.core.parked) == 2
        desk.deposit(2, 10)
        desk.sequencer.poll(urgent=True)
        desk.sequencer.final(desk.state.batch_number)
        base = desk.core.base
        desk.journal.save_snapshot(base.position, take(base, desk.core.base_book()))
        before = portrait(desk.core, world.crypto)
        desk.restart()
        assert portrait(desk.core, world.crypto) == before and len(before["parked"]) == 2
        desk.tick(3_000 * world.USD)
        assert desk.state.account(0).positions[0].quantity == world.LOT

    def test_snapshots_are_taken_as_batches_become_final(
        self, world: World, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Also by a node that is started again before it has written enough for one."""
        monkeypatch.setattr(sequencer, "SNAPSHOT_EVERY", 10)
        desk.open_market()
        taken = []
        for round_ in range(12):
            desk.deposit(round_ % 3, 1)
            desk.deposit(0, 1)
            desk.tick((3_000 + round_) * world.USD)
            desk.sequencer.final(desk.state.batch_number)
            if round_ % 4 != 1:
                before = portrait(desk.core, world.crypto)
                desk.restart()
                assert portrait(desk.core, world.crypto) == before
            saved = desk.journal.latest_snapshot()
            taken.append(saved[0] if saved else 0)
        assert taken[-1] > desk.journal.position - 2 * 10 and len(set(taken)) > 3

    def test_a_snapshot_holds_what_changed_since_the_one_before(
        self, world: World, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It takes over the bytes of accounts that did not change, and of no others."""
        monkeypatch.setattr(sequencer, "SNAPSHOT_EVERY", 1)
        desk.open_market()
        for mark in (3_000, 3_001):
            desk.deposit(0, 5)
            desk.tick(mark * world.USD)
            desk.sequencer.final(desk.state.batch_number)
        before = portrait(desk.core, world.crypto)
        desk.restart()
        assert portrait(desk.core, world.crypto) == before
        assert desk.core.base.state.account(0).cash == desk.state.account(0).cash == 10_010 * world.CASH

    def test_what_is_final_is_forgotten(self, world: World, desk: Desk) -> None:
        desk.open_market()
        for number in range(1, 30):
            desk.order(1, Side.SELL, id=number, size=world.LOT // 100)
            desk.order(0, Side.BUY, id=number, size=world.LOT // 100)
        desk.sequencer.poll(urgent=True)
        core = desk.core
        assert len(core.sealed) > 5 and len(core._kept) > 50 and len(core.book._undo) > 50
        desk.sequencer.final(core.sealed[-1].number)
        assert not core.sealed and not core._kept and not core.book._undo
        assert len(core._checkpoints) == 1 and not desk.sequencer._pending


class TestJournal:
    def test_a_replay_that_comes_to_something_else_is_refused(self, world: World, desk: Desk) -> None:
        """Entry by entry: another time, other bytes, another promise, a command too many."""
        desk.open_market()
        desk.sequencer.withdraw(world.withdrawal(0, 1))
        desk.sequencer.poll(urgent=True)
        entries = [decode_entry(data) for _, data in desk.journal.entries()]
        last = max(i for i, entry in enumerate(entries) if isinstance(entry.command, Submit))
        entry = entries[last]
        promise = entry.promises[0]
        other, refused = world.withdrawal(0, 2), world.withdrawal(0, 2, nonce=40_000, expiry_ms=5)
        changed = [
            replace_struct(entry, promises=(replace_struct(promise, chain=bytes(32)),)),
            replace_struct(entry, promises=(replace_struct(promise, transaction=bytes(31)),)),
            replace_struct(entry, promises=(replace_struct(promise, time_ms=promise.time_ms + 1),)),
            replace_struct(entry, promises=()),
            replace_struct(entry, sequence=entry.sequence + 1),
            replace_struct(entry, epoch=1),
            replace_struct(entry, command=replace_struct(entry.command, data=encode(other))),
            replace_struct(entry, command=replace_struct(entry.command, data=encode(refused))),
            replace_struct(entry, command=replace_struct(entry.command, time_ms=promise.time_ms + 9)),
            replace_struct(entry, command=replace_struct(entry.command, time_ms=1)),
            replace_struct(entry, command=Credit(desk.now, b"", *BLOCK)),
        ]
        histories = [[*entries[:last], each, *entries[last + 1 :]] for each in changed]
        histories += [[*entries, entry], entries[1:], [*entries[:last], *entries[last + 1 :]]]
        # A command that changes nothing is in no journal.
        end = entries[-1]
        histories.append([*entries, Entry(Resume(desk.now), end.epoch, end.sequence, ())])
        assert recover(_Given(entries), desk.sequencer.deployment, world.crypto).core.position == len(entries)
        for history in histories:
            with pytest.raises(RecoveryError):
                recover(_Given(history), desk.sequencer.deployment, world.crypto)

    def test_snapshots_of_another_form_are_refused(self, world: World, desk: Desk) -> None:
        desk.open_market()
        whole = take(desk.core.base, desk.core.base_book())
        restore(whole, desk.sequencer.deployment, world.crypto)
        later = msgspec.msgpack.encode([2, *msgspec.msgpack.decode(whole)[1:]])
        for data in (b"", whole[:-1], whole + b"\0", later):
            with pytest.raises(SnapshotError):
                restore(data, desk.sequencer.deployment, world.crypto)

    def test_a_signature_is_checked_once_and_a_bad_one_every_time(
        self, world: World, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        desk.open_market()
        checked: list[bool] = []
        real = world.crypto.verify

        def verify(*asked: Any) -> bool:
            checked.append(real(*asked))
            return checked[-1]

        monkeypatch.setattr(world.crypto, "verify", verify)
        desk.order(1, Side.SELL)
        assert len(desk.order(0, Side.BUY).fills) == 1
        assert checked == [True, True]
        forged = world.sign_order(world.order(0, Side.BUY, id=3).order, signer=1)
        for _ in range(2):
            assert refused_as(desk.sequencer.order(forged)) is Code.BAD_SIGNATURE
        assert checked == [True, True, False, False]

    def test_a_failed_write_promises_nothing(self, world: World, desk: Desk) -> None:
        desk.open_market()
        position = desk.journal.position
        desk.journal._database._db.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON entries BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
        with pytest.raises(JournalError):
            desk.sequencer.withdraw(world.withdrawal(0, 1))
        with pytest.raises(SequencerError, match="open the node again"):
            desk.sequencer.withdraw(world.withdrawal(0, 1, nonce=1))
        assert desk.journal.position == position


class _Given:
    """A journal of these entries, without a snapshot."""

    def __init__(self, entries: list[Any]) -> None:
        self._data = [encode_entry(entry) for entry in entries]

    def latest_snapshot(self) -> None:
        return None

    def entries(self, after: int) -> Any:
        return list(enumerate(self._data, start=1))[after:]


def replace_struct(struct: Any, **changes: Any) -> Any:
    return msgspec.structs.replace(struct, **changes)


class TestThreads:
    def dust(self, world: World, desk: Desk, makers: int) -> None:
        """`makers` orders of a thousandth of a lot, as many an account as it has slots."""
        size = desk.sequencer.deployment.size
        for account in range(1, 1 + -(-makers // size.order_slots)):
            desk.deposit(account, 10_000)
        desk.deposit(0, 5_000_000)
        desk.tick(3000 * world.USD)
        for number in range(makers):
            account, slot = 1 + number // size.order_slots, number % size.order_slots
            assert desk.order(account, Side.SELL, slot=slot, size=world.LOT // 1000).resting

    def test_a_sweep_does_not_keep_a_tick_waiting(
        self, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Issue 7, A.11, with 2,000 makers: the tick of another thread is admitted between two slices."""
        large = World(size=replace(MINIMAL, name="LARGE", order_slots=64))
        desk = Desk(large, tmp_path / "sweep.db")
        self.dust(large, desk, 2_000)
        first = desk.state.sequence + 1
        told: list[Receipt | Rejected] = []
        other = threading.Thread(target=lambda: told.append(desk.sequencer.tick(tick)))
        resume, slices = desk.sequencer._resume, [0]

        def counted() -> bool:
            slices[0] += 1
            if slices[0] == 3:
                # The sweep holds the lock here: the other thread waits for it, and gets it before the sweep is through.
                desk.now += 1
                other.start()
            return resume()

        tick = large.tick(desk.state.market, large.rows(large.row(0, 3_001 * large.USD)), desk.now + 1)
        monkeypatch.setattr(desk.sequencer, "_resume", counted)
        outcome = desk.order(0, Side.BUY, size=2 * large.LOT)
        other.join()
        assert len(outcome.fills) == 2_000 and outcome.refused is None
        receipt = told[0]
        assert isinstance(receipt, Receipt), receipt
        last = outcome.fills[-1].receipt.promise.sequence
        assert first < receipt.promise.sequence < last
        desk.journal.close()

    def test_a_slice_is_bounded(self, world: World, tmp_path: Path) -> None:
        """Whatever an order sweeps, one command takes no more than a batch, or `WORK_PER_SLICE` steps."""
        large = World(size=replace(MINIMAL, name="LARGE", depth=4, steps=200))
        desk = Desk(large, tmp_path / "slice.db")
        self.dust(large, desk, 2 * WORK_PER_SLICE)
        outcome = desk.core.run(Submit(desk.now, encode(large.order(0, Side.BUY, size=large.LOT))))
        assert len(outcome.fills) == WORK_PER_SLICE and not outcome.done
        desk.journal.close()

    def test_many_threads_trade_at_once(self, world: World, desk: Desk) -> None:
        """Nobody is told anything that the journal does not hold, and no two the same number."""
        desk.open_market(accounts=4, dollars=1_000_000)
        orders = {
            account: [
                world.order(account, Side(account % 2), id=number, size=world.LOT // 10)
                for number in range(1, 13)
            ]
            for account in range(4)
        }
        told: list[Receipt] = []
        failed: list[BaseException] = []

        def trade(mine: list[SignedOrder]) -> None:
            try:
                for signed in mine:
                    told.extend(fill.receipt for fill in desk.sequencer.order(signed).fills)
            except BaseException as error:
                failed.append(error)

        threads = [threading.Thread(target=trade, args=(mine,)) for mine in orders.values()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failed and told
        numbers = [receipt.promise.sequence for receipt in told]
        assert len(set(numbers)) == len(numbers)
        before = portrait(desk.core, world.crypto)
        desk.restart()
        assert portrait(desk.core, world.crypto) == before
        assert all(desk.sequencer.receipt(0, each.promise.sequence) == each for each in told)

    def test_the_same_order_twice_at_once_is_taken_once(self, world: World, desk: Desk) -> None:
        desk.open_market()
        signed = world.order(0, Side.BUY)
        outcomes: list[OrderOutcome] = []
        threads = [
            threading.Thread(target=lambda: outcomes.append(desk.sequencer.order(signed))) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(each.resting for each in outcomes) == [0, 0, 0, world.LOT]
        assert state_root(desk.state, world.crypto) and len(desk.core.book) == 1


def test_a_core_refuses_commands_that_must_not_come(world: World, desk: Desk) -> None:
    desk.open_market()
    before = portrait(desk.core, world.crypto)
    core: Core = desk.core
    for command in (
        Resume(desk.state.time_ms - 1),
        Finalise(9),
        Void(desk.now, 1, 9, None),
        Void(desk.now, 0, 0, None),
    ):
        with pytest.raises(CoreError):
            core.run(command)
    assert portrait(core, world.crypto) == before
