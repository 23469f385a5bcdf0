"""The journal: what the node has promised, on disk before anyone is told.

Decides which events are kept, their bytes, and durability: `append` returns after SQLite has synced the write-ahead
log, all entries of one call or none. Entries form a hash chain, so that a damaged or edited file is refused instead of
replayed. One process at a time holds the file. What the events do to a state is `rollup.recovery`'s.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from types import TracebackType

import msgspec

FORMAT = 1


class JournalError(Exception):
    """The file is not this deployment's journal, is damaged, or is held by another process."""


class Opened(msgspec.Struct, frozen=True, tag=1, array_like=True):
    """A batch was opened with its first transaction."""

    number: int
    time_ms: int


class Applied(msgspec.Struct, frozen=True, tag=2, array_like=True):
    """A transaction was applied: its canonical bytes, and the promise that its receipt makes."""

    sequence: int
    time_ms: int
    order_chain: bytes
    transaction: bytes


class Rested(msgspec.Struct, frozen=True, tag=3, array_like=True):
    """What is left of an order went to the book."""

    order: bytes


class Dropped(msgspec.Struct, frozen=True, tag=4, array_like=True):
    """An order left the book unfilled."""

    account: int
    slot: int
    id: int


class Sealed(msgspec.Struct, frozen=True, tag=5, array_like=True):
    """The open batch was sealed with this state root."""

    number: int
    root: bytes


Event = Opened | Applied | Rested | Dropped | Sealed

_ENCODER = msgspec.msgpack.Encoder()
_DECODER: msgspec.msgpack.Decoder[Event] = msgspec.msgpack.Decoder(Event)


class Journal:
    """An open journal file. Use it as a context manager, or call `close`."""

    def __init__(self, path: Path, identity: bytes) -> None:
        """Open or create the journal of the deployment `identity` (32 bytes).

        Raises JournalError if the file belongs to another deployment, is damaged, or is held by another process.
        """
        self.path = path
        self._db = sqlite3.connect(path, isolation_level=None, timeout=0.5)
        try:
            self._prepare(identity)
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise JournalError(f"{path}: {error}") from error
        except JournalError:
            self._db.close()
            raise

    def _prepare(self, identity: bytes) -> None:
        self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
        mode = self._db.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        self._db.execute("PRAGMA synchronous = FULL")
        if mode != "wal" or self._db.execute("PRAGMA synchronous").fetchone()[0] != 2:
            raise JournalError(f"{self.path}: this file system cannot hold a durable journal")
        with self._transaction():
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS meta (format INTEGER NOT NULL, identity BLOB NOT NULL)"
            )
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS entries "
                "(position INTEGER PRIMARY KEY, event BLOB NOT NULL, digest BLOB NOT NULL)"
            )
            rows = self._db.execute("SELECT format, identity FROM meta").fetchall()
            if not rows:
                self._db.execute("INSERT INTO meta VALUES (?, ?)", (FORMAT, identity))
            elif rows != [(FORMAT, identity)]:
                raise JournalError(f"{self.path} is the journal of another deployment or format")
        self._position, self._digest, self._broken = 0, identity, False
        for _ in self.events():
            pass

    def events(self) -> Iterator[Event]:
        """Every event in order, checked against the hash chain. Raises JournalError at the first damage."""
        position, digest = 0, self._identity()
        for number, data, stored in self._db.execute(
            "SELECT position, event, digest FROM entries ORDER BY position"
        ):
            digest = _chained(digest, data)
            if number != position + 1 or stored != digest:
                raise JournalError(f"{self.path}: entry {number} does not belong to the chain")
            position = number
            try:
                event = _DECODER.decode(data)
            except msgspec.MsgspecError as error:
                raise JournalError(f"{self.path}: entry {number}: {error}") from error
            yield event
        self._position, self._digest = position, digest

    def append(self, events: Sequence[Event]) -> None:
        """Make the events durable, all or none. They are on disk when this returns.

        Raises JournalError; then it is not known whether they are, and this object takes no more: open the file again.
        """
        if self._broken:
            raise JournalError(f"{self.path}: an earlier append failed")
        position, digest = self._position, self._digest
        rows = []
        for event in events:
            data = _ENCODER.encode(event)
            position, digest = position + 1, _chained(digest, data)
            rows.append((position, data, digest))
        try:
            with self._transaction():
                self._db.executemany("INSERT INTO entries VALUES (?, ?, ?)", rows)
        except sqlite3.Error as error:
            self._broken = True
            raise JournalError(f"{self.path}: {error}") from error
        self._position, self._digest = position, digest

    def close(self) -> None:
        """Release the file."""
        self._db.close()

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _identity(self) -> bytes:
        (identity,) = self._db.execute("SELECT identity FROM meta").fetchone()
        return bytes(identity)

    def _transaction(self) -> "_Transaction":
        return _Transaction(self._db)


class _Transaction:
    """BEGIN IMMEDIATE ... COMMIT, or ROLLBACK if anything was raised."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._db.execute("COMMIT")
        elif self._db.in_transaction:
            self._db.execute("ROLLBACK")


def _chained(digest: bytes, data: bytes) -> bytes:
    return sha256(digest + data).digest()
