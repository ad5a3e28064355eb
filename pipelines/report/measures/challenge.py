"""Example of a challenge: the odds of the selected combination under rules of a prop firm."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from ib_grid.account.challenge.gains import AccountTrades, Gains
from ib_grid.account.challenge.odds import DEFAULT_HORIZON
from ib_grid.account.challenge.rule_files import RuleFile, find_rules
from ib_grid.account.combination import DEFAULT_CONTRACTS, traded_by
from ib_grid.account.money.contracts import read_contracts
from ib_grid.account.out_of_sample import NoWalkForward, OddsAtRisk, odds_by_risk, out_of_sample
from ib_grid.analysis import RunSource
from ib_grid.robustness.conclusion.verdict import Verdict
from ib_grid.robustness.results import Robustness
from ib_grid.runs.source import session_dates
from ib_grid.storage.timestamps import utc_today
from pipelines.report.measures.ranked_rows import Ranking
from pipelines.report.measures.replay import NoReplay, Replay

RULES = "ftmo_2step"
RISKS_PCT = (0.5, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Challenge:
    """Odds of the selected combination in the challenge of an example file.

    Attributes
    ----------
    rules : RuleFile
    by_risk : tuple of OddsAtRisk
        At each of `RISKS_PCT`.
    gains : Gains
        In sample, at the highest risk.
    notes : tuple of str
        Warnings to show beside every figure.
    """

    rules: RuleFile
    by_risk: tuple[OddsAtRisk, ...]
    gains: Gains
    notes: tuple[str, ...]


def challenge(
    overall: Ranking,
    replay: Replay | NoReplay,
    source: RunSource | NoReplay,
    tests: Robustness | None,
    verdict: Verdict,
) -> Challenge | None:
    """Return an example of a challenge, unless the trades lose, or would with realistic fills."""
    if isinstance(replay, NoReplay) or isinstance(source, NoReplay):
        return None
    if verdict.level in ("do not trade", "fill artefact"):
        return None
    return example_challenge(source, int(overall.best["combo_id"].iloc[0]), replay.trades[0], tests)


def example_challenge(
    source: RunSource, combo_id: int, trades: pd.DataFrame, tests: Robustness | None
) -> Challenge | None:
    """Return the odds of a combination with these trades; None if no contract has the symbol."""
    rules, contracts = find_rules(RULES), read_contracts(DEFAULT_CONTRACTS)
    if source.symbol not in contracts.symbols:
        return None
    contract = contracts.contract(source.symbol, rules.currency, rules.leverage)
    inside = AccountTrades(
        traded={source.symbol: traded_by(source, trades, contract)},
        dates=session_dates(source, combo_id),
        bars={source.symbol: source.context.market.bars},
    )
    outside = out_of_sample(inside, [source], [tests.walk_forward]) if tests else NoWalkForward()
    accounts = [rules.account(risk_pct) for risk_pct in RISKS_PCT]
    today = utc_today()
    return Challenge(
        rules=rules,
        by_risk=tuple(odds_by_risk(rules, accounts, inside, outside, DEFAULT_HORIZON)),
        gains=inside.gains(accounts[-1]),
        notes=(*contracts.warnings(today), *rules.warnings(today)),
    )
