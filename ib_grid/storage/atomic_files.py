"""Files that are there whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ib_grid.errors import DiskError, OutputError
from ib_grid.storage.paths import AnyPath, RemotePath

# What goes wrong at a place that is the right one, and what a person can do about it.
_OF_THE_DISK = {
    errno.ENOSPC: "make room",
    errno.EDQUOT: "make room",
    errno.EFBIG: "make room",
    errno.EIO: "look at the disk",
}


def is_file(path: AnyPath) -> bool:
    """Whether there is such a file; False too where the path cannot be looked at."""
    try:
        return path.is_file()
    except OSError:
        return False


def is_dir(path: AnyPath) -> bool:
    """Whether there is such a folder; False too where the path cannot be looked at."""
    try:
        return path.is_dir()
    except OSError:
        return False


def read_regular(path: AnyPath, most_bytes: int) -> bytes:
    """The bytes of a file that is no pipe, device or folder, and not too large to be read at once.

    Raises
    ------
    OSError
        If it is one of these, has more bytes, or cannot be read; `strerror` says it in words.
    """
    content = (
        path.read_bytes() if isinstance(path, RemotePath) else _beginning(path, most_bytes + 1)
    )
    if len(content) > most_bytes:
        raise OSError(errno.EFBIG, f"larger than {most_bytes:,} bytes")
    return content


def _beginning(path: Path, most_bytes: int) -> bytes:
    # A pipe that nobody writes to would be waited for for ever.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor, not a path
        found = os.fstat(descriptor)
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "a pipe or a device, not a file")
        return file.read(most_bytes)


@contextlib.contextmanager
def whole_file(path: AnyPath) -> Iterator[BinaryIO]:
    """A file to write to; it gets its name once all of it is on the disk, or in the store.

    On a disk it is written beside its place, flushed and renamed; for a store it is gathered in
    memory and put there in one go. If the block fails, a file that was there before stays as it
    was, and nothing new is left, folders included.

    Raises
    ------
    OutputError
        If the place cannot be written.
    DiskError
        If its disk has no room, or fails.
    UnreachableError
        If the store that it is in does not take it.
    """
    with whole_files() as files, files.begin(path) as file:
        yield file


@contextlib.contextmanager
def whole_files() -> Iterator[WholeFiles]:
    """Files that belong together; they get their names once the last of them is on the disk.

    What needs room is done before the first gets its name: if the block fails, those that were
    there before all stay as they were, and nothing new is left. A store has no second name to
    give: there each is put in one go at the end of the block, and one that the store does not take
    leaves those before it new.

    Raises
    ------
    OutputError, DiskError
        If a place cannot be written.
    UnreachableError
        If the store that they are in does not take one.
    """
    files = WholeFiles()
    try:
        yield files
        files._give_names()
    except BaseException:
        files._remove_unnamed()
        raise


class WholeFiles:
    """Files that have no names yet, in the order in which they were begun; see `whole_files`."""

    def __init__(self) -> None:
        self._objects: list[tuple[RemotePath, io.BytesIO]] = []
        self._whole: list[tuple[Path, Path]] = []
        self._begun: list[Path] = []
        self._folders: list[Path] = []

    @contextlib.contextmanager
    def begin(self, path: AnyPath) -> Iterator[BinaryIO]:
        """A file to write to, for the length of a with block."""
        if isinstance(path, RemotePath):
            content = io.BytesIO()
            yield content
            self._objects.append((path, content))
            return
        _check_replaceable(path)
        # In containers many processes have one id.
        aside = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.partial")
        with _told_of(path):
            self._folders[:0] = _missing_folders(path.parent)
            self._begun.append(aside)
            path.parent.mkdir(parents=True, exist_ok=True)
            with aside.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
        self._whole.append((aside, path))

    def _give_names(self) -> None:
        for place, content in self._objects:
            with _told_of(place):
                place.write_bytes(content.getvalue())
        for aside, path in self._whole:
            with _told_of(path):
                aside.replace(path)
        for folder, path in {path.parent: path for _, path in self._whole}.items():
            with _told_of(path):
                _flush_folder(folder)

    def _remove_unnamed(self) -> None:
        # What cannot be removed must not hide the error that led here.
        for aside in self._begun:
            with contextlib.suppress(OSError):
                aside.unlink(missing_ok=True)
        for folder in self._folders:
            with contextlib.suppress(OSError):
                folder.rmdir()


@contextlib.contextmanager
def _told_of(path: AnyPath) -> Iterator[None]:
    """Say what goes wrong with a file in the words of `cannot_write`."""
    try:
        yield
    except OSError as error:
        raise cannot_write("the file", path, error) from error


def _check_replaceable(path: Path) -> None:
    """Refuse a place that is no file: the administrator could replace a device by one."""
    if path.name in ("", "..") or is_dir(path):
        found = "it is a folder"
    elif os.path.exists(path) and not is_file(path):  # noqa: PTH110 - it never raises
        found = "it is a pipe or a device"
    else:
        return
    raise OutputError(
        f"the file cannot be written ({found})",
        location=str(path),
        expected="the path of a file, there or not",
        hint="choose another place",
    )


def cannot_write(
    what: str,
    location: AnyPath,
    error: OSError,
    *,
    expected: str = "a folder that can be written, with room on the disk",
    other: str = "place",
) -> OutputError | DiskError:
    """What to raise where a place cannot be written, or where its disk is full or fails.

    The first is wrong input, exit status 2; the second happens to the right place, too: status 1.
    """
    kind = DiskError if error.errno in _OF_THE_DISK else OutputError
    remedy = _OF_THE_DISK.get(error.errno or 0, "give the right to write")
    return kind(
        f"{what} cannot be written ({error.strerror or error})",
        location=str(location),
        expected=expected,
        hint=f"{remedy}, or choose another {other}",
    )


def _missing_folders(folder: Path) -> list[Path]:
    """The folders to be made for this one, innermost first."""
    return [place for place in (folder, *folder.parents) if not place.exists()]


def _flush_folder(folder: Path) -> None:
    """Make renames last; Windows cannot open folders and needs none of it."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems cannot flush a folder; the file's own flush has to do there.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)
