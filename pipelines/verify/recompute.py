"""Recomputation of sampled rows from the bars, and comparison of both engines' trades."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from ib_grid.analysis import RunSource, load_source
from ib_grid.engine import reference
from ib_grid.engine.fast import engine
from ib_grid.engine.results_version import RESULTS_VERSION
from ib_grid.errors import InputError
from ib_grid.grid.columns import METRIC_COLUMNS, TRADE_COLUMNS
from ib_grid.runs.manifest import Manifest
from pipelines.verify.checks import Check, Progress
from pipelines.verify.sample import Sample

_METRICS, _TRADES = "recomputed metrics", "trades of both engines"

# A stored metric is a double rounded to float32, with an error of up to 2**-24 of the value. Both
# engines sum in double precision in different orders, which adds far less; 0 in one order may be
# 1e-12 in the other.
RELATIVE_TOLERANCE = 2.0**-23
ABSOLUTE_TOLERANCE = 1e-9
# A ratio this large has a deviation or drawdown that is only rounding error.
ILL_CONDITIONED = 1e6
# For prices in points and for R; both engines use the same doubles.
TRADE_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Recomputed:
    """Comparison of one recomputed combination.

    `metrics` and `trades` tell how the stored metrics and the fast engine's trades differ from
    those of the reference engine; empty if equal.
    """

    combo_id: int
    n_trades: int
    metrics: str
    trades: str


def check_sample(
    manifest: Manifest, sample: Sample, rows: pa.Table, bars: Path | None, progress: Progress
) -> tuple[Check, ...]:
    """Recompute sampled rows: their metrics, and the trades of both engines.

    `bars` is their path if they were moved. No checks for an empty sample.
    """
    total = sum(sample.counts.values())
    if not total:
        return ()
    source = _source(manifest, bars)
    if isinstance(source, str):
        return tuple(_check(name, 0, total, (), source) for name in (_METRICS, _TRADES))
    results = []
    for row in rows.to_pylist():
        results.append(recompute(row, source))
        progress("combinations recomputed", len(results), rows.num_rows)
    lacking = total - len(results)
    unchecked = f"{lacking:,} of the sampled rows are in damaged files" if lacking else ""
    metrics = tuple(f"combination {r.combo_id}: {r.metrics}" for r in results if r.metrics)
    trades = tuple(f"combination {r.combo_id}: {r.trades}" for r in results if r.trades)
    n_trades = sum(r.n_trades for r in results)
    return (
        _check(_METRICS, len(results), total, metrics, unchecked),
        _check(f"{_TRADES} ({n_trades:,})", len(results), total, trades, unchecked),
    )


def _check(name: str, checked: int, total: int, problems: tuple[str, ...], unchecked: str) -> Check:
    return Check(
        name=name,
        checked=checked,
        total=total,
        unit="combinations",
        problems=problems,
        unchecked=unchecked,
    )


def _source(manifest: Manifest, bars: Path | None) -> RunSource | str:
    """Return the inputs of the run, or why they are not available."""
    if manifest.results_version != RESULTS_VERSION:
        return (
            f"the results have version {manifest.results_version}, this ib-grid computes version"
            f" {RESULTS_VERSION}"
        )
    try:
        return load_source(manifest, bars)
    except InputError as error:
        return f"{error.message}: {error.location}"


def recompute(row: Mapping[str, float], source: RunSource) -> Recomputed:
    """Recompute a result row from the inputs of the run, and compare."""
    params = source.params(int(row["combo_id"]))
    plain = reference.trades(source.context, params)
    n_dates = len(source.context.market.levels[params.session].date)
    return Recomputed(
        combo_id=int(row["combo_id"]),
        n_trades=len(plain),
        metrics=_metric_difference(row, reference.metrics(plain, n_dates)),
        trades=trade_difference(engine.trades(source.context, params), plain),
    )


def _metric_difference(row: Mapping[str, float], expected: Mapping[str, float]) -> str:
    """Return the first metric that differs by more than rounding, and the number of others."""
    apart = [
        f"{name} is {row[name]:.9g}, recomputed {expected[name]:.9g}"
        for name in METRIC_COLUMNS
        if name in row and not same_metric(name, row[name], expected[name])
    ]
    more = f"; {len(apart) - 1} more metrics differ" if len(apart) > 1 else ""
    return apart[0] + more if apart else ""


def same_metric(name: str, stored: float, expected: float) -> bool:
    """Return whether a float32 metric equals a double of the reference engine up to rounding."""
    if "sharpe" in name and abs(expected) > ILL_CONDITIONED:
        return abs(stored) > ILL_CONDITIONED / 2
    allowed = RELATIVE_TOLERANCE * abs(expected) + ABSOLUTE_TOLERANCE
    return abs(stored - expected) <= allowed


def trade_difference(fast: pd.DataFrame, plain: pd.DataFrame) -> str:
    """Return the first difference between the trades of both engines; empty if equal."""
    if len(fast) != len(plain):
        return f"{len(fast)} trades of the fast engine, {len(plain)} of the reference engine"
    for name in TRADE_COLUMNS:
        differ = _differ(fast[name], plain[name])
        if differ.any():
            date = plain["date"].iloc[int(differ.argmax())]
            return f"the engines' trades on {date:%Y-%m-%d} differ in {name}"
    return ""


def _differ(fast: pd.Series, plain: pd.Series) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    if plain.dtype == np.float64:
        apart = (fast - plain).abs() / plain.abs().clip(lower=1)
        return np.asarray(~(apart <= TRADE_TOLERANCE))
    return np.asarray(fast != plain)
