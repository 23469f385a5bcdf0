"""Snapshots on disk: a state's bytes in a file of their own, and the row in the database that says they are to be there.

A file of its own, because tens of megabytes through SQLite's log would be written twice and hold appends up meanwhile. The
row counts as a commit, so a saved snapshot is as durable as an entry: its file is synced, under its final name, before the row
is. A file without a row is what a crash left; it is removed with the next save.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from rollup.journal import chain
from rollup.journal.errors import JournalError, Reason, translated

KEPT = 2


@dataclass(frozen=True)
class Snapshot:
    """A row: the commit that saved it (also the file's name), its position, and the digest of all it stands for."""

    commit: int
    position: int
    digest: bytes


def file_of(database: Path, commit: int) -> Path:
    """Where the data of the snapshot of `commit` is."""
    return database.with_name(f"{database.name}.snapshot-{commit}")


def all_files(database: Path) -> list[Path]:
    """Every snapshot file beside the database, with or without a row, whole or not."""
    prefix = f"{database.name}.snapshot-"
    return [path for path in database.absolute().parent.iterdir() if path.name.startswith(prefix)]


def sync_directory(directory: Path) -> None:
    """Make names in a directory durable: a new file, a rename or a removal is not until then."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write(path: Path, data: bytes) -> None:
    """Write a snapshot's file, durable and under its name when this returns; nothing is left if it fails.

    Raises JournalError: NO_SPACE, FILE_SYSTEM.
    """
    unfinished = path.with_name(path.name + ".new")
    with translated(path, "saving a snapshot"):
        try:
            with unfinished.open("wb", buffering=0) as file:
                view = memoryview(data)
                while view:
                    view = view[file.write(view) :]
                os.fsync(file.fileno())
            unfinished.replace(path)
            sync_directory(path.absolute().parent)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            path.unlink(missing_ok=True)
            raise


def read(database: Path, identity: bytes, snapshot: Snapshot, at_position: bytes) -> bytes:
    """The snapshot's data, checked against its row and the chain's digest at its position.

    Raises JournalError: SNAPSHOT_DAMAGED, FILE_SYSTEM.
    """
    path = file_of(database, snapshot.commit)
    remedy = "open with skip_damaged_snapshot=True to start from the snapshot before, re-running more entries"
    with translated(path, "reading a snapshot"):
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            found = f"the snapshot of position {snapshot.position} is not there"
            raise JournalError(Reason.SNAPSHOT_DAMAGED, path, found, remedy) from None
    if (
        chain.snapshot_digest(identity, snapshot.commit, snapshot.position, at_position, data)
        != snapshot.digest
    ):
        found = f"the snapshot of position {snapshot.position} is not what was saved"
        raise JournalError(Reason.SNAPSHOT_DAMAGED, path, found, remedy)
    return data
