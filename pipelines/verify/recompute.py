"""Recomputation of sampled and reported rows from the bars; comparison of both engines' trades."""

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
from ib_grid.engine.metric_checks import metric_difference
from ib_grid.engine.results_version import RESULTS_VERSION
from ib_grid.errors import InputError
from ib_grid.grid.columns import TRADE_COLUMNS
from ib_grid.runs.manifest import Manifest
from pipelines.verify.checks import Check, Progress
from pipelines.verify.sample import Sample

_METRICS, _TRADES = "recomputed metrics", "trades of both engines"
_REPORTED = "recomputed rows of the report"

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


def check_numbers(
    manifest: Manifest,
    sample: Sample,
    sampled: pa.Table,
    reported: pa.Table,
    bars: Path | None,
    progress: Progress,
) -> tuple[Check, ...]:
    """Recompute sampled rows, metrics and trades of both engines, and the rows of the report.

    `bars` is their path if they were moved. No checks for an empty sample or without a report.
    """
    total, n_reported = sum(sample.counts.values()), reported.num_rows
    if not total and not n_reported:
        return ()
    source = _source(manifest, bars)
    if isinstance(source, str):
        checks = [_check(name, 0, total, (), source) for name in (_METRICS, _TRADES) if total]
        checks += [_check(_REPORTED, 0, n_reported, (), source)] if n_reported else []
        return tuple(checks)
    of_sample = _check_sample(sampled, total, source, progress) if total else ()
    of_report = (_check_reported(reported, source, progress),) if n_reported else ()
    return (*of_sample, *of_report)


def _check_sample(
    rows: pa.Table, total: int, source: RunSource, progress: Progress
) -> tuple[Check, ...]:
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


def _check_reported(rows: pa.Table, source: RunSource, progress: Progress) -> Check:
    problems = []
    for done, row in enumerate(rows.to_pylist(), 1):
        _, metrics = _by_reference(row, source)
        problems += [f"combination {row['combo_id']}: {metrics}"] if metrics else []
        progress("combinations of the report recomputed", done, rows.num_rows)
    return _check(_REPORTED, rows.num_rows, rows.num_rows, tuple(problems))


def _check(
    name: str, checked: int, total: int, problems: tuple[str, ...], unchecked: str = ""
) -> Check:
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
    plain, metrics = _by_reference(row, source)
    fast = engine.trades(source.context, source.params(int(row["combo_id"])))
    return Recomputed(
        combo_id=int(row["combo_id"]),
        n_trades=len(plain),
        metrics=metrics,
        trades=trade_difference(fast, plain),
    )


def _by_reference(row: Mapping[str, float], source: RunSource) -> tuple[pd.DataFrame, str]:
    """Return the reference engine's trades, and how their metrics differ from the row."""
    params = source.params(int(row["combo_id"]))
    plain = reference.trades(source.context, params)
    n_dates = len(source.context.market.levels[params.session].date)
    return plain, metric_difference(row, reference.metrics(plain, n_dates))


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
