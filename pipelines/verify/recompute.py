"""Drawn rows once more from the bars: by the reference engine, and trade by trade by both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ib_grid.analysis import RunSource
from ib_grid.engine import reference
from ib_grid.engine.fast import engine
from ib_grid.grid.columns import METRIC_COLUMNS, TRADE_COLUMNS

# A stored metric is a double that was rounded once, to float32: half a unit in the last place is
# 2**-24 of it. Both engines sum in double precision, in different orders, which is far less; one
# unit holds both. What is 0 in one order of summing may be 1e-12 in the other.
RELATIVE_TOLERANCE = 2.0**-23
ABSOLUTE_TOLERANCE = 1e-9
# A ratio this far from 0 has a deviation or drawdown that is nothing but rounding.
ILL_CONDITIONED = 1e6
# Of prices in points and of R; both engines work with the same doubles.
TRADE_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Recomputed:
    """One combination, computed again.

    Attributes
    ----------
    combo_id : int
    n_trades : int
    metrics, trades : str
        Where the stored metrics differ from the reference engine's, and the fast engine's trades
        from it; empty if nowhere.
    """

    combo_id: int
    n_trades: int
    metrics: str
    trades: str


def recompute(row: Mapping[str, float], source: RunSource) -> Recomputed:
    """Compute a result row again from what the run was computed from."""
    params = source.params(int(row["combo_id"]))
    plain = reference.trades(source.context, params)
    n_dates = len(source.context.market.levels[params.session].date)
    return Recomputed(
        combo_id=int(row["combo_id"]),
        n_trades=len(plain),
        metrics=_metrics_apart(row, reference.metrics(plain, n_dates)),
        trades=trades_apart(engine.trades(source.context, params), plain),
    )


def _metrics_apart(row: Mapping[str, float], expected: Mapping[str, float]) -> str:
    """The metrics that differ by more than rounding, the first few in words."""
    apart = [
        f"{name} is {row[name]:.9g}, computed again {expected[name]:.9g}"
        for name in METRIC_COLUMNS
        if name in row and not same_metric(name, row[name], expected[name])
    ]
    more = f"; {len(apart) - 1} more metrics differ" if len(apart) > 1 else ""
    return apart[0] + more if apart else ""


def same_metric(name: str, stored: float, expected: float) -> bool:
    """Whether a float32 metric is a double of the reference engine, but for rounding."""
    if "sharpe" in name and abs(expected) > ILL_CONDITIONED:
        return abs(stored) > ILL_CONDITIONED / 2
    allowed = RELATIVE_TOLERANCE * abs(expected) + ABSOLUTE_TOLERANCE
    return abs(stored - expected) <= allowed


def trades_apart(fast: pd.DataFrame, plain: pd.DataFrame) -> str:
    """Where the fast engine's trades are not the reference engine's; empty if nowhere."""
    if len(fast) != len(plain):
        return f"{len(fast)} trades by the fast engine, {len(plain)} by the reference engine"
    for name in TRADE_COLUMNS:
        differ = _differ(fast[name], plain[name])
        if differ.any():
            date = plain["date"].iloc[int(differ.argmax())]
            return f"on {date:%Y-%m-%d} the engines' trades differ in {name}"
    return ""


def _differ(fast: pd.Series, plain: pd.Series) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    if plain.dtype == np.float64:
        apart = (fast - plain).abs() / plain.abs().clip(lower=1)
        return np.asarray(~(apart <= TRADE_TOLERANCE))
    return np.asarray(fast != plain)
