"""Files that appear whole or not at all: on disks that are full, in places that are not, and when several belong together."""

import os
import resource
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from prover import outputs as module
from prover.errors import CannotWrite
from prover.outputs import exchange_folders, outputs


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_nothing_is_there_before_the_end(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("old")
    with outputs(path) as (file,):
        file.write(b"new")
        assert path.read_text() == "old"
    assert path.read_text() == "new" and names(tmp_path) == ["x"]


def test_an_exception_leaves_everything_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    with pytest.raises(ZeroDivisionError), outputs(tmp_path / "a", tmp_path / "b") as (a, b):
        a.write(b"new")
        b.write(b"new")
        raise ZeroDivisionError
    assert names(tmp_path) == ["a"] and (tmp_path / "a").read_text() == "old"


@pytest.mark.parametrize("existing", [True, False])
def test_two_files_have_their_names_together(tmp_path: Path, existing: bool) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    if existing:
        a.write_text("old")
    with pytest.raises(CannotWrite, match=f"cannot write {b}: Is a directory"), outputs(a, b) as files:
        for file in files:
            file.write(b"new")
        b.mkdir()  # Taken while the work was done: only the last rename can tell.
    assert names(tmp_path) == (["a", "b"] if existing else ["b"])
    assert not existing or a.read_text() == "old"


def test_places_that_cannot_be_are_refused_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("old")
    for path, message in (
        (tmp_path / "none" / "x", f"no such folder: {tmp_path / 'none'}"),
        (tmp_path / "folder", "Is a directory"),
        (tmp_path / "file" / "x", "Not a directory"),
        (Path("/proc/none"), "No such file or directory"),
        (tmp_path / ("x" * 300), "File name too long"),
    ):
        with (
            pytest.raises(CannotWrite, match=f"^cannot write .*{message}$"),
            outputs(tmp_path / "first", path),
        ):
            raise AssertionError("the work was begun")
    with pytest.raises(CannotWrite, match="two results"), outputs(tmp_path / "x", tmp_path / "folder/../x"):
        raise AssertionError("the work was begun")
    assert names(tmp_path) == ["file", "folder"]


def test_a_file_that_may_not_be_written_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x"
    path.write_text("old")
    path.chmod(0o444)
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # As for everybody but root.
    with pytest.raises(CannotWrite, match="Permission denied"), outputs(path):
        raise AssertionError("the work was begun")
    assert path.read_text() == "old"


def test_modes_and_links_are_kept(tmp_path: Path) -> None:
    path, link = tmp_path / "x", tmp_path / "link"
    path.write_text("old")
    path.chmod(0o604)
    link.symlink_to(path)
    mask = os.umask(0o027)
    try:
        with outputs(link, tmp_path / "fresh") as files:
            for file in files:
                file.write(b"new")
    finally:
        os.umask(mask)
    assert link.is_symlink() and path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o604
    assert stat.S_IMODE((tmp_path / "fresh").stat().st_mode) == 0o640


def test_what_is_there_is_not_replaced_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "x"
    with pytest.raises(CannotWrite, match="exists already"), outputs(path, replace=False) as (file,):
        file.write(b"new")
        path.write_text("somebody else's")  # Between the first look and the last step.
    assert path.read_text() == "somebody else's" and names(tmp_path) == ["x"]
    with pytest.raises(CannotWrite, match="exists already"), outputs(path, replace=False):
        raise AssertionError("the work was begun")


@pytest.mark.parametrize("there", [True, False])
def test_without_hard_links_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool) -> None:
    def refuse(*arguments: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", refuse)
    path = tmp_path / "x"
    if there:
        with pytest.raises(CannotWrite, match="exists already"), outputs(path, replace=False) as (file,):
            path.write_text("somebody else's")
        assert path.read_text() == "somebody else's"
    else:
        with outputs(path, replace=False) as (file,):
            file.write(b"new")
        assert path.read_text() == "new"
    assert names(tmp_path) == ["x"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux")
def test_devices_are_written_and_stay_devices(tmp_path: Path) -> None:
    with outputs(Path("/dev/null"), Path("/dev/null")) as files:
        files[0].write(b"new")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    with (
        pytest.raises(CannotWrite, match="/dev/full: No space left"),
        outputs(tmp_path / "x", Path("/dev/full")) as files,
    ):
        for file in files:
            file.write(b"new")
    assert stat.S_ISCHR(Path("/dev/full").stat().st_mode) and not names(tmp_path)


def test_a_pipe_is_written(tmp_path: Path) -> None:
    pipe, heard = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: heard.append(pipe.read_bytes()), daemon=True)
    reader.start()
    with outputs(pipe) as (file,):
        file.write(b"new")
    reader.join(10)
    assert heard == [b"new"] and stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize("size", [5_000, 3_000_000])
def test_a_disk_that_fills_up(tmp_path: Path, size: int) -> None:
    """The limit on a file's size stands for the disk: a write, or the last flush, fails in the same way."""
    script = f"""
import sys
from pathlib import Path
from prover.errors import CannotWrite
from prover.outputs import outputs
try:
    with outputs(Path(sys.argv[1]) / "a", Path(sys.argv[1]) / "b") as (a, b):
        a.write(bytes(100))
        b.write(bytes({size}))
except CannotWrite as error:
    print(error)
"""
    (tmp_path / "a").write_text("old")
    run = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)),
    )
    assert run.stdout == f"cannot write {tmp_path / 'b'}: File too large\n"
    assert names(tmp_path) == ["a"] and (tmp_path / "a").read_text() == "old"


@pytest.mark.parametrize("has_system_call", [True, False])
def test_folders_are_exchanged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_system_call: bool
) -> None:
    if not has_system_call:
        monkeypatch.setattr(module.ctypes, "CDLL", lambda *arguments, **options: object())
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    with monkeypatch.context() as patch:
        if has_system_call and sys.platform == "linux":
            # In one step: without a rename, between which there would be no folder.
            patch.setattr(Path, "rename", lambda *arguments: pytest.fail("renamed"))
        exchange_folders(tmp_path / "one", tmp_path / "two")
    assert names(tmp_path) == ["one", "two"]
    assert names(tmp_path / "one") == ["two"] and names(tmp_path / "two") == ["one"]
    with pytest.raises(OSError, match="No such file"):
        exchange_folders(tmp_path / "none", tmp_path / "two")
    assert names(tmp_path) == ["one", "two"] and names(tmp_path / "two") == ["one"]
