"""A folder that only one run writes."""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import json
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from ib_grid.errors import OutputError

LOCK_FILE = ".lock"
_TAKEN = (errno.EAGAIN, errno.EACCES, errno.EWOULDBLOCK, errno.EDEADLK)


@contextlib.contextmanager
def sole_writer(folder: Path) -> Iterator[None]:
    """Keep every other process from writing a folder; the death of the holder ends it.

    Raises
    ------
    OutputError
        If another process holds the folder, or it cannot be written.
    """
    path = folder / LOCK_FILE
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise OutputError(
            f"the folder cannot be written ({error.strerror})",
            where=str(folder),
            expected="a folder in which files can be made",
            remedy="give the right to write, or choose another --output",
        ) from error
    try:
        _lock(descriptor, path)
        os.ftruncate(descriptor, 0)
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, json.dumps(_holder()).encode())
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
                where=str(path.parent),
                expected="a file system with locks",
                remedy="choose an --output on another file system",
            ) from error
        raise OutputError(
            f"another run is writing here: {_holder_text(path)}",
            where=str(path.parent),
            expected="one run at a time in a folder",
            remedy="wait for it or stop it, or name another folder with --run-dir",
        ) from error


def _holder() -> dict[str, str | int]:
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    return {"process": os.getpid(), "host": socket.gethostname(), "since": now}


def _holder_text(path: Path) -> str:
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
        return f"process {holder['process']} on {holder['host']}, since {holder['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "a process that has not said its name yet"
