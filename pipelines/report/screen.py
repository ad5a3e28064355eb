"""The top ten on the screen."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ib_grid.errors.validation import points
from ib_grid.storage.paths import AnyPath
from pipelines.render.numbers import row_values, text
from pipelines.render.result_tables import with_joined
from pipelines.report import facts
from pipelines.report.report import Report

TOP_LINES = 10
WIDE_COLUMNS = 125

# heading, column, format; the second half only where there is room
_NARROW = (
    ("#", "rank", "d"),
    ("score", "score", ".4f"),
    ("total R", "total_r", ".1f"),
    ("trades", "total_trades", "d"),
    ("win %", "winrate", ".1f"),
    ("Sharpe", "sharpe_ratio", ".2f"),
    ("max DD", "max_drawdown", ".1f"),
)
_WIDE = (
    ("stop", "stop_mode", ""),
    ("trailing", "trailing", ""),
    ("buffer", "ib_buffer_pct", "g"),
    ("reach", "max_distance_pct", "g"),
    ("REV_RB", "rev_rb", ""),
    ("id", "combo_id", "d"),
)
_SETUP = (
    ("session", "session", ""),
    ("wait", "ib_wait_minutes", "d"),
    ("window", "trade_window_minutes", "d"),
    ("RR", "rr_target", "g"),
)


def show_report(console: Console, report: Report, paths: Sequence[AnyPath] = ()) -> None:
    """Print how much is computed, the top ten, the best set, and where the files are."""
    overall = report.overall
    console.print(Text(f"{report.info.symbol}: {facts.state(report)}", style="bold"))
    for note in report.info.notes:
        console.print(Text(f"note: {note}"))
    if overall.best.empty:
        console.print(Text(_nothing_line(report)))
    else:
        console.print(top_table(report, console.width))
        console.print(Text(_setting_line(report)))
        console.print(Text(_score_line(report)))
        console.print(Text(_eligible_line(report)))
        console.print(Text(f"Best: {_params_line(report)}"))
    if paths:
        console.print(Text(f"\nFiles in {paths[0].parent}:"), soft_wrap=True)
        console.print(Text("  ".join(path.name for path in paths)))


def top_table(report: Report, width: int) -> Table:
    """The best ten as a table that fits into `width` columns, 80 or more."""
    columns = (*_NARROW, *_SETUP, *(_WIDE if width >= WIDE_COLUMNS else ()))
    table = Table(box=box.SIMPLE_HEAD, padding=0, show_edge=False)
    for heading, _, _ in columns:
        table.add_column(heading, justify="right", no_wrap=True)
    for record in with_joined(report.overall.best.head(TOP_LINES)).to_dict("records"):
        values = row_values(record)
        table.add_row(*(format(values[name], spec) for _, name, spec in columns))
    return table


def _setting_line(report: Report) -> str:
    info = report.info
    return (
        f"{info.first_bar_utc} to {info.last_bar_utc}, {info.execution['model']} fills, spread"
        f" {points(float(info.execution['spread_points']))} points; max DD in R,"
        " Sharpe per year over all dates."
    )


def _score_line(report: Report) -> str:
    """What the score is, and what the best of so many is worth."""
    weights = report.settings.ranking.weights.items()
    formula = " + ".join(f"{weight:g} {name}" for name, weight in weights)
    return (
        f"Score: {formula}, each scaled to 0 to 1. Selected as the best of {report.n_computed:,} on"
        " these very bars: what it earns on others is not known."
    )


def _nothing_line(report: Report) -> str:
    return (
        f"Nothing is ranked: none of {report.n_rows:,} combinations has"
        f" {report.settings.ranking.min_trades} trades or more."
    )


def _eligible_line(report: Report) -> str:
    if not report.info.row_filter.every_row:
        among = "before the best were selected" if report.info.threshold else "of these"
        return (
            f"{report.n_rows:,} of {report.n_computed:,} combinations are kept;"
            f" {report.overall.extrema.n_rows:,} {among} have"
            f" {report.settings.ranking.min_trades} trades or more and are ranked."
        )
    return (
        f"{report.overall.extrema.n_rows:,} of {report.n_rows:,} combinations have"
        f" {report.settings.ranking.min_trades} trades or more and are ranked;"
        f" {report.overall.sums.profitable_combinations:,} have a total R above 0."
    )


def _params_line(report: Report) -> str:
    best = facts.best_record(report.overall)
    params = best["params"].items() if best else ()
    return ", ".join(f"{name} {text(name, value)}" for name, value in params)
