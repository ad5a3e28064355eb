"""Odds of a challenge for one combination, or several on one account, over several risks."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ib_grid.account.challenge.gains import AccountTrades, open_over_midnight
from ib_grid.account.challenge.odds import DEFAULT_HORIZON
from ib_grid.account.challenge.rule_files import RuleFile, find_rules
from ib_grid.account.money.sizing import AccountSettings
from ib_grid.account.out_of_sample import (
    SELECTED_ON_THEM,
    NoWalkForward,
    OddsAtRisk,
    odds_by_risk,
    out_of_sample,
)
from ib_grid.robustness.conclusion.robustness_file import read_robustness
from ib_grid.storage.timestamps import utc_today
from pipelines.run.selected.traded import (
    Combinations,
    ContractSource,
    accounts_of,
    contract_source,
    risks_of,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Rules of a challenge, the account at each risk, and the contracts."""

    rules: RuleFile
    accounts: Sequence[AccountSettings]
    contracts: ContractSource

    @property
    def warnings(self) -> list[str]:
        """Warnings about the rules to show beside every figure."""
        return self.rules.warnings(utc_today())


def terms_of(rules: str, risk_pct: str, options: Mapping[str, Any]) -> Terms:
    """Return the terms of a rule file or example, at risks such as ``0.25,0.5,1``."""
    found = find_rules(rules)
    return Terms(
        rules=found,
        accounts=accounts_of(found, risks_of(risk_pct), options["max_margin_pct"]),
        contracts=contract_source(options["contracts"], options["program"], found),
    )


def challenge_odds(terms: Terms, of: Combinations, horizon: int | None) -> list[OddsAtRisk]:
    """Return the odds at each risk; `horizon` is None for the default, 0 for no limit."""
    limit = DEFAULT_HORIZON if horizon is None else horizon or None
    outside = _out_of_sample(of)
    return odds_by_risk(terms.rules, terms.accounts, of.trades, outside, limit)


def verdicts(found: Sequence[OddsAtRisk]) -> list[str]:
    """Return the verdict of each risk; one sentence where all say the same."""
    if len({one.sentence for one in found}) == 1:
        return [found[0].sentence]
    return [f"{one.risk_pct:g}%: {one.sentence}" for one in found]


def _out_of_sample(of: Combinations) -> AccountTrades | NoWalkForward:
    """Return the trades of the walk-forwards of all runs, or why there are none."""
    runs = {str(one.run.path): one.run for one in of.selected}
    if len(runs) < len(of.selected):
        return NoWalkForward(
            "Some combinations are of the same run, whose walk-forward selects one at a time; a"
            " verdict needs each from a run of its own."
        )
    tests = {name: read_robustness(run.path, run.manifest) for name, run in runs.items()}
    untested = [shlex.quote(name) for name, found in tests.items() if found is None]
    if untested:
        commands = " and ".join(f"`ib-grid robustness {name}`" for name in untested)
        return NoWalkForward(f"{SELECTED_ON_THEM}; a verdict needs a walk-forward: {commands}.")
    forwards = [found.walk_forward for found in tests.values() if found]
    return out_of_sample(of.trades, list(runs.values()), forwards)


def notes_on(terms: Terms, of: Combinations) -> list[str]:
    """Return notes on trades that the simulation by date only approximates, and on the rules."""
    clock, traded = terms.rules.phases[0].clock, of.trades.traded
    over = sum(open_over_midnight(clock, one.trades) for one in traded.values())
    notes = []
    if over:
        notes.append(
            f"{over:,} trades are open when the firm's day starts ({clock}); each counts on its"
            " session date."
        )
    if len(traded) > 1:
        notes.append(
            "The worst results of each minute are added up, although they may have occurred at"
            " different moments."
        )
    return [*of.notes, *notes, *terms.warnings]
