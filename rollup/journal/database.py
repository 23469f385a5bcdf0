"""The database: one connection to SQLite in write-ahead mode, its tables, and the chain checked row by row.

Decides what is a well-formed row and that a commit is synced before it returns. Whether the history in it is all of what was
acknowledged is the store's question. Nothing here is safe for two threads at once; the store's lock sees to that.
"""

import ctypes
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from rollup.journal import chain
from rollup.journal.errors import JournalError, Reason, damaged, translated
from rollup.journal.head import FORMAT
from rollup.journal.snapshots import Snapshot

_SCHEMA = (
    "CREATE TABLE meta (format INTEGER NOT NULL, identity BLOB NOT NULL)",
    "CREATE TABLE entries (position INTEGER PRIMARY KEY, number INTEGER NOT NULL, data BLOB NOT NULL, "
    "digest BLOB NOT NULL)",
    "CREATE TABLE snapshots (number INTEGER PRIMARY KEY, position INTEGER NOT NULL, digest BLOB NOT NULL)",
)


def create(path: Path, identity: bytes) -> None:
    """Make the database of an empty journal, synced. Raises JournalError: NO_SPACE, FILE_SYSTEM."""
    db = _connect(path, "rwc")
    with translated(path, "creating the database"):
        try:
            if db.execute("PRAGMA journal_mode = WAL").fetchall() != [(b"wal",)]:
                raise JournalError(
                    Reason.FILE_SYSTEM,
                    path,
                    "this file system cannot hold a write-ahead log",
                    "use a local disk",
                )
            db.execute("BEGIN IMMEDIATE")
            for statement in _SCHEMA:
                db.execute(statement)
            db.execute("INSERT INTO meta VALUES (?, ?)", (FORMAT, identity))
            db.execute("COMMIT")
        finally:
            db.close()


class Database:
    """The open database of the journal of `identity`. Its methods raise sqlite3.Error and, for bad rows, JournalError."""

    def __init__(self, path: Path, identity: bytes) -> None:
        """Connect. Nothing is read yet, and nothing is written before `commit` or `absorb_log`."""
        self._path = path
        self._identity = identity
        self._leaked = False
        self._db = _connect(path, "rw")

    def check_owner(self) -> None:
        """Raise JournalError unless the database says that it is this deployment's: OTHER_..., HELD, DAMAGED."""
        if self._db.execute("PRAGMA journal_mode").fetchall() != [(b"wal",)]:
            raise damaged(self._path, "the database is not in write-ahead mode")
        rows = self._db.execute("SELECT format, identity FROM meta").fetchall()
        if len(rows) != 1 or not isinstance(rows[0][0], int) or not isinstance(rows[0][1], bytes):
            raise damaged(self._path, "the database does not say whose it is")
        ((version, identity),) = rows
        if version != FORMAT:
            raise JournalError(
                Reason.OTHER_FORMAT,
                self._path,
                f"format {version}, this is {FORMAT}",
                "use the version that wrote it",
            )
        if identity != self._identity:
            raise JournalError(
                Reason.OTHER_DEPLOYMENT,
                self._path,
                f"the database of {identity.hex()}",
                "open the one of this deployment",
            )

    def last_commit(self) -> int:
        """The number of the last commit: an append's entries or a snapshot's row carry it. 1 for an empty journal."""
        rows = self._db.execute("SELECT number FROM entries ORDER BY position DESC LIMIT 1").fetchall()
        rows += self._db.execute("SELECT number FROM snapshots").fetchall()
        last = 1
        for (number,) in rows:
            if not isinstance(number, int):
                raise damaged(self._path, "the last entry does not say which commit it is of")
            last = max(last, number)
        return last

    def entries(self, after: int, digest: bytes, count: int = -1) -> Iterator[tuple[int, bytes, bytes]]:
        """Position, bytes and digest of up to `count` entries (all if negative) that follow position `after` with `digest`.

        Raises JournalError (DAMAGED) at the first one that is missing in between or does not belong to the chain.
        """
        query = (
            "SELECT position, number, data, digest FROM entries WHERE position > ? ORDER BY position LIMIT ?"
        )
        for position, number, data, stored in self._db.execute(query, (after, count)):
            after += 1
            if position != after:
                raise damaged(self._path, f"entry {after} is not there")
            if not isinstance(number, int) or number < 0 or not isinstance(data, bytes):
                raise damaged(self._path, f"entry {position} is not one that was written")
            digest = chain.chained(digest, number, data)
            if digest != stored:
                raise damaged(self._path, f"entry {position} does not belong to the chain")
            yield position, data, digest

    def digest_at(self, position: int) -> bytes:
        """The chain's digest at a position, as stored. Raises JournalError (DAMAGED) if there is none."""
        if position == 0:
            return chain.genesis(self._identity)
        rows = self._db.execute("SELECT digest FROM entries WHERE position = ?", (position,)).fetchall()
        if len(rows) != 1 or not isinstance(rows[0][0], bytes):
            raise damaged(self._path, f"entry {position} is not there")
        return rows[0][0]

    def snapshots(self) -> list[Snapshot]:
        """The rows of the kept snapshots, the latest first."""
        rows = self._db.execute(
            "SELECT number, position, digest FROM snapshots ORDER BY position DESC"
        ).fetchall()
        for number, position, digest in rows:
            if not isinstance(position, int) or position < 0 or not isinstance(digest, bytes):
                raise damaged(self._path, f"the row of snapshot {number} is not one that was written")
        return [Snapshot(*row) for row in rows]

    def add_entries(self, rows: list[tuple[int, int, bytes, bytes]]) -> None:
        """Within `commit`: position, commit's number, bytes and digest of each."""
        self._db.executemany("INSERT INTO entries VALUES (?, ?, ?, ?)", rows)

    def replace_snapshots(self, new: Snapshot, stay: list[int]) -> None:
        """Within `commit`: add `new` and drop all others but those of the commits in `stay`."""
        self._db.execute("INSERT INTO snapshots VALUES (?, ?, ?)", (new.commit, new.position, new.digest))
        marks = ", ".join("?" * (len(stay) + 1))
        self._db.execute(f"DELETE FROM snapshots WHERE number NOT IN ({marks})", (new.commit, *stay))

    def commit(self, write: Callable[[], None]) -> None:
        """Do what `write` does, all or nothing, and sync the log."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            write()
            self._db.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
            raise

    def absorb_log(self) -> None:
        """Copy what the log holds into the database and sync it.

        What a killed process wrote may so far be in the system's memory only, and a failed sync is reported once, to the
        process that is gone: after this the disk has it, or this raises.
        """
        # No other connection can make it stop half-way: the locking is exclusive.
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def fault(self) -> str | None:
        """What SQLite's own check of the whole file finds first, or None."""
        ((found,),) = self._db.execute("PRAGMA integrity_check(1)").fetchall()
        return None if found == b"ok" else str(found, errors="replace")

    def close(self) -> None:
        """Disconnect. What could not be copied from the log stays in the log."""
        with suppress(sqlite3.Error):
            self._db.close()

    def close_unchanged(self) -> None:
        """Disconnect without copying the log into the database: of a refused journal, neither may be touched.

        The interruption stops that copying, which closing begins, at its first page. SQLite still deletes a log in which it
        sees nothing.
        """
        with suppress(sqlite3.Error):
            self._db.interrupt()
        self.close()

    def leak(self) -> None:
        """In a forked child: never free the connection, or SQLite deletes the log that the parent goes on writing to."""
        self._leaked = True
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._db))

    def __del__(self) -> None:
        # A connection and its statements refer to one another, so dropping it would keep the file until a collection.
        if hasattr(self, "_db") and not self._leaked:
            self.close()


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    with translated(path, "opening the database"):
        # The store's lock keeps threads apart; without the flag a call from another one would raise.
        db = sqlite3.connect(
            f"{path.as_uri()}?mode={mode}",
            uri=True,
            isolation_level=None,
            timeout=0.5,
            check_same_thread=False,
        )
        try:
            db.text_factory = bytes
            # Before the first access, so that the log's index is in memory and no other process can join in.
            db.execute("PRAGMA locking_mode = EXCLUSIVE")
            db.execute("PRAGMA synchronous = FULL")
        except BaseException:
            db.close()
            raise
    return db
