"""The one decorator of every numba kernel, and the place of its compiled code.

Numba judges a cached kernel by its own file alone, so a change in a kernel that it calls from
another file would go unseen. The cache therefore lies in a directory named by the contents of the
modules that hold kernels: whatever changes there is compiled anew. The directory is in
``NUMBA_CACHE_DIR``, or else in the user's cache folder, or else in the folder for temporary files.
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
        numba.config.CACHE_DIR = _cache_directory()
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
    name = f"kernels-{digest.hexdigest()[:16]}"
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111
    user = f"ib-grid-{_user_id()}"
    places = [Path(home) / "ib-grid", Path(tempfile.gettempdir()) / user]
    if numba.config.CACHE_DIR:
        places.insert(0, Path(numba.config.CACHE_DIR))
    return next((str(place / name) for place in places if _is_ours(place / name)), "")


def _user_id() -> int:
    return os.getuid() if hasattr(os, "getuid") else 0


def _is_ours(path: Path) -> bool:
    """Whether a directory can be written and is nobody else's: code will be loaded from it."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = path.stat().st_uid
    except OSError:
        return False
    return os.access(path, os.W_OK) and (os.name == "nt" or owner == _user_id())
