"""The journal store's calls: what each refuses and by which number, threads, locks, forks, full and read-only disks."""

import hashlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rollup.journal_store import JournalError, JournalStore, Reason
from rollup.journal_store import store as store_module

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


def test_entries_come_back_after_reopening(path: Path) -> None:
    with JournalStore.create(path, IDENTITY) as journal:
        assert journal.position == 0
        assert list(journal.entries()) == []
        assert journal.append([b"a", b"", b"c" * 100_000]) == 3
        assert journal.append([]) == 3
        assert journal.append([b"d"]) == 4
    with JournalStore.open(path, IDENTITY) as journal:
        assert journal.path == path
        assert journal.position == journal.verify() == 4
        assert list(journal.entries()) == [(1, b"a"), (2, b""), (3, b"c" * 100_000), (4, b"d")]
        assert list(journal.entries(3)) == [(4, b"d")]
        assert list(journal.entries(4)) == []
        assert journal.entry(1) == b"a"
        assert journal.entry(4) == b"d"


def test_there_is_no_constructor_that_does_either() -> None:
    with pytest.raises(TypeError):
        JournalStore()


def test_the_chain_is_sha256_from_the_identity_over_commit_and_bytes(path: Path) -> None:
    with JournalStore.create(path, IDENTITY) as journal:
        journal.append([b"a", b"b"])
        journal.append([b"c"])
    digest, expected = hashlib.sha256(b"tickproof.journal.v2" + IDENTITY).digest(), []
    for commit, data in [(2, b"a"), (2, b"b"), (3, b"c")]:
        digest = hashlib.sha256(digest + commit.to_bytes(8, "big") + data).digest()
        expected.append((digest,))
    db = sqlite3.connect(path)
    assert db.execute("SELECT digest FROM entries ORDER BY position").fetchall() == expected
    db.close()


@pytest.mark.parametrize(
    "name", ["", "-wal", "-shm", "-journal", ".head", ".snapshot-7", ".snapshot-next.new"]
)
def test_create_refuses_when_anything_of_a_journal_is_there(path: Path, name: str) -> None:
    left = path.with_name(path.name + name)
    left.write_bytes(b"left")
    assert refused(lambda: JournalStore.create(path, IDENTITY)) == Reason.EXISTS
    assert files(path) == {left.name: b"left"}


def test_a_creation_that_fails_leaves_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: object) -> None:
        raise JournalError(Reason.FILE_SYSTEM, path, "a disk that fails", "nothing")

    monkeypatch.setattr(store_module.HeadFile, "format", fail)
    assert refused(lambda: JournalStore.create(path, IDENTITY)) == Reason.FILE_SYSTEM
    assert files(path) == {}


def test_two_creations_at_once_make_one_journal(path: Path) -> None:
    outcomes: list[object] = []

    def create() -> None:
        try:
            outcomes.append(JournalStore.create(path, IDENTITY))
        except JournalError as error:
            outcomes.append(error.reason)

    threads = [threading.Thread(target=create) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    made = [each for each in outcomes if isinstance(each, JournalStore)]
    assert len(made) == 1
    assert outcomes.count(Reason.EXISTS) == 5
    assert made[0].append([b"a"]) == 1
    made[0].close()


def test_creation_cut_short_is_not_an_empty_journal(path: Path) -> None:
    JournalStore.create(path, IDENTITY).close()
    head = path.with_name(path.name + ".head")
    head.write_bytes(b"")
    assert refused(lambda: JournalStore.open(path, IDENTITY)) == Reason.DAMAGED
    path.unlink()
    assert refused(lambda: JournalStore.open(path, IDENTITY)) == Reason.MISSING


@pytest.mark.parametrize("name", ["", ".head"])
def test_open_refuses_when_a_file_is_missing(path: Path, journal: JournalStore, name: str) -> None:
    journal.append([b"a"])
    journal.close()
    path.with_name(path.name + name).unlink()
    before = files(path)
    assert refused(lambda: JournalStore.open(path, IDENTITY)) == Reason.MISSING
    assert files(path) == before


def test_open_refuses_where_nothing_is(path: Path) -> None:
    assert refused(lambda: JournalStore.open(path, IDENTITY)) == Reason.MISSING
    assert refused(lambda: JournalStore.open(path / "no" / "folder", IDENTITY)) == Reason.MISSING
    assert refused(lambda: JournalStore.create(path / "no" / "folder", IDENTITY)) == Reason.FILE_SYSTEM
    assert files(path) == {}


def test_open_refuses_another_deployment_in_either_file(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    JournalStore.create(path, IDENTITY).close()
    JournalStore.create(other, bytes(32)).close()
    assert refused(lambda: JournalStore.open(path, bytes(32))) == Reason.OTHER_DEPLOYMENT
    shutil.copy(other, path)
    assert refused(lambda: JournalStore.open(path, IDENTITY)) == Reason.OTHER_DEPLOYMENT
    assert refused(lambda: JournalStore.open(path, b"short")) == Reason.ARGUMENT
    assert refused(lambda: JournalStore.create(tmp_path / "new.db", b"short")) == Reason.ARGUMENT


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("UPDATE meta SET format = 3", Reason.OTHER_FORMAT),
        ("UPDATE meta SET format = 'two'", Reason.DAMAGED),
        ("UPDATE meta SET identity = 7", Reason.DAMAGED),
        ("UPDATE meta SET identity = x'00'", Reason.OTHER_DEPLOYMENT),
        ("DELETE FROM meta", Reason.DAMAGED),
        ("INSERT INTO meta VALUES (2, x'00')", Reason.DAMAGED),
        ("DROP TABLE meta", Reason.DAMAGED),
        ("DROP TABLE entries", Reason.DAMAGED),
        ("PRAGMA journal_mode = DELETE", Reason.DAMAGED),
        ("UPDATE entries SET data = x'00' WHERE position = 5", Reason.DAMAGED),
        ("UPDATE entries SET data = 7 WHERE position = 5", Reason.DAMAGED),
        ("UPDATE entries SET number = 2 WHERE position = 5", Reason.DAMAGED),
        ("UPDATE entries SET number = -1 WHERE position = 5", Reason.DAMAGED),
        ("UPDATE entries SET number = 'text' WHERE position = 5", Reason.DAMAGED),
        ("UPDATE entries SET number = 'text' WHERE position = 6", Reason.DAMAGED),
        ("UPDATE entries SET number = 6 WHERE position = 6", Reason.DAMAGED),
        ("UPDATE entries SET digest = x'00' WHERE position = 5", Reason.DAMAGED),
        ("DELETE FROM entries WHERE position = 5", Reason.DAMAGED),
        ("DELETE FROM entries WHERE position = 6", Reason.BEHIND_HEAD),
        ("DELETE FROM entries", Reason.BEHIND_HEAD),
        ("UPDATE entries SET position = 7 WHERE position = 6", Reason.DAMAGED),
        ("UPDATE entries SET digest = 7 WHERE position = 3", Reason.DAMAGED),
        ("UPDATE snapshots SET position = -1", Reason.DAMAGED),
        ("UPDATE snapshots SET position = 'text'", Reason.DAMAGED),
        ("UPDATE snapshots SET position = 40", Reason.DAMAGED),
        ("UPDATE snapshots SET digest = 7", Reason.DAMAGED),
        ("UPDATE snapshots SET digest = x'00'", Reason.SNAPSHOT_DAMAGED),
        ("UPDATE snapshots SET position = 2", Reason.SNAPSHOT_DAMAGED),
    ],
)
def test_open_refuses_a_database_that_was_edited(
    path: Path, journal: JournalStore, statement: str, reason: Reason
) -> None:
    journal.append([b"1", b"2", b"3"])  # commit 2
    journal.save_snapshot(3, b"state")
    journal.append([b"4", b"5"])
    journal.append([b"6"])  # commit 5
    journal.close()
    db = sqlite3.connect(path, isolation_level=None)
    db.execute(statement).fetchall()
    db.close()
    assert refused(lambda: JournalStore.open(path, IDENTITY)) == reason


def test_the_last_entry_is_looked_at_even_when_a_snapshot_covers_it(
    path: Path, journal: JournalStore
) -> None:
    journal.append([b"1", b"2"])  # commit 2
    for position in (0, 1, 2):
        journal.save_snapshot(position, b"state")  # commits 3 to 5
    journal.close()
    db = sqlite3.connect(path, isolation_level=None)
    db.execute(
        "UPDATE entries SET number = 6 WHERE position = 2"
    )  # one bit of 2, and one more than the head's
    db.close()
    assert refused(lambda: JournalStore.open(path, IDENTITY)) == Reason.DAMAGED


def test_the_same_number_of_other_entries_is_not_this_history(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    for each, data in ((path, b"a"), (other, b"b")):
        with JournalStore.create(each, IDENTITY) as journal:
            journal.append([data])
    shutil.copy(other, path)
    assert refused(lambda: JournalStore.open(path, IDENTITY)) == Reason.DAMAGED


def test_old_entries_are_checked_when_they_are_read(path: Path, journal: JournalStore) -> None:
    journal.append([b"%d" % number for number in range(600)])
    journal.save_snapshot(600, b"state")
    journal.close()
    for statement in (
        "UPDATE entries SET data = x'00' WHERE position = 300",
        "DELETE FROM entries WHERE position = 300",
    ):
        db = sqlite3.connect(path, isolation_level=None)
        db.execute(statement)
        db.close()
        with JournalStore.open(path, IDENTITY) as journal:
            assert refused(lambda: list(journal.entries())) == Reason.DAMAGED
            assert refused(lambda: list(journal.entries(299))) == Reason.DAMAGED
            assert refused(lambda: journal.entry(300)) == Reason.DAMAGED
            assert refused(journal.verify) == Reason.DAMAGED
            assert len(list(journal.entries(301))) == 299 if "DELETE" not in statement else True
            assert journal.entry(599) == b"598"


def test_verify_sees_damage_of_the_structure_that_no_entry_shows(path: Path, journal: JournalStore) -> None:
    journal.append([b"x" * 3000] * 20)
    journal.save_snapshot(20, b"state")
    journal.close()
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("CREATE TABLE more (data BLOB)")
    db.execute("INSERT INTO more VALUES (zeroblob(20000))")
    db.execute("DROP TABLE more")  # leaves a list of free pages
    db.close()
    data = bytearray(path.read_bytes())
    data[36:40] = (99).to_bytes(4, "big")  # the header's count of free pages
    path.write_bytes(data)
    with JournalStore.open(path, IDENTITY) as journal:
        assert len(list(journal.entries())) == 20
        assert refused(journal.verify) == Reason.DAMAGED


def test_a_rollback_journal_beside_the_database_is_refused(path: Path, journal: JournalStore) -> None:
    journal.close()
    path.with_name(path.name + "-journal").write_bytes(b"anything")
    assert refused(lambda: JournalStore.open(path, IDENTITY)) == Reason.DAMAGED


def test_the_database_alone_is_not_a_journal(path: Path, journal: JournalStore, tmp_path: Path) -> None:
    journal.append([b"a"])
    alone = tmp_path / "alone.db"
    shutil.copy(path, alone)
    assert refused(lambda: JournalStore.open(alone, IDENTITY)) == Reason.MISSING
    shutil.copy(path.with_name(path.name + ".head"), alone.with_name(alone.name + ".head"))
    assert refused(lambda: JournalStore.open(alone, IDENTITY)) == Reason.BEHIND_HEAD


def test_a_refused_open_leaves_the_log_for_a_person(
    path: Path, journal: JournalStore, tmp_path: Path
) -> None:
    journal.append([b"a"])
    journal.append([b"b"])
    left = as_killed(path, tmp_path / "killed")
    log = left.with_name(left.name + "-wal")
    whole = log.read_bytes()
    log.write_bytes(whole[:-100])
    assert refused(lambda: JournalStore.open(left, IDENTITY)) == Reason.BEHIND_HEAD
    assert log.read_bytes() == whole[:-100]
    log.write_bytes(whole)
    with JournalStore.open(left, IDENTITY) as again:
        assert list(again.entries()) == [(1, b"a"), (2, b"b")]


def test_an_append_cut_off_before_its_head_was_written_is_kept(
    path: Path, journal: JournalStore, tmp_path: Path
) -> None:
    journal.append([b"a"])
    before = path.with_name(path.name + ".head").read_bytes()
    journal.append([b"b", b"c"])
    left = as_killed(path, tmp_path / "killed")
    head = left.with_name(left.name + ".head")
    after = head.read_bytes()
    torn = bytearray(before)
    torn[4096:4160] = after[4096:4160]  # half of commit 3's slot; "a" is commit 2, in slot 0
    for state in (before, bytes(torn)):
        copy = as_killed(left, tmp_path / f"copy{len(list(tmp_path.iterdir()))}")
        copy.with_name(copy.name + ".head").write_bytes(state)
        with JournalStore.open(copy, IDENTITY) as again:
            assert [data for _, data in again.entries()] == [b"a", b"b", b"c"]
        assert copy.with_name(copy.name + ".head").read_bytes() == after  # brought up to date
        # Now they count: without them the journal is damaged.
        shutil.copy(left, copy)
        assert refused(lambda copy=copy: JournalStore.open(copy, IDENTITY)) == Reason.BEHIND_HEAD


def test_all_files_put_back_together_are_an_older_journal(
    path: Path, journal: JournalStore, tmp_path: Path
) -> None:
    """What the docs say cannot be noticed here, so that they stay true."""
    journal.append([b"a"])
    old = as_killed(path, tmp_path / "old")
    journal.append([b"b"])
    with JournalStore.open(old, IDENTITY) as again:
        assert again.position == 1


# ---- snapshots


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


# ---- one holder, many threads, forks


def test_held_by_this_process_by_another_or_by_another_program(path: Path, journal: JournalStore) -> None:
    journal.append([b"a"])
    assert refused(lambda: JournalStore.open(path, IDENTITY)) == Reason.HELD
    script = (
        "import sys, pathlib; from rollup.journal_store import *\n"
        "try: JournalStore.open(pathlib.Path(sys.argv[1]), bytes(range(32)))\n"
        "except JournalError as error: print(error.reason.name)"
    )
    assert run(script, path).stdout == "HELD\n"
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        sqlite3.connect(path, timeout=0).execute("SELECT * FROM entries").fetchall()
    assert journal.append([b"b"]) == 2
    journal.close()
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("BEGIN EXCLUSIVE")
    hold = (
        "import sqlite3, sys, time; db = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "db.execute('BEGIN EXCLUSIVE'); print('held', flush=True); time.sleep(60)"
    )
    db.close()
    other = subprocess.Popen([sys.executable, "-c", hold, str(path)], stdout=subprocess.PIPE)
    assert other.stdout is not None
    assert other.stdout.readline() == b"held\n"
    assert refused(lambda: JournalStore.open(path, IDENTITY)) == Reason.HELD
    other.kill()
    other.communicate()
    with JournalStore.open(path, IDENTITY) as again:
        assert again.position == 2


def test_a_store_dropped_without_close_lets_go(path: Path) -> None:
    store = JournalStore.create(path, IDENTITY)
    store.append([b"a"])
    with pytest.warns(ResourceWarning):
        del store
    with JournalStore.open(path, IDENTITY) as again:
        assert again.position == 1


def test_threads_append_and_read_at_once(journal: JournalStore) -> None:
    positions: list[int] = []
    reads: list[int] = []

    def append(name: bytes) -> None:
        for number in range(30):
            positions.append(journal.append([b"%s %d" % (name, number)]))

    def read() -> None:
        for _ in range(10):
            reads.append(len(list(journal.entries())))
        journal.save_snapshot(reads[-1], b"state" * 100_000)

    threads = [threading.Thread(target=append, args=(name,)) for name in (b"a", b"b")]
    threads.append(threading.Thread(target=read))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(positions) == list(range(1, 61))
    assert reads == sorted(reads)
    assert len(reads) == 10
    assert journal.verify() == 60
    assert journal.latest_snapshot() == (reads[-1], b"state" * 100_000)


def test_an_iteration_ends_where_the_journal_was_when_it_began(journal: JournalStore) -> None:
    journal.append([b"x"] * 300)
    reading = journal.entries()
    seen = []
    for position, _ in reading:
        seen.append(position)
        if position % 100 == 0:
            journal.append([b"later"])
    assert seen == list(range(1, 301))
    assert journal.position == 303


FORK = """
import os, pathlib, signal, sys, time
from rollup.journal_store import JournalError, JournalStore
journal = JournalStore.create(pathlib.Path(sys.argv[1]), bytes(range(32)))
journal.append([b"before"])
if os.fork() == 0:
    for call in (lambda: journal.append([b"child"]), lambda: journal.entry(1), journal.verify):
        try:
            call()
        except JournalError as error:
            print(error.reason.name, flush=True)
    journal.close()
    if sys.argv[2] == "lingers":
        os.close(1), os.close(2)
        time.sleep(20)
    sys.exit(0)
if sys.argv[2] == "exits":
    os.wait()
journal.append([b"after"])
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_forked_child_that_exits_takes_no_log_along(path: Path) -> None:
    assert run(FORK, path, "exits").stdout == "BROKEN\n" * 3
    with JournalStore.open(path, IDENTITY) as journal:
        assert list(journal.entries()) == [(1, b"before"), (2, b"after")]


def test_a_forked_child_does_not_hold_the_journal_of_a_killed_parent(path: Path) -> None:
    assert run(FORK, path, "lingers").returncode == -signal.SIGKILL
    with JournalStore.open(path, IDENTITY) as journal:
        assert journal.position == 2


# ---- refusals, failures of the disk


def test_arguments_that_cannot_be_meant_do_nothing(journal: JournalStore) -> None:
    journal.append([b"a"])
    big = bytes(store_module.MAX_ENTRY_BYTES + 1)
    assert refused(lambda: journal.append([b"b", big])) == Reason.ARGUMENT
    for position in (0, 2, -1):
        assert refused(lambda position=position: journal.entry(position)) == Reason.ARGUMENT
    for after in (-1, 2):
        assert refused(lambda after=after: journal.entries(after)) == Reason.ARGUMENT
    with pytest.raises(TypeError):
        journal.append(["text"])  # type: ignore[list-item]
    assert journal.append([big[:-1]]) == 2


def test_a_closed_store_refuses(journal: JournalStore) -> None:
    journal.append([b"a"])
    reading = journal.entries()
    journal.close()
    journal.close()
    for call in (
        lambda: journal.append([b"b"]),
        lambda: journal.entry(1),
        lambda: list(reading),
        lambda: journal.save_snapshot(1, b""),
        journal.latest_snapshot,
        journal.verify,
    ):
        assert refused(call) == Reason.CLOSED


@pytest.mark.parametrize("when", ["before the commit", "before the head"])
def test_after_a_failed_append_the_object_takes_no_more(
    path: Path, journal: JournalStore, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    def fail(*arguments: object) -> None:
        raise OSError(5, "Input/output error")

    journal.append([b"a"])
    name = "add_entries" if when == "before the commit" else "write"
    owner = store_module.Database if when == "before the commit" else store_module.HeadFile
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, fail)
        assert refused(lambda: journal.append([b"b"])) == Reason.FILE_SYSTEM
    assert refused(lambda: journal.append([b"c"])) == Reason.BROKEN
    assert refused(lambda: journal.save_snapshot(1, b"")) == Reason.BROKEN
    assert journal.position == 1
    assert list(journal.entries()) == [(1, b"a")]
    journal.close()
    with JournalStore.open(path, IDENTITY) as again:
        assert again.position == (1 if when == "before the commit" else 2)
        assert again.append([b"d"]) == again.verify() == again.position


LIMITED = """
import pathlib, resource, signal, sys
from rollup.journal_store import JournalError, JournalStore
journal = JournalStore.create(pathlib.Path(sys.argv[1]), bytes(range(32)))
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
if sys.argv[2] == "snapshot":
    try:
        journal.save_snapshot(0, bytes(200_000))
    except JournalError as error:
        print(error.reason.name)
    print(journal.append([b"still usable"]))
    sys.exit(0)
try:
    while True:
        journal.append([b"x" * 1000])
except JournalError as error:
    print(error.reason.name, journal.position)
try:
    journal.append([b"y"])
except JournalError as error:
    print(error.reason.name)
journal.close()
"""


def test_a_limit_on_the_size_of_files(path: Path) -> None:
    first, second = run(LIMITED, path, "append").stdout.splitlines()
    reason, position = first.split()
    assert reason in ("NO_SPACE", "FILE_SYSTEM")  # SQLite tells only a full disk apart
    assert second == "BROKEN"
    with JournalStore.open(path, IDENTITY) as journal:
        assert journal.position in (int(position), int(position) + 1)
        assert journal.append([b"z"]) == journal.verify()


def test_a_snapshot_that_does_not_fit_leaves_the_journal_usable(path: Path) -> None:
    assert run(LIMITED, path, "snapshot").stdout == "NO_SPACE\n1\n"
    assert not [name for name in files(path) if "snapshot" in name]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        pytest.skip("mounting needs root")
    command = [mount, "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk(small_disk: Path) -> None:
    path = small_disk / "node.db"
    filler = small_disk / "filler"
    with JournalStore.create(path, IDENTITY) as journal:
        filler.write_bytes(bytes(100_000))
        assert refused(lambda: journal.save_snapshot(0, bytes(200_000))) == Reason.NO_SPACE
        while True:
            try:
                journal.append([b"x" * 1000])
            except JournalError as error:
                assert error.reason == Reason.NO_SPACE
                break
        position = journal.position
        assert position > 0
    filler.unlink()
    with JournalStore.open(path, IDENTITY) as journal:
        assert journal.position in (position, position + 1)
        assert journal.append([b"z"]) == journal.verify()
    other = small_disk / "other.db"
    filler.write_bytes(bytes(os.statvfs(small_disk).f_bavail * 4096 - 4096))
    before = files(path)
    assert refused(lambda: JournalStore.create(other, IDENTITY)) == Reason.NO_SPACE
    assert files(path) == before


def test_a_read_only_disk(small_disk: Path) -> None:
    path = small_disk / "node.db"
    with JournalStore.create(path, IDENTITY) as journal:
        journal.append([b"a"])
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    assert refused(lambda: JournalStore.open(path, IDENTITY)) == Reason.FILE_SYSTEM
    assert refused(lambda: JournalStore.create(small_disk / "new.db", IDENTITY)) == Reason.FILE_SYSTEM


TRACED = """
import pathlib, sys, os
from rollup.journal_store import JournalStore
with JournalStore.create(pathlib.Path(sys.argv[1]), bytes(range(32))) as journal:
    for number in range(3):
        journal.append([b"entry"])
        os.write(1, b"told\\n")
    journal.save_snapshot(3, b"state")
    os.write(1, b"told\\n")
"""


def test_the_log_is_synced_then_the_head_then_the_caller_is_told(tmp_path: Path) -> None:
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not here")
    trace, path = tmp_path / "trace", tmp_path / "node.db"
    calls = "trace=write,pwrite64,fsync,fdatasync,rename"
    command = [strace, "-f", "-y", "-e", calls, "-o", str(trace), sys.executable, "-c", TRACED, str(path)]
    if subprocess.run(command, capture_output=True, timeout=120).returncode:
        pytest.skip("tracing is not allowed here")
    steps: list[list[str]] = [[]]
    for line in trace.read_text().splitlines():
        call = line.split(maxsplit=1)[1].split("(")[0]
        if call == "write" and "told" in line:
            steps.append([])
            continue
        verb = {"fsync": "sync", "fdatasync": "sync", "rename": "rename"}.get(call, "write")
        for name, noun in (
            ("node.db-wal>", "log"),
            ("node.db.head>", "head"),
            ("node.db.snapshot-next.new>", "data"),
            (f"<{tmp_path}>", "names"),
        ):
            if name in line:
                steps[-1].append(f"{verb} {noun}")
        if verb == "rename":
            steps[-1].append("rename")
    first, second, third, snapshot, _ = [_once(each) for each in steps]
    assert second == third == ["write log", "sync log", "write head", "sync head"]
    assert first[-4:] == ["sync names", *second[1:]] or first[-4:] == second
    assert snapshot == ["write data", "sync data", "rename", "sync names", "rename", "sync names", *second]
    # Creation: names are on disk before the head is filled, and after it.
    assert first[: first.index("sync head") + 2][-3:] == ["write head", "sync head", "sync names"]
    assert "sync names" in first[: first.index("write head")]


def _once(calls: list[str]) -> list[str]:
    return [call for before, call in zip([None, *calls], calls, strict=False) if call != before]
