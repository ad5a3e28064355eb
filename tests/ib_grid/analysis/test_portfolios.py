"""Portfolios are sums of their combinations, date by date."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from ib_grid import analysis
from ib_grid.errors import ConfigError
from tests.helpers.runs.sources import source_of_golden_bars


def daily(**r: float) -> pd.Series:
    """R by date of January 2024: ``d2=1.0``."""
    dates = pd.DatetimeIndex([f"2024-01-{int(day[1:]):02d}" for day in r], name="date")
    return pd.Series(list(r.values()), index=dates, dtype=np.float64)


A = daily(d2=1.0, d3=-1.0, d4=0.0, d5=2.0)
B = daily(d3=-2.0, d4=1.0, d5=0.0, d8=1.0)


def test_the_sum_of_two() -> None:
    found = analysis.portfolio_of({"a": A, "b": B}, {"b": 0.5})
    assert found.weights == {"a": 1.0, "b": 0.5}
    assert found.total["r"].tolist() == [1, -2, 0.5, 2, 0.5]
    assert found.total["cumulative_r"].tolist() == [1, -1, -0.5, 1.5, 2]
    assert found.total["drawdown_r"].tolist() == [0, 2, 1.5, 0, 0]
    assert found.max_drawdown_r == 2
    assert found.worst_day == (dt.date(2024, 1, 3), -2.0)
    assert found.daily["a"].isna().tolist() == [False, False, False, False, True]


def test_correlation_is_over_common_dates() -> None:
    found = analysis.portfolio_of({"a": A, "b": B})
    a, b = [-1.0, 0.0, 2.0], [-2.0, 1.0, 0.0]
    mean_a, mean_b = sum(a) / 3, sum(b) / 3
    product = sum((x - mean_a) * (y - mean_b) for x, y in zip(a, b, strict=True))
    scale = sum((x - mean_a) ** 2 for x in a) * sum((y - mean_b) ** 2 for y in b)
    assert found.correlation.loc["a", "b"] == pytest.approx(product / scale**0.5)
    assert found.correlation.loc["a", "a"] == pytest.approx(1)
    assert found.common_dates.to_numpy().tolist() == [[4, 3], [3, 4]]


def test_undefined_correlation() -> None:
    flat, later = daily(d2=0.0, d3=0.0, d4=0.0), daily(d9=1.0, d10=2.0)
    found = analysis.portfolio_of({"a": A, "flat": flat, "later": later})
    assert np.isnan(found.correlation.loc["a", "flat"])
    assert np.isnan(found.correlation.loc["a", "later"])
    assert found.common_dates.loc["a", "later"] == 0


def test_selected_combinations() -> None:
    source, other = source_of_golden_bars(), source_of_golden_bars("original")
    found = analysis.portfolio({"one": (source, 4321), "two": (other, 4321)})
    totals = [analysis.trades(of, 4321)["r"].sum() for of in (source, other)]
    assert found.total["cumulative_r"].iloc[-1] == pytest.approx(sum(totals))
    assert found.daily.sum().tolist() == pytest.approx(totals)
    assert len(found.daily) == len(analysis.session_dates(source, 4321))
    figure = analysis.portfolio_figure(found)
    ends = {trace.name: trace.y[-1] for trace in figure.data if trace.yaxis == "y"}
    assert ends == pytest.approx(
        {"portfolio": sum(totals), "one": totals[0], "two": totals[1]}, abs=1e-3
    )


@pytest.mark.parametrize(
    "weights", [{"c": 1.0}, {"a": float("nan")}, {"a": "much"}, {"a": 0.0}, {"a": -1.0}]
)
def test_invalid_weights(weights: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        analysis.portfolio_of({"a": A}, weights)


def test_unknown_combination() -> None:
    with pytest.raises(ConfigError):
        analysis.portfolio_of({})
