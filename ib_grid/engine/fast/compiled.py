"""The one decorator of every numba kernel, which keeps the compiled code on disk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba

from ib_grid.engine.fast.kernel_cache import cache_directory

_KERNELS: list[Any] = []


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a function at its first call, or load it if it has been compiled before."""
    before = numba.config.CACHE_DIR
    try:
        numba.config.CACHE_DIR = cache_directory()
        keep = bool(numba.config.CACHE_DIR)
        compiled = numba.njit(cache=keep, nogil=True, error_model="numpy")(function)
    finally:
        numba.config.CACHE_DIR = before
    _KERNELS.append(compiled)
    return compiled


def compilations() -> int:
    """Kernels that this process has compiled because no cache held them."""
    stats = [k.stats for k in _KERNELS if hasattr(k, "stats")]  # no stats where the JIT is off
    return sum(sum(s.cache_misses.values()) for s in stats)
