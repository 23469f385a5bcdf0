"""The store: entries in SQLite's write-ahead log, the head beside it, and what has to agree before a journal opens.

Promise. When `append` returns position p, the entries up to p are on disk, and every later `open` either gives them all or
raises JournalError: a damaged, truncated, deleted or older file never passes for a shorter history. Cannot be noticed here:
all files put back *together* to an older state. That is a consistent journal, only an old one; the node therefore compares itself
with L1 and with the receipts that it finds before it promises anything.

Two syncs a commit, in this order: the database's log, then the head. One would not do. With a single sync over both, a crash can
leave the head of n without the entries of n; the same picture results when acknowledged entries of n are damaged later. Whoever
cannot tell the two apart either loses acknowledged entries or refuses to start after a power failure. (A record written twice
under one sync could tell; it would be a second write-ahead log. Appending several entries at once shares both syncs.)

Opening checks the head against the end of the chain, and the chain from the latest snapshot on, so it takes as long as what
happened since. Older entries are checked whenever they are read, and all of it by `verify`.
"""

import os
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

from rollup.journal import chain, database, snapshots
from rollup.journal.database import Database
from rollup.journal.errors import RESTORE, JournalError, Reason, damaged, translated
from rollup.journal.head import Head, HeadFile, acknowledged
from rollup.journal.snapshots import Snapshot

MAX_ENTRY_BYTES = 1 << 24
_CHUNK = 256  # entries a read fetches under the lock: appends wait for no more than this


class JournalStore:
    """An open journal: `create` or `open` gives one, `close` or the end of a `with` block releases it.

    Any thread may call any method. A forked child's copy refuses everything and touches no file.
    """

    def __init__(self) -> None:
        raise TypeError("use JournalStore.create or JournalStore.open: they say which of the two is meant")

    @classmethod
    def create(cls, path: Path, identity: bytes) -> "JournalStore":
        """Make the empty journal of the deployment `identity` (32 bytes) at `path` and open it.

        Raises JournalError: EXISTS if any file of a journal is there, also a left-over one; NO_SPACE, FILE_SYSTEM. Then
        nothing of the new journal is left.
        """
        path = Path(path).resolve()  # SQLite puts its log beside the file that a link leads to
        _check_identity(path, identity)
        with translated(path, "looking for a journal"):
            found = [each for each in (*_files(path), *snapshots.all_files(path)) if os.path.lexists(each)]
        if found:
            names = ", ".join(each.name for each in found)
            raise JournalError(Reason.EXISTS, path, f"there is {names}", "open it, or choose another path")
        head_file = HeadFile(_head_path(path), identity, create=True)
        try:
            database.create(path, identity)
            with translated(path, "creating the journal"):
                snapshots.sync_directory(path.parent)
            # Last: an empty head says that creation was cut short, a filled one that all of it is on disk.
            head_file.format()
            with translated(path, "creating the journal"):
                snapshots.sync_directory(path.parent)
            return cls._held(path, identity, head_file, skip_damaged_snapshot=False)
        except BaseException:
            with suppress(OSError):
                for each in _files(path):
                    each.unlink(missing_ok=True)
            head_file.close()
            raise

    @classmethod
    def open(cls, path: Path, identity: bytes, *, skip_damaged_snapshot: bool = False) -> "JournalStore":
        """Open the journal of the deployment `identity` at `path`.

        `skip_damaged_snapshot` passes over damaged snapshots to the one before, or to none: the history is the same, more of
        it is checked now and re-run by the caller. The entries of an append that a crash cut off before it was acknowledged
        are kept if the database has them; the caller sees them like all others.

        Raises JournalError: MISSING, OTHER_DEPLOYMENT, OTHER_FORMAT, HELD, DAMAGED, BEHIND_HEAD, SNAPSHOT_DAMAGED,
        NO_SPACE, FILE_SYSTEM. Then no file was changed: put back what was lost and open again.
        """
        path = Path(path).resolve()  # SQLite puts its log beside the file that a link leads to
        _check_identity(path, identity)
        if not os.path.lexists(path):
            what = (
                "the journal's database is not there"
                if os.path.lexists(_head_path(path))
                else "no journal is there"
            )
            raise JournalError(Reason.MISSING, path, what, f"{RESTORE}; `create` makes a new journal")
        head_file = HeadFile(_head_path(path), identity)
        return cls._held(path, identity, head_file, skip_damaged_snapshot=skip_damaged_snapshot)

    @classmethod
    def _held(
        cls, path: Path, identity: bytes, head_file: HeadFile, *, skip_damaged_snapshot: bool
    ) -> "JournalStore":
        self = cls.__new__(cls)
        self._begin(path, identity, head_file)
        log = _beside(path, "-wal")
        try:
            slots = head_file.slots()
            with translated(path, "opening the log"):
                kept_log = log.read_bytes() if log.exists() else None
                if _beside(path, "-journal").exists():
                    raise damaged(
                        _beside(path, "-journal"), "a rollback journal, which this store never leaves"
                    )
            self._database = Database(path, identity)
            try:
                with translated(path, "opening the database"):
                    self._settle(slots, has_log=bool(kept_log), skip=skip_damaged_snapshot)
            except BaseException:
                self._database.close_unchanged()
                # A log of which SQLite can read nothing it deletes, and with it what a person might still restore from.
                if kept_log is not None and not log.exists():
                    with suppress(OSError):
                        log.write_bytes(kept_log)
                raise
        except BaseException:
            head_file.close()
            raise
        return self

    def _begin(self, path: Path, identity: bytes, head_file: HeadFile) -> None:
        self._path, self._identity, self._head_file = path, identity, head_file
        self._database: Database | None = None
        self._head = Head(0, 0, b"")
        self._lock, self._snapshot_lock = threading.Lock(), threading.Lock()
        self._broken, self._inherited = False, False
        self._skipped: frozenset[int] = frozenset()
        _OPEN.add(self)

    def _settle(self, slots: tuple[Head | None, Head | None], *, has_log: bool, skip: bool) -> None:
        """Compare everything with the head; write only when all of it agrees."""
        db = self._open_database()
        db.check_owner()
        last_commit = db.last_commit()
        head = acknowledged(self._head_file.path, slots, last_commit)
        start = self._usable_snapshot(db, skip=skip)
        # From the entry before the snapshot's, so that the last entry is looked at even when nothing follows the snapshot.
        position = max(start.position - 1, 0) if start else 0
        digest = db.digest_at(position)
        at_head = digest if position == head.position else None
        for reached, _, chained in db.entries(position, digest):
            position, digest = reached, chained
            if position == head.position:
                at_head = digest
        if at_head != head.digest:
            raise damaged(
                self._path,
                f"the head's {head.position} entries are not those of the database, which has {position}",
            )
        if has_log:
            db.absorb_log()
        self._head = Head(last_commit, position, digest)
        if last_commit != head.commit:
            self._head_file.write(self._head)

    def _usable_snapshot(self, db: Database, *, skip: bool) -> Snapshot | None:
        for row in db.snapshots():
            try:
                snapshots.read(self._path, self._identity, row, db.digest_at(row.position))
            except JournalError as error:
                if error.reason != Reason.SNAPSHOT_DAMAGED or not skip:
                    raise
                self._skipped |= {row.commit}
            else:
                return row
        return None

    def _open_database(self) -> Database:
        if self._database is None:
            raise JournalError(Reason.CLOSED, self._path, "this object was closed", "open the journal again")
        return self._database

    @property
    def path(self) -> Path:
        """The database; the head and the snapshots are beside it."""
        return self._path

    @property
    def position(self) -> int:
        """Entries so far, all of them durable; the next one gets this plus one."""
        return self._head.position

    def append(self, entries: Sequence[bytes]) -> int:
        """Make the entries durable, all or none, and return the position of the last. They are on disk when this returns.

        Raises JournalError: ARGUMENT (nothing was done), BROKEN, CLOSED; NO_SPACE and FILE_SYSTEM, after which it is not
        known whether the entries are kept and this object takes no more: open the journal again, that decides.
        """
        for entry in entries:
            if len(entry) > MAX_ENTRY_BYTES:
                raise self._refused(f"an entry of {len(entry)} bytes", f"keep them to {MAX_ENTRY_BYTES}")
        with self._using(writing=True) as db:
            if not entries:
                return self._head.position
            commit, position, digest = self._head.commit + 1, self._head.position, self._head.digest
            rows = []
            for data in entries:
                position, digest = position + 1, chain.chained(digest, commit, data)
                rows.append((position, commit, data, digest))
            self._commit(db, "appending", Head(commit, position, digest), lambda: db.add_entries(rows))
            return position

    def save_snapshot(self, position: int, data: bytes) -> None:
        """Keep `data` as the state after entry `position`, durably; the two latest snapshots are kept.

        Appends go on while the data are written. Raises JournalError: ARGUMENT if the position is beyond the head or not
        beyond the latest snapshot's; NO_SPACE, FILE_SYSTEM, BROKEN, CLOSED. If a file could not be written, the object stays
        usable; if the commit failed, the next call says BROKEN.
        """
        with self._snapshot_lock:
            with self._using(writing=True) as db:
                kept = [row for row in db.snapshots() if row.commit not in self._skipped]
                if not 0 <= position <= self._head.position or (kept and position <= kept[0].position):
                    latest = (
                        f"the latest snapshot is of {kept[0].position}" if kept else "there is no snapshot"
                    )
                    raise self._refused(
                        f"a snapshot of position {position}, the journal is at {self._head.position}, {latest}",
                        "save a later state that the journal has reached",
                    )
                at_position = db.digest_at(position)
            # Appends go on meanwhile, so the commit's number, which names the file, is known only afterwards.
            waiting = _beside(self._path, ".snapshot-next")
            snapshots.write(waiting, data)
            with self._using(writing=True) as db:
                commit = self._head.commit + 1
                digest = chain.snapshot_digest(self._identity, commit, position, at_position, data)
                with translated(self._path, "saving a snapshot"):
                    waiting.replace(snapshots.file_of(self._path, commit))
                    snapshots.sync_directory(self._path.parent)
                stay = [row.commit for row in kept[: snapshots.KEPT - 1]]
                new = Snapshot(commit, position, digest)
                head = Head(commit, self._head.position, self._head.digest)
                self._commit(db, "saving a snapshot", head, lambda: db.replace_snapshots(new, stay))
            # The snapshot is saved: what cannot be removed now is left for the next time.
            with suppress(OSError):
                named = {snapshots.file_of(self._path, number) for number in (commit, *stay)}
                for each in set(snapshots.all_files(self._path)) - named:
                    each.unlink(missing_ok=True)

    def latest_snapshot(self) -> tuple[int, bytes] | None:
        """Position and data of the latest snapshot that opening did not skip, checked again; None if there is none.

        Raises JournalError: SNAPSHOT_DAMAGED, FILE_SYSTEM, CLOSED.
        """
        with self._snapshot_lock:
            with self._using() as db:
                rows = [row for row in db.snapshots() if row.commit not in self._skipped]
                if not rows:
                    return None
                at_position = db.digest_at(rows[0].position)
            return rows[0].position, snapshots.read(self._path, self._identity, rows[0], at_position)

    def entries(self, after: int = 0) -> Iterator[tuple[int, bytes]]:
        """Position and bytes of every entry after the position `after` up to now, in order, checked against the chain.

        Entries appended meanwhile are not among them. Raises JournalError: ARGUMENT at once if `after` is beyond the head;
        DAMAGED, CLOSED while reading.
        """
        if not 0 <= after <= self._head.position:
            raise self._refused(f"entries after position {after}", f"ask for 0 to {self._head.position}")
        return self._entries(after, self._head)

    def _entries(self, after: int, end: Head) -> Iterator[tuple[int, bytes]]:
        with self._using() as db:
            digest = db.digest_at(after)
        position = after
        for _ in range(after, end.position, _CHUNK):
            with self._using() as db:
                rows = list(db.entries(position, digest, min(_CHUNK, end.position - position)))
            for reached, data, chained in rows:
                position, digest = reached, chained
                yield position, data
        if digest != end.digest:
            raise damaged(self._path, "the entries do not end where the head says")

    def entry(self, position: int) -> bytes:
        """The entry at `position` (from 1), checked against the digests beside it.

        Raises JournalError: ARGUMENT if there is no such position; DAMAGED, CLOSED.
        """
        with self._using() as db:
            if not 1 <= position <= self._head.position:
                raise self._refused(f"entry {position}", f"ask for 1 to {self._head.position}")
            for _, data, _ in db.entries(position - 1, db.digest_at(position - 1), 1):
                return data
            raise damaged(self._path, f"entry {position} is not there")

    def verify(self) -> int:
        """Check all of it: the database's structure, every entry from the first, every snapshot; return the position.

        Takes seconds for a million entries; other calls wait only while the structure is checked. Raises JournalError:
        DAMAGED, SNAPSHOT_DAMAGED, FILE_SYSTEM, CLOSED.
        """
        with self._using() as db:
            fault, end = db.fault(), self._head
        if fault is not None:
            raise damaged(self._path, f"SQLite finds: {fault}")
        for _ in self._entries(0, end):
            pass
        with self._snapshot_lock:
            with self._using() as db:
                rows = [(row, db.digest_at(row.position)) for row in db.snapshots()]
            for row, at_position in rows:
                snapshots.read(self._path, self._identity, row, at_position)
        return end.position

    def close(self) -> None:
        """Release the files. Closing twice is harmless."""
        if self._inherited:
            return
        with self._lock:
            if self._database is not None:
                self._database.close()
                self._database = None
                self._head_file.close()

    def __enter__(self) -> "JournalStore":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _using(self, *, writing: bool = False) -> Iterator[Database]:
        if self._inherited:
            raise JournalError(
                Reason.BROKEN,
                self._path,
                "this process was forked from the one that opened it",
                "open it in one process",
            )
        with self._lock:
            db = self._open_database()
            if writing and self._broken:
                raise JournalError(
                    Reason.BROKEN,
                    self._path,
                    "an earlier write failed",
                    "close this object and open the journal again",
                )
            with translated(self._path, "using the journal"):
                yield db

    def _commit(self, db: Database, doing: str, head: Head, write: Callable[[], None]) -> None:
        # Broken until it is done: whatever interrupts this, a signal too, leaves it unknown what is on disk.
        self._broken = True
        with translated(self._path, doing):
            db.commit(write)
            self._head_file.write(head)
        self._head = head
        self._broken = False

    def _refused(self, found: str, remedy: str) -> JournalError:
        return JournalError(Reason.ARGUMENT, self._path, found, remedy)

    def _abandon(self) -> None:
        """In a forked child: let go without touching what is the parent's.

        The child's copy of the head's descriptor would keep the lock when the parent has died, so it is closed.
        """
        self._inherited = True
        with suppress(OSError):
            self._head_file.close()
        if self._database is not None:
            self._database.leak()


_OPEN: "weakref.WeakSet[JournalStore]" = weakref.WeakSet()


def _abandon_all() -> None:
    for store in list(_OPEN):
        store._abandon()


os.register_at_fork(after_in_child=_abandon_all)


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _head_path(path: Path) -> Path:
    return _beside(path, ".head")


def _files(path: Path) -> tuple[Path, ...]:
    return (path, *(_beside(path, ending) for ending in ("-wal", "-shm", "-journal", ".head")))


def _check_identity(path: Path, identity: bytes) -> None:
    if len(identity) != chain.IDENTITY_BYTES:
        raise JournalError(
            Reason.ARGUMENT, path, f"an identity of {len(identity)} bytes", f"give {chain.IDENTITY_BYTES}"
        )
