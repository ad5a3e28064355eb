from __future__ import annotations

from functools import reduce

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_grid.grid import top_rows
from ib_grid.grid.top_rows import TopRows

rows = st.lists(
    st.tuples(st.integers(-3, 3).map(float) | st.floats(-1, 1), st.integers(0, 10**12)),
    max_size=40,
    unique_by=lambda row: row[1],
)


def entered(blocks: list[list[tuple[float, int]]], n: int) -> TopRows:
    best = TopRows(n, n_more=1)
    for block in blocks:
        score, combo_id = (np.array(column) for column in zip(*block, strict=True))
        best.add(score.astype(np.float64), combo_id, -combo_id)
    return best


def parted(items: list[tuple[float, int]], size: int) -> list[list[tuple[float, int]]]:
    return [items[first : first + size] for first in range(0, len(items), size)]


@given(rows, st.integers(0, 12), st.integers(1, 9), st.integers(1, 5), st.integers(1, 30))
def test_top_rows_do_not_depend_on_blocks(
    all_rows: list[tuple[float, int]], n: int, per_block: int, per_part: int, at_once: int
) -> None:
    expected = sorted(all_rows, key=lambda row: (-row[0], row[1]))[:n]
    blocks = parted(all_rows, per_block)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(top_rows, "AT_ONCE", at_once)
        parts = [entered(blocks[k : k + per_part], n) for k in range(0, len(blocks), per_part)]
        found = reduce(TopRows.merge, parts, TopRows(n, n_more=1)).columns()
    score, combo_id, more = (column.tolist() for column in found)
    assert list(zip(score, combo_id, strict=True)) == expected
    assert more == [-i for i in combo_id]


def test_rows_below_the_threshold_are_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(top_rows, "AT_ONCE", 10)
    best = TopRows(3)
    for k in range(100):
        best.add(-np.arange(4.0), np.arange(4) + 4 * k)
        assert sum(len(part[0]) for part in best._parts) <= 3 + 10
    score, combo_id = best.columns()
    assert score.tolist() == [0.0, 0.0, 0.0]
    assert combo_id.tolist() == [0, 4, 8]
