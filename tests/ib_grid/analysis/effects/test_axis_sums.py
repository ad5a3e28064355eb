from __future__ import annotations

from functools import reduce

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_grid.analysis.effects.axis_sums import PlaceSums, place_sums
from ib_grid.errors import StoreError

SHAPE = (3, 1, 4, 2)
N = 24


@given(
    st.lists(st.integers(0, N - 1), min_size=1, max_size=N, unique=True).map(sorted),
    st.lists(st.floats(-1e4, 1e4, width=32), min_size=N, max_size=N),
    st.integers(1, N),
)
def test_blocks_add_up_to_what_numpy_finds(
    ids: list[int], values: list[float], rows_per_block: int
) -> None:
    there, own = np.array(ids), np.array(values, np.float32)[: len(ids)]
    blocks = [slice(first, first + rows_per_block) for first in range(0, len(ids), rows_per_block)]
    found = reduce(PlaceSums.merge, (place_sums(SHAPE, there[b], own[b]) for b in blocks))
    wide = own.astype(np.float64)
    for axis, places in enumerate(np.unravel_index(there, SHAPE)):
        inside = [places == place for place in range(SHAPE[axis])]
        assert found.counts[axis].tolist() == [rows.sum() for rows in inside]
        assert found.sums[axis] == pytest.approx([wide[rows].sum() for rows in inside], abs=1e-8)
    assert found.n == len(ids)
    assert found.mean == pytest.approx(wide.mean(), abs=1e-9)
    assert found.squares == pytest.approx(((wide - wide.mean()) ** 2).sum(), abs=1e-4)


def test_no_row_is_no_value() -> None:
    found = place_sums(SHAPE, np.zeros(0, np.int64), np.zeros(0, np.float32))
    assert (found.n, found.mean, found.squares) == (0, 0.0, 0.0)
    assert found.merge(found).mean == 0.0


@pytest.mark.parametrize("wrong", [-1, N])
def test_an_id_of_another_grid_is_refused(wrong: int) -> None:
    with pytest.raises(StoreError, match=rf"that the grid does not have, {wrong}\b"):
        place_sums(SHAPE, np.sort(np.array([3, wrong])), np.ones(2, np.float32))
