from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ib_grid.errors import StoreError
from ib_grid.runs import row_blocks
from ib_grid.runs.row_blocks import File
from ib_grid.storage.paths import RemotePath
from tests.helpers.machines.memory_store import memory_store


def test_error_without_message_shows_its_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_path: Path) -> None:
        raise OSError

    monkeypatch.setattr(row_blocks, "open_partition", fail)
    with pytest.raises(StoreError, match=r"\(OSError\)"):
        row_blocks.count_rows(row_blocks.numbered([tmp_path / "part-00000.parquet"]))


class Requests:
    """Slow requests to a store, and how many of them were answered at the same time."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self._lock = threading.Lock()

    def slowed(self, request):
        def slow(path: RemotePath, *values: object) -> object:
            with self._lock:
                self.now += 1
                self.most = max(self.most, self.now)
            time.sleep(0.02)
            try:
                return request(path, *values)
            finally:
                with self._lock:
                    self.now -= 1

        return slow


@pytest.fixture
def files() -> Iterator[list[File]]:
    """Write 16 files of four rows to a store."""
    with memory_store() as root:
        for number in range(16):
            sink = pa.BufferOutputStream()
            pq.write_table(pa.table({"combo_id": np.arange(4) + 4 * number}), sink)
            (root / f"part-{number:05}.parquet").write_bytes(sink.getvalue().to_pybytes())
        yield list(row_blocks.numbered(sorted(root.iterdir())))


def test_files_of_a_store_are_read_side_by_side_and_in_order(
    files: list[File], monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = Requests()
    monkeypatch.setattr(RemotePath, "read_range", requests.slowed(RemotePath.read_range))
    blocks = row_blocks.read_blocks(files, ("combo_id",))
    assert [row for block in blocks for row in block.columns["combo_id"]] == list(range(64))
    assert requests.most >= 8
    requests.most = 0
    assert row_blocks.count_rows(files) == 64
    assert requests.most >= 8
