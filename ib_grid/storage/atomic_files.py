"""Atomic files: written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import re
import secrets
import socket
import stat
import time
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from ib_grid.errors import DiskError, OutputError, UnreachableError
from ib_grid.storage.paths import AnyPath, RemotePath

# Failures of the disk rather than of the path that was given, each with its hint.
_DISK_HINTS = {
    errno.ENOSPC: "make room",
    errno.EDQUOT: "make room",
    errno.EFBIG: "make room",
    errno.EIO: "check the disk",
}

_WRITER = re.compile(r"\.([0-9a-f]{8})-(\d+)-[0-9a-f]{8}\.partial$")
_ABANDONED_SECONDS = 3600.0


def is_file(path: AnyPath) -> bool:
    """Return True if the file exists; False also if the path cannot be examined."""
    try:
        return path.is_file()
    except OSError:
        return False


def is_dir(path: AnyPath) -> bool:
    """Return True if the folder exists; False also if the path cannot be examined."""
    try:
        return path.is_dir()
    except OSError:
        return False


def read_regular(path: AnyPath, max_bytes: int) -> bytes:
    """Return the content of a regular file of limited size."""
    content = path.read_bytes() if isinstance(path, RemotePath) else _head(path, max_bytes + 1)
    if len(content) > max_bytes:
        raise OSError(errno.EFBIG, f"larger than {max_bytes:,} bytes")
    return content


def _head(path: Path, max_bytes: int) -> bytes:
    # Without O_NONBLOCK, opening a pipe that nobody writes to would wait forever.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor, not a path
        found = os.fstat(descriptor)
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "a pipe or a device, not a file")
        return file.read(max_bytes)


@contextlib.contextmanager
def whole_file(path: AnyPath) -> Iterator[BinaryIO]:
    """Open a file for writing that appears under its name only when complete.

    On a disk the content is written to a temporary file beside it, flushed and renamed; for an
    object store the content is collected in memory and put in one request. If the block fails, an
    existing file stays as it was and no new files or folders are left.
    """
    with whole_files() as files, files.begin(path) as file:
        yield file


@contextlib.contextmanager
def whole_files() -> Iterator[WholeFiles]:
    """Write several files that appear together, when the last of them is complete.

    If the block fails, existing files all stay as they were and no new ones are left. An object
    store has no renaming: its objects are put one after the other at the end of the block, and
    those before a failure stay.
    """
    files = WholeFiles()
    try:
        yield files
        files._publish()
    except BaseException:
        files._clean_up()
        raise
    files._remove_temporary()


class WholeFiles:
    """Files in progress, in the order in which they were begun; see `whole_files`."""

    def __init__(self) -> None:
        self._objects: list[tuple[RemotePath, io.BytesIO]] = []
        self._complete: list[tuple[Path, Path]] = []
        self._temporary: list[Path] = []
        self._new_folders: list[Path] = []

    @contextlib.contextmanager
    def begin(self, path: AnyPath) -> Iterator[BinaryIO]:
        """Open one of the files for writing."""
        if isinstance(path, RemotePath):
            content = io.BytesIO()
            yield content
            self._objects.append((path, content))
            return
        _check_replaceable(path)
        temporary = temporary_name(path)
        with _write_errors(path):
            self._new_folders[:0] = missing_folders(path.parent)
            self._temporary.append(temporary)
            path.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
        self._complete.append((temporary, path))

    def _publish(self) -> None:
        for remote, content in self._objects:
            with _write_errors(remote):
                remote.write_bytes(content.getvalue())
        before: list[tuple[Path, Path | None]] = []
        try:
            for temporary, path in self._complete:
                with _write_errors(path):
                    if len(self._complete) > 1:
                        before.append((path, self._second_name(path)))
                    temporary.replace(path)
        except BaseException:
            _restore(before)
            raise
        flushed = {path.parent: path for _, path in self._complete}
        above = {folder.parent: folder for folder in self._new_folders}
        for folder, path in {**above, **flushed}.items():
            with _write_errors(path):
                flush_folder(folder)

    def _second_name(self, path: Path) -> Path | None:
        """Give an existing file a second name, under which it can be restored."""
        if not path.exists():
            return None
        second = temporary_name(path)
        self._temporary.append(second)
        try:
            os.link(path, second)
        except OSError:  # some file systems have no links
            path.rename(second)
        return second

    def _remove_temporary(self) -> None:
        for temporary in self._temporary:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)

    def _clean_up(self) -> None:
        # Best-effort cleanup: the error that led here matters more.
        self._remove_temporary()
        for folder in self._new_folders:
            with contextlib.suppress(OSError):
                folder.rmdir()


def _restore(before: Iterable[tuple[Path, Path | None]]) -> None:
    """Put the files back that were there before, as far as that is possible."""
    for path, second in before:
        with contextlib.suppress(OSError):
            if second is None:
                path.unlink(missing_ok=True)
            elif second.exists():
                second.replace(path)


def temporary_name(path: Path) -> Path:
    """Return a new name beside a path, under which the file is written."""
    # The random part tells processes in different containers apart.
    writer = f"{_host()}-{os.getpid()}-{secrets.token_hex(4)}"
    return path.with_name(f".{path.name}.{writer}.partial")


def _host() -> str:
    return f"{zlib.crc32(socket.gethostname().encode()):08x}"


def is_abandoned(temporary: Path) -> bool:
    """Return True if the process that wrote a file under a temporary name has ended.

    A process of another machine counts as ended if it has not written for an hour: a lock may be
    without effect on a network file system.
    """
    if is_of_dead_process(temporary):
        return True
    try:
        return time.time() - temporary.stat().st_mtime > _ABANDONED_SECONDS
    except FileNotFoundError:  # it has just got its name
        return False


def is_of_dead_process(temporary: Path) -> bool:
    """Return True if a process of this machine gave a temporary name and has ended."""
    writer = _WRITER.search(temporary.name)
    return bool(writer and writer[1] == _host() and not _is_alive(int(writer[2])))


def _is_alive(process: int) -> bool:
    if os.name == "nt":  # there the call would end the process
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # a process of another user
        return True
    return True


@contextlib.contextmanager
def _write_errors(path: AnyPath) -> Iterator[None]:
    """Turn an OSError into the error of `cannot_write`."""
    try:
        yield
    except OSError as error:
        raise cannot_write("the file", path, error) from error


def _check_replaceable(path: Path) -> None:
    """Refuse a path that is not a regular file: root could replace a device by a file."""
    if path.name in ("", "..") or is_dir(path):
        found = "it is a folder"
    elif os.path.exists(path) and not is_file(path):  # noqa: PTH110 - never raises
        found = "it is a pipe or a device"
    else:
        return
    raise OutputError(
        f"the file cannot be written ({found})",
        location=str(path),
        expected="the path of a new or existing file",
        hint="choose another path",
    )


def cannot_write(
    what: str,
    location: AnyPath,
    error: OSError,
    *,
    expected: str = "a folder with write permission, on a disk with free space",
    other: str = "path",
) -> OutputError | DiskError | UnreachableError:
    """Return the error for a path that cannot be written.

    A wrong path is wrong input, exit status 2. A full or failing disk may happen to the right path,
    exit status 1.
    """
    if error.errno == errno.ESTALE:
        return stale(location, error)
    kind = DiskError if error.errno in _DISK_HINTS else OutputError
    hint = _DISK_HINTS.get(error.errno or 0, "give write permission")
    if isinstance(location, RemotePath) and error.errno == errno.ENOENT:
        hint = "create the bucket"
    return kind(
        f"{what} cannot be written ({error.strerror or error})",
        location=str(location),
        expected=expected,
        hint=f"{hint}, or choose another {other}",
    )


def stale(location: AnyPath, error: OSError) -> UnreachableError:
    """Return the error for a network file system that has lost track of a file, ESTALE."""
    return UnreachableError(
        f"the network file system cannot be used ({error.strerror or error})",
        location=str(location),
        expected="a file system that answers on every machine of the run",
        hint="check the file server, then run the same command again; finished work is kept",
    )


def missing_folders(folder: Path) -> list[Path]:
    """Return the folders that have to be created for this one, innermost first."""
    return [path for path in (folder, *folder.parents) if not path.exists()]


def flush_folder(folder: Path) -> None:
    """Flush a folder to the disk, so that renames in it last."""
    if os.name == "nt":  # Windows cannot open a folder
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems cannot flush a folder.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.ENOSYS):
            raise
    finally:
        os.close(descriptor)
