"""Kernels by place; what they add up to is judged with those that use them, in `tests/analysis`."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_grid.analysis.effects import axis_kernels, exact_quantiles
from ib_grid.analysis.effects.axis_sums import place_sums

# Of more combinations than 32 bits can count.
SHAPE = np.array([1000, 1, 7, 1000, 2, 1000])
N = int(np.prod(SHAPE))

ids = st.one_of(st.integers(0, N - 1), st.sampled_from([0, N - 1, 2**31 - 1, 2**31, 2**32]))


@given(st.lists(st.tuples(ids, st.integers(1, 5)), min_size=1, max_size=8))
def test_places_are_those_of_numpy_whatever_came_before(runs: list[tuple[int, int]]) -> None:
    places, before = np.zeros(len(SHAPE), np.int64), -1
    for first, n in runs:
        for combo_id in range(first, min(first + n, N)):
            axis_kernels.set_places(places, combo_id, before, SHAPE)
            assert places.tolist() == [int(p) for p in np.unravel_index(combo_id, SHAPE)]
            before = combo_id


@pytest.mark.skipif(not hasattr(axis_kernels.add_by_place, "signatures"), reason="the JIT is off")
def test_warm_up_compiles_all_that_reports_use() -> None:
    axis_kernels.warm_up()
    fixed = np.arange(6)
    values = np.ones(6, np.float32)
    for array in (fixed, values):
        array.flags.writeable = False  # as Arrow gives them
    place_sums((3, 2), fixed, values)
    search = exact_quantiles.begun(exact_quantiles.groups((3, 2), [[]]), (0.5,))
    exact_quantiles.count(search, fixed, values, exact_quantiles.no_counts(search))
    for used in (axis_kernels.add_by_place, axis_kernels.count_digits):
        assert len(used.signatures) == 1
