"""A prefix of an object store that only one run writes, by a lease that its holder renews.

A store has no locks that end with their holder. So the holder rewrites its lease every few seconds,
and one who finds a lease watches it: if it does not change for a while, its holder is dead. Nobody
compares clocks; only time that passes on the watcher's own machine counts.

Leases are numbered objects, ``.lease-00001`` and so on; the one with the highest number counts, and
to take over is to put the next number, which must not be there yet. Of two who try, the store
refuses one. A lease that was given back stays and says so: no number is used twice.
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
from ib_grid.storage.lock_owner import holder, holder_text
from ib_grid.storage.paths import RemotePath

RENEWED_SECONDS = 10.0
# Several renewals may fail before others take the holder for dead.
DEAD_AFTER_SECONDS = 60.0
LOOKED_AT_SECONDS = 2.0
_NAME = re.compile(r"\.lease-(\d{5,})")
_GIVEN_BACK = "given back"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lease:
    """A numbered lease and what is written in it."""

    number: int
    content: bytes

    @property
    def values(self) -> dict[str, object]:
        """What its holder says of itself; nothing if that is not to be read."""
        try:
            values = json.loads(self.content)
        except ValueError:
            return {}
        return values if isinstance(values, dict) else {}

    @property
    def is_over(self) -> bool:
        """Whether its holder has given it back."""
        return self.values.get("state") == _GIVEN_BACK


@contextlib.contextmanager
def leased(folder: RemotePath, say: Callable[[str], None]) -> Iterator[None]:
    """Keep every other run from writing a prefix; a dead holder's lease ends after a minute.

    Where the store cannot refuse an object that is there, two that start in the same moment both
    begin; the first renewal finds it out. Even then no row is wrong: both compute the same.

    Parameters
    ----------
    folder : RemotePath
    say : callable
        Is told if there is a lease to be watched for a while.

    Raises
    ------
    OutputError
        If another run holds the lease, or has taken it over because this one was out of reach; or
        there is no such place.
    UnreachableError
        If the store cannot be used.
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
    """Put the next lease once there is none that lives; its number."""
    last = _last(folder)
    if last and not last.is_over:
        say(
            f"the folder was in use by {holder_text(last.values)}; looking for up to"
            f" {DEAD_AFTER_SECONDS:.0f} s whether it still is"
        )
        _watch(folder, last)
    number = last.number + 1 if last else 1
    try:
        _path(folder, number).write_bytes(_content(token, 0), new=True)
    except FileExistsError as error:
        raise _refused(folder, _last(folder)) from error
    except OSError as error:  # such as no bucket of that name
        raise OutputError(
            f"the output folder cannot be written ({error.strerror})",
            location=str(folder),
            expected="a place that exists, in which files can be made",
            hint="make the bucket, or choose another --output",
        ) from error
    return number


def _watch(folder: RemotePath, seen: _Lease) -> None:
    """Wait until a lease has not changed for so long that its holder must be dead."""
    began = time.monotonic()
    while time.monotonic() - began < DEAD_AFTER_SECONDS:
        time.sleep(LOOKED_AT_SECONDS)
        now = _last(folder)
        if now and now.number == seen.number and now.is_over:
            return
        if now != seen:
            raise _refused(folder, now)


def _refused(folder: RemotePath, held: _Lease | None) -> OutputError:
    return OutputError(
        f"another run is writing here: {holder_text(held.values if held else {})}",
        location=str(folder),
        expected="one run at a time in a folder",
        hint="wait for it or stop it, or name another folder with --run-dir",
    )


def _last(folder: RemotePath) -> _Lease | None:
    """The lease that counts, None where there has never been one."""
    numbers = [int(m[1]) for path in folder.glob(".lease-*") if (m := _NAME.fullmatch(path.name))]
    if not numbers:
        return None
    return _Lease(number=max(numbers), content=_path(folder, max(numbers)).read_bytes())


def _path(folder: RemotePath, number: int) -> RemotePath:
    return folder / f".lease-{number:05d}"


def _content(token: str, renewals: int, state: str = "held") -> bytes:
    values = {**holder(), "token": token, "renewals": renewals, "state": state}
    return json.dumps(values).encode()


class _Renewal:
    """A thread that renews a lease until it is stopped, or finds that another has it."""

    def __init__(self, folder: RemotePath, number: int, token: str) -> None:
        self.lost = False
        self._folder, self._number, self._token = folder, number, token
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="lease", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the renewals and give the lease back."""
        self._stop.set()
        self._thread.join()
        if not self.lost:
            self._write(0, _GIVEN_BACK)

    def _renew(self) -> None:
        renewals = 0
        while not self._stop.wait(RENEWED_SECONDS):
            renewals += 1
            self._write(renewals, "held")
            if self.lost:
                return

    def _write(self, renewals: int, state: str) -> None:
        # A store that does not answer now may do so before others take this process for dead.
        with contextlib.suppress(UnreachableError, FileNotFoundError):
            last = _last(self._folder)
            if not last:  # what was leased has been moved elsewhere
                return
            if (last.number, last.values.get("token")) != (self._number, self._token):
                self.lost = True
                return
            content = _content(self._token, renewals, state)
            _path(self._folder, self._number).write_bytes(content)
