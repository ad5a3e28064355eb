from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_grid.analysis.effects import exact_quantiles
from ib_grid.analysis.effects.exact_quantiles import Side

SHAPE = (3, 1, 4, 2)
N = 24
PROBABILITIES = (0.0, 0.1, 0.5, 0.9, 1.0)

floats = st.floats(width=32, allow_nan=False, allow_infinity=False)
# Few different ones: a value that is sought is then there more than once.
values_or_ties = st.one_of(floats, st.sampled_from([-1.5, -0.0, 0.0, 1e-45, 2.0]))


def found(
    groupings: list[list[Side]], ids: np.ndarray, values: np.ndarray, rows_per_block: int
) -> np.ndarray:
    """The quantiles, the values in blocks and the blocks in two tables."""
    groups = exact_quantiles.groups(SHAPE, groupings)
    search = exact_quantiles.begun(groups, PROBABILITIES)
    for _ in range(exact_quantiles.PASSES):
        tables = [exact_quantiles.no_counts(search) for _ in range(2)]
        for i, first in enumerate(range(0, len(ids), rows_per_block)):
            block = slice(first, first + rows_per_block)
            exact_quantiles.count(search, ids[block], values[block], tables[i % 2])
        search = exact_quantiles.narrowed(search, tables[0] + tables[1])
    return exact_quantiles.quantiles(search)


def expected(sides: list[Side], ids: np.ndarray, values: np.ndarray) -> list[np.ndarray]:
    """Those of numpy, in each cell of a grouping, the last side's values fastest."""
    places = np.unravel_index(ids, SHAPE)
    of_cells = []
    for cell in np.ndindex(*(side.n_codes for side in sides)):
        inside = np.ones(len(ids), bool)
        for side, code in zip(sides, cell, strict=True):
            inside &= side.codes[places[side.axis]] == code
        own = values[inside].astype(np.float64)
        nothing = np.full(len(PROBABILITIES), np.nan)
        of_cells.append(np.quantile(own, PROBABILITIES) if len(own) else nothing)
    return of_cells


@st.composite
def sides(draw: st.DrawFn) -> Side:
    axis = draw(st.integers(0, len(SHAPE) - 1))
    codes = draw(st.lists(st.integers(-1, 2), min_size=SHAPE[axis], max_size=SHAPE[axis]))
    return Side(axis, np.array(codes, np.int64), 3)


@given(
    st.lists(st.lists(sides(), max_size=2), min_size=1, max_size=3),
    st.lists(st.integers(0, N - 1), min_size=1, max_size=N, unique=True).map(sorted),
    st.lists(values_or_ties, min_size=N, max_size=N),
    st.integers(1, N),
)
def test_they_are_those_of_numpy(
    groupings: list[list[Side]], ids: list[int], values: list[float], rows_per_block: int
) -> None:
    there = np.array(ids)
    own = np.array(values, np.float32)[: len(ids)]
    quantiles = found(groupings, there, own, rows_per_block)
    of_groupings = [cell for grouping in groupings for cell in expected(grouping, there, own)]
    np.testing.assert_allclose(quantiles, of_groupings, rtol=1e-12, atol=1e-300)


def test_a_single_value_is_all_of_them() -> None:
    (quantiles,) = found([[]], np.array([7]), np.array([-3.25], np.float32), 1)
    assert quantiles.tolist() == [-3.25] * len(PROBABILITIES)


def test_the_value_itself_comes_back_to_the_last_bit() -> None:
    values = np.array([np.pi * 10.0**power for power in range(-38, 38)], np.float32)
    for value in (*values, *-values):
        (quantiles,) = found([[]], np.array([0, 1]), np.full(2, value), 2)
        assert quantiles.astype(np.float32).tolist() == [value] * len(PROBABILITIES)


@pytest.mark.parametrize("n", [0, 1])
def test_a_cell_without_a_value_has_no_quantile(n: int) -> None:
    last = Side(3, np.array([0, 1]), 2)
    quantiles = found([[last]], np.arange(n), np.ones(n, np.float32), 5)
    assert np.isnan(quantiles[n:]).all()
    assert (quantiles[:n] == 1).all()
