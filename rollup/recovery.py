"""From a journal back to the core that wrote it.

Decides nothing about transactions: it runs the recorded commands through the core that ran them first, and compares what they come to
with what was promised. A replay that differs is refused, never repaired: a node that cannot keep its receipts must not run.
"""

from dataclasses import dataclass

from rollup.commands import Command, Entry, EntryError, Promised, decode_entry
from rollup.core import Core, CoreError, Outcome
from rollup.journal import JournalStore
from rollup.ledger.configuration import Deployment
from rollup.ledger.crypto import Crypto
from rollup.receipts import Promise
from rollup.snapshot import SnapshotError, restore


class RecoveryError(Exception):
    """A journal that is whole, and says something else than the rules or itself. The software or its parameters differ from those that
    wrote it; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """The core after the journal's last command, and the position of the snapshot that it was made from (0: none)."""

    core: Core
    snapshot: int


def recover(journal: JournalStore, deployment: Deployment, crypto: Crypto) -> Recovered:
    """Run the journal again, from the latest snapshot on. Raises RecoveryError, JournalError."""
    saved = journal.latest_snapshot()
    try:
        core = Core.genesis(deployment, crypto) if saved is None else restore(saved[1], deployment, crypto)
        if saved is not None and core.position != saved[0]:
            raise RecoveryError(f"the snapshot at entry {saved[0]} says that it stands at {core.position}")
        for position, data in journal.entries(after=core.position):
            _run(core, position, decode_entry(data))
    except (SnapshotError, EntryError) as error:
        raise RecoveryError(f"the journal cannot be read by this version: {error}") from error
    return Recovered(core, 0 if saved is None else saved[0])


def _run(core: Core, position: int, entry: Entry) -> None:
    try:
        outcome = core.run(entry.command)
    except CoreError as error:
        raise RecoveryError(f"entry {position} cannot be run again: {error}") from error
    if entry_of(entry.command, core, outcome) != entry or core.position != position:
        raise RecoveryError(
            f"entry {position} promised up to number {entry.sequence} of epoch {entry.epoch}; run again it comes to number "
            f"{core.state.sequence} of epoch {core.epoch}, or to other promises"
        )


def entry_of(command: Command, core: Core, outcome: Outcome) -> Entry:
    """What the journal keeps of a command that `core` has just run."""
    promises = tuple(
        Promised(
            sequence=promise.sequence,
            transaction=promise.transaction.to_bytes(31, "big"),
            chain=promise.order_chain.to_bytes(32, "big"),
            time_ms=promise.time_ms,
        )
        for promise in outcome.promises
    )
    return Entry(command, core.epoch, core.state.sequence, promises)


def promises_of(entry: Entry) -> tuple[Promise, ...]:
    """The promises that an entry keeps."""
    return tuple(
        Promise(
            epoch=entry.epoch,
            sequence=each.sequence,
            transaction=int.from_bytes(each.transaction, "big"),
            order_chain=int.from_bytes(each.chain, "big"),
            time_ms=each.time_ms,
        )
        for each in entry.promises
    )
