"""Charts of an account and of a challenge, as HTML pages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ib_grid.account.money.statement import Statement
from ib_grid.account.out_of_sample import OddsAtRisk
from ib_grid.analysis.plots.challenges import account_figure
from pipelines.render.html.assembly import write_charts
from pipelines.render.html.challenge_figures import challenge_figures
from pipelines.render.html.figure import page_figure
from pipelines.run.selected.challenge import Terms, verdicts
from pipelines.run.selected.traded import Combinations


def write_account_chart(
    path: Path, found: Statement, of: Combinations, notes: Sequence[str]
) -> None:
    """Write the equity of an account."""
    currency = found.account.currency
    drawn = page_figure(
        "account",
        f"Equity at {found.account.risk_pct:g}% risk",
        f"Lines: balance by date in {currency}, with a band down to the lowest equity of the date",
        account_figure(found.daily, currency),
    )
    write_charts(path, f"Account: {of.title}", [drawn], notes)


def write_challenge_charts(
    path: Path, terms: Terms, found: Sequence[OddsAtRisk], of: Combinations, notes: Sequence[str]
) -> None:
    """Write odds over risk, and start dates and equity at the highest risk."""
    gains = of.trades.gains(terms.accounts[-1])
    drawn = challenge_figures(terms.rules.targets[0], found, gains)
    title = f"{terms.rules.title}: {of.title}"
    write_charts(path, title, drawn, [*verdicts(found), *notes])
