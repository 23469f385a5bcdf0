"""Recovery is the live path: at every journal point the recovered core equals the one that wrote it, in every respect.

A state machine over everything that a node is told: deposits, orders, cancels, withdrawals, ticks, seals, finality, new epochs,
restarts. Beside equality it holds what users rely on: receipts never change, and what was cancelled or replaced never trades again.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from circuits.protocol.kinds.match import Side, SignedOrder
from rollup.orderbook import key_of
from rollup.receipts import Receipt, contradict
from rollup.recovery import recover
from rollup.sequencer import OrderOutcome
from rollup.snapshot import take
from tests.rollup.conftest import World
from tests.rollup.node.conftest import Desk, portrait

WORLD = World()
ACCOUNTS = st.integers(0, 3)
MARK = 3_000


class Histories(RuleBasedStateMachine):
    """One node, told anything in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = TemporaryDirectory()
        self.desk = Desk(WORLD, Path(self.directory.name) / "journal.db")
        self.orders: list[SignedOrder] = []
        self.receipts: list[Receipt] = []
        self.dead: set[tuple[int, int, int]] = set()
        self.next_id = 1

    def teardown(self) -> None:
        self.desk.journal.close()
        self.directory.cleanup()

    @initialize(dollars=st.integers(1_000, 20_000))
    def market(self, dollars: int) -> None:
        for account in range(3):
            self.keep(self.desk.deposit(account, dollars))
        self.keep(self.desk.tick(MARK * WORLD.USD))

    def keep(self, outcome: Any) -> None:
        if isinstance(outcome, Receipt):
            self.receipts.append(outcome)

    @rule(account=ACCOUNTS, dollars=st.integers(1, 5_000))
    def deposit(self, account: int, dollars: int) -> None:
        self.keep(self.desk.deposit(account, dollars))

    @rule(
        account=ACCOUNTS,
        side=st.sampled_from(Side),
        slot=st.integers(0, 2),
        size=st.integers(1, 3),
        away=st.integers(-3, 3),
        ahead=st.integers(0, 4),
        lives=st.sampled_from([2, 500, 3_600_000]),
    )
    def order(
        self, account: int, side: Side, slot: int, size: int, away: int, ahead: int, lives: int
    ) -> None:
        signed = WORLD.order(
            account,
            side,
            slot=slot,
            id=self.next_id + ahead,
            size=size * WORLD.LOT // 2,
            limit=(MARK + away) * WORLD.USD,
            expiry_ms=self.desk.now + lives,
        )
        self.next_id += 1
        self.orders.append(signed)
        self.submit(signed)

    @precondition(lambda self: self.orders)
    @rule(data=st.data())
    def submit_old_bytes(self, data: st.DataObject) -> None:
        """Whoever has seen an order can send it again."""
        self.submit(data.draw(st.sampled_from(self.orders)))

    def submit(self, signed: SignedOrder) -> None:
        book = self.desk.core.book
        resting = book.occupant(signed.order.account, signed.order.slot)
        was_dead = key_of(signed.order) in self.dead
        outcome = self.desk.sequencer.order(signed)
        assert isinstance(outcome, OrderOutcome)
        assert not (was_dead and (outcome.fills or outcome.resting)), "a cancelled order traded"
        for fill in outcome.fills:
            self.keep(fill.receipt)
            for order in (fill.match.buy.order, fill.match.sell.order):
                assert key_of(order) not in self.dead
        accepted = outcome.refused is None or outcome.fills
        if accepted and resting is not None and resting.signed.order.id < signed.order.id:
            self.dead.add(key_of(resting.signed.order))

    @rule(account=ACCOUNTS, slot=st.sampled_from([None, 0, 1, 2]), back=st.integers(0, 3))
    def cancel(self, account: int, slot: int | None, back: int) -> None:
        up_to = max(1, self.next_id - back)
        outcome = self.desk.sequencer.cancel(
            WORLD.cancel(account, up_to, slot, expiry_ms=self.desk.now + 3_600_000)
        )
        self.keep(outcome)
        if isinstance(outcome, Receipt):
            for order in (signed.order for signed in self.orders):
                if order.account == account and slot in (None, order.slot) and order.id <= up_to:
                    self.dead.add(key_of(order))

    @rule(account=ACCOUNTS, dollars=st.integers(1, 9_000), nonce=st.integers(0, 70))
    def withdraw(self, account: int, dollars: int, nonce: int) -> None:
        self.keep(
            self.desk.sequencer.withdraw(
                WORLD.withdrawal(account, dollars, nonce=nonce, expiry_ms=self.desk.now + 3_600_000)
            )
        )

    @rule(move=st.integers(-40, 40), skip=st.integers(0, 3))
    def tick(self, move: int, skip: int) -> None:
        market = self.desk.state.market
        self.desk.now = max(self.desk.now, market.tick_time_ms)
        self.keep(self.desk.tick((MARK + move) * WORLD.USD, seq=market.tick_seq + 1 + skip))

    @rule(waits=st.booleans())
    def bridge(self, waits: bool) -> None:
        """The oracles went on without this node; what follows comes within the resume window, or after it."""
        market = self.desk.state.market
        self.desk.now = max(self.desk.now, market.tick_time_ms) + 61_000
        self.keep(self.desk.tick(MARK * WORLD.USD, seq=market.tick_seq + 9, previous=5, bridge=True))
        if waits:
            self.desk.now += 100_000
            self.keep(self.desk.tick(MARK * WORLD.USD))

    @rule(ms=st.sampled_from([1, 700, 6_000, 90_000]))
    def wait(self, ms: int) -> None:
        self.desk.now += ms

    @rule(ms=st.sampled_from([1, 5_000]))
    def clock_goes_back(self, ms: int) -> None:
        self.desk.now -= ms

    @rule(urgent=st.booleans())
    def poll(self, urgent: bool) -> None:
        self.desk.sequencer.poll(urgent)

    @precondition(lambda self: self.desk.core.sealed)
    @rule(data=st.data())
    def final(self, data: st.DataObject) -> None:
        self.desk.sequencer.final(
            data.draw(st.sampled_from([batch.number for batch in self.desk.core.sealed]))
        )

    @rule(data=st.data(), ahead=st.integers(1, 2), loses=st.booleans())
    def void(self, data: st.DataObject, ahead: int, loses: bool) -> None:
        core = self.desk.core
        kept = [core.base.number, *(batch.number for batch in core.sealed)]
        to = data.draw(st.sampled_from(kept))
        lost = core.state.queue_index - 1 if loses else None
        base = core.base.state.queue_index
        self.desk.sequencer.void(core.epoch + ahead, to, lost if lost is None or lost >= base else None)

    @precondition(lambda self: self.desk.core.base.position > 0)
    @rule()
    def snapshot(self) -> None:
        saved = self.desk.journal.latest_snapshot()
        if saved is None or saved[0] < self.desk.core.base.position:
            core = self.desk.core
            self.desk.journal.save_snapshot(core.base.position, take(core.base, core.base_book()))

    @rule()
    def restart(self) -> None:
        self.desk.restart()

    @invariant()
    def recovered_equals_live(self) -> None:
        core = recover(self.desk.journal, WORLD.deployment, WORLD.crypto).core
        recovered, live = portrait(core, WORLD.crypto), portrait(self.desk.core, WORLD.crypto)
        for aspect in live:
            assert recovered[aspect] == live[aspect], aspect

    @invariant()
    def receipts_do_not_change(self) -> None:
        for receipt in self.receipts[-5:]:
            promise = receipt.promise
            assert self.desk.sequencer.receipt(promise.epoch, promise.sequence) == receipt

    @invariant()
    def no_receipt_contradicts_another(self) -> None:
        last = self.receipts[-1] if self.receipts else None
        assert not any(contradict(last, each) for each in self.receipts[:-1] if last)


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=10,
    stateful_step_count=25,
    deadline=None,
    # Shrinking a history runs it hundreds of times: the failing one is printed as it was found.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


class TestLongHistories(Histories.TestCase):  # type: ignore[name-defined,misc]
    """The same for as long as one likes."""

    pytestmark = pytest.mark.release
    settings = settings(TestHistories.settings, max_examples=200, stateful_step_count=60)
