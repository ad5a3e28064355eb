from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from pipelines.report.measures.histograms import round_bins

floats = st.floats(-1e4, 1e4, width=32)


@given(nps.arrays(np.float32, st.integers(1, 60), elements=floats), st.integers(1, 50))
def test_every_value_lies_in_its_bin(values: np.ndarray, at_most: int) -> None:
    bins = round_bins(float(values.min()), float(values.max()), at_most)
    places = bins.places(values)
    assert ((places >= 0) & (places < bins.n)).all()
    assert bins.n <= at_most + 1
    low, high = bins.edges[places], bins.edges[places + 1]
    rounding = 1e-9 * np.abs(values.astype(np.float64))
    assert (low - rounding <= values).all()
    assert (values <= high + rounding).all()
    assert bins.counts(values).sum() == len(values)
    assert float(f"{bins.width:.0e}"[0]) in (1, 2, 5)


def test_zero_is_an_edge_and_not_profitable() -> None:
    bins = round_bins(-7.3, 4.1, 20)
    assert 0.0 in bins.edges
    place = bins.places(np.array([0.0, 1e-9]))
    assert bins.edges[place].tolist() == [-bins.width, 0.0]
