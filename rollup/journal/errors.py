"""What a journal refuses, numbered, and how errors of SQLite and of the operating system become one of these.

Every message says what was found and what to do about it. Nothing here is recoverable by trying again on the same object
except what is named so: a refused argument, and a snapshot that did not fit.
"""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path


class Reason(IntEnum):
    """Why a journal call was refused. The numbers are stable."""

    EXISTS = 1
    """`create` where something of a journal already is."""
    MISSING = 2
    """`open` where a file of the journal is not there."""
    OTHER_DEPLOYMENT = 3
    """The files carry another identity."""
    OTHER_FORMAT = 4
    """The files are of another version of this store."""
    HELD = 5
    """Another process, or another object of this process, holds the journal."""
    DAMAGED = 6
    """The files contradict themselves or one another."""
    BEHIND_HEAD = 7
    """The database does not reach what was acknowledged."""
    SNAPSHOT_DAMAGED = 8
    """The entries may be whole, but a snapshot is not what was saved."""
    BROKEN = 9
    """An earlier write of this object failed, or the process was forked."""
    NO_SPACE = 10
    """Disk, quota or size limit is exhausted."""
    FILE_SYSTEM = 11
    """Any other refusal of the operating system: permissions, read-only, input or output."""
    CLOSED = 12
    """The object was closed."""
    ARGUMENT = 13
    """A position, length or identity that cannot be meant; nothing was done."""


class JournalError(Exception):
    """A journal was not created, opened, read or appended to. `reason` is for programs, the text for people."""

    def __init__(self, reason: Reason, path: Path, found: str, remedy: str) -> None:
        super().__init__(f"{path}: {found}; {remedy} [journal {reason.value} {reason.name}]")
        self.reason = reason
        self.path = path


RESTORE = "restore all files of the journal together from a copy, or rebuild the node from L1 and a replica"
_REOPEN = "close this object and open the journal again: that decides what is kept"
_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def damaged(path: Path, found: str, remedy: str = RESTORE) -> JournalError:
    """The error for files that contradict themselves or one another."""
    return JournalError(Reason.DAMAGED, path, found, remedy)


@contextmanager
def translated(path: Path, doing: str) -> Iterator[None]:
    """Turn what SQLite or the operating system raise inside the block into JournalError."""
    try:
        yield
    except sqlite3.Error as error:
        raise _from_sqlite(path, doing, error) from error
    except OSError as error:
        text = f"{doing}: {error.strerror or error}"
        if error.errno in _SPACE:
            raise JournalError(Reason.NO_SPACE, path, text, f"make room, then {_REOPEN}") from error
        raise JournalError(
            Reason.FILE_SYSTEM, path, text, "see to the disk and its permissions, then open again"
        ) from error


def _from_sqlite(path: Path, doing: str, error: sqlite3.Error) -> JournalError:
    # Errors that the Python module raises by itself, about a value that it cannot read, carry no code: damage.
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    text = f"{doing}: {error}"
    if code == sqlite3.SQLITE_FULL:
        return JournalError(Reason.NO_SPACE, path, text, f"make room, then {_REOPEN}")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return JournalError(Reason.HELD, path, text, "end the other program that has the database open")
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN):
        remedy = "see to the disk, its permissions and the limits of this process, then open again"
        return JournalError(Reason.FILE_SYSTEM, path, text, remedy)
    return damaged(path, text)
