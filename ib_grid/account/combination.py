"""Gains of one combination of a run under the rules of a challenge."""

from __future__ import annotations

from ib_grid.account.challenge.gains import Gains, gains_of
from ib_grid.account.challenge.rule_files import EXAMPLES, RuleFile
from ib_grid.account.money.contracts import read_contracts
from ib_grid.account.money.sizing import AccountSettings
from ib_grid.account.money.statement import Traded
from ib_grid.engine.fast import engine
from ib_grid.engine.fast.decisions import costs_of
from ib_grid.grid.params import Params
from ib_grid.runs.source import HasSource, RunSource, session_dates, source_of
from ib_grid.storage.paths import AnyPath

DEFAULT_CONTRACTS = EXAMPLES / "contracts_ftmo.toml"


def challenge_gains(
    of: RunSource | HasSource,
    combination: Params | int,
    rules: RuleFile,
    risk_pct: float,
    contracts: AnyPath | None = None,
) -> Gains:
    """Return the gains by date of a combination in a challenge, for `odds` and figures.

    Parameters
    ----------
    of : RunSource or Run
    combination : Params or int
    rules : RuleFile
        Those of `find_rules`.
    risk_pct : float
        Risk per trade, percent of the initial balance.
    contracts : path, optional
        File of contracts; by default that of the rules.

    Raises
    ------
    ConfigError
        If the risk is out of range, or the contracts lack the symbol or its leverage.
    GridError
        If there is no such combination.
    """
    source = source_of(of)
    account = AccountSettings(
        initial_balance=rules.initial_balance, currency=rules.currency, risk_pct=risk_pct
    )
    file = read_contracts(contracts or rules.contracts or DEFAULT_CONTRACTS)
    traded = Traded(
        trades=engine.trades(source.context, source.params(combination)),
        contract=file.contract(source.symbol, rules.currency, rules.leverage),
        commission_points=costs_of(source.context.execution).commission,
    )
    return gains_of(account, {source.symbol: traded}, session_dates(source, combination))
