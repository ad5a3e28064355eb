"""Description of a run in its report: data, settings, notes, and the command for trades."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ib_grid.errors.validation import points
from ib_grid.grid.columns import METRIC_COLUMNS
from ib_grid.grid.filters.row_filter import NO_FILTER, RowFilter, TopKThreshold
from ib_grid.grid.grid import Grid
from ib_grid.market.instruments import INSTRUMENTS
from ib_grid.news.statement import NewsStatement
from ib_grid.robustness.conclusion.facts import opened_hold_out
from ib_grid.robustness.conclusion.hold_out import HoldOut
from ib_grid.runs.manifest import RUN_FILE, Manifest
from ib_grid.storage.paths import AnyPath


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInfo:
    """Description of a run; the numbers of a report come from the partition files.

    Attributes
    ----------
    fingerprint : str
        Checksum of all settings that can change a number.
    trades_command : str
        Command that lists the trades of a combination as the run made them, without ``--params``.
    notes : tuple of str
        Sentences for every reader, such as dates without a news filter.
    metrics : tuple of str
        Metric columns of the partitions.
    threshold : TopKThreshold, optional
        Last kept row of a run that keeps only the top rows, once it is known.
    n_computed : int, optional
        Number of computed combinations; None if all of them are kept.
    run : str
        The run directory as a person types it.
    holds_out : bool
        Whether the run holds out session dates.
    hold_out : HoldOut, optional
        Outcome on these; None until opened.
    """

    symbol: str
    grid: Grid
    execution: Mapping[str, Any]
    n_bars: int
    first_bar_utc: str
    last_bar_utc: str
    fingerprint: str
    trades_command: str
    notes: tuple[str, ...] = ()
    row_filter: RowFilter = NO_FILTER
    metrics: tuple[str, ...] = METRIC_COLUMNS
    threshold: TopKThreshold | None = None
    n_computed: int | None = None
    run: str = "RUN"
    holds_out: bool = False
    hold_out: HoldOut | None = None


def run_info(manifest: Manifest, run_dir: AnyPath, n_computed: int | None = None) -> RunInfo:
    """Return the description of a run from its manifest, its directory and its progress."""
    data: Mapping[str, Any] = manifest.data
    execution: Mapping[str, Any] = manifest.execution
    return RunInfo(
        symbol=manifest.symbol,
        grid=manifest.plan().grid,
        execution=execution,
        n_bars=data["bars"],
        first_bar_utc=data["first"],
        last_bar_utc=data["last"],
        fingerprint=manifest.fingerprint,
        trades_command=_trades_command(manifest, run_dir),
        notes=(
            *_failures(manifest),
            *manifest.session_dates.notes(),
            *_left_out(manifest),
            *manifest.news_statement.lines,
        ),
        row_filter=manifest.row_filter,
        metrics=manifest.metrics,
        threshold=_threshold(manifest),
        n_computed=None if manifest.row_filter.every_row else n_computed,
        run=shlex.quote(str(run_dir)),
        holds_out=manifest.session_dates.hold_out is not None,
        hold_out=opened_hold_out(manifest),
    )


def _threshold(manifest: Manifest) -> TopKThreshold | None:
    return TopKThreshold.from_dict(manifest.cut) if manifest.cut else None


def _left_out(manifest: Manifest) -> list[str]:
    """Return notes on a run that has not kept all of its results."""
    notes, threshold = manifest.row_filter.notes(), _threshold(manifest)
    newer = [name for name in manifest.row_filter.metrics if name not in manifest.metrics]
    if newer:
        notes.append(f"The run is older than the column {newer[0]}; run again to add it.")
    if threshold:
        notes.append(
            f"Ranks and scores are those among all {threshold.extrema.n_rows:,} ranked"
            " combinations; every other figure covers the stored rows only."
        )
        if manifest.state != "finished":
            notes.append("Some rows outside the top are still present; run again to remove them.")
    elif manifest.row_filter.top is not None:
        notes.append("The top rows have not been selected yet; every computed row is still there.")
    elif manifest.row_filter.condition is not None:
        notes.append("Scores and all other figures cover the stored rows only.")
    return notes


def _failures(manifest: Manifest) -> list[str]:
    """Return notes on the failures of the last attempt of an unfinished run."""
    if manifest.state != "failed" or not manifest.attempts:
        return []
    failures: Any = manifest.attempts[-1].get("failures") or ["see the messages of the run"]
    return ["The run FAILED; some results are missing:", *map("  {}".format, failures)]


def _trades_command(manifest: Manifest, run_dir: AnyPath) -> str:
    """Return the command that lists trades as the run made them, without ``--params``."""
    execution: Mapping[str, Any] = manifest.execution
    news = manifest.news_statement
    words = ["ib-grid", "trades", "--symbol", manifest.symbol, "--data", str(manifest.data["file"])]
    if manifest.described != INSTRUMENTS.get(manifest.symbol):
        words += ["--instruments", str(run_dir / RUN_FILE)]
    dates = manifest.session_dates
    words += ["--from", str(dates.first)] if dates.first else []
    words += ["--to", str(dates.last_ranked)] if dates.last_ranked else []
    words += ["--execution", str(execution["model"])]
    words += ["--spread-points", points(execution["spread_points"])]
    for name in ("slippage_points", "commission_points", "delay_minutes"):
        if execution.get(name):
            words += [f"--{name.replace('_', '-')}", points(execution[name])]
    if execution.get("spread_by_hour"):
        words += ["--spread-by-hour", str(run_dir / RUN_FILE)]
    # A filter without a calendar has blocked nothing.
    words += _news_words(news) if news.paths else ["--no-news"]
    return shlex.join(words)


def _news_words(news: NewsStatement) -> list[str]:
    words = [word for path in news.paths for word in ("--news", path)]
    words += ["--news-before-minutes", str(news.before_minutes)]
    words += ["--news-after-minutes", str(news.after_minutes)]
    words += ["--news-timezone", news.timezone] if news.timezone else []
    words += ["--news-date-order", news.date_order] if news.date_order else []
    words += [word for name in news.currencies for word in ("--news-currency", name)]
    return [*words, "--news-coverage", news.coverage]
