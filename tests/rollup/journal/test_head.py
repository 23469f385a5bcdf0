"""The head's rule against every picture of two slots and a database, and its bytes against a vector written by hand."""

import hashlib
from itertools import product
from pathlib import Path

import pytest

from rollup.journal.errors import JournalError, Reason
from rollup.journal.head import FILE_BYTES, SLOT_BYTES, SLOT_OFFSETS, Head, HeadFile, acknowledged

IDENTITY = bytes(range(32))
HERE = Path("journal.db.head")


def head(commit: int) -> Head:
    return Head(commit, commit * 3, bytes([commit]) * 32)


def reachable() -> set[tuple[int | None, int | None, int]]:
    """What a crash at any instant leaves, by playing it: commit in the database, tear the slot, write the slot."""
    slots: list[int | None] = [0, 1]
    seen = {(0, None, 1), (0, 1, 1)}  # creation writes one slot after the other
    for commit in range(2, 9):
        seen.add((slots[0], slots[1], commit))
        slots[commit % 2] = None
        seen.add((slots[0], slots[1], commit))
        slots[commit % 2] = commit
        seen.add((slots[0], slots[1], commit))
    return seen


def test_exactly_the_pictures_that_a_crash_can_leave_are_accepted() -> None:
    expected = reachable()
    for even, odd, last in product((None, 0, 2, 4, 6, 8), (None, 1, 3, 5, 7), range(1, 9)):
        slots = [None if each is None else head(each) for each in (even, odd)]
        try:
            found = acknowledged(HERE, slots, last)
        except JournalError as error:
            assert (even, odd, last) not in expected
            behind = last < max(each for each in (even, odd, -1) if each is not None)
            assert (error.reason == Reason.BEHIND_HEAD) == behind
        else:
            assert (even, odd, last) in expected
            assert found.commit in (last, last - 1)


def slot(commit: int, *, magic: bytes = b"TPJHEAD\n", version: int = 2, identity: bytes = IDENTITY) -> bytes:
    body = magic + version.to_bytes(4, "big") + identity
    body += commit.to_bytes(8, "big") + (commit * 3).to_bytes(8, "big") + bytes([commit]) * 32
    return body + hashlib.sha256(body).digest()


def file_of(path: Path, even: bytes, odd: bytes) -> Path:
    path.write_bytes(even.ljust(4096, b"\0") + odd.ljust(4096, b"\0"))
    return path


def test_layout(tmp_path: Path) -> None:
    path = file_of(tmp_path / "head", slot(4), slot(5))
    file = HeadFile(path, IDENTITY)
    assert file.slots() == (head(4), head(5))
    file.write(head(6))
    file.close()
    assert path.read_bytes() == slot(6).ljust(4096, b"\0") + slot(5).ljust(4096, b"\0")
    assert (8192, (0, 4096), len(slot(0))) == (FILE_BYTES, SLOT_OFFSETS, SLOT_BYTES)


def test_a_new_file_holds_commits_0_and_1_at_position_0(tmp_path: Path) -> None:
    file = HeadFile(tmp_path / "head", IDENTITY, create=True)
    file.format()
    start = hashlib.sha256(b"tickproof.journal.v2" + IDENTITY).digest()
    assert file.slots() == (Head(0, 0, start), Head(1, 0, start))
    file.close()


@pytest.mark.parametrize("at", range(SLOT_BYTES))
def test_every_byte_of_a_slot_is_covered_by_its_checksum(tmp_path: Path, at: int) -> None:
    bad = bytearray(slot(5))
    bad[at] ^= 0x10
    file = HeadFile(file_of(tmp_path / "head", slot(4), bytes(bad)), IDENTITY)
    assert file.slots() == (head(4), None)
    file.close()


def test_a_slot_in_the_other_place_or_with_another_magic_is_not_valid(tmp_path: Path) -> None:
    file = HeadFile(file_of(tmp_path / "head", slot(5), slot(4)), IDENTITY)
    assert file.slots() == (None, None)
    file.close()
    file = HeadFile(file_of(tmp_path / "other", slot(4), slot(5, magic=b"TPOTHER\n")), IDENTITY)
    assert file.slots() == (head(4), None)
    file.close()


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (slot(5, version=3), Reason.OTHER_FORMAT),
        (slot(5, identity=bytes(32)), Reason.OTHER_DEPLOYMENT),
    ],
)
def test_a_whole_slot_of_something_else_is_named(tmp_path: Path, bad: bytes, reason: Reason) -> None:
    file = HeadFile(file_of(tmp_path / "head", slot(4), bad), IDENTITY)
    with pytest.raises(JournalError) as caught:
        file.slots()
    assert caught.value.reason == reason
    file.close()


@pytest.mark.parametrize("length", [0, 1, 4096, FILE_BYTES - 1, FILE_BYTES + 1])
def test_another_length_is_damage(tmp_path: Path, length: int) -> None:
    path = file_of(tmp_path / "head", slot(4), slot(5))
    path.write_bytes((path.read_bytes() + b"\0")[:length])
    file = HeadFile(path, IDENTITY)
    with pytest.raises(JournalError) as caught:
        file.slots()
    assert caught.value.reason == Reason.DAMAGED
    file.close()


def test_the_file_is_made_once_and_held_by_one(tmp_path: Path) -> None:
    path = tmp_path / "head"
    with pytest.raises(JournalError) as caught:
        HeadFile(path, IDENTITY)
    assert caught.value.reason == Reason.MISSING
    file = HeadFile(path, IDENTITY, create=True)
    with pytest.raises(JournalError) as caught:
        HeadFile(path, IDENTITY)
    assert caught.value.reason == Reason.HELD
    file.close()
    with pytest.raises(JournalError) as caught:
        HeadFile(path, IDENTITY, create=True)
    assert caught.value.reason == Reason.EXISTS
    file = HeadFile(path, IDENTITY)
    with pytest.raises(JournalError, match="creation was cut short"):
        file.slots()
    file.close()
