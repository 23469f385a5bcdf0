"""A process that appends and reports, killed at random instants: everything that it reported is there afterwards.

Entry n is a function of n, and a commit has as many entries as its first one's number says, so what is found can be checked
without knowing how far the process came. It takes a snapshot now and then, which holds what the entries up to there add up to.
"""

import hashlib
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rollup.journal import JournalStore

IDENTITY = bytes(range(32))
WRITER = """
import hashlib, pathlib, sys
from rollup.journal import JournalStore

def entry(number):
    return hashlib.sha256(b"%d" % number).digest() * (1 + number % 50)

def state(position):
    return b"".join(hashlib.sha256(entry(number)).digest() for number in range(1, position + 1))

with JournalStore.open(pathlib.Path(sys.argv[1]), bytes(range(32))) as journal:
    print("open", journal.position, flush=True)
    while True:
        first = journal.position + 1
        position = journal.append([entry(first + number) for number in range(1 + first % 4)])
        print("appended", position, flush=True)
        if first % 9 == 0:
            journal.save_snapshot(position, state(position))
            print("saved", position, flush=True)
"""


def entry(number: int) -> bytes:
    return hashlib.sha256(b"%d" % number).digest() * (1 + number % 50)


def state(position: int) -> bytes:
    return b"".join(hashlib.sha256(entry(number)).digest() for number in range(1, position + 1))


def kill_once(path: Path, delay: float) -> tuple[int, int, int]:
    """Start the writer, kill it `delay` seconds after it opened; its last words: opened at, appended to, snapshot of."""
    command = [sys.executable, "-c", WRITER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        opened = writer.stdout.readline().split()
        assert opened[:1] == ["open"], opened
        time.sleep(delay)
        writer.send_signal(signal.SIGKILL)
        lines = [
            line.split() for line in writer.stdout.read().splitlines(keepends=True) if line.endswith("\n")
        ]
    appended = [int(number) for word, number in lines if word == "appended"]
    saved = [int(number) for word, number in lines if word == "saved"]
    position = int(opened[1])
    return position, max([position, *appended]), max([0, *saved])


def kill_often(path: Path, rounds: int, seed: int) -> tuple[int, int]:
    """Returns how far the journal came and how often an append was found that had not been reported."""
    JournalStore.create(path, IDENTITY).close()
    source = random.Random(seed)
    position, saved, unreported = 0, 0, 0
    for _ in range(rounds):
        opened, appended, newly_saved = kill_once(path, source.uniform(0, 0.06))
        assert opened == position
        saved = max(saved, newly_saved)
        with JournalStore.open(path, IDENTITY) as journal:
            position = journal.position
            assert position == journal.verify()
            # Nothing reported is missing, and beyond it there is at most one whole commit.
            assert position in (appended, appended + 1 + (appended + 1) % 4)
            unreported += position > appended
            snapshot = journal.latest_snapshot()
            at = snapshot[0] if snapshot else 0
            assert saved <= at <= position
            saved = at
            if snapshot:
                assert snapshot[1] == state(at)
            for number, data in journal.entries(max(0, opened - 5)):
                assert data == entry(number)
    return position, unreported


def test_nothing_reported_is_lost_by_killing(tmp_path: Path) -> None:
    position, _ = kill_often(tmp_path / "node.db", 8, 1)
    assert position > 0


@pytest.mark.release
def test_nothing_reported_is_lost_by_killing_often(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    position, unreported = kill_often(tmp_path / "node.db", 400, 2)
    assert position > 400
    assert unreported > 0  # some kills hit between the commit and the report
    with capsys.disabled():
        print(f"\n400 kills, {position} entries, {unreported} appends kept that had not been reported")
