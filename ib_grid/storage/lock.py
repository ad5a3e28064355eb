"""A folder that only one run writes."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from ib_grid.errors import OutputError
from ib_grid.storage.atomic_files import cannot_write
from ib_grid.storage.lease import leased
from ib_grid.storage.lock_owner import holder, holder_text
from ib_grid.storage.paths import AnyPath, RemotePath

LOCK_FILE = ".lock"
_TAKEN = (errno.EAGAIN, errno.EACCES, errno.EWOULDBLOCK, errno.EDEADLK)


@contextlib.contextmanager
def sole_writer(folder: AnyPath, say: Callable[[str], None] = lambda _: None) -> Iterator[None]:
    """Keep every other process from writing a folder; the death of the holder ends it.

    On this machine's disks it ends at once, by a lock of the file system; in an object store after
    a while, by a lease (`ib_grid.storage.lease`).

    Parameters
    ----------
    folder : AnyPath
    say : callable, optional
        Is told if it has to be found out whether the holder lives.

    Raises
    ------
    OutputError
        If another process holds the folder, or it cannot be written.
    DiskError
        If its disk has no room, or fails.
    UnreachableError
        If the store that it is in cannot be used.
    """
    with leased(folder, say) if isinstance(folder, RemotePath) else _locked(folder):
        yield


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    path = folder / LOCK_FILE
    try:
        # A link could lead to any file, which would be emptied.
        no_link = getattr(os, "O_NOFOLLOW", 0)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | no_link, 0o666)
    except OSError as error:
        expected = "a folder in which files can be made"
        raise cannot_write(
            "the folder", folder, error, expected=expected, other="--output"
        ) from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OutputError(
                "the lock is a pipe or a device, not a file", location=str(path), hint="remove it"
            )
        _lock(descriptor, path)
        # The name is for whoever finds the folder taken; a disk may have no room even for that.
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.lseek(descriptor, 0, os.SEEK_SET)
            os.write(descriptor, json.dumps(holder()).encode())
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, path: Path) -> None:
    try:
        if sys.platform == "win32":
            import msvcrt

            # A locked byte cannot be read by others: take one past the holder's name.
            os.lseek(descriptor, 1 << 20, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in _TAKEN:
            raise OutputError(
                f"the folder cannot be locked ({error.strerror})",
                location=str(path.parent),
                expected="a file system with locks",
                hint="choose an --output on another file system",
            ) from error
        raise OutputError(
            f"another run is writing here: {holder_text(_held(path))}",
            location=str(path.parent),
            expected="one run at a time in a folder",
            hint="wait for it or stop it, or name another folder with --run-dir",
        ) from error


def _held(path: Path) -> Mapping[str, object]:
    """What the holder of a lock says of itself; nothing if that is not to be read."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}
