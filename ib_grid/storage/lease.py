"""Lease of a folder in an object store, which only one run writes.

A store has no locks that end with their owner's process. The lock owner therefore renews its lease
every few seconds, and whoever finds a lease watches it: a lease that does not change for a minute
has a dead owner. No clocks are compared; only the time that passes for the watcher counts.

Leases are numbered objects, ``.lease-00001`` and so on, of which the highest number is valid. To
take over a folder is to create the next number, which must not exist: of two who try, the store
refuses one. A released lease stays in the store and says so, so that no number is used twice.
"""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ib_grid.errors import OutputError, UnreachableError
from ib_grid.storage.lock_owner import lock_owner, locked_error, owner_text, parse_lock_owner
from ib_grid.storage.paths import RemotePath

RENEWAL_SECONDS = 10.0
# Several renewals may fail before others consider the lock owner dead.
DEAD_AFTER_SECONDS = 60.0
POLL_SECONDS = 2.0
_NAME = re.compile(r"\.lease-(\d{5,})")
_RELEASED = "given back"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lease:
    """Number and content of a lease."""

    number: int
    content: bytes

    @property
    def values(self) -> dict[str, object]:
        """Text that the lock owner wrote; empty if unreadable."""
        return parse_lock_owner(self.content)

    @property
    def is_released(self) -> bool:
        """True if the lock owner has released the lease."""
        return self.values.get("state") == _RELEASED


@contextlib.contextmanager
def leased(folder: RemotePath, say: Callable[[str], None]) -> Iterator[None]:
    """Keep every other run from writing a folder; the lease of a dead owner ends after a minute.

    In a store that cannot refuse to overwrite an object, two runs that start at the same moment
    both begin, and the first renewal finds that out. Even then no row is wrong, because both
    compute the same. `say` receives a message if a lease has to be watched for a while.
    """
    token = secrets.token_hex(8)
    renewal = _Renewal(folder, _take(folder, token, say), token)
    renewal.start()
    try:
        yield
    finally:
        renewal.stop()
    if renewal.lost:
        raise _refused(folder, _last(folder))


def _take(folder: RemotePath, token: str, say: Callable[[str], None]) -> int:
    """Create the next lease once no lease is alive, and return its number."""
    last = _last(folder)
    if last and not last.is_released:
        say(
            f"the folder was in use by {owner_text(last.values)}; checking for up to"
            f" {DEAD_AFTER_SECONDS:.0f} s whether that run is still alive"
        )
        _watch(folder, last)
    number = last.number + 1 if last else 1
    try:
        _path(folder, number).write_bytes(_content(token, 0), new=True)
    except FileExistsError as error:
        raise _refused(folder, _last(folder)) from error
    except OSError as error:  # such as a missing bucket
        raise OutputError(
            f"the output folder cannot be written ({error.strerror})",
            location=str(folder),
            expected="an existing bucket in which objects can be created",
            hint="create the bucket, or choose another --output",
        ) from error
    return number


def _watch(folder: RemotePath, seen: _Lease) -> None:
    """Wait until a lease has been unchanged for so long that its owner must be dead."""
    began = time.monotonic()
    while time.monotonic() - began < DEAD_AFTER_SECONDS:
        time.sleep(POLL_SECONDS)
        now = _last(folder)
        if now and now.number == seen.number and now.is_released:
            return
        if now != seen:
            raise _refused(folder, now)


def _refused(folder: RemotePath, lease: _Lease | None) -> OutputError:
    return locked_error(folder, lease.values if lease else {})


def _last(folder: RemotePath) -> _Lease | None:
    """Return the valid lease, or None if the folder never had one."""
    numbers = [int(m[1]) for path in folder.glob(".lease-*") if (m := _NAME.fullmatch(path.name))]
    if not numbers:
        return None
    return _Lease(number=max(numbers), content=_path(folder, max(numbers)).read_bytes())


def _path(folder: RemotePath, number: int) -> RemotePath:
    return folder / f".lease-{number:05d}"


def _content(token: str, renewals: int, state: str = "held") -> bytes:
    values = {**lock_owner(), "token": token, "renewals": renewals, "state": state}
    return json.dumps(values).encode()


class _Renewal:
    """Thread that renews a lease until stopped, or until another run has taken the lease over."""

    def __init__(self, folder: RemotePath, number: int, token: str) -> None:
        self.lost = False
        self._folder, self._number, self._token = folder, number, token
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="lease", daemon=True)

    def start(self) -> None:
        """Begin to renew."""
        self._thread.start()

    def stop(self) -> None:
        """End the renewals and release the lease."""
        self._stop.set()
        self._thread.join()
        if not self.lost:
            self._write(0, _RELEASED)

    def _renew(self) -> None:
        renewals = 0
        while not self.lost and not self._stop.wait(RENEWAL_SECONDS):
            renewals += 1
            self._write(renewals, "held")

    def _write(self, renewals: int, state: str) -> None:
        # An unreachable store may answer again before others consider this process dead.
        with contextlib.suppress(UnreachableError, FileNotFoundError):
            last = _last(self._folder)
            if not last:  # the folder has been moved
                return
            if (last.number, last.values.get("token")) != (self._number, self._token):
                self.lost = True
                return
            _path(self._folder, self._number).write_bytes(_content(self._token, renewals, state))
