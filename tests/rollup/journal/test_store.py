"""The journal store's calls: what is kept, what `create` and `open` refuse, and by which number."""

import hashlib
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rollup.journal import JournalError, JournalStore, Reason
from rollup.journal import store as store_module
from rollup.journal.database import Database

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


def test_entries_beyond_the_head_have_no_gap(path: Path, journal: JournalStore) -> None:
    journal.append([b"a"])
    head = path.with_name(path.name + ".head")
    before = head.read_bytes()
    journal.append([b"b"])
    journal.close()
    head.write_bytes(before)
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("UPDATE entries SET position = 4 WHERE position = 2")
    db.close()
    assert refused(lambda: JournalStore.open(path, IDENTITY)) == Reason.DAMAGED


def test_connecting_makes_no_database(path: Path) -> None:
    assert refused(lambda: Database(path, IDENTITY).check_owner()) == Reason.FILE_SYSTEM
    assert files(path) == {}


def test_entries_that_change_under_an_open_journal_are_refused(journal: JournalStore) -> None:
    journal.append([b"a", b"b"])
    assert journal._database is not None
    db = journal._database._db
    digest = hashlib.sha256(b"tickproof.journal.v2" + IDENTITY).digest()
    for data in (b"a", b"forged"):
        digest = hashlib.sha256(digest + (2).to_bytes(8, "big") + data).digest()
    db.execute("UPDATE entries SET data = ?, digest = ? WHERE position = 2", (b"forged", digest))
    assert refused(lambda: list(journal.entries())) == Reason.DAMAGED
    db.execute("DELETE FROM entries WHERE position = 2")
    assert refused(lambda: list(journal.entries())) == Reason.DAMAGED
    assert refused(lambda: journal.entry(2)) == Reason.DAMAGED


def test_a_link_to_a_journal_opens_with_its_log(path: Path, journal: JournalStore, tmp_path: Path) -> None:
    journal.append([b"a"])
    left = as_killed(path, tmp_path / "killed")
    link = tmp_path / "link.db"
    link.symlink_to(left)
    with JournalStore.open(link, IDENTITY) as again:
        assert again.path == left
        assert list(again.entries()) == [(1, b"a")]
