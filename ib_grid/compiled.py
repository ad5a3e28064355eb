"""The one decorator of every numba kernel, and the place of its compiled code.

Numba judges a cached kernel by its own file alone, so a change in a kernel that it calls from
another file would go unseen. The cache therefore lies in a directory named by the contents of the
whole library: whatever changes there is compiled anew. It is also a directory that can be written
where the installed package cannot. An explicit ``NUMBA_CACHE_DIR`` works as numba documents it.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba

_KERNELS: list[Any] = []


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a function at its first call, or load it if it has been compiled before."""
    before = numba.config.CACHE_DIR
    try:
        numba.config.CACHE_DIR = before or _cache_directory()
        compiled = numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    finally:
        numba.config.CACHE_DIR = before
    _KERNELS.append(compiled)
    return compiled


def compilations() -> int:
    """Kernels that this process has compiled because no cache held them."""
    stats = [k.stats for k in _KERNELS if hasattr(k, "stats")]  # no stats where the JIT is off
    return sum(sum(s.cache_misses.values()) for s in stats)


@cache
def _cache_directory() -> str:
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    name = f"ib-grid/kernels-{digest.hexdigest()[:16]}"
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111
    for parent in (home, tempfile.gettempdir()):
        path = Path(parent) / name
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(path, os.W_OK):
            return str(path)
    return ""
