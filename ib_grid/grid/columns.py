"""Table of all result columns: name, unit, type, meaning, and value when undefined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import ArrayLike

from ib_grid.grid.params import DOMAINS, PARAM_NAMES
from ib_grid.grid.variations import PREFIXES

EXIT_REASONS = ("stop", "tp", "time", "tsl_market", "invalid")
# Arguments of `trades_frame`, and what they hold; days and minutes become dates and times.
_TRADE_KINDS: Mapping[str, str] = {
    "date": "day",
    "variation": "text",
    "direction": "text",
    "entry_minute": "minute",
    "entry_price": "float64",
    "stop": "float64",
    "target": "float64",
    "exit_minute": "minute",
    "exit_price": "float64",
    "exit_reason": "text",
    "r": "float64",
    "ambiguous": "bool",
    "worst_r": "float64",
    "risk_points": "float64",
}
TRADE_COLUMNS = tuple(name.replace("_minute", "_time") for name in _TRADE_KINDS)


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure of a combination over its trades in date order (STRATEGY.md, section 8).

    The meaning is its definition, and when it is 0 because undefined. Rows of runs with an
    older results version than `since` lack the metric.
    """

    name: str
    unit: str
    meaning: str
    since: int = 1


METRICS = (
    Metric("total_r", "R", "Sum of the trades' R; 0 without trades."),
    Metric("total_trades", "count", "Number of trades."),
    Metric("winning_trades", "count", "Trades with R above 0."),
    Metric("losing_trades", "count", "Trades with R below 0."),
    Metric("avg_trade_r", "R", "total_r / total_trades; 0 without trades."),
    Metric("avg_r_wins", "R", "Mean R of the winning trades; 0 without any."),
    Metric("avg_r_losses", "R", "Mean R of the losing trades, negative; 0 without any."),
    Metric("winrate", "%", "100 * wins / (wins + losses); 0 without either."),
    Metric("profit_factor", "ratio", "Sum of gains / |sum of losses|; 0 without losses."),
    Metric(
        "max_drawdown",
        "R",
        "Largest fall of cumulative R below its running peak, positive; the start is a peak.",
    ),
    Metric("recovery_factor", "ratio", "total_r / max_drawdown; 0 without a drawdown."),
    Metric(
        "sharpe_ratio",
        "per year",
        "Mean / standard deviation (n - 1) * sqrt(252) of R over all session dates, a date without"
        " a trade counting 0; 0 with fewer than two dates or no deviation.",
    ),
    Metric(
        "sortino_ratio",
        "per year",
        "Mean / sqrt(mean(min(R, 0)^2)) * sqrt(252) over all session dates; 0 with fewer than two"
        " dates or no loss.",
    ),
    Metric(
        "sharpe_trades",
        "per trade, * sqrt(252)",
        "As sharpe_ratio, over trades instead of dates: flatters combinations that seldom trade;"
        " 0 with fewer than two trades.",
    ),
    Metric("max_consec_wins", "count", "Longest run of wins; an R of 0 ends it."),
    Metric("max_consec_losses", "count", "Longest run of losses; an R of 0 ends it."),
    Metric(
        "ambiguous_trades",
        "count",
        "Trades whose last bar reached both stop and target: which came first is not known.",
    ),
    Metric(
        "break_even_points",
        "points",
        "total_r / sum of 1 / risk_points: the extra cost per round trip at which total R is 0;"
        " exact for commission, an estimate for spread and slippage; 0 without trades.",
        since=2,
    ),
)
METRIC_NAMES = tuple(metric.name for metric in METRICS)
METRIC_COLUMNS = tuple(prefix + metric.name for prefix in ("", *PREFIXES) for metric in METRICS)
RESULT_COLUMNS = ("combo_id", *PARAM_NAMES, *METRIC_COLUMNS)

_MILLISECONDS = {"day": 86_400_000, "minute": 60_000}
_ARROW_TYPES = {int: pa.int32(), float: pa.float64(), str: pa.string(), bool: pa.bool_()}


def columns_of_version(results_version: int) -> tuple[str, ...]:
    """Return the metric columns of a results version."""
    names = [metric.name for metric in METRICS if metric.since <= results_version]
    return tuple(prefix + name for prefix in ("", *PREFIXES) for name in names)


def result_schema(metrics: Sequence[str] = METRIC_COLUMNS) -> pa.Schema:
    """Return the Arrow schema of the results: int64 id, parameters, float32 metrics.

    Parameters are dictionary-encoded on disk, except the one that is true or false.
    """
    fields = [pa.field("combo_id", pa.int64(), nullable=False)]
    fields += [pa.field(name, param_type(name), nullable=False) for name in PARAM_NAMES]
    fields += [pa.field(name, pa.float32(), nullable=False) for name in metrics]
    return pa.schema(fields)


def param_type(name: str) -> pa.DataType:
    """Return the Arrow type of a parameter's values."""
    return _ARROW_TYPES[DOMAINS[name].kind] if name in DOMAINS else pa.string()


def trades_frame(**columns: ArrayLike) -> pd.DataFrame:
    """Return the trades of one combination, a row per trade, columns `TRADE_COLUMNS`.

    Parameters
    ----------
    date : array of int, shape (n_trades,)
        Local session date, days since 1970-01-01.
    variation, direction, exit_reason : array of str
        Of `VARIATIONS`; long or short; of `EXIT_REASONS`.
    entry_minute, exit_minute : array of int
        Labels of the bars of entry and exit, minutes since 1970-01-01 00:00 UTC.
    entry_price, stop, target, exit_price : array of float
        Fill, stop and target as set at entry, fill of the exit; points.
    r : array of float
        Result in units of the risk.
    ambiguous : array of bool
    worst_r : array of float
        Lowest floating result while the trade was open, at most `r`; units of the risk.
    risk_points : array of float
        Distance from the fill to the stop at entry, 0 where negligible; points.
    """
    values = [_of_kind(kind, columns[name]) for name, kind in _TRADE_KINDS.items()]
    return pd.DataFrame(dict(zip(TRADE_COLUMNS, values, strict=True)))


def candidates_frame(**columns: ArrayLike) -> pd.DataFrame:
    """Return the candidates of one combination as a frame; news_minute in UTC minutes."""
    kinds = {"date": "day", "variation": "text", "direction": "text", "news_minute": "int64"}
    return pd.DataFrame({name: _of_kind(kind, columns[name]) for name, kind in kinds.items()})


def _of_kind(kind: str, values: ArrayLike) -> Any:
    if kind == "text":
        return pd.array(np.asarray(values, dtype=object), dtype="str")
    if kind in _MILLISECONDS:
        counts = np.asarray(values, dtype=np.int64) * _MILLISECONDS[kind]
        moments = pd.DatetimeIndex(counts.astype("datetime64[ms]"))
        return moments if kind == "day" else moments.tz_localize("UTC")
    return np.asarray(values, dtype=kind)
