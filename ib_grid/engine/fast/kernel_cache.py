"""Where the compiled kernels lie, and whether all of them are there.

Numba judges a cached kernel by its own file alone, by the path, time and size of that, so a change
in a kernel that it calls from another file would go unseen. The cache therefore lies in a directory
named by the place, the times and the contents of all modules that may hold kernels: whatever
changes there is compiled anew, and two copies of the package never share one. The directory is in
``NUMBA_CACHE_DIR``, or else in the user's cache folder, or else in the folder for temporary files:
the first of these that no other user can write to. Without any, each process compiles for itself.

Numba itself is not imported here, so that this can be asked at the start of a process.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import os
import stat
import sys
import tempfile
from functools import cache
from pathlib import Path

import llvmlite.binding

# Folders of the package that hold kernels, or constants that kernels are compiled with.
_KERNEL_FOLDERS = ("engine", "engine/fast", "analysis/effects")


@cache
def cache_directory() -> str:
    """The directory of the compiled kernels, made if need be; empty where there is none."""
    package = Path(__file__).resolve().parents[2]
    digest = hashlib.sha256(os.fsencode(package))
    for path in sorted(
        path for folder in _KERNEL_FOLDERS for path in (package / folder).glob("*.py")
    ):
        digest.update(str(path.stat().st_mtime_ns).encode() + path.read_bytes())
    name = f"kernels-{digest.hexdigest()[:16]}"
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111
    user = f"ib-grid-{_user_id()}"
    places = [Path(home) / "ib-grid", Path(tempfile.gettempdir()) / user]
    asked = os.environ.get("NUMBA_CACHE_DIR")
    if asked:
        places.insert(0, Path(asked))
    return next(filter(None, (_own_directory(place / name) for place in places)), "")


def note_all_compiled() -> None:
    """Note beside the compiled kernels that all of them are there, for processes to come."""
    note = _note()
    if note and not note.exists():
        with contextlib.suppress(OSError):  # the note only saves time
            note.touch()


def all_compiled() -> bool:
    """Whether a process has noted that all kernels are on disk, compiled for this machine."""
    note = _note()
    return bool(note and note.exists())


def _note() -> Path | None:
    if os.environ.get("NUMBA_DISABLE_JIT", "0") != "0":  # nothing is compiled at all
        return None
    cpu = llvmlite.binding.get_host_cpu_name()
    numba = importlib.metadata.version("numba")
    made_for = f"{sys.implementation.cache_tag}-{numba}-{cpu}"
    directory = cache_directory()
    return Path(directory) / f"all-{made_for}" if directory else None


def _user_id() -> int:
    return os.getuid() if hasattr(os, "getuid") else 0


def _own_directory(path: Path) -> str:
    """The directory, made if need be; empty if another user could put files into it.

    Numba unpickles what lies there, which runs whatever code it holds: nobody else may write the
    directory, nor replace it or a folder above it.
    """
    try:
        real = path.resolve()
        for folder in reversed((real, *real.parents)):
            if not folder.exists():
                folder.mkdir(mode=0o700)
        safe = os.access(real, os.W_OK) and (os.name == "nt" or _is_safe(real))
    except (OSError, RuntimeError):  # RuntimeError: links in a circle
        return ""
    return str(real) if safe else ""


def _is_safe(directory: Path) -> bool:
    if directory.stat().st_uid != _user_id():
        return False
    return not _others_write(directory) and not any(
        _others_write(folder) and not folder.stat().st_mode & stat.S_ISVTX
        for folder in directory.parents
    )


def _others_write(folder: Path) -> bool:
    """Whether another user could change what is in a folder; root can in any case."""
    status = folder.stat()
    shared = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return bool(shared) or status.st_uid not in (_user_id(), 0)
