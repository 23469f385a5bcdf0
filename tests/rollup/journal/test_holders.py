"""Who may use a journal: one process and one object in it, any of its threads, no forked child."""

import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rollup.journal import JournalError, JournalStore, Reason

IDENTITY = bytes(range(32))


def refused(call: Callable[[], object]) -> Reason:
    with pytest.raises(JournalError) as caught:
        call()
    assert f"[journal {caught.value.reason.value} {caught.value.reason.name}]" in str(caught.value)
    return caught.value.reason


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


def test_held_by_this_process_by_another_or_by_another_program(path: Path, journal: JournalStore) -> None:
    journal.append([b"a"])
    assert refused(lambda: JournalStore.open(path, IDENTITY)) == Reason.HELD
    script = (
        "import sys, pathlib; from rollup.journal import *\n"
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
from rollup.journal import JournalError, JournalStore
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
