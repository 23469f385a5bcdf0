"""Anything in any order: deposits, orders, ticks, time, reorganisations, strangers, restarts, rounds; and after it rounds and time alone
lead to everything being settled, with every receipt final or void.

Reorganisations reach as deep as they may: down to what the node took as final, and no further.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from circuits.protocol.kinds.match import Side
from contracts.errors import ContractCode, ContractError
from rollup.node import NodeError
from rollup.receipts import Receipt, contradict
from rollup.settlement import Stage
from tests.rollup.node.venue import Town, Venue

TOWN: list[Town] = []


class Surprises(RuleBasedStateMachine):
    """One node on one chain."""

    def __init__(self) -> None:
        super().__init__()
        if not TOWN:
            TOWN.append(Town())
        town = TOWN[0]
        town.chain.revert(town.start)
        self.directory = TemporaryDirectory()
        self.venue = Venue(town, Path(self.directory.name) / "journal.db", confirmations=2)
        self.receipts: list[Receipt] = []
        self.marks: list[tuple[int, int]] = []
        self.venue.open_market(accounts=3)
        self.mark()

    def teardown(self) -> None:
        try:
            self.settle_down()
        finally:
            self.venue.close()
            self.directory.cleanup()

    def mark(self) -> None:
        executed = self.venue.contract.progress().executed
        self.marks.append((self.venue.chain.snapshot(), executed))

    def keep(self, outcome: Any) -> None:
        if isinstance(outcome, Receipt):
            self.receipts.append(outcome)

    @rule(account=st.integers(0, 3), dollars=st.integers(1, 5_000))
    def deposit(self, account: int, dollars: int) -> None:
        self.venue.pay(account, dollars)

    @rule(
        account=st.integers(0, 3), side=st.sampled_from(Side), slot=st.integers(0, 1), away=st.integers(-2, 2)
    )
    def order(self, account: int, side: Side, slot: int, away: int) -> None:
        outcome = self.venue.order(account, side, slot=slot, limit=(3_000 + away) * self.venue.world.USD)
        for fill in outcome.fills:
            self.keep(fill.receipt)

    @rule(account=st.integers(0, 3), slot=st.integers(0, 1))
    def cancel(self, account: int, slot: int) -> None:
        newest = self.venue.sequencer.next_order_id(account)
        expiry = self.venue.next_ms() + 30_000
        self.keep(
            self.venue.sequencer.cancel(self.venue.world.cancel(account, newest, slot, expiry_ms=expiry))
        )

    @rule(account=st.integers(0, 3), nonce=st.integers(0, 40))
    def withdraw(self, account: int, nonce: int) -> None:
        signed = self.venue.world.withdrawal(
            account, 3, nonce=nonce, expiry_ms=self.venue.next_ms() + 400_000
        )
        self.keep(self.venue.sequencer.withdraw(signed))

    @rule(move=st.integers(-20, 20))
    def tick(self, move: int) -> None:
        self.tick_now(3_000 + move)

    def tick_now(self, mark: int) -> None:
        """The next tick: plain, or a bridge where the oracles' last one is missing here."""
        market = self.venue.sequencer.state.market
        gap = self.venue.next_ms() - market.tick_time_ms
        if gap <= 0:
            return  # L1's time went back behind the last tick's
        bridge = market.tick_seq > 0 and gap > 60_000
        self.keep(self.venue.tick(mark, **({"bridge": True, "previous": 7} if bridge else {})))

    @rule(ms=st.sampled_from([1_000, 30_000, 200_000, 7 * 3_600_000]))
    def time(self, ms: int) -> None:
        self.venue.wait(ms)

    @rule(blocks=st.integers(1, 3))
    def mine(self, blocks: int) -> None:
        self.venue.chain.mine(blocks)

    @rule(urgent=st.booleans())
    def step(self, urgent: bool) -> None:
        for receipt in self.venue.node.step(urgent).deposits.values():
            self.keep(receipt)
        self.mark()

    @rule()
    def seal(self) -> None:
        self.venue.sequencer.poll(urgent=True)

    @rule(slow=st.booleans())
    def prover(self, slow: bool) -> None:
        self.venue.bench.slow = slow
        if not slow:
            self.venue.bench.release()

    @rule()
    def stranger(self) -> None:
        progress = self.venue.contract.progress()
        try:
            self.venue.contract.void(self.venue.stranger, progress.epoch, progress.executed)
        except ContractError as error:
            assert error.code is ContractCode.NOT_THE_OPERATOR  # nothing is late

    @precondition(lambda self: len(self.marks) > 1)
    @rule(data=st.data())
    def reorganisation(self, data: st.DataObject) -> None:
        final = self.venue.sequencer.core.base.number
        places = [place for place, (_, executed) in enumerate(self.marks) if executed >= final]
        if not places:
            return
        place = data.draw(st.sampled_from(places))
        self.venue.chain.revert(self.marks[place][0])
        del self.marks[place:]
        self.mark()

    @rule()
    def restart(self) -> None:
        slow = self.venue.bench.slow
        try:
            self.venue.restart()
        except NodeError as error:
            assert "does not have the block" in str(error)
            self.venue.restart(deep_reorganisation=True)
        self.venue.bench.slow = slow

    @invariant()
    def no_receipt_contradicts_another(self) -> None:
        last = self.receipts[-1] if self.receipts else None
        assert not any(contradict(last, each) for each in self.receipts[:-1] if last)

    @invariant()
    def every_receipt_has_a_status(self) -> None:
        for receipt in self.receipts[-3:]:
            assert self.venue.node.status(receipt).stage in Stage

    def settle_down(self) -> None:
        """Rounds, time, ticks, and nothing else."""
        venue = self.venue
        venue.bench.slow = False
        venue.bench.release()
        core = None
        for number in range(60):
            venue.node.step(urgent=True)
            venue.wait(5_000 if number % 8 else 100_000)
            if venue.sequencer.core.parked and venue.sequencer.state.market.tick_time_ms < venue.next_ms():
                # The oracles go on from the last tick that the node has: no bridge, and the resume window ends.
                self.keep(venue.tick(3_000))
            core = venue.sequencer.core
            done = not core.sealed and core.open is None and not core.waiting and not core.parked
            if done and core.state.queue_index == venue.contract.queue_length():
                break
        else:
            assert core is not None
            raise AssertionError(
                f"hangs: L1 {venue.contract.progress()}, epoch {core.epoch}, {len(core.sealed)} sealed, "
                f"{len(core.waiting)} wait, {len(core.parked)} parked, queue {core.state.queue_index}"
            )
        for receipt in self.receipts:
            assert venue.node.status(receipt).stage in (Stage.FINAL, Stage.VOID)
        final = [each for each in self.receipts if venue.node.status(each).stage is Stage.FINAL]
        assert len({each.promise.sequence for each in final}) == len({each.promise for each in final})


SHORT = settings(
    max_examples=6,
    stateful_step_count=20,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


class TestSurprises(Surprises.TestCase):  # type: ignore[name-defined,misc]
    """A few."""

    pytestmark = pytest.mark.prove
    settings = SHORT


class TestManySurprises(Surprises.TestCase):  # type: ignore[name-defined,misc]
    """The same for as long as one likes."""

    pytestmark = pytest.mark.release
    settings = settings(SHORT, max_examples=150, stateful_step_count=40)
