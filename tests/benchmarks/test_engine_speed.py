"""Speed of the engines, on the real GER40 bars if present and on synthetic ones."""

from __future__ import annotations

import time

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from ib_grid.engine import reference
from ib_grid.engine.context import BacktestContext
from ib_grid.engine.execution_settings import MODELS, Execution, Model
from ib_grid.engine.fast import engine
from ib_grid.grid.chunks import plan_chunks
from ib_grid.grid.grid import Grid
from ib_grid.grid.named_grids import named_grid
from ib_grid.market.bars import Bars
from ib_grid.market.csv import read_csv_bars
from ib_grid.market.instruments import GER40
from ib_grid.market.market import Market, build_market
from pipelines.inputs.demo import demo_bars
from tests.helpers.paths import SHARED

GRID = named_grid("expanded", GER40)
REAL = SHARED / "data" / "GER40"


def bars(source: str) -> Bars:
    """Return the real bars of 2016 to 2018, or a synthetic year."""
    if source == "synthetic":
        return demo_bars()
    if not REAL.is_dir():
        pytest.skip(f"no real bars at {REAL}")
    return read_csv_bars([REAL], GER40)[0]


@pytest.fixture(scope="module", params=["real", "synthetic"])
def market(request: pytest.FixtureRequest) -> Market:
    return build_market(bars(request.param), GRID.sessions, GRID.horizon_minutes)


def evaluate_grid(context: BacktestContext, grid: Grid) -> None:
    # One chunk per session and wait: smaller ones would simulate shared entries again.
    plan = plan_chunks(grid, grid.rows_per_block)
    for index in range(len(plan)):
        engine.evaluate(context, grid, plan.chunk(index))


@pytest.mark.parametrize("model", MODELS)
def test_expanded_grid_on_one_core(
    benchmark: BenchmarkFixture, market: Market, model: Model
) -> None:
    execution = Execution(model=model, spread_points=GER40.spread_points)
    context = BacktestContext(market, execution)
    engine.warm_up(market, GRID)
    benchmark.pedantic(evaluate_grid, (context, GRID), rounds=3)
    seconds = benchmark.stats.stats.median
    one = _reference_seconds(context)
    benchmark.extra_info |= {
        "combinations_per_second": round(len(GRID) / seconds),
        "times_the_reference": round(one * len(GRID) / seconds),
    }
    print(f"\n{len(GRID):,} combinations, {model}: {seconds:.1f} s,", end=" ")
    print(f"{len(GRID) / seconds:,.0f}/s, {one * len(GRID) / seconds:,.0f} times the reference")


def _reference_seconds(context: BacktestContext) -> float:
    """Return the reference engine's seconds per combination, over a sample."""
    sample = [GRID.params(i) for i in range(0, len(GRID), len(GRID) // 7)]
    start = time.perf_counter()
    for params in sample:
        trades = reference.trades(context, params)
        reference.metrics(trades, len(context.market.levels[params.session].date))
    return (time.perf_counter() - start) / len(sample)
