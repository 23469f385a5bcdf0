"""What commands leave on disk: whole or not at all.

Decides how a file comes to be. Its content goes to a temporary file beside it, is flushed to the disk, and takes the name in
one step; a command with several files gives them their names together, and takes them back if one cannot have it. That a place
cannot be written is found out before the work is done, not after. Devices and pipes are written as they are, links are followed,
modes and the umask are respected. What a process that was killed leaves behind is a temporary file, named so, and never part of
one."""

import ctypes
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from prover.errors import CannotWrite

_EXCHANGE = 2  # RENAME_EXCHANGE of renameat2(2)
_HERE = -100  # AT_FDCWD


class Output:
    """One file to be. Its `write` raises `CannotWrite`."""

    def __init__(self, path: Path, replace: bool, keep: bool) -> None:
        """`keep`: what is there may have to come back."""
        self.path = path
        self._replace, self._keep = replace, keep
        self._target = Path(os.path.realpath(path))
        self._temporary: Path | None = None
        self._before: Path | None = None
        self._undo_name = False
        try:
            self._file = self._open()
        except OSError as error:
            raise self._failure(error) from error

    def _failure(self, error: OSError) -> CannotWrite:
        return CannotWrite(f"cannot write {self.path}: {error.strerror or error}")

    def _beside(self) -> Path:
        return self._target.parent / f".tickproof-{secrets.token_hex(8)}"

    def _open(self) -> BinaryIO:
        try:
            mode = self.path.stat().st_mode
        except FileNotFoundError:
            if not self._target.parent.is_dir():
                raise FileNotFoundError(errno.ENOENT, f"no such folder: {self._target.parent}") from None
            mode = None
        if mode is not None and not self._replace:
            raise FileExistsError(errno.EEXIST, "exists already and is not replaced")
        if mode is not None and not stat.S_ISREG(mode):
            return self.path.open("wb", buffering=0)
        if mode is not None and not os.access(self._target, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        temporary = self._beside()
        handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o666)
        self._temporary = temporary
        if mode is not None:
            os.fchmod(handle, stat.S_IMODE(mode))
        return os.fdopen(handle, "wb")

    @property
    def place(self) -> Path | None:
        """The file, links followed, that will have the content; None for a device or pipe, which has it already."""
        return None if self._temporary is None else self._target

    def write(self, content: bytes | bytearray | memoryview) -> None:
        """Append to the content."""
        try:
            self._file.write(content)
        except OSError as error:
            raise self._failure(error) from error

    def finish(self) -> None:
        """The content is complete: to the disk with it, under the temporary name."""
        try:
            self._file.flush()
            if self._temporary is not None:
                os.fsync(self._file.fileno())
            self._file.close()
        except OSError as error:
            raise self._failure(error) from error

    def name(self) -> None:
        """Give the content its name, in one step."""
        if self._temporary is None:
            return
        try:
            if self._keep and self._target.exists():
                with suppress(OSError):  # A file system without hard links: then what is there is gone.
                    before = self._beside()
                    os.link(self._target, before)
                    self._before = before
            self._undo_name = self._before is not None or not self._target.exists()
            if self._replace:
                self._temporary.replace(self._target)
            else:
                self._link()
        except OSError as error:
            self._undo_name = False
            raise self._failure(error) from error
        self._temporary = None

    def _link(self) -> None:
        """The name, unless somebody else has taken it meanwhile."""
        assert self._temporary is not None
        try:
            os.link(self._temporary, self._target)
        except FileExistsError:
            raise FileExistsError(errno.EEXIST, "exists already and is not replaced") from None
        except OSError:  # A file system without hard links.
            if self._target.exists():
                raise FileExistsError(errno.EEXIST, "exists already and is not replaced") from None
            self._temporary.rename(self._target)
        else:
            self._temporary.unlink()

    def undo(self) -> None:
        """Leave things as they were."""
        with suppress(OSError):
            self._file.close()
        if self._undo_name:
            with suppress(OSError):
                if self._before is not None:
                    self._before.replace(self._target)
                else:
                    self._target.unlink()
        self.settle()

    def settle(self) -> None:
        """Remove what is only for undoing."""
        for path in (self._temporary, self._before):
            if path is not None:
                path.unlink(missing_ok=True)


@contextmanager
def outputs(*paths: Path, replace: bool = True) -> Iterator[tuple[Output, ...]]:
    """Files to write, all of which appear when the block ends without an exception, or none.

    `replace`: whether a file that is there gives way. Raises `CannotWrite`: before the block for a folder that does not exist, a
    path that is a folder, a place that may not be written, one file named twice; in it or at its end where the disk is full or fails."""
    made: list[Output] = []
    try:
        for path in paths:
            made.append(Output(path, replace, keep=len(paths) > 1))
        places = [output.place for output in made if output.place is not None]
        if len(set(places)) < len(places):
            raise CannotWrite(f"cannot write two results to one file: {paths[0]}")
        yield tuple(made)
        for output in made:
            output.finish()
        for output in made:
            output.name()
    except BaseException:
        for output in made:
            output.undo()
        raise
    for folder in {place.parent for place in places}:
        sync_folder(folder)
    for output in made:
        output.settle()


def sync_folder(folder: Path) -> None:
    """New names survive a power cut once their folder is on disk; a file system that cannot say so is believed."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def exchange_folders(first: Path, second: Path) -> None:
    """Two folders take each other's names, in one step where the system has one (Linux): no instant without either.

    Elsewhere in three renames, the first of which is taken back if the second fails. Raises OSError."""
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is not None:
        if renameat2(_HERE, os.fsencode(first), _HERE, os.fsencode(second), _EXCHANGE) == 0:
            return
        number = ctypes.get_errno()
        if number not in (errno.ENOSYS, errno.EINVAL):
            raise OSError(number, os.strerror(number), str(second))
    aside = second.with_name(f".exchanged-{secrets.token_hex(8)}")
    second.rename(aside)
    try:
        first.rename(second)
    except OSError:
        aside.rename(second)
        raise
    aside.rename(first)
