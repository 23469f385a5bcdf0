"""What L1 may do to a node, and that it always comes back: deadlines, strangers' voids, clocks, confirmations, reorganisations."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from circuits.protocol.codes import Code
from circuits.protocol.kinds.match import Side
from contracts.rollup import Progress
from rollup.journal import JournalStore
from rollup.node import NodeError
from rollup.receipts import Receipt
from rollup.sequencer import OrderOutcome
from rollup.settlement import Stage
from tests.rollup.node.venue import Town, Venue

MINUTE = 60_000
HOUR = 60 * MINUTE


pytestmark = pytest.mark.prove


@pytest.fixture(scope="module")
def town() -> Town:
    return Town()


@pytest.fixture(scope="module")
def other_town() -> Town:
    """eth-tester goes back to a block reliably only along one branch: what starts from a later block has a chain of its own."""
    return Town()


@pytest.fixture
def opened() -> Iterator[list[Venue]]:
    opened: list[Venue] = []
    yield opened
    for venue in opened:
        venue.close()


@pytest.fixture
def open_venue(town: Town, tmp_path: Path, opened: list[Venue]) -> Callable[..., Venue]:
    """Nodes on a chain that nothing has happened to."""
    town.chain.revert(town.start)

    def make(**options: int) -> Venue:
        opened.append(Venue(town, tmp_path / f"{len(opened)}.db", **options))
        return opened[-1]

    return make


@pytest.fixture
def venue(open_venue: Callable[..., Venue]) -> Venue:
    return open_venue()


@pytest.fixture(scope="module")
def traded(other_town: Town, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, dict[str, bytes]]:
    """A mark of the chain and a journal: two accounts and a price, settled and final; a new tick in the open batch."""
    directory = tmp_path_factory.mktemp("traded")
    venue = Venue(other_town, directory / "0.db")
    venue.open_market()
    venue.settle()
    venue.tick()
    venue.close()
    return other_town.chain.snapshot(), {path.name: path.read_bytes() for path in directory.iterdir()}


@pytest.fixture
def trading(
    other_town: Town, tmp_path: Path, traded: tuple[int, dict[str, bytes]], opened: list[Venue]
) -> Venue:
    """A node on that journal."""
    mark, files = traded
    other_town.chain.revert(mark)
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    opened.append(Venue(other_town, tmp_path / "0.db"))
    return opened[-1]


def progress(venue: Venue) -> tuple[int, int, int, int]:
    now: Progress = venue.contract.progress()
    return now.epoch, now.committed, now.proven, now.executed


def all_settled(venue: Venue, rounds: int = 30) -> None:
    """Repeated rounds and time lead to a state in which everything is settled, and final."""
    for _ in range(rounds):
        venue.node.step(urgent=True)
        venue.wait(2_000)
        core = venue.sequencer.core
        if not core.sealed and core.open is None and not core.waiting:
            break
    else:
        raise AssertionError(
            f"hangs: L1 {progress(venue)}, {len(core.sealed)} sealed, {len(core.waiting)} wait"
        )
    assert venue.contract.progress().executed == core.base.number
    assert venue.contract.final_root() == venue.contract.batch(core.base.number).root


def stage(venue: Venue, receipt: Receipt) -> Stage:
    return venue.node.status(receipt).stage


def trade(venue: Venue, **changes: int) -> Receipt:
    """A sells, B buys; the receipt of the trade."""
    assert venue.order(0, Side.SELL, **changes).refused is None
    outcome = venue.order(1, Side.BUY, **changes)
    assert len(outcome.fills) == 1, outcome
    return outcome.fills[0].receipt


class TestSettling:
    def test_all_stages_in_their_order(self, venue: Venue) -> None:
        venue.open_market()
        receipt = trade(venue)
        assert stage(venue, receipt) is Stage.PRECONFIRMED
        assert len(venue.sequencer.poll(urgent=True)) == 1
        assert stage(venue, receipt) is Stage.SEALED
        batches = venue.sequencer.sealed_after(0)
        venue.settlement.commit(batches)
        assert stage(venue, receipt) is Stage.COMMITTED
        venue.settlement.start_proofs(batches)
        venue.settlement.prove(batches)
        assert stage(venue, receipt) is Stage.PROVEN
        venue.settlement.execute(batches)
        status = venue.node.status(receipt)
        assert status.stage is Stage.FINAL
        assert list(status.times_ms) == list(Stage)[:5]
        assert sorted(status.times_ms.values()) == list(status.times_ms.values())
        venue.confirm(2)
        assert stage(venue, receipt) is Stage.FINAL and not venue.sequencer.sealed_after(0)

    def test_later_batches_are_committed_while_one_is_being_proven(self, trading: Venue) -> None:
        trading.bench.slow = True
        for _ in range(3):
            trade(trading)
            trading.node.step(urgent=True)
            trading.tick()
        assert progress(trading) == (0, 5, 2, 2)
        trading.bench.slow = False
        trading.bench.release()
        all_settled(trading)
        assert progress(trading) == (0, 6, 6, 6)

    def test_two_settlers_race_without_harm(self, trading: Venue) -> None:
        trade(trading)
        trading.sequencer.poll(urgent=True)
        batches = trading.sequencer.sealed_after(0)
        first, second = trading.settler(), trading.settler()
        for settler in (first, second):
            settler.start_proofs(batches)
        for step in ("commit", "prove", "execute"):
            stale = trading.contract.progress()
            assert getattr(first, step)(batches)
            # The other one has looked at L1 before, and calls after.
            looks = iter([stale])
            reread = trading.contract.progress
            trading.contract.progress = lambda reread=reread, looks=looks: next(looks, None) or reread()  # type: ignore[method-assign, misc]
            try:
                getattr(second, step)(batches)
            finally:
                trading.contract.progress = reread  # type: ignore[method-assign]
        assert progress(trading) == (0, 3, 3, 3)
        all_settled(trading)

    def test_a_prover_that_fails_once_is_asked_again(
        self, trading: Venue, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from rollup.settlement import SettlementError

        trade(trading)
        right = trading.settlement._prover.prove
        monkeypatch.setattr(trading.settlement._prover, "prove", lambda batch: 1 / 0)
        with pytest.raises(SettlementError, match="cannot be proven"):
            trading.node.step(urgent=True)
        monkeypatch.setattr(trading.settlement._prover, "prove", right)
        all_settled(trading)

    def test_what_is_final_is_forgotten(self, trading: Venue) -> None:
        for _ in range(3):
            trade(trading)
            trading.tick()
        core = trading.sequencer.core
        assert len(core.sealed) > 2 and core._kept
        all_settled(trading)
        assert not core.sealed and not core._kept and len(core._checkpoints) == 1
        assert not core.book._undo
        assert not trading.settlement._proofs and not trading.settlement.settled
        assert len(trading.node._credited) <= 2


class TestDeadlines:
    @pytest.mark.parametrize("sealed", [False, True])
    def test_a_missed_commit_begins_an_epoch(self, trading: Venue, sealed: bool) -> None:
        receipt = trade(trading)
        if sealed:
            trading.sequencer.poll(urgent=True)
        trading.wait(3 * MINUTE + 2_000)
        done = trading.node.step()
        assert done.voided and trading.contract.progress().epoch == 1
        assert stage(trading, receipt) is Stage.VOID
        # The price is stale: both orders wait for the next one, and then trade as before.
        assert len(trading.sequencer.core.parked) == 2
        trading.tick()
        assert not trading.sequencer.core.parked
        again = trading.sequencer.receipt(1, receipt.promise.sequence + 1)
        assert again.promise.transaction == receipt.promise.transaction
        all_settled(trading)
        assert stage(trading, again) is Stage.FINAL and stage(trading, receipt) is Stage.VOID

    def test_a_missed_execution_voids_all_that_is_not_executed(self, trading: Venue) -> None:
        trading.bench.slow = True
        receipt = trade(trading)
        trading.node.step(urgent=True)
        assert progress(trading) == (0, 3, 2, 2)
        trading.wait(6 * HOUR + MINUTE)
        trading.bench.slow = False
        assert trading.node.step().voided
        assert progress(trading)[0] == 1 and stage(trading, receipt) is Stage.VOID
        trading.tick(bridge=True, previous=0)
        trading.node.step(urgent=True)
        trading.wait(15 * MINUTE)
        trading.tick()
        all_settled(trading)
        assert trading.sequencer.state.account(0).positions[0].quantity == -trading.world.LOT

    def test_a_strangers_void_is_followed(self, trading: Venue) -> None:
        trading.bench.slow = True
        receipt = trade(trading)
        trading.node.step(urgent=True)
        trading.wait(6 * HOUR + MINUTE)
        trading.contract.void(trading.stranger, 0, 2)
        assert trading.node.step().voided
        assert progress(trading) == (1, 2, 2, 2) and trading.sequencer.epoch == 1
        assert stage(trading, receipt) is Stage.VOID
        trading.bench.slow = False
        all_settled(trading)

    def test_a_void_while_the_node_was_away_is_followed_before_it_promises(self, trading: Venue) -> None:
        trading.bench.slow = True
        trade(trading)
        trading.node.step(urgent=True)
        trading.wait(6 * HOUR + MINUTE)
        trading.contract.void(trading.stranger, 0, 2)
        trading.restart()
        assert trading.sequencer.epoch == 1
        all_settled(trading)

    def test_orders_that_expired_meanwhile_are_dropped(self, trading: Venue) -> None:
        trade(trading, expiry_ms=trading.next_ms() + 2 * MINUTE)
        trading.wait(4 * MINUTE)
        trading.node.step()
        trading.tick()
        state = trading.sequencer.state
        assert not trading.sequencer.core.parked and not trading.sequencer.core.waiting
        assert not any(state.account(account).positions[0].quantity for account in (0, 1))
        all_settled(trading)

    def test_withdrawals_and_deposits_come_back_in_their_order(self, trading: Venue) -> None:
        venue = trading
        venue.pay(2, 777)
        venue.confirm()
        sequence = venue.sequencer.state.sequence
        withdrawal = venue.world.withdrawal(0, 100, expiry_ms=venue.next_ms() + HOUR)
        assert isinstance(venue.sequencer.withdraw(withdrawal), Receipt)
        late = venue.world.withdrawal(1, 100, expiry_ms=venue.next_ms() + MINUTE)
        assert isinstance(venue.sequencer.withdraw(late), Receipt)
        venue.wait(4 * MINUTE)
        assert venue.node.step().voided
        old, new = (
            [venue.sequencer.receipt(e, s).promise.transaction for s in (sequence, sequence + 1)]
            for e in (0, 1)
        )
        assert old == new
        with pytest.raises(IndexError):
            venue.sequencer.receipt(1, sequence + 2)
        assert venue.sequencer.state.account(2).cash == 777 * venue.world.CASH
        all_settled(venue)

    def test_a_node_away_longer_than_the_price_age_takes_the_next_tick(self, trading: Venue) -> None:
        trading.settle()
        trading.wait(2 * HOUR)
        trading.restart()
        refused = trading.order(0, Side.SELL).refused
        assert refused is not None and refused.code is Code.STALE_TICK
        trading.tick()
        assert trading.order(0, Side.SELL).refused is None
        all_settled(trading)

    def test_a_node_that_missed_ticks_takes_a_bridge(self, trading: Venue) -> None:
        trading.settle()
        trading.wait(2 * HOUR)
        trading.restart()
        market = trading.sequencer.state.market
        trading.tick(bridge=True, previous=99, seq=market.tick_seq + 3_000)
        refused = trading.order(0, Side.SELL).refused
        assert refused is not None and refused.code is Code.RESUME_WINDOW
        trading.wait(15 * MINUTE)
        trading.tick()
        trade(trading)
        all_settled(trading)


class TestClock:
    def test_nothing_is_promised_while_the_clock_is_a_month_ahead(self, trading: Venue) -> None:
        receipt = trade(trading)
        trading.ahead_ms = 30 * 24 * HOUR
        refused = trading.order(0, Side.SELL).refused
        assert refused is not None and refused.code is Code.CLOCK
        index = trading.pay(0)
        trading.confirm()
        assert trading.node.credited(index) is None
        # What was promised before settles all the same, in time.
        assert stage(trading, receipt) is Stage.FINAL
        trading.ahead_ms = 0
        trading.confirm()
        assert trading.node.credited(index) is not None
        trade(trading)
        all_settled(trading)

    def test_a_clock_that_is_behind_takes_l1s_time(self, trading: Venue) -> None:
        trading.ahead_ms = -30 * 24 * HOUR
        receipt = trade(trading)
        assert receipt.promise.time_ms >= trading.newest_ms()
        all_settled(trading)


class TestConfirmations:
    def test_a_deposit_enters_when_it_is_deep_enough(self, open_venue: Callable[..., Venue]) -> None:
        venue = open_venue(confirmations=3)
        index = venue.pay(0)
        for _ in range(3):
            assert venue.node.credited(index) is None
            venue.confirm(1)
        assert venue.node.credited(index) is not None

    @pytest.mark.parametrize("when", ["before", "promised", "sealed", "committed"])
    @pytest.mark.parametrize("what", ["dropped", "swapped"])
    def test_a_deposit_that_l1_lost(self, open_venue: Callable[..., Venue], when: str, what: str) -> None:
        """A reorganisation takes two deposits and all that came after; one comes back, or both in the other order."""
        venue = open_venue()
        venue.open_market()
        venue.settle()
        mark = venue.chain.snapshot()
        venue.pay(2, 500)
        venue.pay(3, 600)
        if when != "before":
            venue.confirm()
            assert venue.sequencer.state.queue_index == 4
        if when == "sealed":
            venue.sequencer.poll(urgent=True)
        if when == "committed":
            venue.bench.slow = True
            venue.node.step(urgent=True)
            assert venue.contract.progress().committed == 3
        venue.chain.revert(mark)
        venue.bench.slow = False
        if what == "swapped":
            _pay_as(venue, 3, 2, 600)
        _pay_as(venue, 2, 3, 500)
        venue.confirm()
        for _ in range(3):
            venue.confirm()
        owners = [venue.sequencer.state.account(number).owner for number in (2, 3)]
        first = venue.chain.accounts[4 if what == "swapped" else 3]
        assert owners[0] == int(first, 16)
        assert bool(owners[1]) == (what == "swapped")
        assert (venue.sequencer.epoch == 1) == (when != "before")
        all_settled(venue)

    def test_a_block_that_comes_back_with_the_same_deposits_costs_nothing(self, venue: Venue) -> None:
        mark = venue.chain.snapshot()
        venue.pay(0)
        venue.confirm()
        venue.chain.revert(mark)
        venue.chain.mine()
        venue.pay(0)
        venue.confirm()
        assert venue.sequencer.epoch == 0
        venue.restart()
        all_settled(venue)


def _pay_as(venue: Venue, account: int, key: int, dollars: int) -> None:
    """Deposit for an account whose number will be another one than its address suggests."""
    venue.pay(account, dollars)


class TestReorganisations:
    @pytest.mark.parametrize("lost", ["commit", "prove", "execute"])
    def test_a_call_that_l1_forgot_is_made_again(self, trading: Venue, lost: str) -> None:
        receipt = trade(trading)
        trading.sequencer.poll(urgent=True)
        batches = trading.sequencer.sealed_after(0)
        trading.settlement.start_proofs(batches)
        for call in ("commit", "prove", "execute"):
            mark = trading.chain.snapshot()
            assert getattr(trading.settlement, call)(batches)
            if call == lost:
                break
        trading.chain.revert(mark)
        assert stage(trading, receipt) is not Stage.FINAL
        all_settled(trading)
        assert trading.sequencer.epoch == 0 and stage(trading, receipt) is Stage.FINAL

    def test_a_void_that_l1_forgot_is_made_again(self, trading: Venue) -> None:
        trade(trading)
        trading.wait(4 * MINUTE)
        mark = trading.chain.snapshot()
        trading.node.step()
        assert progress(trading)[0] == 1
        trading.tick()
        receipt = trading.sequencer.receipt(1, trading.sequencer.state.sequence)
        trading.chain.revert(mark)
        assert progress(trading)[0] == 0
        all_settled(trading)
        assert stage(trading, receipt) is Stage.FINAL

    def test_commits_and_the_void_after_them_lost_together(self, trading: Venue) -> None:
        """What was sealed in the old epoch can be committed in none: it begins one more."""
        trading.bench.slow = True
        trade(trading)
        mark = trading.chain.snapshot()
        trading.node.step(urgent=True)
        assert progress(trading) == (0, 3, 2, 2)
        trading.wait(MINUTE)
        trading.tick()
        trade(trading)
        trading.wait(4 * MINUTE)
        trading.node.step()
        assert progress(trading)[:2] == (1, 3)
        trading.chain.revert(mark)
        trading.bench.slow = False
        trading.wait(2 * MINUTE)
        all_settled(trading)
        assert trading.sequencer.epoch >= 1


class TestHistories:
    def test_an_empty_journal_against_an_l1_with_batches(
        self, venue: Venue, open_venue: Callable[..., Venue]
    ) -> None:
        venue.open_market()
        all_settled(venue)
        assert venue.contract.progress().executed == 2
        with pytest.raises(NodeError, match="journal is older"):
            open_venue()

    def test_an_empty_journal_against_commits_of_its_epoch(
        self, venue: Venue, open_venue: Callable[..., Venue]
    ) -> None:
        venue.open_market()
        venue.bench.slow = True
        venue.node.step(urgent=True)
        assert progress(venue) == (0, 2, 0, 0)
        """Committed, nothing executed: what the epoch promised is on L1, and not here."""
        with pytest.raises(NodeError, match="of this epoch with words that the journal does not hold"):
            open_venue()

    def test_a_copy_of_the_journal_that_is_older(self, trading: Venue, tmp_path: Path) -> None:
        trading.journal.close()
        copies = {path: path.read_bytes() for path in tmp_path.iterdir()}
        trading.journal = JournalStore.open(trading.path, trading.deployment.identity(trading.world.crypto))
        trading.start()
        trade(trading)
        trading.bench.slow = True
        trading.node.step(urgent=True)
        trading.journal.close()
        for path in tmp_path.iterdir():
            path.unlink()
        for path, data in copies.items():
            path.write_bytes(data)
        with pytest.raises(NodeError, match="of this epoch with words that the journal does not hold"):
            trading.restart()

    def test_the_journal_of_a_chain_that_is_gone(
        self, town: Town, tmp_path: Path, request: pytest.FixtureRequest
    ) -> None:
        town.chain.revert(town.start)
        mark = town.chain.snapshot()
        venue = Venue(town, tmp_path / "gone.db")
        request.addfinalizer(venue.close)
        venue.pay(0)
        venue.confirm()
        town.chain.revert(mark)
        town.chain.mine(5)
        with pytest.raises(NodeError, match="does not have the block"):
            venue.restart()
        # Whoever knows that it was a reorganisation goes on: the deposit falls.
        venue.close()
        venue.restart(deep_reorganisation=True)
        assert venue.sequencer.epoch == 1 and venue.sequencer.state.queue_index == 0
        venue.restart()
        all_settled(venue)

    def test_status_compares_words(self, trading: Venue) -> None:
        receipt = trade(trading)
        (batch,) = trading.sequencer.poll(urgent=True)
        other = trading.sequencer.sealed_after(0)[-1]
        # Another batch has the number on L1: same place, other words.
        from dataclasses import replace

        header = replace(batch.words.header, new_root=5)
        trading.contract.commit(trading.operator, replace(batch.words, header=header))
        assert trading.contract.progress().committed == other.number
        assert stage(trading, receipt) is Stage.SEALED
        # They are not proven: they fall, and ours follow under a new epoch.
        assert trading.node.step().voided
        assert stage(trading, receipt) is Stage.VOID
        trading.tick()
        all_settled(trading)

    def test_receipts_of_others_have_no_status(self, trading: Venue) -> None:
        from dataclasses import replace

        receipt = trade(trading)
        for changes in ({"epoch": 1}, {"sequence": 99}, {"order_chain": 5}):
            altered = replace(receipt, promise=replace(receipt.promise, **changes))
            with pytest.raises(NodeError):
                trading.node.status(altered)


class TestNewEpoch:
    def test_a_cancelled_order_stays_dead_while_all_wait_for_a_price(self, trading: Venue) -> None:
        """More than a slice of orders wait for the market; the cancel behind them does not."""
        venue = trading
        for slot in range(4):
            for number in range(20):
                venue.order(
                    0,
                    Side.SELL,
                    slot=slot,
                    id=100 * slot + number + 1,
                    limit=(3_500 + number) * venue.world.USD,
                )
        doomed = venue.sequencer.core.book.occupant(0, 3)
        assert doomed is not None
        cancel = venue.world.cancel(0, doomed.signed.order.id, 3, expiry_ms=venue.next_ms() + MINUTE)
        assert isinstance(venue.sequencer.cancel(cancel), Receipt)
        venue.wait(4 * MINUTE)
        assert venue.node.step().voided
        core = venue.sequencer.core
        assert len(core.parked) == 80 and not core.waiting
        venue.tick()
        venue.sequencer.go_on()
        resting = [each.signed.order.slot for each in core.book]
        assert resting == [0, 1, 2]
        all_settled(venue)

    def test_an_order_in_its_slices_while_an_epoch_ends_is_told_so(
        self, trading: Venue, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        venue = trading
        for slot in range(6):
            venue.order(0, Side.SELL, slot=slot, size=venue.world.LOT // 100)
        resume, sequencer = venue.sequencer._resume, venue.sequencer

        def ends_first() -> bool:
            monkeypatch.setattr(sequencer, "_resume", resume)
            venue.wait(4 * MINUTE)
            assert venue.node.step().voided
            return resume()

        monkeypatch.setattr(sequencer, "_resume", ends_first)
        outcome: OrderOutcome = venue.order(1, Side.BUY)
        assert outcome.fills == () and outcome.refused is not None
        assert outcome.refused.code is Code.STALE_TICK and "new epoch" in str(outcome.refused)
        venue.tick()
        venue.sequencer.go_on()
        assert venue.sequencer.state.account(1).positions[0].quantity == 6 * (venue.world.LOT // 100)
        all_settled(venue)
