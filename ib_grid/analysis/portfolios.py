"""Several chosen sets traded together: daily R, drawdown, and how far they go together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from ib_grid.analysis.combination import curve, equity
from ib_grid.analysis.combination import trades as trades_of
from ib_grid.analysis.plots.curves import curves_figure
from ib_grid.errors import ConfigError
from ib_grid.errors.validation import finite_number
from ib_grid.grid.params import Params
from ib_grid.runs.source import HasSource, RunSource, session_dates

TOTAL = "portfolio"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Portfolio:
    """Sets traded side by side, each with its weight.

    Attributes
    ----------
    weights : mapping of str to float
        R of the portfolio for one R of the set, by name; above 0.
    daily : DataFrame, a row per date that is a session date of any set, by date
        A column per set: its R times its weight, 0 on its dates without a trade, NaN on dates that
        are none of its session dates.
    total : DataFrame, the same rows
        Columns of `equity`: `r`, `cumulative_r` and `drawdown_r` of the sum.
    correlation : DataFrame, shape (n_sets, n_sets)
        Pearson's, of the daily R of each pair on their common session dates; NaN with fewer than
        two of these, or where one of the two never changes on them.
    common_dates : DataFrame of int64, shape (n_sets, n_sets)
        How many dates that is taken over.
    """

    weights: Mapping[str, float]
    daily: pd.DataFrame
    total: pd.DataFrame
    correlation: pd.DataFrame
    common_dates: pd.DataFrame

    @property
    def n_common_dates(self) -> int:
        """Dates that are session dates of every set."""
        return int(self.daily.notna().all(axis="columns").sum())

    @property
    def n_dates_of_one(self) -> int:
        """Dates that are session dates of one set alone."""
        return int((self.daily.notna().sum(axis="columns") == 1).sum())

    @property
    def max_drawdown_r(self) -> float:
        """Largest fall of the sum below its running peak, in R, positive."""
        return float(self.total["drawdown_r"].max())

    @property
    def worst_day(self) -> tuple[dt.date, float]:
        """The date with the least sum, the first of equals, and that sum in R."""
        date = self.total["r"].idxmin()
        return pd.Timestamp(date).date(), float(self.total["r"].min())  # type: ignore[arg-type]


def portfolio(
    sets: Mapping[str, tuple[RunSource | HasSource, Params | int]],
    weights: Mapping[str, float] | None = None,
) -> Portfolio:
    """The chosen sets of one or more runs, traded side by side.

    Dates are those of each set's own session; sets of other zones are joined by the name of the
    date, which for GER40 and XAUUSD is that of one working day.

    Parameters
    ----------
    sets : mapping of str to (RunSource or Run, Params or int)
        By a name for each.
    weights : mapping of str to float, optional
        1 for a set that is not in it. Above 0: a set traded the other way round is another set,
        which pays its own spread.

    Raises
    ------
    ConfigError
        If there is no set, a weight is no finite number above 0, or it is that of no set.
    GridError
        If there is no such combination.
    DataError
        If a run's bars or calendars are not there any more, have changed or cannot be read.
    """
    daily = {}
    for name, (of, combination) in sets.items():
        dates = session_dates(of, combination)
        daily[name] = equity(trades_of(of, combination), dates)["r"]
    return portfolio_of(daily, weights)


def portfolio_of(
    daily: Mapping[str, pd.Series], weights: Mapping[str, float] | None = None
) -> Portfolio:
    """As `portfolio`, from the daily R of each set on its session dates.

    Raises
    ------
    ConfigError
        If there is no set, a weight is no finite number above 0, or it is that of no set.
    """
    if not daily:
        raise ConfigError("there is no set", expected="at least one")
    of_sets = _weights(list(daily), weights or {})
    table = pd.DataFrame({name: of_sets[name] * r for name, r in daily.items()}).sort_index()
    there = table.notna().astype(np.int64)
    return Portfolio(
        weights=of_sets,
        daily=table,
        total=curve(table.sum(axis="columns")),
        correlation=table.corr(min_periods=2),
        common_dates=there.T @ there,
    )


def portfolio_figure(of: Portfolio) -> go.Figure:
    """Cumulative R and drawdown of the portfolio and of each of its sets."""
    lines = {TOTAL: of.total["r"], **{str(name): of.daily[name] for name in of.daily}}
    dates = pd.DatetimeIndex(of.daily.index)
    span = (f"{dates[0]:%Y-%m-%d}", f"{dates[-1]:%Y-%m-%d}")
    traded = {name: r[r.fillna(0) != 0] for name, r in lines.items()}
    return curves_figure(traded, span, own_colours=True)


def _weights(names: list[str], given: Mapping[str, float]) -> dict[str, float]:
    strange = [name for name in given if name not in names]
    if strange:
        raise ConfigError(
            f"a weight for {', '.join(strange)}, which is none of the sets",
            expected=f"weights for {', '.join(names)}",
        )
    weights = {name: finite_number(given.get(name, 1.0)) for name in names}
    wrong = [name for name, weight in weights.items() if weight is None or weight <= 0]
    if wrong:
        raise ConfigError(
            f"the weight of {wrong[0]} is {given[wrong[0]]!r}",
            expected="a finite number above 0; a set turned round would pay its spread, too",
        )
    return {name: weight for name, weight in weights.items() if weight is not None}
