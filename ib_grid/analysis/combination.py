"""Trades, metrics, equity and calendar results of one combination."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from ib_grid.engine.fast import engine
from ib_grid.errors import ConfigError, InputError
from ib_grid.errors.validation import shown
from ib_grid.grid.chunks import plan_chunks
from ib_grid.grid.columns import METRIC_COLUMNS
from ib_grid.grid.params import Params
from ib_grid.grid.variations import VARIATIONS
from ib_grid.market import clock
from ib_grid.market.instruments import WEEKDAY_NAMES
from ib_grid.runs.source import HasSource, RunSource, source_of

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def trades(of: RunSource | HasSource, combination: Params | int) -> pd.DataFrame:
    """Return every trade of a combination, as the run made them.

    Parameters
    ----------
    of : RunSource or Run
    combination : Params or int
        The parameters, of the run's grid or not, or an id of the grid.

    Returns
    -------
    DataFrame, a row per trade in date order
        Columns `grid.columns.TRADE_COLUMNS`: prices in points, times in UTC, `r` in units of the
        risk.

    Raises
    ------
    GridError
        If there is no such combination, or the market does not serve its session and horizon.
    DataError
        If a run's bars or calendars are missing, have changed or cannot be read.
    """
    source = source_of(of)
    return engine.trades(source.context, source.params(combination))


def metrics(of: RunSource | HasSource, combination: Params | int) -> pd.Series:
    """Return the metrics of a combination, recomputed from the bars.

    Returns
    -------
    float32 Series, shape (n_metric_columns,)
        By `grid.columns.METRIC_COLUMNS`; units and undefined cases are in `grid.columns.METRICS`.

    Raises
    ------
    GridError
        If there is no such combination, or the market does not serve its session and horizon.
    DataError
        If a run's bars or calendars are missing, have changed or cannot be read.
    """
    source = source_of(of)
    grid = engine.grid_of_one(source.params(combination))
    chunk = plan_chunks(grid, 1).chunk(0)
    row = engine.evaluate(source.context, grid, chunk)[:, 0]
    return pd.Series(row, index=list(METRIC_COLUMNS))


def equity(trades: pd.DataFrame, dates: pd.DatetimeIndex) -> pd.DataFrame:
    """Return the result and the cumulative result on every session date.

    Parameters
    ----------
    trades : DataFrame
        With the columns date and r.
    dates : DatetimeIndex, shape (n_dates,)
        All session dates, ascending; see `session_dates`.

    Returns
    -------
    DataFrame, shape (n_dates, 3), by date
        In R: `r` of the date's trades, 0 without one; `cumulative_r` from the first date on;
        `drawdown_r`, how far that is below its running peak, 0 or above; the start (0) is a peak.

    Raises
    ------
    InputError
        If the date of a trade is not among the dates.
    """
    strange = trades["date"][~trades["date"].isin(dates)]
    if len(strange):
        raise InputError(
            f"a trade on {strange.iloc[0]:%Y-%m-%d}, which is not a session date",
            expected="the session dates of the combination that made the trades",
        )
    r = trades.groupby("date")["r"].sum().reindex(dates, fill_value=0.0).astype(np.float64)
    return curve(r)


def curve(r: pd.Series) -> pd.DataFrame:
    """Return daily and cumulative results; the columns are those of `equity`."""
    cumulative = r.cumsum()
    peak = cumulative.cummax().clip(lower=0.0)
    return pd.DataFrame({"r": r, "cumulative_r": cumulative, "drawdown_r": peak - cumulative})


def calendar_table(
    trades: pd.DataFrame,
    years: Sequence[int] | None = None,
    reduction: Literal["sum", "size"] = "sum",
) -> pd.DataFrame:
    """Return total R, or the number of trades, by month and year of the session date.

    Parameters
    ----------
    trades : DataFrame
    years : sequence of int, optional
        The columns; by default the years from the first trade's to the last one's.
    reduction : {"sum", "size"}

    Returns
    -------
    float64 DataFrame, shape (12, n_years)
        `MONTHS` by year; NaN where there is no trade.

    Raises
    ------
    ConfigError
        If the reduction is unknown.
    """
    if reduction not in ("sum", "size"):
        raise ConfigError(f"unknown reduction {shown(reduction)}", expected="sum or size")
    year, month = trades["date"].dt.year, trades["date"].dt.month
    columns = _range_of(year) if years is None else years
    frame = pd.DataFrame({"month": month, "year": year, "r": trades["r"]})
    table = frame.pivot_table(values="r", index="month", columns="year", aggfunc=reduction)
    whole = table.reindex(index=range(1, 13), columns=pd.Index(columns, name="year"))
    return whole.set_axis(pd.Index(MONTHS, name="month")).astype(np.float64)


def by_year(trades: pd.DataFrame, years: Sequence[int] | None = None) -> pd.DataFrame:
    """Return results by year of the session date; see `sums_by`.

    `years` are the rows; by default those from the first trade's to the last one's.
    """
    year = trades["date"].dt.year
    return sums_by(trades, year, _range_of(year) if years is None else years, "year")


def by_weekday(trades: pd.DataFrame) -> pd.DataFrame:
    """Return results by weekday of the session date; see `sums_by`.

    The rows are Monday to Friday and any other weekday with a trade.
    """
    weekday = trades["date"].dt.day_of_week
    last = max(4, int(weekday.max()) if len(weekday) else 0)
    table = sums_by(trades, weekday, range(last + 1), "weekday")
    return table.set_axis(pd.Index(WEEKDAY_NAMES[: last + 1], name="weekday"))


def by_hour(trades: pd.DataFrame, timezone: str) -> pd.DataFrame:
    """Return results by local clock hour of the entry; see `sums_by`.

    Parameters
    ----------
    trades : DataFrame
    timezone : str
        IANA name, that of the session; its clock changes count.
    """
    minutes = trades["entry_time"].to_numpy("datetime64[m]").astype(np.int64)
    local = minutes + clock.utc_offset_minutes(minutes, timezone)
    hour = pd.Series(local % clock.MINUTES_PER_DAY // 60, index=trades.index)
    return sums_by(trades, hour, _range_of(hour), "hour")


def by_variation(trades: pd.DataFrame) -> pd.DataFrame:
    """Return results by variation, also of one without trades; see `sums_by`."""
    return sums_by(trades, trades["variation"], VARIATIONS, "variation")


def sums_by(
    trades: pd.DataFrame, key: pd.Series, rows: Sequence[int] | Sequence[str], name: str
) -> pd.DataFrame:
    """Return results by a key of each trade, a row for each of `rows`.

    `trades` (int64); `total_r` and `mean_r` in R; `winrate` in percent of wins and losses. All are
    0 for a row without trades, as in the result rows.
    """
    r = trades["r"].to_numpy(np.float64)
    frame = pd.DataFrame({"key": key.to_numpy(), "r": r, "win": r > 0, "loss": r < 0})
    sums = frame.groupby("key")[["r", "win", "loss"]].sum()
    counts = frame.groupby("key").size()
    index = pd.Index(list(rows), name=name)
    sums, n = sums.reindex(index, fill_value=0), counts.reindex(index, fill_value=0)
    decided = (sums["win"] + sums["loss"]).clip(lower=1)
    return pd.DataFrame(
        {
            "trades": n.astype(np.int64),
            "total_r": sums["r"].astype(np.float64),
            "mean_r": sums["r"] / n.clip(lower=1),
            "winrate": 100.0 * sums["win"] / decided,
        }
    )


def _range_of(values: pd.Series) -> range:
    return range(int(values.min()), int(values.max()) + 1) if len(values) else range(0)
