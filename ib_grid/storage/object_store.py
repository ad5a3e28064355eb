"""Objects in a store that fsspec knows, by the names of `pathlib.Path`.

What a store does otherwise than a disk is all here: an object appears whole or not at all, a folder
is there as soon as something is in it, and to rename is to copy and to delete.
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


@dataclass(frozen=True, slots=True, order=True)
class RemotePath:
    """An object, or a prefix of objects, in a store that fsspec knows.

    It is but a URL: each process finds the store, and the right to use it, by its own environment.
    Nothing there, or something there, is the error that a folder gives; whatever else goes wrong
    between here and the store is an `UnreachableError` with the store's words.

    Attributes
    ----------
    protocol : str
        Such as ``s3``.
    path : str
        Bucket and key, without a slash at its ends.
    """

    protocol: str
    path: str

    def __str__(self) -> str:
        return f"{self.protocol}://{self.path}"

    def __truediv__(self, name: str | PurePosixPath) -> RemotePath:
        return RemotePath(self.protocol, f"{self.path}/{name}")

    @property
    def name(self) -> str:
        """Its last part."""
        return self.path.rpartition("/")[2]

    @property
    def suffix(self) -> str:
        """The ending of its name, with the dot."""
        return PurePosixPath(self.name).suffix

    @property
    def parent(self) -> RemotePath:
        """The prefix that it lies in."""
        return RemotePath(self.protocol, self.path.rpartition("/")[0])

    @property
    def store(self) -> Any:
        """The fsspec file system that it is in."""
        return _filesystem(self.protocol, os.getpid())

    @property
    def key(self) -> str:
        """What the store calls it."""
        return str(self.store._strip_protocol(str(self)))

    def with_name(self, name: str) -> RemotePath:
        """Its neighbour of this name."""
        return self.parent / name

    def absolute(self) -> RemotePath:
        """Itself: a URL does not hang on a working directory."""
        return self

    def resolve(self) -> RemotePath:
        """Itself: a store has no links."""
        return self

    def is_file(self) -> bool:
        """Whether there is such an object."""
        with self._store() as store:
            return bool(store.isfile(str(self)))

    def is_dir(self) -> bool:
        """Whether anything lies below it."""
        with self._store() as store:
            return bool(store.isdir(str(self)))

    def exists(self) -> bool:
        """Whether there is such an object, or anything below it."""
        with self._store() as store:
            return bool(store.exists(str(self)))

    def is_symlink(self) -> bool:
        """Never: a store has no links."""
        return False

    def iterdir(self) -> Iterator[RemotePath]:
        """What lies directly below it; FileNotFoundError where nothing does."""
        with self._store() as store:
            found = store.ls(str(self), detail=False)
            return iter([self / name for name in self._below(found) if name])

    def glob(self, pattern: str) -> Iterator[RemotePath]:
        """What lies below it by a pattern; nothing where there is no such prefix."""
        with self._store() as store:
            try:
                found = store.glob(f"{self}/{pattern}")
            except FileNotFoundError:
                found = []
            return iter([self / name for name in self._below(found)])

    def all_below(self) -> Iterator[RemotePath]:
        """Every object below it; nothing where there is no such prefix."""
        with self._store() as store:
            return iter([self / name for name in self._below(store.find(str(self)))])

    def open(self, mode: str = "rb") -> BinaryIO:
        """The object to be read, each reading a request of its own; `write_bytes` writes."""
        if mode != "rb":
            raise ValueError(f"an object is opened to be read, not by mode {mode!r}")
        return cast(BinaryIO, _ObjectReader(self))

    def read_bytes(self) -> bytes:
        """All of the object."""
        with self._store() as store:
            return bytes(store.cat_file(str(self)))

    def read_range(self, start: int, end: int) -> bytes:
        """The bytes of the object from start to before end."""
        with self._store() as store:
            return bytes(store.cat_file(str(self), start=start, end=end))

    def read_text(self, encoding: str = "utf-8") -> str:
        """All of the object as text."""
        return self.read_bytes().decode(encoding)

    def size(self) -> int:
        """Bytes of the object."""
        with self._store() as store:
            return int(store.info(str(self))["size"])

    def write_bytes(self, content: bytes, *, new: bool = False) -> None:
        """Put the object in one go.

        Parameters
        ----------
        content : bytes
        new : bool
            Whether it is a FileExistsError if the object is there. Where the store can (S3, Google,
            Azure), it decides that by itself; elsewhere two may find that it is not there at once.
        """
        with self._store() as store:
            store.pipe_file(str(self), content, mode="create" if new else "overwrite")

    def mkdir(self, *, parents: bool = False, exist_ok: bool = False) -> None:
        """Nothing is to be made; a FileExistsError as with a folder, if something is there."""
        del parents
        if not exist_ok and self.exists():
            raise FileExistsError(errno.EEXIST, "something is there", str(self))

    def unlink(self, *, missing_ok: bool = False) -> None:
        """Delete the object; S3 says nothing of one that is not there."""
        with self._store() as store:
            try:
                store.rm_file(str(self))
            except FileNotFoundError:
                if not missing_ok:
                    raise

    def rename(self, target: RemotePath) -> None:
        """Copy all of it to another place, then delete it here."""
        whole = [self] if self.is_file() else [*self.all_below()]
        names = [str(place) for place in whole]
        copies = [str(target) + name.removeprefix(str(self)) for name in names]
        with self._store() as store:
            if not names:
                raise FileNotFoundError(errno.ENOENT, "nothing is there")
            store.copy(names, copies, on_error="raise")
            store.rm(names)

    def _below(self, found: list[str]) -> list[str]:
        """What the store gives, by its names below this place, in order."""
        start = len(self.key) + 1
        return sorted(name[start:].rstrip("/") for name in found)

    @contextmanager
    def _store(self) -> Iterator[Any]:
        """The store, to be asked for something; what goes wrong is said in one way."""
        try:
            yield self.store
        except FileNotFoundError as error:
            raise FileNotFoundError(errno.ENOENT, _said(error), str(self)) from error
        except FileExistsError as error:
            raise FileExistsError(errno.EEXIST, _said(error), str(self)) from error
        except Exception as error:
            raise UnreachableError(
                f"the store cannot be used ({_said(error)})",
                location=str(self),
                expected="a store that answers, and the right to read and write there",
                hint="look at the network, the address and the credentials, then give the command"
                " again: what is done is kept",
            ) from error


@functools.cache
def _filesystem(protocol: str, _process: int) -> Any:
    """The store of a protocol: one for a process, since connections do not survive a fork."""
    import fsspec

    # What others write has to be seen, so listings are not kept.
    return fsspec.filesystem(protocol, use_listings_cache=False)


def _said(error: Exception) -> str:
    """What a store's error says; their texts are in the one or the other place."""
    said = getattr(error, "strerror", None) or first_line(error)
    return str(said) or type(error).__name__


class _ObjectReader(io.RawIOBase):
    """An object as a file that can be read from any place, at the cost of a request each time."""

    def __init__(self, place: RemotePath) -> None:
        self._place, self._size, self._at = place, place.size(), 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        end = min(self._at + len(buffer), self._size)
        if end <= self._at:
            return 0
        content = self._place.read_range(self._at, end)
        buffer[: len(content)] = content
        self._at += len(content)
        return len(content)

    def readall(self) -> bytes:
        content = self.read(max(0, self._size - self._at))
        return content or b""
