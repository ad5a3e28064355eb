"""Paths in an object store, with the methods of `pathlib.Path`.

All differences between a store and a disk are handled here: an object appears whole or not at all,
a folder exists while an object lies below it, and renaming copies and deletes.

universal-pathlib is not used: renaming a folder moves nothing in S3, `mkdir` creates missing
buckets, and joining a path takes a hundred times as long.
"""

from __future__ import annotations

import errno
import functools
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, BinaryIO, cast

from ib_grid.errors import UnreachableError, first_line
from ib_grid.storage.threads import STORE_THREADS


@dataclass(frozen=True, slots=True, order=True)
class RemotePath:
    """Path of an object, or of a folder of objects, in a store that fsspec knows.

    Holds only the URL: a protocol such as ``s3``, and bucket and key without outer slashes. Each
    process finds the store and its credentials in its own environment. A missing or existing object
    raises the error that a local file raises. Every other failure is an `UnreachableError` that
    repeats the words of the store.
    """

    protocol: str
    path: str

    def __str__(self) -> str:
        return f"{self.protocol}://{self.path}"

    def __truediv__(self, name: str | PurePosixPath) -> RemotePath:
        return RemotePath(self.protocol, f"{self.path}/{name}")

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def suffix(self) -> str:
        """The file extension, with its dot."""
        return PurePosixPath(self.name).suffix

    @property
    def parent(self) -> RemotePath:
        """The folder of the object."""
        return RemotePath(self.protocol, self.path.rpartition("/")[0])

    @property
    def store(self) -> Any:
        """The fsspec file system of the path."""
        return _filesystem(self.protocol, os.getpid())

    def with_name(self, name: str) -> RemotePath:
        """Return the path of this name in the same folder."""
        return self.parent / name

    def absolute(self) -> RemotePath:
        """Return the path itself: a URL is always absolute."""
        return self

    def resolve(self) -> RemotePath:
        """Return the path itself: a store has no links."""
        return self

    def is_symlink(self) -> bool:
        """Return False: a store has no links."""
        return False

    def is_file(self) -> bool:
        """Return True if the object exists."""
        return bool(self._call("isfile"))

    def is_dir(self) -> bool:
        """Return True if an object lies below the path."""
        return bool(self._call("isdir"))

    def exists(self) -> bool:
        """Return True if the object exists, or one lies below the path."""
        return bool(self._call("exists"))

    def iterdir(self) -> Iterator[RemotePath]:
        """Return the paths directly below; FileNotFoundError if there are none."""
        return self._below(self._call("ls", detail=False))

    def glob(self, pattern: str) -> Iterator[RemotePath]:
        """Return the paths below that match a pattern."""
        with self._store_errors():
            return self._below(self.store.glob(f"{self}/{pattern}"))

    def all_below(self) -> Iterator[RemotePath]:
        """Return every object below the path."""
        return self._below(self._call("find"))

    def open(self, mode: str = "rb") -> BinaryIO:
        """Open the object for reading; each read is a request. Use `write_bytes` to write."""
        if mode != "rb":
            raise ValueError(f"an object can only be opened for reading, not with mode {mode!r}")
        return cast(BinaryIO, _ObjectReader(self))

    def read_bytes(self) -> bytes:
        """Return the content of the object."""
        return bytes(self._call("cat_file"))

    def read_range(self, start: int, end: int) -> bytes:
        """Return the bytes from start up to, not including, end."""
        return bytes(self._call("cat_file", start=start, end=end))

    def read_text(self, encoding: str = "utf-8") -> str:
        """Return the content of the object as text."""
        return self.read_bytes().decode(encoding)

    def size(self) -> int:
        """Return the size of the object in bytes."""
        return int(self._call("info")["size"])

    def write_bytes(self, content: bytes, *, new: bool = False) -> None:
        """Write the object in one request.

        With `new`, raise FileExistsError if the object exists. S3, Google and Azure check and write
        in one step; in other stores two writers may both find no object.
        """
        self._call("pipe_file", content, mode="create" if new else "overwrite")

    def mkdir(self, *, parents: bool = False, exist_ok: bool = False) -> None:
        """Create nothing; raise FileExistsError if the path exists, unless `exist_ok`."""
        del parents
        if not exist_ok and self.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(self))

    def unlink(self, *, missing_ok: bool = False) -> None:
        """Delete the object; S3 accepts to delete a missing one."""
        try:
            self._call("rm_file")
        except FileNotFoundError:
            if not missing_ok:
                raise

    def rename(self, target: RemotePath) -> None:
        """Copy the object, or all objects below the path, to the target, then delete them here."""
        sources = [str(path) for path in ([self] if self.is_file() else self.all_below())]
        targets = [str(target) + source.removeprefix(str(self)) for source in sources]
        with self._store_errors():
            if not sources:
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
            self.store.copy(sources, targets, on_error="raise")
            self.store.rm(sources)

    def _call(self, method: str, *values: object, **options: object) -> Any:
        """Call a method of the file system on this path and return its result."""
        with self._store_errors():
            return getattr(self.store, method)(str(self), *values, **options)

    def _below(self, keys: list[str]) -> Iterator[RemotePath]:
        """Return the paths of keys below this path, in order."""
        start = len(self.store._strip_protocol(str(self))) + 1
        names = sorted(key[start:].rstrip("/") for key in keys)
        return iter([self / name for name in names if name])

    @contextmanager
    def _store_errors(self) -> Iterator[None]:
        """Turn the many errors of stores into those that this class documents."""
        try:
            yield
        except FileNotFoundError as error:
            raise FileNotFoundError(errno.ENOENT, _reason(error), str(self)) from error
        except FileExistsError as error:
            raise FileExistsError(errno.EEXIST, _reason(error), str(self)) from error
        except Exception as error:
            raise UnreachableError(
                f"the object store cannot be used ({_reason(error)})",
                location=str(self),
                expected="a reachable store and permission to read and write",
                hint="check the network, the address and the credentials, then run the same"
                " command again; finished work is kept",
            ) from error


@functools.cache
def _filesystem(protocol: str, _process: int) -> Any:
    """Return the file system of a protocol: one per process, as connections do not survive a fork.

    Listings are not cached, because other processes write to the store.
    """
    import fsspec

    # By default ten requests at a time; each takes up to a second, most of it waiting.
    more = {"config_kwargs": {"max_pool_connections": STORE_THREADS}} if protocol == "s3" else {}
    return fsspec.filesystem(protocol, use_listings_cache=False, **more)


def _reason(error: Exception) -> str:
    """Return the text of an error; stores put it in `strerror` or in the message."""
    return str(getattr(error, "strerror", None) or first_line(error) or type(error).__name__)


class _ObjectReader(io.RawIOBase):
    """Seekable file over an object; each read is a request."""

    def __init__(self, path: RemotePath) -> None:
        self._path, self._size, self._position = path, path.size(), 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        end = min(self._position + len(buffer), self._size)
        if end <= self._position:
            return 0
        content = self._path.read_range(self._position, end)
        buffer[: len(content)] = content
        self._position += len(content)
        return len(content)

    def readall(self) -> bytes:
        return self.read(max(0, self._size - self._position)) or b""
