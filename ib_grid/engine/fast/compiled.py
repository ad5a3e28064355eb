"""Decorators of the numba kernels, which cache the compiled code on disk."""

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
        return _compiled(function, cache=use_cache, no_cfunc_wrapper=True)
    finally:
        numba.config.CACHE_DIR = before


def inner_kernel(function: Callable[..., Any]) -> Any:
    """Return a function that only kernels may call; Python would crash.

    The code is compiled into each kernel that calls the function. Without a wrapper for Python and
    a cache file of its own, that takes half the time.
    """
    return _compiled(function, no_cpython_wrapper=True, no_cfunc_wrapper=True)


def compilations() -> int:
    """Return the number of kernels that this process compiled, because the cache had none."""
    stats = [k.stats for k in _KERNELS if hasattr(k, "stats")]  # no stats if the JIT is off
    return sum(sum(s.cache_misses.values()) for s in stats)


def _compiled(function: Callable[..., Any], **options: bool) -> Any:
    compiled = numba.njit(nogil=True, error_model="numpy", **options)(function)
    _KERNELS.append(compiled)
    return compiled
