"""Single damages to every file of a journal: each open gives the whole acknowledged history or raises JournalError.

Journals as a clean end leaves them, as SIGKILL leaves them (with a log that was never copied, and with one that was copied
and begun again), with and without snapshots. After a refusal every file is what it was: refusing destroys nothing.
"""

import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from rollup.journal import JournalError, JournalStore, Reason

IDENTITY = bytes(range(32))
NAME = "node.db"


@dataclass(frozen=True)
class Case:
    """A journal's files, older files of the same journal, and what was acknowledged."""

    name: str
    files: dict[str, bytes]
    older: list[dict[str, bytes]]
    history: list[bytes]


def read_files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def build(name: str, folder: Path, commits: int, size: int, *, snapshots: bool, killed: bool) -> Case:
    folder.mkdir()
    history: list[bytes] = []
    older = []
    with JournalStore.create(folder / NAME, IDENTITY) as journal:
        source = random.Random(name)
        for commit in range(commits):
            if commit in (0, commits // 3, commits - 2, commits - 1):
                older.append(read_files(folder))
            entries = [source.randbytes(size) for _ in range(source.choice((1, 1, 1, 2, 3)))]
            history += entries
            assert journal.append(entries) == len(history)
            if snapshots and commit in (commits // 4, commits // 2, commits - 3):
                journal.save_snapshot(len(history) - 1, bytes([commit % 256]) * 1000)
        if killed:
            return Case(name, read_files(folder), older, history)
    return Case(name, read_files(folder), older, history)


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    folder = tmp_path_factory.mktemp("journals")
    made = [
        build("closed", folder / "a", 25, 200, snapshots=False, killed=False),
        build("closed, snapshots", folder / "b", 25, 200, snapshots=True, killed=False),
        build("killed, log never copied", folder / "c", 25, 200, snapshots=False, killed=True),
        build("killed, snapshots", folder / "d", 25, 200, snapshots=True, killed=True),
        build("killed, log begun again", folder / "e", 110, 30_000, snapshots=False, killed=True),
        build("killed, log begun again, snapshots", folder / "f", 110, 30_000, snapshots=True, killed=True),
    ]
    # The last two are what their names say: entries are in the database file, and the log holds old frames after new ones.
    for case in made[4:]:
        assert len(case.files[NAME]) > 10**6
    return made


def damages(case: Case, count: int, seed: int) -> Iterator[tuple[str, str, dict[str, bytes]]]:
    """Name of the file, kind of damage, and the files after it. Every kind for every file, then `count` random ones."""
    source = random.Random(f"{case.name} {seed}")

    def with_file(name: str, data: bytes | None) -> dict[str, bytes]:
        rest = {key: value for key, value in case.files.items() if key != name}
        return rest if data is None else {**rest, name: data}

    for name, data in case.files.items():
        yield name, "deleted", with_file(name, None)
        yield name, "emptied", with_file(name, b"")
        yield name, "extended", with_file(name, data + bytes(range(256)))
        for older in case.older:
            if older.get(name, data) != data:
                yield name, "an older copy", with_file(name, older[name])
    yield NAME, "alone", {NAME: case.files[NAME]}
    for older in case.older:
        if older[NAME + ".head"] != case.files[NAME + ".head"]:
            yield (
                NAME + ".head",
                "newer than all others",
                {**older, NAME + ".head": case.files[NAME + ".head"]},
            )
    names = list(case.files)
    for _ in range(count):
        name = source.choice([*names, NAME, NAME + "-wal", NAME + ".head"])
        if not (data := case.files.get(name, b"")):
            continue
        bad = bytearray(data)
        # Half of them in what was written last, where a shorter history begins; a head's slots are at 0 and 4096.
        if name.endswith(".head"):
            at = source.choice((0, 4096)) + source.randrange(128)
        else:
            at = source.randrange(len(data))
        match source.choice(("bit", "bit", "truncated", "zeros", "garbage", "page")):
            case "bit":
                bad[at] ^= 1 << source.randrange(8)
                yield name, "a flipped bit", with_file(name, bytes(bad))
            case "truncated":
                keep = source.choice((at, at // 4096 * 4096, max(0, len(data) - source.randrange(5000))))
                yield name, "truncated", with_file(name, data[:keep])
            case "zeros":
                start, length = at // 512 * 512, source.choice((512, 4096))
                bad[start : start + length] = bytes(len(bad[start : start + length]))
                yield name, "zeroed", with_file(name, bytes(bad))
            case "garbage":
                run = bad[at : at + 64]
                bad[at : at + 64] = source.randbytes(len(run))
                yield name, "garbage", with_file(name, bytes(bad))
            case "page":
                older = source.choice(case.older).get(name, b"")
                start = at // 4096 * 4096
                if page := older[start : start + 4096]:
                    bad[start : start + len(page)] = page
                    yield name, "an older page", with_file(name, bytes(bad))


def put(folder: Path, files: dict[str, bytes]) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder / NAME


def outcome(path: Path, case: Case, *, skip: bool = False) -> str:
    """How the damaged journal opened. Fails when it opened as anything but the acknowledged history."""
    try:
        journal = JournalStore.open(path, IDENTITY, skip_damaged_snapshot=skip)
    except JournalError as error:
        return f"refused {error.reason.name}"
    with journal:
        assert journal.position == len(case.history)
        if (snapshot := journal.latest_snapshot()) is not None:
            position, data = snapshot
            assert len(data) == 1000
            rest = [entry for _, entry in journal.entries(position)]
            assert rest == case.history[position:]
        try:
            found = [entry for _, entry in journal.entries()]
        except JournalError as error:
            assert error.reason == Reason.DAMAGED
            with pytest.raises(JournalError):
                journal.verify()
            return "opened, refused when the old entries were read"
        assert found == case.history
        # It goes on from there.
        journal.append([b"next"])
    with JournalStore.open(path, IDENTITY, skip_damaged_snapshot=True) as journal:
        assert [entry for _, entry in journal.entries()] == [*case.history, b"next"]
    return "whole"


def check(
    cases: list[Case], folder: Path, count: int, seed: int, tell: Callable[[str, str, str, str], None]
) -> int:
    tried = 0
    for case in cases:
        for name, kind, files in damages(case, count, seed):
            if files == case.files:
                continue
            path = put(folder / "damaged", files)
            result = outcome(path, case)
            left = read_files(path.parent)
            tell(case.name, name.removeprefix(NAME) or ".db", kind, result)
            tried += 1
            if result == "refused SNAPSHOT_DAMAGED":
                again = outcome(put(folder / "damaged", files), case, skip=True)
                # With the snapshot's file at fault the one before does; the database's own damage shows now.
                assert again == ("whole" if ".snapshot-" in name else "refused DAMAGED")
            if result.startswith("refused"):
                assert left == files  # refusing changes nothing
    return tried


def test_damage_never_passes_for_less_history(cases: list[Case], tmp_path: Path) -> None:
    seen: Counter[tuple[str, str]] = Counter()
    tried = check(cases, tmp_path, 25, 1, lambda _, name, kind, result: seen.update([(name, result)]))
    assert tried > 200
    # The test can fail only if damages bite: each file's are noticed, and of each some are harmless or mended.
    for name in (".db", "-wal", ".head"):
        assert any(file == name and result.startswith("refused") for file, result in seen), seen
    assert any(file == ".head" and result == "whole" for file, result in seen), seen
    assert any(result == "refused BEHIND_HEAD" for _, result in seen), seen
    assert any(result == "refused SNAPSHOT_DAMAGED" for _, result in seen), seen


@pytest.mark.release
def test_thousands_of_damages(cases: list[Case], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table: Counter[tuple[str, str, str]] = Counter()
    tried = check(
        cases, tmp_path, 600, 2, lambda _, name, kind, result: table.update([(name[:9], kind, result)])
    )
    with capsys.disabled():
        print(f"\n{tried} damages")
        for (name, kind, result), number in sorted(table.items()):
            print(f"{name:<10} {kind:<22} {result:<48} {number:>5}")
        totals: Counter[str] = Counter()
        for (_, _, result), number in table.items():
            totals[result] += number
        print(dict(totals))


def test_undamaged_journals_open_whole(cases: list[Case], tmp_path: Path) -> None:
    for case in cases:
        assert outcome(put(tmp_path / "journal", case.files), case) == "whole"
        for older in case.older:
            with JournalStore.open(put(tmp_path / "journal", older), IDENTITY) as journal:
                found = [entry for _, entry in journal.entries()]
            assert found == case.history[: len(found)]
