"""A sequencer with its journal, a clock that the test turns, and everything about a core that two cores can be compared by."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from rollup.core import Core
from rollup.fees import NO_FEES, Fees
from rollup.journal import JournalStore
from rollup.ledger.state import State, state_root
from rollup.orderbook import OrderBook
from rollup.receipts import Receipt
from rollup.sealing import Policy
from rollup.sequencer import OrderOutcome, Sequencer

OPERATOR = bytes([200]) * 32
BLOCK = (7, bytes(32))
"""The L1 block that deposits are believed by, where a test has no L1."""


@dataclass(eq=False)
class Desk:
    """One node without L1."""

    world: Any
    path: Path
    fees: Fees = NO_FEES
    now: int = field(init=False)
    journal: JournalStore = field(init=False)
    sequencer: Sequencer = field(init=False)

    def __post_init__(self) -> None:
        self.now = self.world.START_MS
        make = JournalStore.open if self.path.exists() else JournalStore.create
        self.journal = make(self.path, self.identity)
        self.start()

    @property
    def identity(self) -> bytes:
        identity: bytes = self.world.deployment.identity(self.world.crypto)
        return identity

    def start(self) -> None:
        self.sequencer = Sequencer(
            self.world.deployment,
            self.world.crypto,
            self.journal,
            OPERATOR,
            lambda: self.now,
            Policy(max_age_ms=5_000),
            self.fees,
        )

    def restart(self) -> None:
        self.journal.close()
        self.journal = JournalStore.open(self.path, self.identity)
        self.start()

    @property
    def state(self) -> State:
        return self.sequencer.state

    @property
    def core(self) -> Core:
        return self.sequencer.core

    def deposit(self, account: int, dollars: int) -> Receipt:
        receipt = self.sequencer.deposit(self.world.deposit(self.state, account, dollars), *BLOCK)
        assert isinstance(receipt, Receipt), receipt
        return receipt

    def tick(self, mark: int, **changes: int) -> Receipt:
        self.now += 1
        rows = self.world.rows(self.world.row(0, mark))
        receipt = self.sequencer.tick(self.world.tick(self.state.market, rows, self.now, **changes))
        assert isinstance(receipt, Receipt), receipt
        return receipt

    def order(self, account: int, side: int, **changes: int) -> OrderOutcome:
        return self.sequencer.order(self.world.order(account, side, **changes))

    def open_market(self, accounts: int = 3, dollars: int = 10_000) -> None:
        for account in range(accounts):
            self.deposit(account, dollars)
        self.tick(3000 * self.world.USD)


def book_of(book: OrderBook) -> Any:
    """Everything about a book."""
    resting = [(each.signed, each.remaining, each.arrival) for each in book]
    return resting, dict(book.floors), book.arrivals


def portrait(core: Core, crypto: Any) -> dict[str, Any]:
    """Everything about a core that a command's outcome may depend on, and all that it says."""
    return {
        "root": state_root(core.state, crypto),
        "state": (
            core.state.sequence,
            core.state.time_ms,
            core.state.used,
            core.state.market,
            core.state.interest,
        ),
        "epoch": core.epoch,
        "voids": core.voids,
        "anchor": core.anchor,
        "fees": core.fees,
        "position": core.position,
        "waiting": tuple(core.waiting),
        "parked": tuple(core.parked),
        "book": book_of(core.book),
        "base": (core.base.number, core.base.position, state_root(core.base.state, crypto)),
        "base's rest": (core.base.fees, core.base.voids, core.base.anchor, core.base.epoch),
        "base book": book_of(core.base_book()),
        "open": None
        if core.open is None
        else (core.open.context, [step.words for step in core.open.applied]),
        "sealed": [batch.words for batch in core.sealed],
    }


@pytest.fixture
def desk(world: Any, tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(world, tmp_path / "journal.db")
    yield desk
    desk.journal.close()
