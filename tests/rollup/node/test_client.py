"""What owners rely on: their own receipts, order ids that go on, free slots, one unit of money, calls from any thread."""

import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from circuits.protocol.codes import Code, Rejected
from contracts.events import Deposited
from rollup.client import Account, Client, ClientError
from rollup.inbox import deposit_of
from rollup.receipts import Receipt, transaction_hash
from rollup.settlement import Stage
from rollup.units import AmountError
from tests.rollup.conftest import USD, private_key
from tests.rollup.node.venue import Town, Venue

pytestmark = pytest.mark.prove


@pytest.fixture(scope="module")
def town() -> Town:
    return Town()


@pytest.fixture
def venue(town: Town, tmp_path: Path) -> Iterator[Venue]:
    town.chain.revert(town.start)
    venue = Venue(town, tmp_path / "journal.db")
    yield venue
    venue.close()


def session(venue: Venue, number: int) -> Account:
    """A new session of an owner: nothing is remembered but the key."""
    client = Client(venue.node, venue.contract, venue.town.token, venue.world.crypto, venue.chain.mine)
    return client.open_account(venue.chain.accounts[1 + number], private_key(number + 1))


@pytest.fixture
def alice(venue: Venue) -> Account:
    account = session(venue, 0)
    account.deposit(50_000)
    return account


@pytest.fixture
def bob(venue: Venue, alice: Account) -> Account:
    account = session(venue, 1)
    account.deposit("50000.5")
    venue.tick(60_000)
    return account


def test_a_deposit_gets_its_own_receipt(venue: Venue) -> None:
    """Others deposit at the same time, before and after; two of them wait for the same blocks."""
    accounts = [session(venue, number) for number in range(3)]
    venue.pay(3, 777)
    receipts = [account.deposit(100 + number) for number, account in enumerate(accounts)]
    receipts.append(accounts[0].deposit(100))
    events = [event for event in venue.contract.events() if isinstance(event, Deposited)]
    for receipt, event in zip(receipts, events[1:], strict=True):
        assert receipt.promise.transaction == transaction_hash(deposit_of(event))
    assert [event.amount for event in events[1:]] == [100 * USD, 101 * USD, 102 * USD, 100 * USD]


def test_deposits_of_several_threads(venue: Venue, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[int, Receipt | BaseException] = {}

    def pay(number: int) -> None:
        try:
            told[number] = session(venue, number).deposit(100 + number)
        except BaseException as error:
            told[number] = error

    # eth-tester itself serves one caller at a time.
    lock, manager = threading.RLock(), town.chain.web3.manager
    request = manager.request_blocking

    def one_at_a_time(*arguments: Any, **named: Any) -> Any:
        with lock:
            return request(*arguments, **named)

    monkeypatch.setattr(manager, "request_blocking", one_at_a_time)
    threads = [threading.Thread(target=pay, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    receipts = list(told.values())
    assert all(isinstance(receipt, Receipt) for receipt in receipts), receipts
    assert len({receipt.promise.sequence for receipt in receipts if isinstance(receipt, Receipt)}) == 3


def test_order_ids_go_on_in_a_new_session(venue: Venue, alice: Account, bob: Account) -> None:
    first = alice.sell(1, 60_000, slot=0).order
    assert bob.buy(1, 60_000).fills
    again = session(venue, 0).sell(1, 60_000, slot=0)
    assert again.order.id > first.id and again.resting == 10_000
    venue.restart()
    last = session(venue, 0).sell("0.5", 60_000, slot=3)
    assert last.order.id > again.order.id and last.resting == 5_000


def test_an_order_takes_a_free_slot(venue: Venue, alice: Account, bob: Account) -> None:
    slots = [alice.sell("0.1", 70_000 + number).order.slot for number in range(8)]
    assert sorted(slots) == list(range(8))
    assert len(venue.sequencer.core.book) == 8
    with pytest.raises(ClientError, match="every slot"):
        alice.sell("0.1", 80_000)
    assert alice.sell("0.1", 80_000, slot=2).resting == 1_000
    assert len(venue.sequencer.core.book) == 8


def test_cancels(venue: Venue, alice: Account, bob: Account) -> None:
    kept, gone = alice.sell("0.1", 70_000).order, alice.sell("0.1", 70_001).order
    assert isinstance(alice.cancel(gone), Receipt)
    assert [each.signed.order for each in venue.sequencer.core.book] == [kept]
    refused = venue.sequencer.order(alice.sign(gone)).refused
    assert refused is not None and refused.code is Code.STALE_ORDER_ID
    alice.cancel_all()
    assert not len(venue.sequencer.core.book)
    refused = venue.sequencer.order(alice.sign(kept)).refused
    assert refused is not None and refused.code is Code.STALE_ORDER_ID
    assert alice.sell("0.1", 70_000).resting == 1_000
    with pytest.raises(ClientError, match="no order"):
        bob.cancel_all()


def test_money_is_dollars_in_and_out(venue: Venue, alice: Account, bob: Account) -> None:
    receipt = bob.withdraw(Decimal("1000.25"), fee="0.5")
    before = venue.town.token.balance_of(bob.address)
    assert [settled.number for settled in bob.client.settle()]
    assert bob.client.status(receipt).stage is Stage.FINAL
    assert bob.claim() == Decimal("1000.25")
    assert venue.town.token.balance_of(bob.address) == before + 1_000_250_000
    with pytest.raises(AmountError):
        bob.withdraw("0.0000001")
    with pytest.raises(AmountError):
        bob.deposit(1.5)  # type: ignore[arg-type]


def test_refusals_are_raised_with_their_number(venue: Venue, alice: Account, bob: Account) -> None:
    with pytest.raises(Rejected) as caught:
        alice.withdraw(60_000)
    assert caught.value.code is Code.INITIAL_MARGIN
    with pytest.raises(Rejected) as unknown:
        session(venue, 3).withdraw(1)
    assert unknown.value.code is Code.UNKNOWN_ACCOUNT


def test_an_account_is_looked_up_on_l1_once(
    venue: Venue, alice: Account, bob: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert alice.number == 0

    def asked(_: str) -> int:
        raise AssertionError("L1 was asked again")

    monkeypatch.setattr(venue.contract, "account_of", asked)
    alice.sell("0.1", 70_000)
    alice.withdraw(1)


def test_a_deposit_that_a_reorganisation_replaced_is_not_taken_for_ours(venue: Venue) -> None:
    """While the owner waits, L1 gives the place in its queue to somebody else."""
    mark = venue.chain.snapshot()
    account = session(venue, 0)

    def reorganised() -> None:
        venue.chain.revert(mark)
        venue.pay(1, 5)
        venue.chain.mine(2)
        account.client.wait = venue.chain.mine

    account.client.wait = reorganised
    with pytest.raises(ClientError, match="another deposit now"):
        account.deposit(100)
