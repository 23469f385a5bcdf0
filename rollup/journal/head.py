"""The head: what was acknowledged last, kept apart from what a crash can tear.

A small file of two checksummed slots, each in its own 4 KiB block; commit n is written to slot n mod 2 and synced after the
database has synced commit n, and before anyone is told of it. So at every instant the slots hold commits n and n - 1, or the
one of n - 1 is being overwritten by n + 1, and then the database already has n + 1. `acknowledged` is that argument as code:
every other picture is damage. The parity is that of the commit, not of the position: a commit may carry several entries or
none, and two of even length would otherwise overwrite the same slot and leave nothing to compare a torn one with.

The lock of the journal is the operating system's lock on this file: it ends with the process, however that ends.
"""

import fcntl
import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from rollup.journal import chain
from rollup.journal.errors import RESTORE, JournalError, Reason, damaged, translated

FORMAT = 2
SLOT_OFFSETS = (0, 4096)
FILE_BYTES = 8192

_MAGIC = b"TPJHEAD\n"
# magic, format, identity, commit, position, digest; the SHA-256 of these bytes follows.
_SLOT = struct.Struct(f">8sI{chain.IDENTITY_BYTES}sQQ{chain.DIGEST_BYTES}s")
SLOT_BYTES = _SLOT.size + 32


@dataclass(frozen=True)
class Head:
    """Commit number, the position that it reached (entries so far), and the chain's digest there."""

    commit: int
    position: int
    digest: bytes


def first_heads(identity: bytes) -> tuple[Head, Head]:
    """What a new journal's slots hold: its creation counts as commits 0 and 1, so that both are always filled."""
    start = chain.genesis(identity)
    return Head(0, 0, start), Head(1, 0, start)


def acknowledged(path: Path, slots: Sequence[Head | None], last_commit: int) -> Head:
    """The head that counts, given both slots (None: not valid) and the number of the database's last commit.

    The database may be one commit further: the crash came before the head was written. Raises JournalError (BEHIND_HEAD,
    DAMAGED) for everything else that is not exactly the acknowledged state.
    """
    valid = [head for head in slots if head is not None]
    if not valid:
        raise damaged(path, "neither slot of the head is valid (creation cut short, or damage)")
    head = max(valid, key=lambda each: each.commit)
    if last_commit < head.commit:
        raise JournalError(
            Reason.BEHIND_HEAD,
            path,
            f"commit {head.commit} was acknowledged, the database ends at commit {last_commit}",
            RESTORE,
        )
    if last_commit > head.commit + 1:
        raise damaged(path, f"the database is at commit {last_commit}, the head only at {head.commit}")
    if len(valid) == 2 and valid[0].commit + valid[1].commit != 2 * head.commit - 1:
        raise damaged(path, "the two slots of the head are not of successive commits")
    if len(valid) == 1 and last_commit != head.commit + 1:
        raise damaged(path, "a slot of the head is invalid, and no write can have been cut short there")
    return head


class HeadFile:
    """The open, locked head file. Owned by one store."""

    def __init__(self, path: Path, identity: bytes, *, create: bool = False) -> None:
        """Open (or create, empty) and lock. Raises JournalError: EXISTS, MISSING, HELD, FILE_SYSTEM."""
        self.path = path
        self._identity = identity
        flags = os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT | os.O_EXCL if create else 0)
        with translated(path, "opening the head"):
            try:
                # A file object, so that a store which is dropped without `close` lets the lock go.
                self._file = os.fdopen(os.open(path, flags, 0o644), "r+b", buffering=0)
            except FileExistsError:
                raise JournalError(
                    Reason.EXISTS, path, "the file exists", "open the journal, or choose another path"
                ) from None
            except FileNotFoundError:
                raise JournalError(
                    Reason.MISSING,
                    path,
                    "the journal's head is not there",
                    f"{RESTORE}; `create` makes a new journal",
                ) from None
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._file.close()
                raise JournalError(
                    Reason.HELD,
                    path,
                    "the journal is open elsewhere, in this process or another",
                    "close it there first",
                ) from None

    def format(self) -> None:
        """Fill a new file: the slots of an empty journal, synced."""
        with translated(self.path, "writing the head"):
            self._file.write(bytes(FILE_BYTES))
            for head in first_heads(self._identity):
                self._put(head)
            os.fsync(self._file.fileno())

    def slots(self) -> tuple[Head | None, Head | None]:
        """Both slots as they are; None for one whose checksum, place or magic is wrong.

        Raises JournalError: OTHER_DEPLOYMENT and OTHER_FORMAT for a slot that is whole but not ours, DAMAGED for another
        length of the file.
        """
        with translated(self.path, "reading the head"):
            data = os.pread(self._file.fileno(), FILE_BYTES + 1, 0)
        if not data:
            raise damaged(
                self.path,
                "the head is empty: creation was cut short, or the file was truncated",
                f"if nothing was ever appended, remove the journal's files and create it; otherwise {RESTORE}",
            )
        if len(data) != FILE_BYTES:
            raise damaged(self.path, f"the head has {len(data)} bytes or more instead of {FILE_BYTES}")
        first, second = (
            self._parse(data[at : at + SLOT_BYTES], place) for place, at in enumerate(SLOT_OFFSETS)
        )
        return first, second

    def _parse(self, data: bytes, place: int) -> Head | None:
        body = data[: _SLOT.size]
        if sha256(body).digest() != data[_SLOT.size :]:
            return None
        magic, version, identity, commit, position, digest = _SLOT.unpack(body)
        if magic != _MAGIC:
            return None
        if version != FORMAT:
            raise JournalError(
                Reason.OTHER_FORMAT,
                self.path,
                f"format {version}, this is {FORMAT}",
                "use the version that wrote it",
            )
        if identity != self._identity:
            raise JournalError(
                Reason.OTHER_DEPLOYMENT,
                self.path,
                f"the journal of {identity.hex()}",
                "open the one of this deployment",
            )
        return Head(commit, position, digest) if commit % 2 == place else None

    def write(self, head: Head) -> None:
        """Make `head` durable. Call it after the database's commit of the same number is."""
        with translated(self.path, "writing the head"):
            self._put(head)
            os.fdatasync(self._file.fileno())

    def _put(self, head: Head) -> None:
        body = _SLOT.pack(_MAGIC, FORMAT, self._identity, head.commit, head.position, head.digest)
        slot = body + sha256(body).digest()
        if os.pwrite(self._file.fileno(), slot, SLOT_OFFSETS[head.commit % 2]) != len(slot):
            raise OSError(f"{self.path}: short write")

    def close(self) -> None:
        """Close the file; the lock goes with it unless a forked child still has the file."""
        self._file.close()
