"""Calls that write, flush, rename and read files below a folder: one fails, or all are recorded."""

from __future__ import annotations

import builtins
import contextlib
import errno
import io
import os
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from ib_grid.storage.lock import LOCK_FILE

# Called before each call with its name, its path, and its further arguments.
Observer = Callable[..., None]
Content = dict[Path, bytes]


class _WatchedFile:
    """A file whose writes and reads are observed."""

    def __init__(self, file: Any, path: Path, observe: Observer) -> None:
        self._file, self._path, self._observe = file, path, observe

    def write(self, content: bytes) -> int:
        self._observe("write", self._path, bytes(content) if not isinstance(content, str) else b"")
        return int(self._file.write(content))

    def flush(self) -> None:
        self._observe("flush", self._path)
        self._file.flush()

    def read(self, *size: int) -> bytes:
        self._observe("read", self._path)
        return bytes(self._file.read(*size))

    def __enter__(self) -> _WatchedFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


@contextlib.contextmanager
def observed(folder: Path, observe: Observer) -> Iterator[None]:
    """Observe every call on a file below a folder; an error that the observer raises fails it."""

    def is_below(path: object) -> bool:
        if not isinstance(path, (str, os.PathLike)):
            return False
        found = Path(path)
        return found.is_relative_to(folder) and found.name != LOCK_FILE

    def watch(module: Any, name: str) -> None:
        true = getattr(module, name)

        def call(path: Any, *args: Any, **kwargs: Any) -> Any:
            if is_below(path):
                observe(name, Path(path), *args)
            return true(path, *args, **kwargs)

        patch.setattr(module, name, call)

    def open_file(path: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        if not is_below(path):
            return true_open(path, mode, *args, **kwargs)
        observe("open" if "r" in mode else "create", Path(path))
        return _WatchedFile(true_open(path, mode, *args, **kwargs), Path(path), observe)

    def fsync(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if path == folder or is_below(path):
            observe("fsync", path)
        true_fsync(descriptor)

    class Parquet(pq.ParquetFile):  # type: ignore[misc]
        def __init__(self, source: Any, *args: Any, **kwargs: Any) -> None:
            if is_below(source):
                observe("read", Path(source))
            super().__init__(source, *args, **kwargs)

    true_open, true_fsync = builtins.open, os.fsync
    with pytest.MonkeyPatch.context() as patch:
        for name in ("open", "link", "replace", "rename", "mkdir", "unlink", "rmdir"):
            watch(os, name)
        patch.setattr(io, "open", open_file)
        patch.setattr(os, "fsync", fsync)
        patch.setattr(pq, "ParquetFile", Parquet)
        yield


class NthCall:
    """An observer that fails one call, counted from 1; 0 fails none.

    With `names`, only the calls of these names count.
    """

    def __init__(self, n: int, names: Collection[str] = ()) -> None:
        self.n, self.count, self.failed = n, 0, ""
        self._names = names

    def __call__(self, name: str, path: Path, *_: object) -> None:
        if self._names and name not in self._names:
            return
        self.count += 1
        if self.count == self.n:
            self.failed = f"call {self.n}, {name} {path.name}"
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))


class Disk:
    """An observer that keeps what a loss of power would leave after each call.

    A file keeps the content of its last flush. Names of files and folders are kept from the last
    flush of their folder on, or, on a disk that writes them early, from the call on. `before` is
    what was on the disk long before.
    """

    def __init__(self, folder: Path, before: Content | None = None) -> None:
        self._folder = folder
        self._content = dict(enumerate((before or {}).values()))
        self._flushed = dict(self._content)
        self._now = {path: number for number, path in enumerate(before or {})}
        self._durable = dict(self._now)
        self.states: list[Content] = [self.durable]

    def __call__(self, name: str, path: Path, *more: Any) -> None:
        if name == "create":
            self._now[path] = number = len(self._content)
            self._content[number] = b""
        elif name == "write":
            self._content[self._now[path]] += more[0]
        elif name == "link":
            self._now[Path(more[0])] = self._now[path]
        elif name in ("replace", "rename"):
            self._rename(path, Path(more[0]))
        elif name in ("unlink", "rmdir"):
            self._now.pop(path, None)
        elif name == "mkdir":
            self._now[path] = -1
        elif name == "fsync":
            self._flush(path)
        for names in (self._now, self._durable):
            state = self._state(names)
            if state not in self.states:
                self.states.append(state)

    def _rename(self, path: Path, target: Path) -> None:
        moved = [old for old in self._now if old == path or old.is_relative_to(path)]
        for old in moved:
            self._now[target / old.relative_to(path)] = self._now.pop(old)

    def _flush(self, path: Path) -> None:
        number = self._now.get(path, -1)
        if number >= 0:
            self._flushed[number] = self._content[number]
            return
        kept = {old: n for old, n in self._durable.items() if old.parent != path}
        self._durable = kept | {new: n for new, n in self._now.items() if new.parent == path}

    def _state(self, names: dict[Path, int]) -> Content:
        """Return the content of each file whose folders are there, too."""
        return {
            path: self._flushed.get(number, b"")
            for path, number in names.items()
            if number >= 0 and self._has_folders(path, names)
        }

    def _has_folders(self, path: Path, names: dict[Path, int]) -> bool:
        above = path.parents[: len(path.relative_to(self._folder).parts) - 1]
        return all(folder in names for folder in above)

    @property
    def durable(self) -> Content:
        """What a loss of power would leave now, at worst."""
        return self._state(self._durable)
