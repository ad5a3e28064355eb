"""Lock of a folder that only one run may write."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

from ib_grid.errors import OutputError
from ib_grid.storage.atomic_files import cannot_write, is_file
from ib_grid.storage.lease import leased
from ib_grid.storage.lock_owner import lock_owner, locked_error, parse_lock_owner
from ib_grid.storage.paths import AnyPath, RemotePath

LOCK_FILE = ".lock"


@contextlib.contextmanager
def sole_writer(folder: AnyPath, say: Callable[[str], None] = lambda _: None) -> Iterator[None]:
    """Keep every other process from writing a folder while the block runs.

    On a disk the lock is a file lock, which ends with the lock owner's process. In an object store
    the lock is a lease, which expires a minute after the lock owner has died; `say` receives a
    message if the function has to wait to learn whether the lock owner is alive.
    """
    with leased(folder, say) if isinstance(folder, RemotePath) else _locked(folder):
        yield


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    path = folder / LOCK_FILE
    if path.exists() and not is_file(path):
        raise OutputError("the lock is not a regular file", location=str(path), hint="remove it")
    lock = FileLock(path, blocking=False, thread_local=False, fallback_to_soft=False)
    try:
        lock.acquire()
    except Timeout as error:
        raise locked_error(folder, _read_owner(path)) from error
    except OSError as error:
        raise cannot_write(
            "the folder",
            folder,
            error,
            expected="a folder in which files can be created and locked",
            other="--output",
        ) from error
    try:
        # Serves only the message to others, so a full disk is no reason to stop.
        with contextlib.suppress(OSError):
            path.write_text(json.dumps(lock_owner()), encoding="utf-8")
        yield
    finally:
        lock.release()


def _read_owner(path: Path) -> dict[str, object]:
    try:
        return parse_lock_owner(path.read_bytes())
    except OSError:
        return {}
