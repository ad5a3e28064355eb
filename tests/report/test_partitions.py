from __future__ import annotations

from pathlib import Path

import pytest

from ib_grid.errors import StoreError
from pipelines.report import partitions


def test_an_error_without_words_is_told_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_path: Path) -> None:
        raise OSError

    monkeypatch.setattr(partitions, "open_partition", fail)
    with pytest.raises(StoreError, match=r"\(OSError\)"):
        partitions.count_rows(partitions.numbered([tmp_path / "part-00000.parquet"]))
