from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_grid.errors import ConfigError, StoreError
from ib_grid.grid.columns import METRIC_COLUMNS
from ib_grid.grid.scoring import (
    RankingSettings,
    best_first,
    check_finite,
    column_extrema,
    composite_scores,
)

METRICS = st.floats(-1e6, 1e6, width=32)


def plain_scores(rows: list[dict[str, float]], weights: dict[str, float]) -> list[float]:
    """Compute the score row by row from its definition."""
    scores = [0.0] * len(rows)
    for name in [column for column in METRIC_COLUMNS if column in weights]:
        low, high = min(row[name] for row in rows), max(row[name] for row in rows)
        for i, row in enumerate(rows):
            scores[i] += weights[name] * ((row[name] - low) / (high - low)) if high > low else 0.0
    return scores


def columns_of(rows: list[dict[str, float]]) -> dict[str, np.ndarray]:
    return {name: np.array([row[name] for row in rows], np.float32) for name in rows[0]}


def test_default_weights() -> None:
    settings = RankingSettings()
    assert settings.weights == {"total_r": 0.40, "sharpe_ratio": 0.35, "winrate": 0.25}
    assert settings.min_trades == 10


@pytest.mark.parametrize(
    ("weights", "found"),
    [
        ({"total_r": 0.5, "profit": 0.5}, "unknown metric column profit"),
        ({"total_r": 0.5, "rr_target": 0.5}, "unknown metric column rr_target"),
        ({"total_r": 0.5}, "sum to 0.5"),
        ({"total_r": 0.5, "winrate": 0.5 + 1e-8}, "sum to 1.00000001"),
        ({}, "sum to 0"),
        ({"total_r": float("nan"), "winrate": 1.0}, "weight of total_r is nan"),
        ({"total_r": float("inf"), "winrate": 1.0}, "weight of total_r is inf"),
        ({"total_r": True}, "weight of total_r is True"),
        ({"total_r": "1"}, "weight of total_r is '1'"),
        ([1.0], "invalid weights"),
    ],
)
def test_wrong_weights(weights: object, found: str) -> None:
    with pytest.raises(ConfigError, match=found):
        RankingSettings(weights=weights)


@pytest.mark.parametrize("min_trades", [-1, 2.5, True, "10"])
def test_wrong_min_trades(min_trades: object) -> None:
    with pytest.raises(ConfigError, match="min_trades is"):
        RankingSettings(min_trades=min_trades)


def test_weights_may_miss_one_by_rounding_only() -> None:
    weights = dict.fromkeys(METRIC_COLUMNS[:10], 0.1)
    assert RankingSettings(weights=weights).weights == weights


def test_order_of_weights_does_not_matter() -> None:
    one = RankingSettings(weights={"winrate": 0.3, "total_r": 0.7})
    other = RankingSettings(weights={"total_r": 0.7, "winrate": 0.3})
    assert list(one.weights) == list(other.weights) == ["total_r", "winrate"]


def test_weights_of_a_variation() -> None:
    settings = RankingSettings(weights={"total_r": 0.5, "ocae_total_r": 0.2, "winrate": 0.3})
    assert settings.weights_of("") == settings.weights
    assert settings.weights_of("ocae_") == {"ocae_total_r": 0.7, "ocae_winrate": 0.3}
    assert settings.weights_of("rev_rb_") == {
        "rev_rb_total_r": 0.5,
        "rev_rb_winrate": 0.3,
        "ocae_total_r": 0.2,
    }


def test_scores_by_hand() -> None:
    columns = {
        "total_r": np.array([10, 20, 30], np.float32),
        "sharpe_ratio": np.array([3, 1, 2], np.float32),
        "winrate": np.array([50, 50, 50], np.float32),
    }
    weights = RankingSettings().weights
    extrema = column_extrema(columns, weights)
    # winrate is the same for all: it adds nothing to anyone
    expected = [0.35, 0.4 * 0.5, 0.4 + 0.35 * 0.5]
    np.testing.assert_allclose(composite_scores(columns, weights, extrema), expected, rtol=1e-15)


def test_negative_weight_ranks_small_values_high() -> None:
    columns = {
        "total_r": np.array([1, 1], np.float32),
        "max_drawdown": np.array([9, 2], np.float32),
    }
    weights = RankingSettings(weights={"total_r": 1.5, "max_drawdown": -0.5}).weights
    scores = composite_scores(columns, weights, column_extrema(columns, weights))
    assert list(best_first(scores, np.array([0, 1]), 2)) == [1, 0]


ROWS = st.lists(
    st.fixed_dictionaries({"total_r": METRICS, "sharpe_ratio": METRICS, "winrate": METRICS}),
    min_size=1,
    max_size=30,
)


@given(rows=ROWS, cut=st.integers(0, 30))
def test_scores_in_blocks_are_those_of_plain_code(rows: list[dict[str, float]], cut: int) -> None:
    weights = RankingSettings().weights
    parts = [columns_of(part) for part in (rows[:cut], rows[cut:]) if part]
    extrema = column_extrema(parts[0], weights)
    for part in parts[1:]:
        extrema = extrema.merge(column_extrema(part, weights))
    scores = np.concatenate([composite_scores(part, weights, extrema) for part in parts])
    assert list(scores) == plain_scores(rows, dict(weights))
    assert extrema.n_rows == len(rows)


def test_extrema_of_no_rows_change_nothing() -> None:
    weights = {"total_r": 1.0}
    none = column_extrema({"total_r": np.zeros(0, np.float32)}, weights)
    some = column_extrema({"total_r": np.array([3, -2], np.float32)}, weights)
    merged = none.merge(some)
    assert (merged.low, merged.high, merged.n_rows) == (-2.0, 3.0, 2)


@given(
    scores=st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), max_size=30),
    n=st.integers(0, 40),
    order=st.randoms(use_true_random=False),
)
def test_best_first_is_a_total_order(scores: list[float], n: int, order: object) -> None:
    ids = list(range(len(scores)))
    order.shuffle(ids)
    expected = sorted(zip(scores, ids, strict=True), key=lambda pair: (-pair[0], pair[1]))[:n]
    rows = best_first(np.array(scores, np.float64), np.array(ids, np.int64), n)
    assert [(scores[i], ids[i]) for i in rows] == expected


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_cannot_be_ranked_are_refused(value: float) -> None:
    columns = {"combo_id": np.array([7, 8]), "total_r": np.array([1.0, value], np.float32)}
    with pytest.raises(StoreError, match=r"total_r of combination 8 is .*\(1 such rows\)"):
        check_finite(columns, ("total_r",))
    check_finite({**columns, "total_r": np.zeros(2)}, ("total_r",))
