"""Decorators of the numba kernels, which cache the compiled code on disk."""

from __future__ import annotations

import contextlib
import io
import logging
import multiprocessing
import os
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import numba
from numba.core.caching import FunctionCache, IndexDataCacheFile

from ib_grid.engine.fast.kernel_cache import cache_directory

_CHECKSUM_BYTES = 4
_KERNELS: list[Any] = []
_NOT_KEPT: set[str] = set()


def kernel(function: Callable[..., Any]) -> Any:
    """Return a kernel that is compiled at its first call, or loaded from the cache."""
    compiled = _compiled(function, no_cfunc_wrapper=True)
    if cache_directory() and hasattr(compiled, "_cache"):  # a plain function if the JIT is off
        compiled._cache = _cache_of(function)
    return compiled


def inner_kernel(function: Callable[..., Any]) -> Any:
    """Return a function that only kernels may call; Python would crash.

    The code is compiled into each kernel that calls the function. Without a wrapper for Python and
    a cache file of its own, that takes half the time.
    """
    return _compiled(function, no_cpython_wrapper=True, no_cfunc_wrapper=True)


def _compiled(function: Callable[..., Any], **options: bool) -> Any:
    compiled = numba.njit(nogil=True, error_model="numpy", **options)(function)
    _KERNELS.append(compiled)
    return compiled


def _cache_of(function: Callable[..., Any]) -> FunctionCache:
    before = numba.config.CACHE_DIR
    try:
        numba.config.CACHE_DIR = cache_directory()
        return _KernelCache(function)
    finally:
        numba.config.CACHE_DIR = before


def compilations() -> int:
    """Return the number of kernels that this process compiled, because the cache had none."""
    stats = [k.stats for k in _KERNELS if hasattr(k, "stats")]  # no stats if the JIT is off
    return sum(sum(s.cache_misses.values()) for s in stats)


def all_kept() -> bool:
    """Return True unless compiled code could not be written to the cache."""
    return not _NOT_KEPT


class _KernelFiles(IndexDataCacheFile):
    """Files of one kernel, flushed to the disk, with a checksum at the end of each."""

    def _load_index(self) -> Any:
        if Path(self._index_path).exists():
            _check(Path(self._index_path))
        return super()._load_index()  # unpickling stops before the checksum

    def _load_data(self, name: str) -> object:
        _check(Path(self._data_path(name)))
        return super()._load_data(name)

    @contextlib.contextmanager
    def _open_for_write(self, path: str) -> Iterator[BinaryIO]:
        content = io.BytesIO()
        yield content
        pickled = content.getvalue()
        with super()._open_for_write(path) as file:
            file.write(pickled + _checksum(pickled))
            file.flush()
            os.fsync(file.fileno())

    def discard(self) -> None:
        """Remove the files of the kernel."""
        for path in Path(self._cache_path).glob(self._data_name_pattern.split("{")[0] + "*"):
            path.unlink(missing_ok=True)


def _checksum(content: bytes) -> bytes:
    return zlib.crc32(content).to_bytes(_CHECKSUM_BYTES, "big")


def _check(path: Path) -> None:
    content = path.read_bytes()
    if _checksum(content[:-_CHECKSUM_BYTES]) != content[-_CHECKSUM_BYTES:]:
        raise _DamagedError(path)


class _DamagedError(Exception):
    """A file of compiled code that is not as it was written."""


class _KernelCache(FunctionCache):
    """Cache of one kernel whose files may be damaged, or the disk below them full."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        locator, name = self._impl.locator, self._impl.filename_base
        self._cache_file = _KernelFiles(self._cache_path, name, locator.get_source_stamp())

    def load_overload(self, signature: object, target: object) -> Any:
        try:
            found = super().load_overload(signature, target)
            if (
                found is None and multiprocessing.parent_process() is None
            ):  # a worker would repeat it
                _say_once(
                    "note: compiling what this command computes with, once on this machine; this"
                    " takes 5 to 20 seconds, up to a minute if the machine is busy"
                )
            return found
        except (OSError, _DamagedError):
            _say_once(
                f"note: the compiled code in {self._cache_path} is damaged; compiling again, which"
                " may take a minute"
            )
        with contextlib.suppress(OSError):
            self._cache_file.discard()
        return None

    def save_overload(self, signature: object, compiled: object) -> None:
        try:
            super().save_overload(signature, compiled)
        except OSError as error:
            _NOT_KEPT.add(self._name)
            _say_once(
                f"note: the compiled code cannot be kept in {self._cache_path}"
                f" ({error.strerror or error}); until there is room, every process compiles for"
                " itself"
            )


@cache
def _say_once(text: str) -> None:
    """Log a message, which Python prints to standard error unless told otherwise."""
    logging.getLogger(__name__).warning(text)
