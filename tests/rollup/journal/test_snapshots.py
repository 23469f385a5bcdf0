"""The journal store's snapshots: which are kept, checked, skipped when asked, and what a crash may leave of one."""

import hashlib
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rollup.journal import JournalError, JournalStore, Reason
from rollup.journal import store as store_module

IDENTITY = bytes(range(32))


def refused(call: Callable[[], object]) -> Reason:
    with pytest.raises(JournalError) as caught:
        call()
    assert f"[journal {caught.value.reason.value} {caught.value.reason.name}]" in str(caught.value)
    return caught.value.reason


def files(path: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in path.parent.iterdir() if each.is_file()}


def as_killed(path: Path, to: Path) -> Path:
    """The files as a SIGKILL at this instant would leave them."""
    to.mkdir()
    for name, data in files(path).items():
        (to / name).write_bytes(data)
    return to / path.name


def run(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "a b?#%41"  # characters that mean something in SQLite's URIs
    folder.mkdir()
    return folder / "node.db"


@pytest.fixture
def journal(path: Path) -> Iterator[JournalStore]:
    with JournalStore.create(path, IDENTITY) as store:
        yield store


def test_the_last_two_snapshots_are_kept(path: Path, journal: JournalStore) -> None:
    assert journal.latest_snapshot() is None
    journal.save_snapshot(0, b"nothing")
    assert journal.latest_snapshot() == (0, b"nothing")
    journal.append([b"a", b"b"])
    journal.save_snapshot(1, b"")
    assert journal.latest_snapshot() == (1, b"")
    journal.save_snapshot(2, b"two" * 1000)
    journal.append([b"c"])
    journal.close()
    assert len([name for name in files(path) if ".snapshot-" in name]) == 2
    with JournalStore.open(path, IDENTITY) as again:
        assert again.latest_snapshot() == (2, b"two" * 1000)
        assert list(again.entries(2)) == [(3, b"c")]


def test_snapshots_only_of_later_positions_that_were_reached(journal: JournalStore) -> None:
    journal.append([b"a", b"b", b"c"])
    journal.save_snapshot(2, b"two")
    for position in (-1, 0, 2, 4):
        assert refused(lambda position=position: journal.save_snapshot(position, b"x")) == Reason.ARGUMENT
    assert journal.latest_snapshot() == (2, b"two")
    assert journal.append([b"d"]) == 4


@pytest.mark.parametrize("damage", ["flip", "truncate", "extend", "delete", "other"])
def test_a_damaged_snapshot_is_skipped_only_when_asked(
    path: Path, journal: JournalStore, damage: str
) -> None:
    journal.append([b"a", b"b"])
    journal.save_snapshot(1, b"state one")  # commit 3
    journal.save_snapshot(2, b"state two")  # commit 4
    journal.append([b"c"])
    journal.close()
    file = path.with_name(path.name + ".snapshot-4")
    match damage:
        case "flip":
            file.write_bytes(b"state twO")
        case "truncate":
            file.write_bytes(b"state tw")
        case "extend":
            file.write_bytes(b"state two\0")
        case "delete":
            file.unlink()
        case "other":
            shutil.copy(path.with_name(path.name + ".snapshot-3"), file)
    assert refused(lambda: JournalStore.open(path, IDENTITY)) == Reason.SNAPSHOT_DAMAGED
    with JournalStore.open(path, IDENTITY, skip_damaged_snapshot=True) as again:
        assert again.latest_snapshot() == (1, b"state one")
        assert [data for _, data in again.entries()] == [b"a", b"b", b"c"]
        assert refused(again.verify) == Reason.SNAPSHOT_DAMAGED
        again.save_snapshot(2, b"state two again")  # the position of the damaged one is free
        assert again.latest_snapshot() == (2, b"state two again")
        assert again.verify() == 3
    assert len([name for name in files(path) if ".snapshot-" in name]) == 2
    with JournalStore.open(path, IDENTITY) as again:
        assert again.latest_snapshot() == (2, b"state two again")
    # The one before was kept, not the damaged one.
    path.with_name(path.name + ".snapshot-6").unlink()
    with JournalStore.open(path, IDENTITY, skip_damaged_snapshot=True) as again:
        assert again.latest_snapshot() == (1, b"state one")


def test_without_any_good_snapshot_the_whole_history_is_checked(path: Path, journal: JournalStore) -> None:
    journal.append([b"a", b"b", b"c"])
    journal.save_snapshot(1, b"one")
    journal.save_snapshot(3, b"three")
    journal.close()
    for file in path.parent.glob("*.snapshot-*"):
        file.unlink()
    with JournalStore.open(path, IDENTITY, skip_damaged_snapshot=True) as again:
        assert again.latest_snapshot() is None
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("UPDATE entries SET data = x'00' WHERE position = 1")
    db.close()
    skip = {"skip_damaged_snapshot": True}
    assert refused(lambda: JournalStore.open(path, IDENTITY, **skip)) == Reason.DAMAGED


def test_a_snapshot_damaged_while_the_journal_is_open_is_refused_when_read(
    path: Path, journal: JournalStore
) -> None:
    journal.save_snapshot(0, b"state")
    path.with_name(path.name + ".snapshot-2").write_bytes(b"stat3")
    assert refused(journal.latest_snapshot) == Reason.SNAPSHOT_DAMAGED


def test_a_saved_snapshot_cannot_be_lost_with_the_log(
    path: Path, journal: JournalStore, tmp_path: Path
) -> None:
    journal.append([b"a"])
    before = path.with_name(path.name + "-wal").read_bytes()
    journal.save_snapshot(1, b"state")
    left = as_killed(path, tmp_path / "killed")
    left.with_name(left.name + "-wal").write_bytes(before)
    assert refused(lambda: JournalStore.open(left, IDENTITY)) == Reason.BEHIND_HEAD


def test_what_a_crash_left_of_a_snapshot_is_removed_with_the_next(path: Path, journal: JournalStore) -> None:
    for name in (".snapshot-9", ".snapshot-next", ".snapshot-next.new"):
        path.with_name(path.name + name).write_bytes(b"left")
    neighbour = path.with_name("another.db.snapshot-2")
    neighbour.write_bytes(b"not ours")
    journal.save_snapshot(0, b"state")
    assert {name for name in files(path) if "snapshot" in name} == {"node.db.snapshot-2", neighbour.name}


def test_a_snapshot_whose_commit_failed_is_not_seen(
    path: Path, journal: JournalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.append([b"a"])
    journal.save_snapshot(0, b"before")
    replace = store_module.Database.replace_snapshots

    def fail(self: store_module.Database, new: store_module.Snapshot, stay: list[int]) -> None:
        replace(self, new, stay)
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(store_module.Database, "replace_snapshots", fail)
        assert refused(lambda: journal.save_snapshot(1, b"after")) == Reason.FILE_SYSTEM
    assert journal.latest_snapshot() == (0, b"before")
    assert refused(lambda: journal.save_snapshot(1, b"after")) == Reason.BROKEN


def test_a_snapshots_digest_is_over_all_that_it_stands_for(path: Path, journal: JournalStore) -> None:
    journal.append([b"a", b"b"])  # commit 2
    journal.save_snapshot(1, b"state")  # commit 3
    journal.close()
    start = hashlib.sha256(b"tickproof.journal.v2" + IDENTITY).digest()
    at_position = hashlib.sha256(start + (2).to_bytes(8, "big") + b"a").digest()
    covered = b"tickproof.journal.snapshot.v2" + IDENTITY + (3).to_bytes(8, "big") + (1).to_bytes(8, "big")
    expected = hashlib.sha256(covered + at_position + b"state").digest()
    db = sqlite3.connect(path)
    assert db.execute("SELECT number, position, digest FROM snapshots").fetchall() == [(3, 1, expected)]
    db.close()
