"""Refused arguments, failing writes, full and read-only disks, and the order in which files are synced."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rollup.journal import JournalError, JournalStore, Reason
from rollup.journal import store as store_module
from rollup.journal.errors import translated

IDENTITY = bytes(range(32))


def refused(call: Callable[[], object]) -> Reason:
    with pytest.raises(JournalError) as caught:
        call()
    assert f"[journal {caught.value.reason.value} {caught.value.reason.name}]" in str(caught.value)
    return caught.value.reason


def files(path: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in path.parent.iterdir() if each.is_file()}


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
from rollup.journal import JournalError, JournalStore
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


WRITES = """
import os, pathlib, sys
from rollup.journal import JournalStore
with JournalStore.create(pathlib.Path(sys.argv[1]), bytes(range(32))) as journal:
    for number in range(3):
        journal.append([b"entry"])
        os.write(1, b"told\\n")
    journal.save_snapshot(3, b"state")
    os.write(1, b"told\\n")
"""
OPENS = """
import os, pathlib, sys
from rollup.journal import JournalStore
with JournalStore.open(pathlib.Path(sys.argv[1]), bytes(range(32))) as journal:
    os.write(1, b"told\\n")
"""


def traced(script: str, path: Path) -> list[list[str]]:
    """What the script had written and synced, in order, before each time that it told; repetitions said once."""
    strace = shutil.which("strace")
    if strace is None or subprocess.run([strace, "true"], capture_output=True).returncode:
        pytest.skip("there is no tracing here")
    trace = path.parent.parent / "trace"
    calls = "trace=write,pwrite64,fsync,fdatasync,rename"
    command = [strace, "-f", "-y", "-e", calls, "-o", str(trace), sys.executable, "-c", script, str(path)]
    subprocess.run(command, capture_output=True, check=True, timeout=120)
    steps: list[list[str]] = [[]]
    for line in trace.read_text().splitlines():
        call = line.split(maxsplit=1)[1].split("(")[0]
        if call == "write" and "told" in line:
            steps.append([])
            continue
        verb = {"fsync": "sync", "fdatasync": "sync"}.get(call, "write")
        done = ["rename"] if call == "rename" else []
        for name, noun in (
            (f"{path.name}>", "database"),
            (f"{path.name}-wal>", "log"),
            (f"{path.name}.head>", "head"),
            (f"{path.name}.snapshot-next.new>", "data"),
            (f"<{path.parent}>", "names"),
        ):
            if name in line:
                done.append(f"{verb} {noun}")
        steps[-1] += [each for each in done if steps[-1][-1:] != [each]]
    return steps


def test_the_log_is_synced_then_the_head_then_the_caller_is_told(tmp_path: Path) -> None:
    path = tmp_path / "traced" / "node.db"
    path.parent.mkdir()
    first, second, third, snapshot, _ = traced(WRITES, path)
    assert second == third == ["write log", "sync log", "write head", "sync head"]
    assert first[-2:] == second[-2:]
    assert snapshot == ["write data", "sync data", "rename", "sync names", "rename", "sync names", *second]
    # Creation: names are on disk before the head is filled, and after it.
    assert first[: first.index("sync head") + 2][-3:] == ["write head", "sync head", "sync names"]
    assert "sync names" in first[: first.index("write head")]


def test_what_a_killed_process_wrote_is_synced_before_the_head_says_so(tmp_path: Path) -> None:
    path, left = tmp_path / "node.db", tmp_path / "killed" / "node.db"
    left.parent.mkdir()
    with JournalStore.create(path, IDENTITY) as journal:
        journal.append([b"a"])
        before = path.with_name("node.db.head").read_bytes()
        journal.append([b"b"])
        for name, data in files(path).items():
            (left.parent / name).write_bytes(data)
    left.with_name("node.db.head").write_bytes(before)
    opening, _ = traced(OPENS, left)
    assert "sync database" in opening[: opening.index("write head")]
    assert opening[-2:] == ["write head", "sync head"]


def test_a_database_that_may_not_be_written_is_the_file_systems_refusal(path: Path) -> None:
    JournalStore.create(path, IDENTITY).close()
    db = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)

    def write() -> None:
        with translated(path, "writing"):
            db.execute("DELETE FROM entries")

    assert refused(write) == Reason.FILE_SYSTEM
    db.close()
