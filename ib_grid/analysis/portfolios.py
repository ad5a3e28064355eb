"""Portfolios: selected combinations traded together, with daily R, drawdown and correlation."""

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
    """Combinations traded side by side, each with its weight.

    Attributes
    ----------
    weights : mapping of str to float
        R of the portfolio for one R of the combination, by name; above 0.
    daily : DataFrame, a row per session date of any combination
        A column per combination: its R times its weight, 0 on session dates without a trade, NaN on
        other dates.
    total : DataFrame, the same rows
        Columns of `equity`: `r`, `cumulative_r` and `drawdown_r` of the sum.
    correlation : DataFrame, shape (n_combinations, n_combinations)
        Pearson correlation of the daily R of each pair on their common session dates; NaN with
        fewer than two common dates or if one series is constant.
    common_dates : DataFrame of int64, shape (n_combinations, n_combinations)
        Number of common session dates of each pair.
    """

    weights: Mapping[str, float]
    daily: pd.DataFrame
    total: pd.DataFrame
    correlation: pd.DataFrame
    common_dates: pd.DataFrame

    @property
    def n_common_dates(self) -> int:
        """Return the number of session dates that all combinations share."""
        return int(self.daily.notna().all(axis="columns").sum())

    @property
    def n_dates_of_one(self) -> int:
        """Return the number of session dates of only one combination."""
        return int((self.daily.notna().sum(axis="columns") == 1).sum())

    @property
    def max_drawdown_r(self) -> float:
        """Maximum drawdown of the portfolio, in R, positive."""
        return float(self.total["drawdown_r"].max())

    @property
    def worst_day(self) -> tuple[dt.date, float]:
        """Return the date with the lowest total, the first of equals, and that total in R."""
        date = self.total["r"].idxmin()
        return pd.Timestamp(date).date(), float(self.total["r"].min())  # type: ignore[arg-type]


def portfolio(
    combinations: Mapping[str, tuple[RunSource | HasSource, Params | int]],
    weights: Mapping[str, float] | None = None,
) -> Portfolio:
    """Return selected combinations of one or more runs, traded side by side.

    Each combination trades on the dates of its own session. Sessions of different time zones are
    joined by calendar date, which for GER40 and XAUUSD is the same working day.

    Parameters
    ----------
    combinations : mapping of str to (RunSource or Run, Params or int)
        By a name of your choice.
    weights : mapping of str to float, optional
        1 if missing. Weights cannot be negative: a reversed strategy still pays the spread.

    Raises
    ------
    ConfigError
        If there is no combination, or a weight is not a positive number or of an unknown name.
    GridError
        If there is no such combination.
    DataError
        If a run's bars or calendars are missing, have changed or cannot be read.
    """
    daily = {}
    for name, (of, combination) in combinations.items():
        dates = session_dates(of, combination)
        daily[name] = equity(trades_of(of, combination), dates)["r"]
    return portfolio_of(daily, weights)


def portfolio_of(
    daily: Mapping[str, pd.Series], weights: Mapping[str, float] | None = None
) -> Portfolio:
    """Return a portfolio from the daily R of each combination on its session dates.

    Raises
    ------
    ConfigError
        If there is no combination, or a weight is not a positive number or of an unknown name.
    """
    if not daily:
        raise ConfigError("no combination given", expected="at least one")
    weight_of = _weights(list(daily), weights or {})
    table = pd.DataFrame({name: weight_of[name] * r for name, r in daily.items()}).sort_index()
    there = table.notna().astype(np.int64)
    return Portfolio(
        weights=weight_of,
        daily=table,
        total=curve(table.sum(axis="columns")),
        correlation=table.corr(min_periods=2),
        common_dates=there.T @ there,
    )


def portfolio_figure(of: Portfolio) -> go.Figure:
    """Draw cumulative R and drawdown of the portfolio and of each of its combinations."""
    lines = {TOTAL: of.total["r"], **{str(name): of.daily[name] for name in of.daily}}
    dates = pd.DatetimeIndex(of.daily.index)
    span = (f"{dates[0]:%Y-%m-%d}", f"{dates[-1]:%Y-%m-%d}")
    traded = {name: r[r.fillna(0) != 0] for name, r in lines.items()}
    return curves_figure(traded, span, own_colours=True)


def _weights(names: list[str], given: Mapping[str, float]) -> dict[str, float]:
    strange = [name for name in given if name not in names]
    if strange:
        raise ConfigError(
            f"there is a weight for {', '.join(strange)}, which is not in the portfolio",
            expected=f"weights for {', '.join(names)}",
        )
    weights = {name: finite_number(given.get(name, 1.0)) for name in names}
    wrong = [name for name, weight in weights.items() if weight is None or weight <= 0]
    if wrong:
        raise ConfigError(
            f"the weight of {wrong[0]} is {given[wrong[0]]!r}",
            expected="a positive number: a reversed strategy still pays the spread",
        )
    return {name: weight for name, weight in weights.items() if weight is not None}
