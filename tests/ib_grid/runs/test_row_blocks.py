from __future__ import annotations

from pathlib import Path

import pytest

from ib_grid.errors import StoreError
from ib_grid.runs import row_blocks


def test_error_without_message_shows_its_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_path: Path) -> None:
        raise OSError

    monkeypatch.setattr(row_blocks, "open_partition", fail)
    with pytest.raises(StoreError, match=r"\(OSError\)"):
        row_blocks.count_rows(row_blocks.numbered([tmp_path / "part-00000.parquet"]))
