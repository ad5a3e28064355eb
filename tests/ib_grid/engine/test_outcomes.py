"""Outcomes of a chunk are the trades of its combinations."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from ib_grid.engine.context import BacktestContext
from ib_grid.engine.execution_settings import MODELS, Execution
from ib_grid.engine.fast import engine
from ib_grid.engine.fast.outcomes import NO_OUTCOME
from ib_grid.engine.outcomes import Outcomes, outcomes
from ib_grid.grid.chunks import plan_chunks
from ib_grid.grid.columns import trades_frame
from ib_grid.grid.variations import VARIATIONS
from tests.helpers.golden.golden_trades import EDGE_GRID, golden_set

SAME = ["r", "worst_r", "risk_points", "entry_price", "entry_time", "exit_time", "variation"]


@pytest.mark.parametrize("model", MODELS)
def test_they_are_the_trades_of_every_combination(model):
    market = golden_set("GER40", "edge", model).market
    execution = Execution(
        model=model, spread_points=1.5, slippage_points=0.5, commission_points=0.25
    )
    context = BacktestContext(market, execution)
    plan = plan_chunks(EDGE_GRID, len(EDGE_GRID))
    n_trades = 0
    for index in range(len(plan)):
        found = outcomes(context, EDGE_GRID, plan.chunk(index))
        for combo_id in plan.chunk(index).ids.tolist():
            trades = engine.trades(context, EDGE_GRID.params(combo_id))
            n_trades += len(trades)
            actual = frame_of(found, combo_id)
            assert actual["date"].tolist() == trades["date"].tolist()
            assert actual[SAME].equals(trades[SAME])
    assert n_trades > 1000


@pytest.mark.parametrize("model", MODELS)
def test_trades_decided_together_are_those_of_each_alone(model):
    grid = dataclasses.replace(EDGE_GRID, ib_wait_minutes=(0, 15))
    market = golden_set("GER40", "edge", model).market
    context = BacktestContext(market, Execution(model=model, spread_points=1.5))
    together = engine.trades_by_id(context, grid, range(len(grid)))
    assert set(together) == set(range(len(grid)))
    for combo_id, trades in together.items():
        alone = engine.trades(context, grid.params(combo_id))
        pd.testing.assert_frame_equal(trades, alone, check_exact=True)


def frame_of(found: Outcomes, combo_id: int):
    """Return the trades of a combination as the tables have them."""
    setting, exit_pair = divmod(combo_id - found.first_id, found.r.shape[1])
    dates = np.flatnonzero(found.outcome[setting] != NO_OUTCOME)
    rows = found.outcome[setting, dates]
    unknown = np.zeros(len(rows))
    return trades_frame(
        date=found.dates[dates],
        variation=[VARIATIONS[v] for v in found.variation[setting, dates]],
        direction=np.where(found.direction[rows] > 0, "long", "short"),
        entry_minute=found.entry_minute[rows],
        entry_price=found.fill[rows],
        stop=unknown,
        target=unknown,
        exit_minute=found.exit_minute[rows, exit_pair],
        exit_price=unknown,
        exit_reason=["time"] * len(rows),
        r=found.r[rows, exit_pair],
        ambiguous=unknown,
        worst_r=found.worst_r[rows, exit_pair],
        risk_points=found.risk_points[rows],
    )
