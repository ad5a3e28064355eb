"""Example of a challenge: the odds of the selected combination under rules of a prop firm."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from ib_grid.account.challenge.gains import Gains, gains_of
from ib_grid.account.challenge.odds import Odds, odds
from ib_grid.account.challenge.rule_files import RuleFile, find_rules
from ib_grid.account.combination import DEFAULT_CONTRACTS
from ib_grid.account.money.contracts import read_contracts
from ib_grid.account.money.sizing import AccountSettings
from ib_grid.account.money.statement import Traded
from ib_grid.account.out_of_sample import out_of_sample_trades
from ib_grid.analysis import RunSource
from ib_grid.engine.fast.decisions import costs_of
from ib_grid.robustness.statistics.walk_forward import WalkForward
from ib_grid.runs.source import session_dates

RULES = "ftmo_2step"
RISKS_PCT = (0.5, 1.0)
SHOWN_PCT = RISKS_PCT[-1]  # the risk of the figures by date


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Challenge:
    """Odds of the selected combination in the challenge of an example file.

    Attributes
    ----------
    rules : RuleFile
    by_risk, out_of_sample : mapping of float to Odds
        By risk in percent; out of sample there are none without a walk-forward.
    gains : Gains
        In sample, at `SHOWN_PCT`.
    notes : tuple of str
        Warnings to show beside every figure.
    """

    rules: RuleFile
    by_risk: Mapping[float, Odds]
    out_of_sample: Mapping[float, Odds]
    gains: Gains
    notes: tuple[str, ...]


def example_challenge(
    source: RunSource, combo_id: int, trades: pd.DataFrame, walk_forward: WalkForward | None
) -> Challenge | None:
    """Return the odds of a combination with these trades; None if no contract has the symbol."""
    rules, contracts = find_rules(RULES), read_contracts(DEFAULT_CONTRACTS)
    if source.symbol not in contracts.symbols:
        return None
    contract = contracts.contract(source.symbol, rules.currency, rules.leverage)
    commission = costs_of(source.context.execution).commission

    def gains(made: pd.DataFrame, dates: pd.DatetimeIndex, risk_pct: float) -> Gains:
        account = AccountSettings(
            initial_balance=rules.initial_balance, currency=rules.currency, risk_pct=risk_pct
        )
        traded = Traded(trades=made, contract=contract, commission_points=commission)
        return gains_of(account, {source.symbol: traded}, dates)

    inside = {risk: gains(trades, session_dates(source, combo_id), risk) for risk in RISKS_PCT}
    outside: dict[float, Gains] = {}
    if walk_forward and walk_forward.folds:
        after = out_of_sample_trades(source, walk_forward.folds)
        outside = {risk: gains(*after, risk) for risk in RISKS_PCT if len(after[1])}
    today = dt.datetime.now(dt.UTC).date()
    return Challenge(
        rules=rules,
        by_risk={risk: odds(rules, each) for risk, each in inside.items()},
        out_of_sample={risk: odds(rules, each) for risk, each in outside.items()},
        gains=inside[SHOWN_PCT],
        notes=(*contracts.warnings(), *rules.warnings(today)),
    )
