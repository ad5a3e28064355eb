"""Odds of a challenge in sample, and out of sample: on the trades of walk-forwards."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ib_grid.account.challenge.gains import AccountTrades
from ib_grid.account.challenge.odds import Odds, odds, sentence
from ib_grid.account.challenge.rule_files import RuleFile
from ib_grid.account.money.sizing import AccountSettings
from ib_grid.engine.fast import engine
from ib_grid.robustness.statistics.walk_forward import FoldResult, WalkForward
from ib_grid.runs.source import HasSource, RunSource, session_dates, source_of

NO_SELECTION = -1
SELECTED_ON_THEM = "The combination was selected on these same trades"


@dataclass(frozen=True, slots=True)
class NoWalkForward:
    """Reason why there are no trades out of sample, as sentences."""

    reason: str = f"{SELECTED_ON_THEM}; a verdict needs a walk-forward: `ib-grid robustness RUN`."


@dataclass(frozen=True, slots=True, kw_only=True)
class OddsAtRisk:
    """Odds at one risk, in sample and, with a walk-forward, out of sample."""

    risk_pct: float
    odds: Odds
    out_of_sample: Odds | NoWalkForward

    @property
    def sentence(self) -> str:
        """Verdict in words; only trades out of sample can lead to one."""
        if isinstance(self.out_of_sample, NoWalkForward):
            return f"No verdict. {self.out_of_sample.reason}"
        return sentence(self.odds, self.out_of_sample)

    def to_dict(self) -> dict[str, Any]:
        """Return the odds as JSON values."""
        outside = self.out_of_sample
        return {
            "risk_pct": self.risk_pct,
            **dataclasses.asdict(self.odds),
            "out_of_sample": dataclasses.asdict(outside) if isinstance(outside, Odds) else None,
            "verdict": self.sentence,
        }


def odds_by_risk(
    rules: RuleFile,
    accounts: Sequence[AccountSettings],
    inside: AccountTrades,
    outside: AccountTrades | NoWalkForward,
    horizon: int | None,
) -> list[OddsAtRisk]:
    """Return the odds at the risk of each account.

    Parameters
    ----------
    rules : RuleFile
    accounts : sequence of AccountSettings
    inside : AccountTrades
    outside : AccountTrades or NoWalkForward
        Those of `out_of_sample`.
    horizon : int or None
        Session dates after which a bootstrapped challenge counts as open.

    Raises
    ------
    ConfigError
        If the floor of the rules trails the equity.
    """
    return [
        OddsAtRisk(
            risk_pct=account.risk_pct,
            odds=odds(rules, inside.gains(account), horizon),
            out_of_sample=outside
            if isinstance(outside, NoWalkForward)
            else odds(rules, outside.gains(account), horizon),
        )
        for account in accounts
    ]


def out_of_sample(
    of: AccountTrades,
    runs: Sequence[RunSource | HasSource],
    forwards: Sequence[WalkForward | None],
) -> AccountTrades | NoWalkForward:
    """Return the trades of walk-forwards on the same account, in months that all of them have.

    Parameters
    ----------
    of : AccountTrades
    runs : sequence of RunSource or Run
        Of each combination, each run once: a walk-forward is the same for all its combinations.
    forwards : sequence of WalkForward or None
        Of each run; None if its dates span too few months.

    Raises
    ------
    GridError
        If a grid has no such combination.
    """
    folds = [forward.folds for forward in forwards if forward]
    if len(folds) < len(runs):
        return NoWalkForward(
            f"{SELECTED_ON_THEM}, and a run has too few months for a walk-forward."
        )
    parts = [out_of_sample_trades(run, each) for run, each in zip(runs, folds, strict=True)]
    months = set.intersection(*(set(dates.strftime("%Y-%m")) for _, dates in parts))
    dates = pd.DatetimeIndex(np.unique(np.concatenate([dates for _, dates in parts])), name="date")
    dates = dates[dates.strftime("%Y-%m").isin(months)]
    if dates.empty:
        return NoWalkForward("The walk-forwards of these runs have no month in common.")
    traded = {
        name: dataclasses.replace(of.traded[name], trades=trades[trades["date"].isin(dates)])
        for name, (trades, _) in zip(of.traded, parts, strict=True)
    }
    return dataclasses.replace(of, traded=traded, dates=dates)


def out_of_sample_trades(
    of: RunSource | HasSource, folds: Sequence[FoldResult]
) -> tuple[pd.DataFrame, pd.DatetimeIndex]:
    """Return the trades and the session dates of a walk-forward, fold after fold.

    A fold that selected nothing has dates without trades.

    Parameters
    ----------
    of : RunSource or Run
    folds : sequence of FoldResult
        At least one.

    Raises
    ------
    GridError
        If the grid has no such combination.
    """
    source = source_of(of)
    parts, dates = [], []
    trades = engine.trades_by_id(
        source.context, source.grid, [max(fold.combo_id, 0) for fold in folds]
    )
    for fold in folds:
        combo_id = max(fold.combo_id, 0)
        inside = _inside(session_dates(source, combo_id), fold)
        dates.append(inside.to_numpy())
        is_traded = trades[combo_id]["date"].isin(inside) & (fold.combo_id != NO_SELECTION)
        parts.append(trades[combo_id][is_traded])
    return pd.concat(parts), pd.DatetimeIndex(np.concatenate(dates), name="date")


def _inside(dates: pd.DatetimeIndex, fold: FoldResult) -> pd.DatetimeIndex:
    month = dates.strftime("%Y-%m")
    return dates[(month >= fold.out_of_sample_first) & (month <= fold.out_of_sample_last)]
