"""The store against a list: appends, snapshots, reopening, and crashes at every point between a commit and its head.

A crash is the files as they are at that instant, copied; the store that is left behind never sees them again.
"""

import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from rollup.journal import JournalError, JournalStore, Reason

IDENTITY = bytes(range(32))
ENTRIES = st.lists(st.binary(max_size=40), min_size=1, max_size=4)
# Position and digest are not written by a torn slot in one piece; any prefix of the new over the old is a tear.
SLOT_BYTES = 124


class AgainstAList(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="journal"))
        self.places = 0
        self.history: list[bytes] = []
        self.snapshots: list[tuple[int, bytes]] = []

    @initialize()
    def create(self) -> None:
        self.folder = self.root / "0"
        self.folder.mkdir()
        self.journal = JournalStore.create(self.folder / "node.db", IDENTITY)

    def teardown(self) -> None:
        if hasattr(self, "journal"):
            self.journal.close()
        shutil.rmtree(self.root)

    @property
    def head(self) -> Path:
        return self.folder / "node.db.head"

    @rule(entries=ENTRIES)
    def append(self, entries: list[bytes]) -> None:
        self.history += entries
        assert self.journal.append(entries) == len(self.history)

    @rule(data=st.binary(max_size=100), back=st.integers(0, 6))
    def save_snapshot(self, data: bytes, back: int) -> None:
        position = len(self.history) - back
        latest = self.snapshots[-1][0] if self.snapshots else -1
        if position > latest and position >= 0:
            self.journal.save_snapshot(position, data)
            self.snapshots.append((position, data))
        else:
            try:
                self.journal.save_snapshot(position, data)
            except JournalError as error:
                assert error.reason == Reason.ARGUMENT
            else:
                raise AssertionError("saved")

    @rule()
    def reopen(self) -> None:
        self.journal.close()
        self.journal = JournalStore.open(self.folder / "node.db", IDENTITY)

    @rule()
    def crash(self) -> None:
        self._crash(self.head.read_bytes())

    @rule(entries=ENTRIES, torn=st.integers(0, SLOT_BYTES))
    def crash_before_the_head(self, entries: list[bytes], torn: int) -> None:
        before = self.head.read_bytes()
        self.append(entries)
        self._crash(self._torn(before, self.head.read_bytes(), torn))

    @rule(data=st.binary(max_size=100), torn=st.integers(0, SLOT_BYTES))
    @precondition(lambda self: not self.snapshots or self.snapshots[-1][0] < len(self.history))
    def crash_before_the_head_of_a_snapshot(self, data: bytes, torn: int) -> None:
        before = self.head.read_bytes()
        self.save_snapshot(data, 0)
        self._crash(self._torn(before, self.head.read_bytes(), torn))

    @rule(entries=ENTRIES)
    def crash_before_the_commit(self, entries: list[bytes]) -> None:
        """The commit is undone, the head is not written: the append never was."""
        files = self._files()
        self.journal.append(entries)
        self._restart(files)

    @rule(entries=ENTRIES)
    def lose_the_log(self, entries: list[bytes]) -> None:
        """An acknowledged append without its log is refused; with it, the journal goes on."""
        self.append(entries)
        files = self._files()
        log = files.pop("node.db-wal")
        self._move(files)
        try:
            JournalStore.open(self.folder / "node.db", IDENTITY)
        except JournalError as error:
            assert error.reason == Reason.BEHIND_HEAD
        else:
            raise AssertionError("opened without its log")
        self._restart({**files, "node.db-wal": log})

    @invariant()
    def agrees(self) -> None:
        if not hasattr(self, "journal"):
            return
        assert self.journal.position == len(self.history)
        assert list(self.journal.entries()) == list(enumerate(self.history, 1))
        middle = len(self.history) // 2
        assert list(self.journal.entries(middle)) == list(enumerate(self.history[middle:], middle + 1))
        assert self.journal.latest_snapshot() == (self.snapshots[-1] if self.snapshots else None)
        if self.history:
            assert self.journal.entry(middle + 1) == self.history[middle]

    def _torn(self, before: bytes, after: bytes, torn: int) -> bytes:
        at = next(
            (place for place in (0, 4096) if before[place : place + 128] != after[place : place + 128]), 0
        )
        return before[:at] + after[at : at + torn] + before[at + torn :]

    def _files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.folder.iterdir()}

    def _crash(self, head: bytes) -> None:
        self._restart({**self._files(), "node.db.head": head})

    def _move(self, files: dict[str, bytes]) -> None:
        self.journal.close()
        self.places += 1
        self.folder = self.root / str(self.places)
        self.folder.mkdir()
        for name, data in files.items():
            (self.folder / name).write_bytes(data)

    def _restart(self, files: dict[str, bytes]) -> None:
        self._move(files)
        self.journal = JournalStore.open(self.folder / "node.db", IDENTITY)


TestAgainstAList = AgainstAList.TestCase
TestAgainstAList.settings = settings(
    max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
