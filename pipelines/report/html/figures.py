"""Registry of the figures of the page.

`FIGURES` names the places of the template `page.html` and the function that draws the figures of
each. A new place is a function of the report in one of the modules below, and its name here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pipelines.render.html.figure import Figure
from pipelines.report.html import effect_figures, grid_figures, luck_figures, trade_figures
from pipelines.report.report import Report

Draw = Callable[[Report], Iterable[Figure]]

FIGURES: dict[str, Draw] = {
    "distribution": grid_figures.distribution,
    "luck": luck_figures.luck,
    "cost": grid_figures.cost,
    "pairs": effect_figures.pairs,
    "shares": effect_figures.shares,
    "effects": effect_figures.effects,
    "risk": grid_figures.density,
    "equity": trade_figures.equity,
    "challenge": trade_figures.challenge,
    "trade_r": trade_figures.trade_r,
    "calendar": trade_figures.calendar,
    "variation_curves": trade_figures.variation_curves,
    "variation_bars": trade_figures.variation_bars,
}
# Pictures of a profit; without one they make no sense.
_OF_PROFIT = ("risk", "equity", "trade_r", "calendar", "variation_curves", "variation_bars")


def draw_figures(report: Report) -> dict[str, list[Figure]]:
    """Return the figures of each place of the page; none where a report lacks the numbers."""
    return {
        place: list(draw(report)) if report.is_profitable or place not in _OF_PROFIT else []
        for place, draw in FIGURES.items()
    }
