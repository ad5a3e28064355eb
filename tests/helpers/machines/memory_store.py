"""An in-memory object store that records the calls made to any store."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import fsspec

from ib_grid.storage.paths import RemotePath, parse_path


@contextmanager
def memory_store() -> Iterator[RemotePath]:
    """Yield a fresh prefix, and remove it afterwards."""
    root = parse_path(f"memory://{secrets.token_hex(6)}/results")
    assert isinstance(root, RemotePath)
    yield root
    store = fsspec.filesystem("memory")
    if store.exists(str(root.parent)):
        store.rm(str(root.parent), recursive=True)
