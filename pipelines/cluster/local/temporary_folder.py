"""Temporary folder of a local cluster: what workers spill, and the keys of its certificate."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ib_grid.storage.atomic_files import is_of_dead_process, temporary_name
from pipelines.cluster.interrupts import temporary_folders

_NAME = "ib-grid"


@contextlib.contextmanager
def temporary_folder() -> Iterator[str]:
    """Create a folder that is removed at the end; remove those that killed processes have left."""
    above = Path(tempfile.gettempdir())
    folder = temporary_name(above / _NAME)
    temporary_folders.add(str(folder))
    try:
        folder.mkdir(mode=0o700)
        for left in above.glob(f".{_NAME}.*.partial"):
            if is_of_dead_process(left) and left.lstat().st_uid == folder.stat().st_uid:
                shutil.rmtree(left, ignore_errors=True)
        yield str(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        temporary_folders.remove(str(folder))
