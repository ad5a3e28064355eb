"""Sums over combinations, independent of the chunks."""

from __future__ import annotations

import itertools
import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.report.measures.sums import Sums, sums


@given(
    rows=st.lists(st.tuples(st.integers(0, 400), st.floats(-300, 300, width=32)), max_size=40),
    cuts=st.lists(st.integers(0, 40), max_size=3),
    seed=st.integers(0, 99),
)
def test_sums_add_up_over_chunks(rows: list[tuple[int, float]], cuts: list[int], seed: int) -> None:
    edges = sorted([0, *cuts, len(rows)])
    parts = [rows[a:b] for a, b in itertools.pairwise(edges)]
    random.Random(seed).shuffle(parts)
    total = Sums()
    for part in parts:
        trades = np.array([t for t, _ in part], np.float32)
        total_r = np.array([r for _, r in part], np.float32)
        total = total.merge(sums({"ocae_total_trades": trades, "ocae_total_r": total_r}, "ocae_"))
    assert total.combinations == len(rows)
    assert total.combinations_with_trades == sum(t > 0 for t, _ in rows)
    assert total.profitable_combinations == sum(r > 0 for _, r in rows)
    assert total.trades == sum(t for t, _ in rows)
    assert total.total_r == pytest.approx(math.fsum(r for _, r in rows), abs=1e-9)
    assert total.average_r == (total.total_r / total.trades if total.trades else 0.0)
