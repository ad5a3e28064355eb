"""Cache directory of the compiled kernels, and a note that all of them are in it.

Numba checks a cached kernel against the path, time and size of its own file alone, and would miss a
change in a kernel that it calls from another file. The cache directory is therefore named by the
path, times and contents of all modules that may hold kernels: any change there compiles everything
anew, and two copies of the package never share a cache. The directory lies in ``NUMBA_CACHE_DIR``,
in the user's cache folder or in the folder for temporary files, whichever is the first that no
other user can write to. Without any, each process compiles for itself.

Numba is not imported here, so that a process can ask for the cache before it loads numba.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import os
import shutil
import stat
import sys
import tempfile
import time
from functools import cache
from pathlib import Path

import llvmlite.binding
import platformdirs

# Folders of the package with kernels, or with constants that kernels are compiled with.
_KERNEL_FOLDERS = (
    "account/challenge",
    "account/whole_grid",
    "engine",
    "engine/fast",
    "grid",
    "robustness/measures",
    "robustness/whole_grid",
)
_UNUSED_DAYS = 30


@cache
def cache_directory() -> str:
    """Return the directory of the compiled kernels, which is created; empty if none is safe."""
    name = f"kernels-{_sources_digest()[:16]}"
    folders = [
        platformdirs.user_cache_path("ib-grid"),
        Path(tempfile.gettempdir()) / f"ib-grid-{_user_id()}",
    ]
    requested = os.environ.get("NUMBA_CACHE_DIR")
    if requested:
        folders.insert(0, Path(requested))
    return next(filter(None, (_own_directory(folder / name) for folder in folders)), "")


def _user_id() -> int:
    return os.getuid() if hasattr(os, "getuid") else 0  # Windows has none


def _sources_digest() -> str:
    package = Path(__file__).resolve().parents[2]
    digest = hashlib.sha256(os.fsencode(package))
    for path in sorted(
        path for folder in _KERNEL_FOLDERS for path in (package / folder).glob("*.py")
    ):
        digest.update(str(path.stat().st_mtime_ns).encode() + path.read_bytes())
    return digest.hexdigest()


def note_all_compiled() -> None:
    """Note for later processes that all compiled kernels are in the cache, and tidy old caches."""
    note = _note()
    if note:
        with contextlib.suppress(OSError):  # the note only saves time
            note.touch()
            _remove_unused(note.parent)


def all_compiled() -> bool:
    """Return True if a process has noted that the cache has all kernels for this machine.

    A loss of power may empty the files of the cache but not remove the note.
    """
    note = _note()
    try:
        return bool(note and note.exists()) and all(
            path.stat().st_size for path in Path(cache_directory()).rglob("*.nb?")
        )
    except OSError:
        return False


def still_to_compile() -> bool:
    """Return True if compiled kernels can be kept here, and no process has noted that all are."""
    note = _note()
    return note is not None and not note.exists()


def _remove_unused(directory: Path) -> None:
    """Remove caches of other versions beside this one that nobody has used for long."""
    oldest = time.time() - _UNUSED_DAYS * 86_400
    for other in directory.parent.glob("kernels-*"):
        notes = [path.stat().st_mtime for path in (other, *other.glob("all-*"))]
        if other != directory and not other.is_symlink() and max(notes) < oldest:
            shutil.rmtree(other, ignore_errors=True)


def _note() -> Path | None:
    if os.environ.get("NUMBA_DISABLE_JIT", "0") != "0":  # nothing is compiled
        return None
    cpu = llvmlite.binding.get_host_cpu_name()
    numba = importlib.metadata.version("numba")
    target = f"{sys.implementation.cache_tag}-{numba}-{cpu}"
    directory = cache_directory()
    return Path(directory) / f"all-{target}" if directory else None


def _own_directory(path: Path) -> str:
    """Return the directory, created if missing; empty if another user could put files into it.

    Numba unpickles the files in it, which runs any code that they hold: nobody else may write to
    the directory, nor replace it or a folder above it.
    """
    try:
        real = path.resolve()
        for folder in reversed((real, *real.parents)):
            if not folder.exists():
                folder.mkdir(mode=0o700)
        is_safe = os.access(real, os.W_OK) and _is_safe(real)
    except (OSError, RuntimeError):  # RuntimeError: a circle of links
        return ""
    return str(real) if is_safe else ""


def _is_safe(directory: Path) -> bool:
    if directory.stat().st_uid != _user_id():
        return False
    return not _others_can_write(directory) and not any(
        _others_can_write(folder) and not folder.stat().st_mode & stat.S_ISVTX
        for folder in directory.parents
    )


def _others_can_write(folder: Path) -> bool:
    """Return True if another user, besides root, could change the content of a folder."""
    status = folder.stat()
    shared = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return bool(shared) or status.st_uid not in (_user_id(), 0)
