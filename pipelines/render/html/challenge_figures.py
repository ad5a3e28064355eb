"""Figures of a challenge on a page: odds over risk, start dates, equity with floors."""

from __future__ import annotations

from collections.abc import Sequence

from ib_grid.account.challenge.gains import Gains
from ib_grid.account.challenge.odds import Odds, starts_of
from ib_grid.account.challenge.rules import Rules
from ib_grid.account.out_of_sample import OddsAtRisk
from ib_grid.analysis.plots.challenges import floors_figure, odds_figure, starts_figure
from pipelines.render.html.figure import Figure, page_figure


def challenge_figures(rules: Rules, found: Sequence[OddsAtRisk], gains: Gains) -> list[Figure]:
    """Return odds over risk, and start dates and equity at the highest risk.

    Parameters
    ----------
    rules : Rules
        Of the first phase.
    found : sequence of OddsAtRisk
        By risk, ascending; at least one.
    gains : Gains
        In sample, at the highest risk.
    """
    inside = {one.risk_pct: one.odds for one in found}
    after = {one.risk_pct: one.out_of_sample for one in found}
    outside = {risk: odds for risk, odds in after.items() if isinstance(odds, Odds)}
    at = f"at {found[-1].risk_pct:g}% risk"
    return [
        page_figure(
            "odds",
            "Odds over risk",
            "Lines: share of resampled paths that pass, by risk per trade and horizon",
            odds_figure(inside, outside),
        ),
        page_figure(
            "starts",
            f"Every start date, {at}",
            "Strip: start dates whose challenge passed, failed or is open",
            starts_figure(gains, starts_of(rules, gains)),
        ),
        page_figure(
            "floors",
            f"One challenge after the other, {at}",
            "Lines: equity of challenges that follow one another, with floors and target",
            floors_figure(gains, rules),
        ),
    ]
