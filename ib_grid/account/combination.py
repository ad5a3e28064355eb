"""Gains of one combination of a run under the rules of a challenge."""

from __future__ import annotations

import pandas as pd

from ib_grid.account.challenge.gains import Gains, gains_of
from ib_grid.account.challenge.rule_files import EXAMPLES, RuleFile
from ib_grid.account.money.contracts import Contract, read_contracts
from ib_grid.account.money.statement import Traded
from ib_grid.engine.execution_settings import ORIGINAL
from ib_grid.engine.fast import engine
from ib_grid.engine.fast.decisions import costs_of
from ib_grid.grid.params import Params
from ib_grid.runs.source import HasSource, RunSource, session_dates, source_of
from ib_grid.storage.paths import AnyPath

DEFAULT_CONTRACTS = EXAMPLES / "contracts_ftmo.toml"


def traded_by(source: RunSource, trades: pd.DataFrame, contract: Contract) -> Traded:
    """Return trades of a run with their contract, and the costs with which the run made them."""
    costs = costs_of(source.context.execution)
    return Traded(
        trades=trades,
        contract=contract,
        commission_points=costs.commission,
        watched=None if costs.model == ORIGINAL else source.context.execution,
    )


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
    file = read_contracts(contracts or rules.contracts or DEFAULT_CONTRACTS)
    contract = file.contract(source.symbol, rules.currency, rules.leverage)
    trades = engine.trades(source.context, source.params(combination))
    traded = {source.symbol: traded_by(source, trades, contract)}
    return gains_of(rules.account(risk_pct), traded, session_dates(source, combination))
