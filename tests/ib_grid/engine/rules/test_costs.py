"""What costs do to results, on random markets."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ib_grid.engine import reference
from ib_grid.engine.context import BacktestContext
from ib_grid.engine.fast import engine
from ib_grid.grid.columns import METRIC_COLUMNS
from ib_grid.grid.variations import PREFIXES
from tests.helpers import strategies
from tests.helpers.engines import grid_of_one

few_examples = settings(max_examples=settings.default.max_examples // 4)
COMMISSIONS = st.floats(0, 20, allow_subnormal=False)


def drawn_context(data, models=("realistic", "original")):
    """Return a context and parameters."""
    scene = data.draw(strategies.scenes())
    execution = data.draw(strategies.executions(models))
    return BacktestContext(scene.market, execution), data.draw(strategies.params(scene.session))


@given(data=st.data())
def test_worst_r_is_at_most_r_and_at_least_the_stop(data):
    context, params = drawn_context(data)
    trades = engine.trades(context, params)
    assert (trades["worst_r"] <= trades["r"]).all()
    if context.execution.model == "realistic":
        costs = context.execution.commission_points / trades["risk_points"]
        at_stop = np.minimum(trades["r"], -1 - costs)
        assert (trades["worst_r"] >= at_stop - 1e-9).all()


@given(data=st.data(), commission=COMMISSIONS)
@few_examples
def test_break_even_is_exact_for_commission(data, commission):
    context, params = drawn_context(data, ("realistic",))
    free = metrics(with_commission(context, 0), params)
    paid = metrics(with_commission(context, commission), params)
    for prefix in ("", *PREFIXES):
        total_r, break_even = (free[prefix + n] for n in ("total_r", "break_even_points"))
        if break_even:
            expected = total_r - commission * total_r / break_even
            assert paid[prefix + "total_r"] == pytest.approx(expected, rel=1e-4, abs=1e-4)


@given(data=st.data(), commission=COMMISSIONS)
@few_examples
def test_commission_moves_r_by_its_share_of_the_risk_alone(data, commission):
    context, params = drawn_context(data, ("realistic",))
    free = engine.trades(with_commission(context, 0), params)
    paid = engine.trades(with_commission(context, commission), params)
    assert paid["exit_time"].equals(free["exit_time"])
    for name in ("r", "worst_r"):
        expected = free[name] - commission / free["risk_points"]
        assert np.allclose(paid[name], expected, rtol=1e-9, atol=1e-8)
        assert (paid[name] <= free[name]).all()


@given(data=st.data())
@few_examples
def test_risk_is_the_distance_from_fill_to_stop(data):
    context, params = drawn_context(data)
    for trades in (engine.trades(context, params), reference.trades(context, params)):
        valid = trades[trades["exit_reason"] != "invalid"]
        assert (valid["risk_points"] == (valid["entry_price"] - valid["stop"]).abs()).all()
        assert (trades["risk_points"][trades["exit_reason"] == "invalid"] == 0).all()


def with_commission(context: BacktestContext, points: float) -> BacktestContext:
    execution = dataclasses.replace(context.execution, commission_points=points)
    return dataclasses.replace(context, execution=execution)


def metrics(context: BacktestContext, params) -> dict[str, float]:
    grid, chunk = grid_of_one(params)
    row = engine.evaluate(context, grid, chunk)[:, 0]
    return dict(zip(METRIC_COLUMNS, row.tolist(), strict=True))
