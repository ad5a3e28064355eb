"""Decorator of the numba kernels, which caches the compiled code on disk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba

from ib_grid.engine.fast.kernel_cache import cache_directory

_KERNELS: list[Any] = []


def kernel(function: Callable[..., Any]) -> Any:
    """Return a kernel that is compiled at its first call, or loaded from the cache."""
    before = numba.config.CACHE_DIR
    try:
        numba.config.CACHE_DIR = cache_directory()
        use_cache = bool(numba.config.CACHE_DIR)
        compiled = numba.njit(cache=use_cache, nogil=True, error_model="numpy")(function)
    finally:
        numba.config.CACHE_DIR = before
    _KERNELS.append(compiled)
    return compiled


def compilations() -> int:
    """Return the number of kernels that this process compiled, because the cache had none."""
    stats = [k.stats for k in _KERNELS if hasattr(k, "stats")]  # no stats if the JIT is off
    return sum(sum(s.cache_misses.values()) for s in stats)
