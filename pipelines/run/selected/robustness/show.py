"""Results of the robustness tests on the screen."""

from __future__ import annotations

import shlex

import pandas as pd
from rich.console import Console

from ib_grid.robustness.conclusion.verdict import Verdict
from ib_grid.robustness.results import Robustness
from ib_grid.robustness.statistics.random_direction import NullComparison
from ib_grid.storage.paths import AnyPath
from pipelines.render.formats import Format
from pipelines.render.tables import Column, render, resolve_format

_COLUMNS = (
    Column("test", "test", left=True, essential=True),
    Column("figure", "figure", left=True, essential=True),
    Column("value", "value", ".4g", essential=True),
    Column("by luck", "by_luck", ".4g"),
    Column("luck, top 5%", "luck_95", ".4g"),
    Column("p", "p", ".3g", essential=True),
)

# Selection rules other than the run's ranking, in the words of the report.
_RULES = {
    "total_r": "total R, by total R",
    "sharpe_ratio": "total R, by Sharpe ratio",
    "plateau": "total R, by mean of neighbouring exits",
    "best_values": "total R, by best value per parameter",
    "worst_block": "total R, by worst quarter of months",
    "top_100": "total R of the top 100 together",
}


def show_robustness(
    console: Console, found: Robustness, verdict: Verdict, path: AnyPath, asked: Format
) -> None:
    """Print the verdict and a row for each figure of the tests; JSON is the whole file."""
    if resolve_format(console, asked) is Format.JSON:
        console.file.write(path.read_text(encoding="utf-8"))
        return
    notes = [
        f"Verdict: {verdict.level}. {verdict.text}",
        *map(str, verdict.reasons),
        f"written: {path}",
        f"For the report with this verdict: ib-grid report {shlex.quote(str(path.parent))}",
    ]
    render(console, robustness_table(found), _COLUMNS, asked, notes=notes)


def robustness_table(found: Robustness) -> pd.DataFrame:
    """Return a row for each figure of the tests.

    Columns are test, figure, value, by_luck (median under the coin, or mean for a share of
    halves), luck_95 (95th percentile under the coin) and p. Shares are in percent.
    """
    rows = [*_of_direction(found), *_of_walk_forward(found), *_of_cscv(found), *_of_spa(found)]
    columns = [column.name for column in _COLUMNS]
    return pd.DataFrame(rows, columns=columns)


Row = tuple[str, str, float | None, float | None, float | None, float | None]


def _of_direction(found: Robustness) -> list[Row]:
    direction = found.random_direction
    figures = {
        "total R of the selected combination": direction.selected_total_r,
        "Sharpe ratio of the selected combination": direction.selected_sharpe_ratio,
        "highest total R of any combination": direction.best_total_r,
        "highest Sharpe ratio of any combination": direction.best_sharpe_ratio,
    }
    return [
        *(_compared(figure, value) for figure, value in figures.items()),
        _compared("profitable combinations, %", direction.share_profitable, factor=100),
    ]


def _compared(figure: str, of: NullComparison, factor: float = 1) -> Row:
    observed, median, high = (factor * r for r in (of.observed, of.null_median, of.null_95))
    return "coin flips", figure, observed, median, high, of.p


def _of_walk_forward(found: Robustness) -> list[Row]:
    forward = found.walk_forward
    if forward is None:
        return []
    name = f"walk-forward {forward.in_sample_months}/{forward.out_of_sample_months}"
    band = forward.coin_band
    median, high = (band.median[-1], band.high[-1]) if band else (None, None)
    return [
        (
            name,
            "total R, by the run's ranking",
            forward.out_of_sample_total_r,
            median,
            high,
            forward.p,
        ),
        (name, "t over folds", forward.t, None, None, None),
        *(
            (name, _RULES[rule.name], rule.out_of_sample_total_r, None, None, None)
            for rule in found.selection_rules[1:]
        ),
    ]


def _of_cscv(found: Robustness) -> list[Row]:
    cscv = found.cscv
    if cscv is None:
        return []
    name = f"halves, {cscv.blocks} blocks"
    by_luck = None if cscv.null_pbo is None else 100 * cscv.null_pbo
    return [
        (name, "selections that then lost, %", 100 * cscv.share_lost, None, None, None),
        (name, "overfitting (PBO), %", 100 * cscv.pbo, by_luck, None, None),
    ]


def _of_spa(found: Robustness) -> list[Row]:
    if found.spa is None:
        return []
    name = "profit after costs"
    return [
        (name, "reality check", None, None, None, found.spa.reality_check),
        (name, "SPA, consistent", found.spa.statistic, None, None, found.spa.consistent),
    ]
