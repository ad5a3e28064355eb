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

from ib_grid.errors import OutputError
from ib_grid.storage import Place, RemotePath

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def is_file(path: Place) -> bool:
    """Whether there is such a file; False too where the path cannot be looked at."""
    try:
        return path.is_file()
    except OSError:
        return False


def is_dir(path: Place) -> bool:
    """Whether there is such a folder; False too where the path cannot be looked at."""
    try:
        return path.is_dir()
    except OSError:
        return False


def read_regular(path: Place, most_bytes: int) -> bytes:
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
def whole_file(path: Place) -> Iterator[BinaryIO]:
    """A file to write to; it gets its name once all of it is on the disk, or in the store.

    On a disk it is written beside its place, flushed and renamed; for a store it is gathered in
    memory and put there in one go. If the block fails, a file that was there before stays as it
    was, and nothing new is left, folders included.

    Raises
    ------
    OutputError
        If the place cannot be written.
    UnreachableError
        If the store that it is in does not take it.
    """
    with _whole_object(path) if isinstance(path, RemotePath) else _file_on_disk(path) as file:
        yield file


@contextlib.contextmanager
def _whole_object(path: RemotePath) -> Iterator[BinaryIO]:
    content = io.BytesIO()
    yield content
    try:
        path.write_bytes(content.getvalue())
    except OSError as error:
        raise _cannot_write(path, error) from error


@contextlib.contextmanager
def _file_on_disk(path: Path) -> Iterator[BinaryIO]:
    _check_replaceable(path)
    # In containers many processes have one id.
    aside = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.partial")
    folders: list[Path] = []
    try:
        folders = _missing_folders(path.parent)
        path.parent.mkdir(parents=True, exist_ok=True)
        with aside.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
        _flush_folder(path.parent)
    except BaseException as error:
        _remove(aside, folders)
        if isinstance(error, OSError):
            raise _cannot_write(path, error) from error
        raise


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
        where=str(path),
        expected="the path of a file, there or not",
        remedy="choose another place",
    )


def _cannot_write(path: Place, error: OSError) -> OutputError:
    return OutputError(
        f"the file cannot be written ({error.strerror or error})",
        where=str(path),
        expected="a folder that can be written, with room on the disk",
        remedy=f"{'make room' if error.errno in _NO_ROOM else 'give the right to write'}, or choose"
        " another place",
    )


def _missing_folders(folder: Path) -> list[Path]:
    """The folders to be made for this one, innermost first."""
    return [place for place in (folder, *folder.parents) if not place.exists()]


def _remove(aside: Path, folders: list[Path]) -> None:
    # What cannot be removed must not hide the error that led here.
    with contextlib.suppress(OSError):
        aside.unlink(missing_ok=True)
    for folder in folders:
        with contextlib.suppress(OSError):
            folder.rmdir()


def _flush_folder(folder: Path) -> None:
    """Make the rename last; Windows cannot open folders and needs none of it."""
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
