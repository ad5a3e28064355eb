from __future__ import annotations

import itertools
import math
import random
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_grid.grid.columns import VARIATIONS
from ib_grid.grid.grid import Grid, named_grid
from ib_grid.grid.params import Params
from ib_grid.grid.variations import VARIATION_RULES, Sums, exact_sum, sums
from ib_grid.market.instruments import GER40

FLOAT32 = st.floats(width=32, allow_nan=False, allow_infinity=False)


@pytest.fixture(scope="module")
def grid() -> Grid:
    return named_grid("standard", GER40)


def plain_rule(variation: str, params: Params) -> bool:
    if variation == "OCAE":
        return params.tsl_target > 0
    if variation == "TCWE":
        return params.tsl_target > 0 and params.rr_target >= 1
    if variation == "Reverse":
        return params.stop_mode == "eq"
    return params.rev_rb_enabled


@pytest.mark.parametrize("variation", VARIATIONS)
def test_rules(grid: Grid, variation: str) -> None:
    ids = np.arange(0, len(grid), 37)
    rule = VARIATION_RULES[variation]
    columns = {n: np.array(v, object)[i] for n, (v, i) in grid.columns(ids).items()}
    counts = rule.counts({name: columns[name] for name in rule.columns})
    expected = [plain_rule(variation, grid.params(int(i))) for i in ids]
    assert list(counts) == expected
    assert 0 < sum(expected) < len(ids)


@given(st.lists(FLOAT32, max_size=60))
def test_exact_sum(values: list[float]) -> None:
    array = np.array(values, np.float32)
    assert exact_sum(array) == sum((Fraction(value) for value in values), Fraction(0))


def test_exact_sum_of_the_smallest_and_the_largest() -> None:
    values = [1e-45, -1e-45, 3.4028235e38, 3.4028235e38, 1.1754944e-38, 1e-45]
    array = np.array(values, np.float32)
    assert float(exact_sum(array)) == math.fsum(array.astype(float))


@given(
    rows=st.lists(st.tuples(st.integers(0, 400), st.floats(-300, 300, width=32)), max_size=40),
    cuts=st.lists(st.integers(0, 40), max_size=3),
    seed=st.integers(0, 99),
)
def test_sums_do_not_depend_on_the_chunks(
    rows: list[tuple[int, float]], cuts: list[int], seed: int
) -> None:
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
    assert total.total_r == math.fsum(r for _, r in rows)
    expected = float(sum(map(Fraction, (r for _, r in rows)), Fraction(0)) / (total.trades or 1))
    assert total.average_r == (expected if total.trades else 0.0)
