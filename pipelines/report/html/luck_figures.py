"""Figures of the robustness tests."""

from __future__ import annotations

from collections.abc import Iterator

from ib_grid.analysis.plots import robustness_figures as drawn
from pipelines.render.html.figure import Figure, page_figure
from pipelines.report.report import Report


def luck(report: Report) -> Iterator[Figure]:
    """Draw the total R of selections with coin-flipped directions."""
    if report.robustness and report.robustness.selected:
        found = report.robustness.random_direction.selected_total_r
        yield page_figure(
            "luck-histogram",
            "Total R of the selected combination: this run and luck",
            "Histogram of the selected combination's total R with coin-flipped directions",
            drawn.luck_figure(found),
        )


def walk_forward(report: Report) -> Iterator[Figure]:
    """Draw cumulative R of a selection on past months over the coin's band."""
    if report.robustness and report.robustness.walk_forward:
        yield page_figure(
            "walk-forward",
            "Selected on past months, traded in the next",
            "Line: cumulative R out of sample by date, over the band of coin-flipped directions",
            drawn.walk_forward_figure(report.robustness.walk_forward),
        )


def cross_validation(report: Report) -> Iterator[Figure]:
    """Draw what was selected in one half of the dates in the other half."""
    if report.robustness and report.robustness.cscv:
        yield page_figure(
            "cross-validation",
            "Selected in one half of the dates, traded in the other",
            "Points: total R in the half that selected and in the other half; losses are shaded",
            drawn.cross_validation_figure(report.robustness.cscv),
        )


def years(report: Report) -> Iterator[Figure]:
    """Draw how far years agree on which combinations do well."""
    if report.robustness and len(report.robustness.years.years) > 1:
        yield page_figure(
            "years-agreement",
            "Do years agree on which combinations do well?",
            "Heat map: rank correlation of all combinations' total R between years",
            drawn.years_figure(report.robustness.years),
        )
