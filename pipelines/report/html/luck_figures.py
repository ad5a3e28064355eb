"""Figures of the robustness tests."""

from __future__ import annotations

from collections.abc import Iterator

from ib_grid.analysis.plots import robustness_figures as drawn
from pipelines.render.html.figure import Figure, page_figure
from pipelines.report.report import Report


def luck(report: Report) -> Iterator[Figure]:
    """Draw coin flips, the walk-forward, halves of the dates, and how far years agree."""
    tests = report.robustness
    if tests and tests.selected:
        yield page_figure(
            "luck-histogram",
            "Total R of the selected combination: this run and luck",
            "Histogram of the selected combination's total R with coin-flipped directions",
            drawn.luck_figure(tests.random_direction.selected_total_r),
        )
    if tests and tests.walk_forward:
        yield page_figure(
            "walk-forward",
            "Selected on past months, traded in the next",
            "Line: cumulative R out of sample by date, over the band of coin-flipped directions",
            drawn.walk_forward_figure(tests.walk_forward),
        )
    if tests and tests.cscv:
        yield page_figure(
            "cross-validation",
            "Selected in one half of the dates, traded in the other",
            "Points: total R in the half that selected and in the other half; losses are shaded",
            drawn.cross_validation_figure(tests.cscv),
        )
    if tests and len(tests.years.years) > 1:
        yield page_figure(
            "years-agreement",
            "Do years agree on which combinations do well?",
            "Heat map: rank correlation of all combinations' total R between years",
            drawn.years_figure(tests.years),
        )
