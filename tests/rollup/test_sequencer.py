"""Admission, matching, batches and receipts; a restart that never contradicts one; and a process that is killed."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rollup.deployment import Deployment
from rollup.encoding import encode, encode_order
from rollup.journal import Applied, Dropped, Journal, JournalError, Opened, Sealed
from rollup.market import Configuration
from rollup.receipts import Receipt, contradict, verify_receipt
from rollup.recovery import recover
from rollup.rejections import Code, Rejected
from rollup.sealing import Policy
from rollup.sequencer import Fees, OrderOutcome, Sequencer
from rollup.state import state_root
from rollup.transactions import Side, Withdrawal

OPERATOR = bytes([200]) * 32


class Node:
    """A sequencer with its journal and a clock that the test turns."""

    def __init__(self, world: Any, path: Path, fees: Fees = Fees()) -> None:  # noqa: B008 - frozen
        self.world, self.path, self.fees = world, path, fees
        self.now = world.START_MS
        self.deployment = Deployment(world.chain_id, world.contract, world.configuration, world.size)
        self.start()

    def start(self) -> None:
        self.journal = Journal(self.path, self.deployment.identity(self.world.crypto))
        self.sequencer = Sequencer(
            self.deployment,
            self.world.crypto,
            self.journal,
            OPERATOR,
            lambda: self.now,
            Policy(max_age_ms=5_000),
            self.fees,
        )

    def restart(self) -> None:
        self.journal.close()
        self.start()

    def open_market(self, accounts: int = 3, dollars: int = 10_000) -> None:
        for account in range(accounts):
            assert isinstance(
                self.sequencer.deposit(self.world.deposit(self.state, account, dollars)), Receipt
            )
        self.tick(3000 * self.world.USD)

    def tick(self, mark: int) -> None:
        self.now += 1
        rows = self.world.rows(self.world.row(0, mark))
        assert isinstance(self.sequencer.tick(self.world.tick(self.state.market, rows, self.now)), Receipt)

    @property
    def state(self) -> Any:
        return self.sequencer.state


@pytest.fixture
def node(world: Any, tmp_path: Path) -> Any:
    node = Node(world, tmp_path / "journal.db")
    yield node
    node.journal.close()


class TestOrders:
    def test_rest_then_trade_at_the_resting_price(self, world: Any, node: Node) -> None:
        node.open_market()
        resting = node.sequencer.order(world.order(1, Side.SELL, limit=2_990 * world.USD))
        assert resting == OrderOutcome((), world.LOT, None)
        outcome = node.sequencer.order(world.order(0, Side.BUY, size=3 * world.LOT))
        assert [fill.match.price for fill in outcome.fills] == [2_990 * world.USD]
        assert outcome.resting == 2 * world.LOT and outcome.refused is None
        assert node.state.account(0).positions[0].quantity == world.LOT
        assert not node.sequencer.depth(0, Side.SELL)

    def test_fees_go_to_maker_and_taker_by_their_rates(self, world: Any, tmp_path: Path) -> None:
        node = Node(world, tmp_path / "fees.db", Fees(maker_ppm=100, taker_ppm=500))
        node.open_market()
        node.sequencer.order(world.order(1, Side.SELL))
        node.sequencer.order(world.order(0, Side.BUY))
        assert node.state.totals.fees == 3000 * world.CASH * 600 // 10**6
        assert node.state.account(0).cash == 10_000 * world.CASH - 3000 * world.CASH * 500 // 10**6
        cheap = world.order(0, Side.BUY, id=2, max_fee_rate=499)
        refused = node.sequencer.order(cheap).refused
        assert refused is not None and refused.code == Code.FEE_ABOVE_MAXIMUM

    def test_a_maker_without_margin_is_dropped_and_the_next_one_trades(self, world: Any, node: Node) -> None:
        node.open_market()
        node.sequencer.order(world.order(1, Side.SELL, limit=2_999 * world.USD))
        node.sequencer.order(world.order(2, Side.SELL))
        assert isinstance(node.sequencer.withdraw(world.withdrawal(1, 10_000)), Receipt)
        outcome = node.sequencer.order(world.order(0, Side.BUY))
        assert [fill.match.sell.order.account for fill in outcome.fills] == [2]
        assert outcome.refused is None and not node.sequencer.depth(0, Side.SELL)

    def test_a_taker_without_margin_leaves_the_book_alone(self, world: Any, node: Node) -> None:
        node.open_market(accounts=2)
        node.sequencer.order(world.order(1, Side.SELL))
        node.sequencer.withdraw(world.withdrawal(0, 9_500))
        outcome = node.sequencer.order(world.order(0, Side.BUY))
        assert outcome.refused is not None and outcome.refused.code == Code.INITIAL_MARGIN
        assert len(node.sequencer.depth(0, Side.SELL)) == 1

    def test_an_account_does_not_trade_with_itself(self, world: Any, node: Node) -> None:
        node.open_market()
        node.sequencer.order(world.order(0, Side.SELL))
        outcome = node.sequencer.order(world.order(0, Side.BUY, slot=1))
        assert outcome == OrderOutcome((), world.LOT, None)
        assert not node.sequencer.depth(0, Side.SELL)

    def test_a_newer_order_in_a_slot_cancels_the_older(self, world: Any, node: Node) -> None:
        node.open_market()
        node.sequencer.order(world.order(0, Side.BUY, id=5))
        stale = node.sequencer.order(world.order(0, Side.BUY, id=5)).refused
        assert stale is not None and stale.code == Code.STALE_ORDER_ID
        node.sequencer.order(world.order(0, Side.BUY, id=6, limit=2_000 * world.USD))
        assert [resting.signed.order.id for resting in node.sequencer.depth(0, Side.BUY)] == [6]

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
    def test_orders_that_cannot_trade_do_not_rest(
        self, world: Any, node: Node, changes: dict[str, int], code: Code
    ) -> None:
        node.open_market()
        fields = {"account": 0, **changes}
        outcome = node.sequencer.order(world.order(fields.pop("account"), Side.BUY, **fields))
        assert outcome.refused is not None and outcome.refused.code == code
        assert not node.sequencer.depth(0, Side.BUY)

    def test_a_forged_order_does_not_rest(self, world: Any, node: Node) -> None:
        node.open_market()
        forged = world.sign_order(world.order(0, Side.BUY).order, signer=1)
        refused = node.sequencer.order(forged).refused
        assert refused is not None and refused.code == Code.BAD_SIGNATURE


class TestBytes:
    def test_takes_orders_withdrawals_and_ticks(self, world: Any, node: Node) -> None:
        node.open_market()
        outcome = node.sequencer.receive(encode_order(world.order(0, Side.BUY)))
        assert isinstance(outcome, OrderOutcome) and outcome.resting == world.LOT
        assert isinstance(node.sequencer.receive(encode(world.withdrawal(0, 1))), Receipt)
        node.now += 1
        tick = world.tick(node.state.market, world.rows(), node.now)
        assert isinstance(node.sequencer.receive(encode(tick)), Receipt)

    def test_refuses_deposits_matches_and_noise(self, world: Any, node: Node) -> None:
        node.open_market()
        before = state_root(node.state, world.crypto)
        for data in (
            encode(world.deposit(node.state, 0, 5)),
            encode(world.trade()),
            b"",
            b"\x01\x20",
            b"\x01\x03",
        ):
            outcome = node.sequencer.receive(data)
            assert isinstance(outcome, Rejected) and outcome.code == Code.MALFORMED
        assert state_root(node.state, world.crypto) == before


class TestBatches:
    def test_close_by_size_by_tick_and_by_age(self, world: Any, node: Node) -> None:
        for account in range(world.size.steps + 1):
            node.sequencer.deposit(world.deposit(node.state, account, 10))
        assert [batch.number for batch in node.sequencer.sealed_after(0)] == [1]
        node.tick(3000 * world.USD)
        assert [len(batch.steps) for batch in node.sequencer.sealed_after(0)] == [4, 1]
        assert node.sequencer.poll() is None
        node.now += 5_000
        last = node.sequencer.poll()
        assert last is not None and (last.number, len(last.ticks), len(last.steps)) == (3, 1, 0)
        assert node.sequencer.poll() is None and node.sequencer.poll(urgent=True) is None

    def test_a_refused_transaction_opens_no_batch(self, world: Any, node: Node) -> None:
        assert isinstance(node.sequencer.withdraw(world.withdrawal(0, 1)), Rejected)
        node.now += 10_000
        receipt = node.sequencer.deposit(world.deposit(node.state, 0, 10))
        assert isinstance(receipt, Receipt)
        sealed = node.sequencer.poll(urgent=True)
        assert sealed is not None and sealed.context.time_ms == node.now

    def test_batch_time_never_goes_back(self, world: Any, node: Node) -> None:
        node.sequencer.deposit(world.deposit(node.state, 0, 10))
        first = node.sequencer.poll(urgent=True)
        node.now -= 50
        node.sequencer.deposit(world.deposit(node.state, 0, 10))
        second = node.sequencer.poll(urgent=True)
        assert first is not None and second is not None
        assert second.context.time_ms == first.context.time_ms


class TestReceipts:
    def test_say_where_a_transaction_stands(self, world: Any, node: Node) -> None:
        node.open_market()
        receipt = node.sequencer.withdraw(world.withdrawal(0, 1))
        assert isinstance(receipt, Receipt)
        promise = receipt.promise
        assert (promise.sequence, promise.batch) == (5, node.state.batch_number + 1)
        assert promise.order_chain == node.state.order_chain
        verify_receipt(receipt, node.sequencer.operator, world.chain_id, world.contract, world.crypto)

    @pytest.mark.parametrize("change", [{"sequence": 9}, {"batch": 9}, {"order_chain": 9}, {"time_ms": 9}])
    def test_cannot_be_altered(self, world: Any, node: Node, change: dict[str, int]) -> None:
        receipt = node.sequencer.deposit(world.deposit(node.state, 0, 10))
        assert isinstance(receipt, Receipt)
        altered = replace(receipt, promise=replace(receipt.promise, **change))
        with pytest.raises(Rejected) as caught:
            verify_receipt(altered, node.sequencer.operator, world.chain_id, world.contract, world.crypto)
        assert caught.value.code == Code.BAD_SIGNATURE
        assert contradict(receipt, altered) == ("sequence" not in change)
        assert not contradict(receipt, receipt)

    def test_unknown_sequence_numbers_have_none(self, node: Node) -> None:
        for sequence in (0, 1):
            with pytest.raises(IndexError):
                node.sequencer.receipt(sequence)


class TestRestart:
    def test_everything_is_as_before(self, world: Any, node: Node) -> None:
        node.open_market()
        node.sequencer.order(world.order(1, Side.SELL, size=2 * world.LOT))
        node.sequencer.order(world.order(2, Side.SELL))
        node.sequencer.order(world.order(0, Side.BUY))
        node.sequencer.withdraw(world.withdrawal(0, 1))
        sequencer = node.sequencer
        receipts = [sequencer.receipt(number) for number in range(1, sequencer.sequence + 1)]
        depth, sealed = sequencer.depth(0, Side.SELL), sequencer.sealed_after(0)
        root = state_root(sequencer.state, world.crypto)
        node.restart()
        again = node.sequencer
        assert again is not sequencer
        assert state_root(again.state, world.crypto) == root
        assert [again.receipt(number) for number in range(1, again.sequence + 1)] == receipts
        assert [b.words.words() for b in again.sealed_after(0)] == [b.words.words() for b in sealed]
        assert [(r.signed, r.remaining) for r in again.depth(0, Side.SELL)] == [
            (r.signed, r.remaining) for r in depth
        ]
        outcome = again.order(world.order(0, Side.BUY, id=2))
        assert [fill.match.sell.order.account for fill in outcome.fills] == [1]

    def test_dropped_orders_stay_dropped(self, world: Any, node: Node) -> None:
        node.open_market()
        node.sequencer.order(world.order(0, Side.BUY, id=5))
        node.sequencer.order(world.order(0, Side.BUY, id=6, limit=2_000 * world.USD))
        node.restart()
        assert [resting.signed.order.id for resting in node.sequencer.depth(0, Side.BUY)] == [6]


class TestJournal:
    def events(self, node: Node) -> list[Any]:
        return list(node.journal.events())

    def test_refuses_another_deployment(self, world: Any, node: Node) -> None:
        node.journal.close()
        with pytest.raises(JournalError, match="another deployment"):
            Journal(node.path, bytes(32))

    def test_refuses_a_second_process(self, world: Any, node: Node) -> None:
        with pytest.raises(JournalError, match="locked"):
            Journal(node.path, node.deployment.identity(world.crypto))

    def test_refuses_a_file_that_is_no_database(self, world: Any, tmp_path: Path) -> None:
        file = tmp_path / "noise"
        file.write_bytes(b"not a database at all" * 100)
        with pytest.raises(JournalError):
            Journal(file, bytes(32))

    @pytest.mark.parametrize(
        "damage",
        [
            "UPDATE entries SET event = x'00' WHERE position = 2",
            "DELETE FROM entries WHERE position = 1",
            "DELETE FROM entries WHERE position = 2",
            "UPDATE entries SET digest = zeroblob(32) WHERE position = 3",
        ],
    )
    def test_refuses_an_edited_file(self, world: Any, node: Node, damage: str) -> None:
        node.open_market()
        node.journal.close()
        with sqlite3.connect(node.path) as db:
            db.execute(damage)
        db.close()
        with pytest.raises(JournalError, match="chain"):
            Journal(node.path, node.deployment.identity(world.crypto))

    def test_replay_refuses_what_contradicts_the_promises(self, world: Any, node: Node) -> None:
        node.open_market()
        node.sequencer.withdraw(world.withdrawal(0, 1))
        node.sequencer.poll(urgent=True)
        events = self.events(node)
        recover(events, node.deployment, world.crypto)
        last = max(i for i, event in enumerate(events) if isinstance(event, Applied))
        applied: Applied = events[last]
        other = world.sign_withdrawal(Withdrawal(0, 2 * world.USD, 0, 0, world.START_MS + 3_600_000))
        refused = world.sign_withdrawal(Withdrawal(0, 2 * world.USD, 0, 7, world.START_MS + 3_600_000))

        def with_event(index: int, event: Any) -> list[Any]:
            return [*events[:index], event, *events[index + 1 :]]

        def altered(**changes: Any) -> Any:
            fields = {f: getattr(applied, f) for f in ("sequence", "time_ms", "order_chain", "transaction")}
            return Applied(**{**fields, **changes})

        contradictions = [
            with_event(last, altered(order_chain=bytes(32))),
            with_event(last, altered(transaction=encode(other))),
            with_event(last, altered(transaction=encode(refused))),
            with_event(last, altered(transaction=b"")),
            with_event(last, altered(sequence=applied.sequence + 1)),
            with_event(len(events) - 1, Sealed(events[-1].number, bytes(32))),
            with_event(len(events) - 1, Sealed(events[-1].number + 1, events[-1].root)),
            [*events, Opened(9, 9)],
            [*events, applied],
            [Opened(1, 1), Opened(1, 1)],
        ]
        for contradiction in contradictions:
            with pytest.raises(JournalError):
                recover(contradiction, node.deployment, world.crypto)

    def test_appends_all_or_nothing(self, world: Any, node: Node) -> None:
        node.open_market()
        before = self.events(node)
        refuse_inserts(node, "NEW.position % 2 = 0")
        with pytest.raises(JournalError, match="no"):
            node.journal.append([Dropped(1, 1, 1), Dropped(1, 1, 2)])
        assert self.events(node) == before
        with pytest.raises(JournalError, match="earlier"):
            node.journal.append([Dropped(1, 1, 1)])

    def test_a_failed_write_admits_nothing(self, world: Any, node: Node) -> None:
        node.open_market()
        before = state_root(node.state, world.crypto), node.sequencer.sequence
        refuse_inserts(node, "1")
        with pytest.raises(JournalError):
            node.sequencer.withdraw(world.withdrawal(0, 1))
        assert (state_root(node.state, world.crypto), node.sequencer.sequence) == before


def refuse_inserts(node: Node, condition: str) -> None:
    """Let the database itself refuse entries, as a full disk would."""
    body = "BEGIN SELECT RAISE(ABORT, 'no'); END"
    node.journal._db.execute(f"CREATE TRIGGER refuse BEFORE INSERT ON entries WHEN {condition} {body}")


CHILD = """
import sys, time
from pathlib import Path
from circuits.protocol.sizes import MINIMAL
from rollup.backends import TwinCrypto
from rollup.deployment import Deployment
from rollup.journal import Journal
from rollup.market import Configuration
from rollup.sealing import Policy
from rollup.sequencer import Sequencer
from rollup.transactions import Deposit

crypto = TwinCrypto()
oracles = tuple(crypto.public_key(bytes([number]) * 32) for number in range(3))
deployment = Deployment(1, 2, Configuration(oracles, 5, 6, 7), MINIMAL)
journal = Journal(Path(sys.argv[1]), deployment.identity(crypto))
node = Sequencer(deployment, crypto, journal, bytes(32), lambda: int(time.time() * 1000), Policy(1000))
while True:
    state = node.state
    known = state.account(0).registered
    receipt = node.deposit(Deposit(state.queue_index, 0, not known, 1, 9, (0, 0)))
    promise = receipt.promise
    print(promise.sequence, promise.batch, promise.order_chain, promise.time_ms, flush=True)
"""


def test_a_killed_process_keeps_every_promise(world: Any, tmp_path: Path) -> None:
    oracles = tuple(world.crypto.public_key(bytes([number]) * 32) for number in range(3))
    deployment = Deployment(1, 2, Configuration(oracles, 5, 6, 7), world.size)
    path, told = tmp_path / "journal.db", list[tuple[int, ...]]()
    for _ in range(2):
        child = subprocess.Popen([sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        deadline = time.monotonic() + 20
        for _ in range(7):
            told.append(tuple(map(int, child.stdout.readline().split())))
            assert time.monotonic() < deadline
        os.kill(child.pid, signal.SIGKILL)
        rest = child.stdout.read()
        child.wait()
        # A last line cut short by the kill is not a promise that anyone read.
        told += [
            tuple(map(int, line.split())) for line in rest.splitlines(keepends=True) if line.endswith("\n")
        ]
    with Journal(path, deployment.identity(world.crypto)) as journal:
        node = recover(journal.events(), deployment, world.crypto)
    kept = [(p.sequence, p.batch, p.order_chain, p.time_ms) for p in node.promises]
    assert len(told) >= 14 and set(told) <= set(kept)
    assert [promise[0] for promise in told] == sorted({promise[0] for promise in told})
    assert node.state.queue_index == len(kept)
