"""Charts of an account and of a challenge, as HTML pages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ib_grid.account.challenge.gains import gains_of
from ib_grid.account.challenge.rule_files import RuleFile
from ib_grid.account.money.statement import Statement
from ib_grid.analysis.plots.challenges import account_figure
from pipelines.render.html.challenge_figures import challenge_figures
from pipelines.render.html.charts import write_charts
from pipelines.render.html.figure import page_figure
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
    risk_pct = found[-1].risk_pct
    drawn = challenge_figures(
        rules.targets[0],
        {one.risk_pct: one.odds for one in found},
        {one.risk_pct: one.out_of_sample for one in found if one.out_of_sample},
        gains_of(account_of_rules(rules, risk_pct, max_margin_pct), of.traded, of.dates, of.bars),
        risk_pct,
    )
    write_charts(path, title, drawn, [*verdicts(found), *notes])
