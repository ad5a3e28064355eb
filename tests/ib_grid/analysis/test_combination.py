"""Trades, metrics and equity of a combination agree; calendar sums equal plain loops."""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np
import pandas as pd
import pytest
import pytz
from hypothesis import given

from ib_grid import analysis
from ib_grid.analysis import RunSource
from ib_grid.engine import reference
from ib_grid.errors import GridError, InputError
from ib_grid.grid.columns import METRIC_COLUMNS
from ib_grid.grid.params import Params
from ib_grid.grid.variations import VARIATIONS
from tests.helpers.engines import assert_same_trades
from tests.helpers.runs.sources import source_of_golden_bars, traded

COMBO = 4321


def frame(*rows: tuple[str, str, float, str]) -> pd.DataFrame:
    """Trades of (date, entry time in UTC, r, variation)."""
    return pd.DataFrame(
        {
            "date": pd.to_datetime([row[0] for row in rows]).as_unit("ms"),
            "entry_time": pd.to_datetime([row[1] for row in rows], utc=True).as_unit("ms"),
            "r": [row[2] for row in rows],
            "variation": [row[3] for row in rows],
        }
    )


SOME = frame(
    ("2024-01-05", "2024-01-05T08:10Z", 1.5, "OCAE"),  # a Friday, 09:10 in Berlin
    ("2024-01-08", "2024-01-08T08:59Z", -1.0, "TCWE"),
    ("2024-07-01", "2024-07-01T08:30Z", 0.0, "OCAE"),  # a Monday, 10:30 in Berlin
    ("2025-01-06", "2025-01-06T09:00Z", -0.5, "OCAE"),  # a Monday, 10:00 in Berlin
)


@pytest.mark.parametrize("model", ["realistic", "original"])
@pytest.mark.parametrize("with_news", [False, True])
def test_trades_are_those_of_the_reference(model: str, with_news: bool) -> None:
    source = source_of_golden_bars(model, with_news=with_news)
    found = analysis.trades(source, COMBO)
    params = source.grid.params(COMBO)
    expected = reference.trades(source.context, params)
    assert len(found) > 20
    assert_same_trades(found, expected)
    assert_same_trades(analysis.trades(source, params), expected)


@given(traded())
def test_trades_equity_and_result_row_agree(drawn: tuple[RunSource, Params]) -> None:
    assert_agree(*drawn)


@pytest.mark.parametrize("model", ["realistic", "original"])
def test_engines_agree_on_random_combinations(model: str) -> None:
    source = source_of_golden_bars(model)
    for combo_id in np.random.default_rng(7).integers(0, len(source.grid), 25).tolist():
        assert_agree(source, combo_id)


def assert_agree(source: RunSource, combination: Params | int) -> None:
    """Trades, equity and the metrics of the engine's other door tell the same."""
    trades = analysis.trades(source, combination)
    row = analysis.metrics(source, combination)
    dates = analysis.session_dates(source, combination)
    equity = analysis.equity(trades, dates)
    assert tuple(row.index) == METRIC_COLUMNS
    assert row.dtype == np.float32
    assert len(trades) == row["total_trades"]
    assert trades["ambiguous"].sum() == row["ambiguous_trades"]
    # Sums may be taken in float32 (STRATEGY.md, section 8).
    scale = 1 + trades["r"].abs().sum()
    assert math.fsum(trades["r"]) == pytest.approx(row["total_r"], abs=1e-6 * scale, rel=1e-5)
    assert equity["cumulative_r"].iloc[-1] == pytest.approx(
        row["total_r"], abs=1e-6 * scale, rel=1e-5
    )
    assert equity["drawdown_r"].max() == pytest.approx(
        row["max_drawdown"], abs=1e-6 * scale, rel=1e-5
    )
    assert len(equity) == len(dates)
    for name in VARIATIONS:
        own = trades["variation"] == name
        assert own.sum() == row[f"{name.lower()}_total_trades"]


def test_equity_has_every_session_date() -> None:
    dates = pd.DatetimeIndex(
        ["2024-01-04", "2024-01-05", "2024-01-08", "2024-07-01", "2024-07-02", "2025-01-06"],
        name="date",
    )
    equity = analysis.equity(SOME, dates)
    assert equity["r"].tolist() == [0, 1.5, -1, 0, 0, -0.5]
    assert equity["cumulative_r"].tolist() == [0, 1.5, 0.5, 0.5, 0.5, 0]
    assert equity["drawdown_r"].tolist() == [0, 0, 1, 1, 1, 1.5]
    assert equity.index.equals(dates)


def test_the_start_is_a_peak() -> None:
    trades = frame(("2024-01-05", "2024-01-05T08:10Z", -2.0, "OCAE"))
    equity = analysis.equity(trades, pd.DatetimeIndex(["2024-01-05"], name="date"))
    assert equity["drawdown_r"].tolist() == [2]


def test_equity_without_trades() -> None:
    dates = pd.DatetimeIndex(["2024-01-05", "2024-01-08"], name="date")
    equity = analysis.equity(SOME.iloc[:0], dates)
    assert equity.to_numpy().tolist() == [[0, 0, 0], [0, 0, 0]]


def test_equity_refuses_trades_of_other_dates() -> None:
    with pytest.raises(InputError, match="2024-01-05"):
        analysis.equity(SOME, pd.DatetimeIndex(["2024-01-08"], name="date"))


def test_calendar_table() -> None:
    table = analysis.calendar_table(SOME)
    assert table.shape == (12, 2)
    assert table.loc["Jan"].tolist() == [0.5, -0.5]
    assert table.loc["Jul", 2024] == 0
    assert np.isnan(table.loc["Jul", 2025])
    assert table.notna().to_numpy().sum() == 3
    counts = analysis.calendar_table(SOME, range(2023, 2026), "size")
    assert counts.loc["Jan"].fillna(0).tolist() == [0, 2, 1]


def test_calendar_table_without_trades() -> None:
    assert analysis.calendar_table(SOME.iloc[:0]).shape == (12, 0)
    assert analysis.calendar_table(SOME.iloc[:0], [2024]).isna().all(axis=None)


def test_by_weekday_and_year_and_variation() -> None:
    weekday = analysis.by_weekday(SOME)
    assert weekday.index.tolist() == ["Mon", "Tue", "Wed", "Thu", "Fri"]
    assert weekday["trades"].tolist() == [3, 0, 0, 0, 1]
    assert weekday["total_r"].tolist() == [-1.5, 0, 0, 0, 1.5]
    assert weekday["mean_r"].tolist() == [-0.5, 0, 0, 0, 1.5]
    assert weekday["winrate"].tolist() == [0, 0, 0, 0, 100]
    year = analysis.by_year(SOME)
    assert year.loc[2024, ["trades", "total_r", "winrate"]].tolist() == [3, 0.5, 50]
    variation = analysis.by_variation(SOME)
    assert variation.index.tolist() == list(VARIATIONS)
    assert variation["trades"].tolist() == [3, 1, 0, 0]


def test_by_hour_is_local_and_follows_the_clock_changes() -> None:
    hours = analysis.by_hour(SOME, "Europe/Berlin")
    assert hours.index.tolist() == [9, 10]
    assert hours["total_r"].tolist() == [0.5, -0.5]


def test_sums_without_trades() -> None:
    none = SOME.iloc[:0]
    assert analysis.by_hour(none, "Europe/Berlin").empty
    assert analysis.by_year(none).empty
    assert analysis.by_weekday(none)["trades"].sum() == 0
    assert analysis.by_variation(none).to_numpy().sum() == 0


def test_sums_are_those_of_a_loop() -> None:
    trades = analysis.trades(source_of_golden_bars(), COMBO)
    hours: dict[int, float] = defaultdict(float)
    months: dict[tuple[str, int], float] = defaultdict(float)
    berlin = pytz.timezone("Europe/Berlin")
    for trade in trades.itertuples():
        hours[trade.entry_time.to_pydatetime().astimezone(berlin).hour] += trade.r
        months[trade.date.strftime("%b"), trade.date.year] += trade.r
    by_hour = analysis.by_hour(trades, "Europe/Berlin")
    assert by_hour["total_r"].to_dict() == pytest.approx(dict(hours))
    table = analysis.calendar_table(trades)
    for (month, year), r in months.items():
        assert table.loc[month, year] == pytest.approx(r)
    assert by_hour["trades"].sum() == len(trades)


def test_invalid_combination() -> None:
    source = source_of_golden_bars()
    with pytest.raises(GridError, match="unknown combination"):
        analysis.trades(source, len(source.grid))
