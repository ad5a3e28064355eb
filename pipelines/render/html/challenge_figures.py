"""Figures of a challenge on a page: odds over risk, start dates, equity with floors."""

from __future__ import annotations

from collections.abc import Mapping

from ib_grid.account.challenge.gains import Gains
from ib_grid.account.challenge.odds import Odds, starts_of
from ib_grid.account.challenge.rules import Rules
from ib_grid.analysis.plots.challenges import floors_figure, odds_figure, starts_figure
from pipelines.render.html.figure import Figure, page_figure


def challenge_figures(
    rules: Rules,
    by_risk: Mapping[float, Odds],
    out_of_sample: Mapping[float, Odds],
    gains: Gains,
    risk_pct: float,
) -> list[Figure]:
    """Return odds over risk, and start dates and equity at one risk.

    Parameters
    ----------
    rules : Rules
        Of the first phase.
    by_risk, out_of_sample : mapping of float to Odds
        By risk in percent; out of sample there may be none.
    gains : Gains
        In sample, at `risk_pct`.
    risk_pct : float
    """
    at = f"at {risk_pct:g}% risk"
    return [
        page_figure(
            "odds",
            "Odds over risk",
            "Lines: share of resampled paths that pass, by risk per trade and horizon",
            odds_figure(by_risk, out_of_sample),
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
