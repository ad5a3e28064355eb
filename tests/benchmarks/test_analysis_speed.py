"""Speed of opening one combination of a run, and agreement of its trades, equity and row."""

from __future__ import annotations

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from ib_grid import analysis
from ib_grid.analysis import RunSource
from ib_grid.engine.context import BacktestContext
from ib_grid.engine.execution_settings import MODELS, Execution, Model
from ib_grid.grid.named_grids import named_grid
from ib_grid.market.instruments import GER40
from ib_grid.market.market import Market, build_market
from tests.benchmarks.test_engine_speed import bars
from tests.ib_grid.analysis.test_combination import assert_agree
from tests.ib_grid.analysis.test_trade_days import assert_as_traded

GRID = named_grid("expanded", GER40)
N_COMBINATIONS = 1_000
N_FOLLOWED = 10


@pytest.fixture(scope="module", params=["real", "synthetic"])
def market(request: pytest.FixtureRequest) -> Market:
    return build_market(bars(request.param), GRID.sessions, GRID.horizon_minutes)


def source_of(market: Market, model: Model) -> RunSource:
    execution = Execution(model=model, spread_points=GER40.spread_points)
    return RunSource(symbol="GER40", grid=GRID, context=BacktestContext(market, execution))


def random_ids(n: int) -> list[int]:
    return np.random.default_rng(2024).integers(0, len(GRID), n).tolist()


@pytest.mark.parametrize("model", MODELS)
def test_trades_of_any_combination(
    benchmark: BenchmarkFixture, market: Market, model: Model
) -> None:
    source, ids = source_of(market, model), iter(random_ids(200))
    benchmark.pedantic(lambda: analysis.trades(source, next(ids)), rounds=150, warmup_rounds=5)
    print(f"\n{model}: longest {1000 * benchmark.stats.stats.max:.0f} ms")


@pytest.mark.parametrize("model", MODELS)
def test_chart_of_a_day(benchmark: BenchmarkFixture, market: Market, model: Model) -> None:
    source = source_of(market, model)
    date = analysis.session_dates(source, 0)[20]
    benchmark.pedantic(lambda: analysis.trade_chart(source, 0, date), rounds=20, warmup_rounds=2)


@pytest.mark.parametrize("model", MODELS)
def test_trades_equity_and_result_row_agree(market: Market, model: Model) -> None:
    source = source_of(market, model)
    for combo_id in random_ids(N_COMBINATIONS):
        assert_agree(source, combo_id)


@pytest.mark.parametrize("model", MODELS)
def test_followed_dates_match_the_trades(market: Market, model: Model) -> None:
    source = source_of(market, model)
    for combo_id in random_ids(N_FOLLOWED):
        assert_as_traded(source, source.params(combo_id))
