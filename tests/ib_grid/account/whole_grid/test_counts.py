"""Counts of the whole grid are those of each combination's own trades."""

from __future__ import annotations

import numpy as np
import pytest

from ib_grid.account.challenge.date_rules import date_rules
from ib_grid.account.challenge.rule_files import EXAMPLES, find_rules
from ib_grid.account.challenge.starts import every_start
from ib_grid.account.combination import challenge_gains
from ib_grid.account.money.contracts import read_contracts
from ib_grid.account.money.sizing import AccountSettings
from ib_grid.account.whole_grid.counts import counts_of_chunk
from ib_grid.engine.context import BacktestContext
from ib_grid.engine.execution_settings import Execution
from ib_grid.grid.chunks import plan_chunks
from ib_grid.runs.source import RunSource
from tests.helpers.golden.golden_trades import EDGE_GRID, golden_set


@pytest.mark.parametrize("horizon", [None, 60])
@pytest.mark.parametrize("name", ["ftmo_1step", "ftmo_2step", "the5ers_hyper_growth"])
def test_counts_equal_those_of_each_combination(name: str, horizon: int | None) -> None:
    market = golden_set("GER40", "edge", "realistic").market
    context = BacktestContext(market, Execution(spread_points=1.5, commission_points=0.25))
    source = RunSource(symbol="GER40", grid=EDGE_GRID, context=context)
    rules = find_rules(name)
    contract = read_contracts(rules.contracts or EXAMPLES).contract("GER40", "USD", rules.leverage)
    account = AccountSettings(initial_balance=rules.initial_balance, risk_pct=3.0)
    by_date = date_rules(rules.targets[0], horizon)
    chunk = plan_chunks(EDGE_GRID, len(EDGE_GRID)).chunk(0)
    found = counts_of_chunk(context, EDGE_GRID, chunk, account, contract, by_date)
    for combo_id, counts in zip(chunk.ids.tolist(), found.T.tolist(), strict=True):
        own = challenge_gains(source, combo_id, rules, 3.0)
        starts = every_start(own.date_index, own.gains, own.lows, own.calendar, by_date)
        assert counts == list(starts.counts)
    assert len(np.unique(found, axis=1).T) > 3
