"""Golden trades and metrics of both engines, in both execution models."""

from __future__ import annotations

import numpy as np
import pytest

from ib_grid.engine import reference
from ib_grid.engine.context import BacktestContext
from ib_grid.engine.execution_settings import MODELS
from ib_grid.grid.columns import METRIC_COLUMNS
from tests.helpers.engines import (
    ENGINES,
    ROW_TOLERANCE,
    assert_same_metrics,
    assert_same_trades,
    engine,
    grid_of_one,
)
from tests.helpers.golden.golden_trades import GoldenSet, golden_set, has_real_data

SYMBOLS = ("GER40", "XAUUSD")
# The reference engine is slow: of the small sets it trades every fourth combination.
STRIDE = {"reference": 4, "fast": 1}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", ["synthetic", "edge"])
@pytest.mark.parametrize("symbol", SYMBOLS)
@pytest.mark.parametrize("engine_name", ENGINES)
def test_trades_and_metrics(engine_name, symbol, name, model):
    golden = golden_set(symbol, name, model)
    n_trades = _check_trades(engine_name, golden, STRIDE[engine_name])
    assert n_trades > 1000 / STRIDE[engine_name]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("symbol", SYMBOLS)
@pytest.mark.parametrize("engine_name", ENGINES)
def test_trades_on_real_bars(engine_name, symbol, model):
    if not has_real_data(symbol):
        pytest.skip("no real bars; IB_GRID_SHARED names their folder")
    assert _check_trades(engine_name, golden_set(symbol, "real", model)) > 1000


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", ["synthetic", "edge"])
@pytest.mark.parametrize("symbol", SYMBOLS)
def test_rows(symbol, name, model):
    golden = golden_set(symbol, name, model)
    evaluate = engine("fast").evaluate
    for case in golden.cases:
        grid, chunk = grid_of_one(case.params)
        rows = evaluate(BacktestContext(golden.market, case.execution, case.news), grid, chunk)
        assert rows.shape == (len(METRIC_COLUMNS), 1)
        assert rows.dtype == np.float32
        actual = dict(zip(METRIC_COLUMNS, rows[:, 0].tolist(), strict=True))
        expected = golden.expected_metrics[case.combo]
        assert_same_metrics(actual, expected, ROW_TOLERANCE, case)


def _check_trades(engine_name: str, golden: GoldenSet, stride: int = 1) -> int:
    """Hold every case's trades, and the metrics of them, against the golden ones."""
    trades = engine(engine_name).trades
    n_trades = 0
    for case in golden.cases[::stride]:
        frame = trades(BacktestContext(golden.market, case.execution, case.news), case.params)
        assert_same_trades(frame, golden.expected_trades[case.combo], case)
        n_trades += len(frame)
        if golden.expected_metrics is not None:
            n_dates = len(golden.market.levels[case.params.session].date)
            actual = reference.metrics(frame, n_dates)
            assert_same_metrics(actual, golden.expected_metrics[case.combo], 1e-9, case)
    return n_trades
