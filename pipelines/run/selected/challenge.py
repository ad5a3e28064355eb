"""Odds of a challenge for one combination, or several on one account, over several risks."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ib_grid.account.challenge.gains import Gains, gains_of, open_over_midnight
from ib_grid.account.challenge.odds import Odds, odds, sentence
from ib_grid.account.challenge.rule_files import RuleFile
from ib_grid.account.money.sizing import AccountSettings
from ib_grid.account.out_of_sample import out_of_sample_gains
from ib_grid.robustness.conclusion.robustness_file import read_robustness
from ib_grid.robustness.statistics.walk_forward import FoldResult
from pipelines.run.selected.traded import Combinations, ContractSource, account_of_rules


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
    source: ContractSource,
    risks: Sequence[float],
    max_margin_pct: float,
    horizon: int | None,
) -> list[OddsAtRisk]:
    """Return the odds at each risk."""
    folds, found = walk_forward_folds(of), []
    for risk_pct in risks:
        account = account_of_rules(rules, risk_pct, max_margin_pct)
        gains = gains_of(account, of.traded, of.dates, of.bars)
        outside = _out_of_sample(of, folds, account, source)
        found.append(
            OddsAtRisk(
                risk_pct=risk_pct,
                odds=odds(rules, gains, horizon),
                out_of_sample=None if outside is None else odds(rules, outside, horizon),
            )
        )
    return found


def verdicts(found: Sequence[OddsAtRisk]) -> list[str]:
    """Return the verdict of each risk; one sentence where all say the same."""
    if len({one.sentence for one in found}) == 1:
        return [found[0].sentence]
    return [f"{one.risk_pct:g}%: {one.sentence}" for one in found]


def walk_forward_folds(of: Combinations) -> tuple[FoldResult, ...]:
    """Return the folds of the run's walk-forward; empty without one, or for several runs."""
    if len(of.selected) > 1:
        return ()
    run = of.selected[0].run
    found = read_robustness(run.path, run.manifest)
    return found.walk_forward.folds if found and found.walk_forward else ()


def _out_of_sample(
    of: Combinations,
    folds: Sequence[FoldResult],
    account: AccountSettings,
    source: ContractSource,
) -> Gains | None:
    if not folds:
        return None
    run = of.selected[0].run
    contract = source.contract(run.manifest.symbol, account.currency)
    return out_of_sample_gains(run, folds, account, contract)


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
