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
    Column("one in 20 exceeds", "luck_95", ".4g"),
    Column("p", "p", ".3g", essential=True),
)


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
    splits), luck_95 (95th percentile under the coin) and p.
    """
    rows = [*_of_direction(found), *_of_walk_forward(found), *_of_cscv(found), *_of_spa(found)]
    columns = [column.name for column in _COLUMNS]
    return pd.DataFrame(rows, columns=columns)


Row = tuple[str, str, float | None, float | None, float | None, float | None]


def _of_direction(found: Robustness) -> list[Row]:
    direction = found.random_direction
    figures = {
        "selected: total R": direction.selected_total_r,
        "selected: Sharpe ratio": direction.selected_sharpe_ratio,
        "highest total R": direction.best_total_r,
        "highest Sharpe ratio": direction.best_sharpe_ratio,
        "share profitable": direction.share_profitable,
    }
    return [_compared(figure, value) for figure, value in figures.items()]


def _compared(figure: str, of: NullComparison) -> Row:
    return "coin flips", figure, of.observed, of.null_median, of.null_95, of.p


def _of_walk_forward(found: Robustness) -> list[Row]:
    forward = found.walk_forward
    if forward is None:
        return []
    name = f"walk-forward {forward.in_sample_months}/{forward.out_of_sample_months}"
    band = forward.coin_band
    median, high = (band.median[-1], band.high[-1]) if band else (None, None)
    return [
        (name, "out-of-sample total R", forward.out_of_sample_total_r, median, high, forward.p),
        (name, "t over folds", forward.t, None, None, None),
        *(
            (name, f"total R by rule {rule.name}", rule.out_of_sample_total_r, None, None, None)
            for rule in found.selection_rules[1:]
        ),
    ]


def _of_cscv(found: Robustness) -> list[Row]:
    if found.cscv is None:
        return []
    name = f"cross-validation, {found.cscv.blocks} blocks"
    return [
        (name, "share of splits lost", found.cscv.share_lost, None, None, None),
        (name, "overfit (PBO)", found.cscv.pbo, found.cscv.null_pbo, None, None),
    ]


def _of_spa(found: Robustness) -> list[Row]:
    if found.spa is None:
        return []
    name = "profit after costs"
    return [
        (name, "reality check", None, None, None, found.spa.reality_check),
        (name, "SPA, consistent", found.spa.statistic, None, None, found.spa.consistent),
    ]
