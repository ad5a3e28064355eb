"""Charts of an account and of a challenge, as HTML pages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ib_grid.account.challenge.gains import gains_of
from ib_grid.account.challenge.odds import starts_of
from ib_grid.account.challenge.rule_files import RuleFile
from ib_grid.account.money.statement import Statement
from ib_grid.analysis.plots.challenges import (
    account_figure,
    floors_figure,
    odds_figure,
    starts_figure,
)
from pipelines.render.html.charts import write_charts
from pipelines.render.html.figure import Figure, page_figure
from pipelines.run.selected.challenge import OddsAtRisk, verdicts
from pipelines.run.selected.traded import Combinations, account_of_rules


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
    write_charts(path, f"Account: {', '.join(of.traded)}", [drawn], notes)


def write_challenge_charts(
    path: Path,
    rules: RuleFile,
    found: Sequence[OddsAtRisk],
    of: Combinations,
    max_margin_pct: float,
    notes: Sequence[str],
) -> None:
    """Write odds over risk, and start dates and equity at the highest risk."""
    title = f"{rules.title}: {', '.join(of.traded)}"
    drawn = [_odds(found), *_at_risk(rules, found[-1].risk_pct, of, max_margin_pct)]
    write_charts(path, title, drawn, [*verdicts(found), *notes])


def _odds(found: Sequence[OddsAtRisk]) -> Figure:
    inside = {one.risk_pct: one.odds for one in found}
    outside = {one.risk_pct: one.out_of_sample for one in found if one.out_of_sample}
    label = "Lines: share of resampled paths that pass over the risk per trade, by horizon"
    return page_figure("odds", "Odds over risk", label, odds_figure(inside, outside))


def _at_risk(
    rules: RuleFile, risk_pct: float, of: Combinations, max_margin_pct: float
) -> list[Figure]:
    account = account_of_rules(rules, risk_pct, max_margin_pct)
    gains, first = gains_of(account, of.traded, of.dates, of.bars), rules.targets[0]
    at = f"at {risk_pct:g}% risk"
    return [
        page_figure(
            "starts",
            f"Every start date, {at}",
            "Strip: start dates whose challenge passed, failed or is open",
            starts_figure(gains, starts_of(first, gains)),
        ),
        page_figure(
            "floors",
            f"One challenge after the other, {at}",
            "Lines: equity of challenges that follow one another, with floors and target",
            floors_figure(gains, first),
        ),
    ]
