"""Odds of a challenge for one combination, or several on one account, over several risks."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ib_grid.account.challenge.gains import gains_of, open_over_midnight
from ib_grid.account.challenge.odds import Odds, odds, sentence
from ib_grid.account.challenge.rule_files import RuleFile
from ib_grid.account.out_of_sample import out_of_sample_trades
from ib_grid.robustness.conclusion.robustness_file import read_robustness
from pipelines.run.selected.traded import Combinations, account_of_rules


@dataclass(frozen=True, slots=True, kw_only=True)
class OddsAtRisk:
    """Odds at one risk, in sample and out of sample.

    `out_of_sample` is None without a walk-forward.
    """

    risk_pct: float
    odds: Odds
    out_of_sample: Odds | None

    @property
    def sentence(self) -> str:
        """Verdict in a sentence."""
        return sentence(self.odds, self.out_of_sample)

    def to_dict(self) -> dict[str, Any]:
        """Return the odds as JSON values."""
        outside = self.out_of_sample
        return {
            "risk_pct": self.risk_pct,
            **dataclasses.asdict(self.odds),
            "out_of_sample": None if outside is None else dataclasses.asdict(outside),
            "verdict": self.sentence,
        }


def odds_by_risk(
    rules: RuleFile,
    of: Combinations,
    risks: Sequence[float],
    max_margin_pct: float,
    horizon: int | None,
) -> list[OddsAtRisk]:
    """Return the odds at each risk."""
    outside, found = out_of_sample(of), []
    for risk_pct in risks:
        account = account_of_rules(rules, risk_pct, max_margin_pct)
        inside, *after = (
            odds(rules, gains_of(account, each.traded, each.dates, each.bars), horizon)
            for each in (of, *outside)
        )
        found.append(
            OddsAtRisk(risk_pct=risk_pct, odds=inside, out_of_sample=after[0] if after else None)
        )
    return found


def verdicts(found: Sequence[OddsAtRisk]) -> list[str]:
    """Return the verdict of each risk; one sentence where all say the same."""
    if len({one.sentence for one in found}) == 1:
        return [found[0].sentence]
    return [f"{one.risk_pct:g}%: {one.sentence}" for one in found]


def out_of_sample(of: Combinations) -> tuple[Combinations, ...]:
    """Return the trades of the runs' walk-forwards on one account, in months that all of them have.

    Empty if a run has no walk-forward, or is there twice: its walk-forward is the same for all its
    combinations.
    """
    runs = [one.run for one in of.selected]
    tests = [read_robustness(run.path, run.manifest) for run in runs]
    folds = [found.walk_forward.folds for found in tests if found and found.walk_forward]
    if len(folds) < len(runs) or len({str(run.path) for run in runs}) < len(runs):
        return ()
    parts = [out_of_sample_trades(run, each) for run, each in zip(runs, folds, strict=True)]
    months = set.intersection(*({f"{date:%Y-%m}" for date in dates} for _, dates in parts))
    dates = parts[0][1]
    for _, others in parts[1:]:
        dates = dates.union(others)
    dates = dates[dates.strftime("%Y-%m").isin(months)]
    if dates.empty:
        return ()
    traded = {
        name: dataclasses.replace(of.traded[name], trades=trades[trades["date"].isin(dates)])
        for name, (trades, _) in zip(of.traded, parts, strict=True)
    }
    return (dataclasses.replace(of, traded=traded, dates=dates),)


def notes_on(rules: RuleFile, of: Combinations) -> list[str]:
    """Return notes on trades that the simulation by date only approximates."""
    over = sum(open_over_midnight(rules.phases[0].clock, one.trades) for one in of.traded.values())
    notes = []
    if over:
        notes.append(
            f"{over:,} trades are open when the firm's day starts"
            f" ({rules.phases[0].clock}); each counts on its session date."
        )
    if len(of.traded) > 1:
        notes.append(
            "The worst results of each minute are added up, although they may have occurred at"
            " different moments."
        )
    return notes
