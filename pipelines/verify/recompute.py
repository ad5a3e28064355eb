"""Recomputation of sampled and reported rows from the bars; comparison of both engines' trades."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from ib_grid.analysis import RunSource
from ib_grid.engine import reference
from ib_grid.engine.fast import engine
from ib_grid.engine.metric_checks import metric_difference
from ib_grid.grid.columns import TRADE_COLUMNS
from ib_grid.runs.manifest import Manifest
from pipelines.report.report_run import source_or_reason
from pipelines.verify.checks import Check, Progress
from pipelines.verify.sample import Sample

_METRICS, _TRADES = "recomputed metrics", "trades of both engines"
_REPORTED = "recomputed rows of the report"

# For prices in points and for R; both engines use the same doubles.
TRADE_TOLERANCE = 1e-9

_check = partial(Check, unit="combinations")


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
    source = source_or_reason(manifest, bars)
    if isinstance(source, str):
        wanted = ((_METRICS, total), (_TRADES, total), (_REPORTED, n_reported))
        return tuple(_check(name=k, checked=0, total=n, unchecked=source) for k, n in wanted if n)
    of_sample = _check_sample(sampled, total, source, progress) if total else ()
    of_report = (_check_reported(reported, source, progress),) if n_reported else ()
    return (*of_sample, *of_report)


def _check_sample(
    rows: pa.Table, total: int, source: RunSource, progress: Progress
) -> tuple[Check, ...]:
    metrics, trades, n_trades = [], [], 0
    for done, (combo_id, plain, wrong_metrics) in enumerate(_by_reference(rows, source), 1):
        fast = engine.trades(source.context, source.params(combo_id))
        wrong_trades = trade_difference(fast, plain)
        n_trades += len(plain)
        metrics += [f"combination {combo_id}: {wrong_metrics}"] if wrong_metrics else []
        trades += [f"combination {combo_id}: {wrong_trades}"] if wrong_trades else []
        progress("combinations recomputed", done, rows.num_rows)
    lacking = total - rows.num_rows
    unchecked = f"{lacking:,} of the sampled rows are in damaged files" if lacking else ""
    check = partial(_check, checked=rows.num_rows, total=total, unchecked=unchecked)
    return (
        check(name=_METRICS, problems=tuple(metrics)),
        check(name=f"{_TRADES} ({n_trades:,})", problems=tuple(trades)),
    )


def _check_reported(rows: pa.Table, source: RunSource, progress: Progress) -> Check:
    problems = []
    for done, (combo_id, _, wrong_metrics) in enumerate(_by_reference(rows, source), 1):
        problems += [f"combination {combo_id}: {wrong_metrics}"] if wrong_metrics else []
        progress("combinations of the report recomputed", done, rows.num_rows)
    n = rows.num_rows
    return _check(name=_REPORTED, checked=n, total=n, problems=tuple(problems))


def _by_reference(rows: pa.Table, source: RunSource) -> Iterator[tuple[int, pd.DataFrame, str]]:
    """Yield each id, the reference engine's trades, and how their metrics differ from the row.

    Rows come by session, wait and trade window, so that they can share the bars of a date.
    """
    found = [(row, source.params(row["combo_id"])) for row in rows.to_pylist()]
    found.sort(key=lambda one: reference.window_of(one[1]))
    of_each = reference.trades_of_each(source.context, [params for _, params in found])
    for (row, params), plain in zip(found, of_each, strict=True):
        n_dates = len(source.context.market.levels[params.session].date)
        yield row["combo_id"], plain, metric_difference(row, reference.metrics(plain, n_dates))


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
