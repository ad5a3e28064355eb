"""Top ten of a report on the screen."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ib_grid.engine.execution_settings import Execution
from ib_grid.grid.glossary import SCALING
from ib_grid.storage.paths import AnyPath
from pipelines.render.columns import column
from pipelines.render.numbers import text
from pipelines.render.provenance import spread_text
from pipelines.render.tables import Column, print_table
from pipelines.report import facts
from pipelines.report.report import TOP_ROWS, Report

TOP_LINES = 10
_ALIKE = (
    f"alike: the number of near-identical combinations of the top {TOP_ROWS} that a row stands for."
)
_COLUMNS = (
    "rank",
    "combo_id",
    "total_r",
    "total_trades",
    "winrate",
    "sharpe_ratio",
    "max_drawdown",
    "session",
    "score",
    "ib_wait_minutes",
    "trade_window_minutes",
    "rr_target",
    "stop_mode",
    "trailing",
    "ib_buffer_pct",
    "max_distance_pct",
    "rev_rb",
)


def show_report(console: Console, report: Report, paths: Sequence[AnyPath] = ()) -> None:
    """Print the state of the run, the verdict, the top ten and the files."""
    console.print(Text(f"{report.info.symbol}, {facts.state(report)}", style="bold"))
    _show_verdict(console, report)
    for note in report.info.notes:
        console.print(Text(f"note: {note}"))
    if report.overall.best.empty:
        console.print(Text(_nothing_line(report)))
    else:
        _show_top(console, report)
    if paths:
        console.print(Text(f"\nFiles in {paths[0].parent}:"), soft_wrap=True)
        console.print(Text("  ".join(path.name for path in paths)))
    console.print(Text(f"\nVerdict: {report.verdict.level}. {report.verdict.text}"))


def _show_verdict(console: Console, report: Report) -> None:
    verdict = report.verdict
    console.print(Text(f"\nVERDICT: {verdict.level}", style="bold"))
    console.print(Text(verdict.text))
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right")
    for reason in verdict.reasons:
        table.add_row(Text(reason.figure, style="bold"), Text(reason.text))
    console.print(table)
    console.print()


def _show_top(console: Console, report: Report) -> None:
    best = report.top.head(TOP_LINES)
    hint = f"All columns are in {report.info.symbol}_top_{TOP_ROWS}.csv."
    columns = [column(name) for name in _COLUMNS]
    if "alike" in best:
        columns.insert(2, Column("alike", "alike", "d"))
    print_table(console, best, columns, hint=hint)
    lines = (
        _ALIKE if "alike" in best else "",
        _setting_line(report),
        _score_line(report),
        _eligible_line(report),
        f"{report.attribute.capitalize()}: {_params_line(report)}",
        facts.rivals_text(report),
        facts.now_text(report),
        _highest(report),
    )
    for line in filter(None, lines):
        console.print(Text(line))


def _highest(report: Report) -> str:
    """Return the highest total R, which the live display of a run has shown."""
    density = report.eligible.density
    if density is None:
        return ""
    total_r, combo_id = density.front[-1, 1], density.front_ids[-1]
    return f"Highest total R of all: {total_r:,.1f} R, combination {combo_id}."


def _setting_line(report: Report) -> str:
    info = report.info
    return (
        f"Bars {info.first_bar_utc} to {info.last_bar_utc}, {info.execution['model']} fills,"
        f" {spread_text(Execution.from_dict(info.execution))}. Max DD is in R; Sharpe is annualised"
        " over all session dates."
    )


def _score_line(report: Report) -> str:
    weights = report.settings.ranking.weights.items()
    formula = " + ".join(f"{weight:g} {name}" for name, weight in weights)
    return (
        f"Score: {formula}, each {SCALING}. Selected from {report.n_computed:,} combinations on"
        " this data; expect worse on new data."
    )


def _nothing_line(report: Report) -> str:
    return (
        f"Nothing is ranked: none of {report.n_rows:,} combinations has"
        f" {report.settings.ranking.min_trades} trades or more."
    )


def _eligible_line(report: Report) -> str:
    ranked, n_rows = report.overall.extrema.n_rows, report.n_rows
    enough = f"{report.settings.ranking.min_trades} trades or more"
    if report.info.row_filter.every_row:
        profitable = report.overall.sums.profitable_combinations
        if n_rows == ranked == 1:
            outcome = "profitable" if profitable else "not profitable"
            return f"The only combination has {enough} and is {outcome}."
        count = f"All {n_rows:,}" if ranked == n_rows else f"{ranked:,} of {n_rows:,}"
        return f"{count} combinations have {enough} and are ranked; {profitable:,} are profitable."
    kept = f"{n_rows:,} of {report.n_computed:,} combinations are stored"
    if report.info.threshold:
        return f"{kept}, selected from the {ranked:,} ranked ones with {enough}."
    return f"{kept}; {ranked:,} of these have {enough} and are ranked."


def _params_line(report: Report) -> str:
    best = facts.best_record(report.overall)
    params = best["params"].items() if best else ()
    return ", ".join(f"{name} {text(name, value)}" for name, value in params)
