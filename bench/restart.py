"""How long a node takes to start again after a long history: `python -m bench.restart`.

The history is orders that rest, replace and trade, ticks and seals, as a node's journal holds them, with finality following some batches
behind and a snapshot whenever the sequencer would take one. So that a million entries take minutes and not hours, signatures are not
made and, while the history is written, not checked (`Unsigned`), entries are appended a thousand at a time, and the deposits that fill
the account tree come first. The start that is timed runs the recorded commands and compares every promise; its signature checks are not
in it: add 0.1 ms for each entry that is run again.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from bench.sequencer import ACCOUNTS, FOREVER, START_MS, USD, deployment_of, deposit, first_tick, key
from circuits.protocol.encoding import encode
from circuits.protocol.kinds.deposit import Deposit
from circuits.protocol.kinds.match import Order, Side, SignedOrder
from circuits.protocol.layout import Point
from circuits.protocol.signature import Signature
from rollup.backends import NativeCrypto
from rollup.commands import Command, Credit, Finalise, Seal, Submit, encode_entry
from rollup.core import Core
from rollup.journal import JournalStore
from rollup.recovery import entry_of
from rollup.sealing import Policy
from rollup.sequencer import ACCOUNTS_PER_ENTRY, SNAPSHOT_EVERY, Sequencer
from rollup.snapshot import Written, take

BEHIND = 20
"""Batches between the newest and the last final one."""
CHUNK = 1_000


class Unsigned(NativeCrypto):
    """Takes any signature. Only for writing a history that nobody has signed."""

    def verify(self, key: Point, message: int, signature: Signature) -> bool:
        return True


class History:
    """Writes what a node would have written."""

    def __init__(self, path: Path, accounts: int, checked: bool) -> None:
        self.crypto = NativeCrypto() if checked else Unsigned()
        self.deployment = deployment_of(self.crypto)
        self.journal = JournalStore.create(path, self.deployment.identity(self.crypto))
        self.core = Core.genesis(self.deployment, self.crypto)
        self._entries: list[bytes] = []
        self._snapshot = 0
        self._written: Written = {}
        self.now = START_MS
        public = self.crypto.public_key(key(1))
        for account in range(accounts):
            if account < ACCOUNTS:
                each = deposit(self.crypto, account)
            else:
                each = Deposit(account, account, True, 0, 10**6, 1 + account, public)
            self.tell(Credit(self.now, encode(each), 1, bytes(32)))
        self.tell(Submit(self.now, encode(first_tick(self.deployment, self.crypto))))

    def tell(self, command: Command) -> None:
        outcome = self.core.run(command)
        assert outcome.changed and outcome.refused is None, outcome
        self._entries.append(encode_entry(entry_of(command, self.core, outcome)))
        if len(self._entries) >= CHUNK:
            self.save()

    def save(self) -> None:
        self.journal.append(self._entries)
        self._entries = []

    def order(self, account: int, side: Side, slot: int, number: int, limit: int) -> None:
        order = Order(account, 0, side, slot, number, 100, limit, 1_000, FOREVER)
        self.now += 1
        self.tell(Submit(self.now, encode(SignedOrder(order, Signature(0, 0, 0)))))

    def finish(self) -> None:
        """Let finality follow, and take a snapshot when one is due."""
        sealed = self.core.sealed
        if len(sealed) <= BEHIND:
            return
        self.tell(Finalise(sealed[-BEHIND].number))
        base = self.core.base
        if base.position - self._snapshot >= max(SNAPSHOT_EVERY, len(self._written) // ACCOUNTS_PER_ENTRY):
            self.save()
            self.journal.save_snapshot(base.position, take(base, self.core.base_book(), self._written))
            self._snapshot = base.position

    def run(self, entries: int) -> None:
        """Write until there are so many entries: of ten orders eight are requotes and two trade."""
        number = 0
        while self.core.position < entries:
            number += 1
            for i in range(8):
                self.order(i, Side.SELL, 0, number, 3_100 * USD + number % 50)
            pair = (0, 4) if number % 2 else (4, 0)
            self.order(pair[0], Side.SELL, 1, number, 3_000 * USD)
            self.order(pair[1], Side.BUY, 2, number, 3_000 * USD)
            if number % 4 == 0 and self.core.open is not None:
                self.tell(Seal(self.now, "age"))
            if number % 40 == 0:
                self.finish()
        self.save()


def start(path: Path, history: History) -> tuple[float, Sequencer]:
    """Open the journal and recover; seconds, and the sequencer."""
    began, busy = perf_counter(), process_time()
    journal = JournalStore.open(path, history.deployment.identity(history.crypto))
    opened = perf_counter()
    sequencer = Sequencer(
        history.deployment, history.crypto, journal, key(200), lambda: history.now, Policy(60_000)
    )
    ready = perf_counter()
    busy = process_time() - busy
    print(
        f"  journal opened in {opened - began:.2f} s, recovered in {ready - opened:.2f} s; {busy:.2f} s of CPU"
    )
    return ready - began, sequencer


def main(arguments: Sequence[str] | None = None) -> None:
    """Print what was written, and how long the start took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--accounts", type=int, default=1_000)
    options = parser.parse_args(arguments)
    Path("build").mkdir(exist_ok=True)
    with TemporaryDirectory(dir="build") as directory:
        path = Path(directory) / "journal.db"
        began = perf_counter()
        history = History(path, options.accounts, checked=False)
        history.run(options.entries)
        print(
            f"{history.core.position:,} entries, {options.accounts:,} accounts, in {perf_counter() - began:.0f} s"
        )
        history.journal.close()
        seconds, sequencer = start(path, history)
        saved = sequencer._snapshot_at
        print(
            f"{seconds:.2f} s from a snapshot at {saved:,}: {history.core.position - saved:,} entries run again"
        )
        assert sequencer.core.state.order_chain == history.core.state.order_chain
        began = perf_counter()
        sequencer.core.base.state.accounts.root()
        print(f"  root of the accounts in {perf_counter() - began:.2f} s")
        assert sequencer.core.state.accounts.root() == history.core.state.accounts.root()


if __name__ == "__main__":
    main()
