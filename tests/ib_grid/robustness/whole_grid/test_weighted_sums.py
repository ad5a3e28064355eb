"""Sums over weighted dates against plain sums over dense R, and R against the engine's trades."""

from __future__ import annotations

import numpy as np
import pytest

from ib_grid.engine.context import BacktestContext
from ib_grid.engine.execution_settings import Execution
from ib_grid.engine.fast import engine
from ib_grid.engine.fast.outcomes import NO_OUTCOME
from ib_grid.grid.chunks import plan_chunks
from ib_grid.grid.columns import METRIC_COLUMNS
from ib_grid.grid.grid import Grid
from ib_grid.grid.named_grids import named_grid
from ib_grid.market.bars import read_bars
from ib_grid.market.instruments import GER40, XAUUSD
from ib_grid.market.market import build_market
from ib_grid.news.filter import NO_NEWS, NewsFilter
from ib_grid.robustness.statistics.random_direction import coin_signs
from ib_grid.robustness.whole_grid.streams import Streams, streams
from ib_grid.robustness.whole_grid.weighted_sums import (
    LOSS,
    UNIT,
    CarriedSums,
    changes,
    visiting_order,
)
from tests.helpers.paths import GOLDEN

INSTRUMENTS = {"GER40": GER40, "XAUUSD": XAUUSD}
CASES = [
    ("GER40", "realistic", False),
    ("GER40", "original", True),
    ("XAUUSD", "realistic", True),
    ("XAUUSD", "original", False),
]


@pytest.fixture(scope="module", params=CASES, ids=lambda case: "-".join(map(str, case)))
def backtest(request: pytest.FixtureRequest) -> tuple[BacktestContext, Grid]:
    symbol, model, with_news = request.param
    grid = named_grid("standard", INSTRUMENTS[symbol])
    bars = read_bars(GOLDEN / f"{symbol}_synthetic" / "m1.parquet")
    market = build_market(bars, grid.sessions, grid.horizon_minutes)
    news = NO_NEWS
    if with_news:
        news = NewsFilter(events=bars.minute[::200].astype(np.int64))
    return BacktestContext(market, Execution(model=model, spread_points=1.5), news), grid


@pytest.fixture(scope="module")
def some(backtest: tuple[BacktestContext, Grid]) -> Streams:
    context, grid = backtest
    return streams(context, grid, plan_chunks(grid, 6000).chunk(1))


def n_trades(some: Streams) -> np.ndarray:
    """Return the trades of each setting."""
    return np.count_nonzero(some.outcome != NO_OUTCOME, axis=1)


def dense_sums(r: np.ndarray, weights: np.ndarray) -> np.ndarray:
    rounded = [np.rint(r * UNIT), np.rint(r * r * UNIT), r > 0, r < 0]
    return np.stack([figure.T @ weights for figure in rounded])


def gathered(some: Streams, grid: Grid, weights: np.ndarray, *, coin: bool) -> np.ndarray:
    """Return the carried sums, shape (4, n_combinations, n_weightings)."""
    n_exits, found = some.r.shape[1], {}
    n_dates = len(some.dates)
    sums = CarriedSums(n_exits, np.arange(n_dates) * 3 // n_dates, weights, n_periods=3)
    for change in changes(some, grid, coin=coin):
        sums.add(change)
        total, squares, hits = sums.figures.sum(axis=0).transpose(0, 2, 1)
        found[change.setting] = np.stack([total, squares, hits % LOSS, hits // LOSS])
        assert sums.trades.sum() == n_trades(some)[change.setting]
    assert sorted(found) == list(range(len(some.outcome)))
    return np.concatenate([found[setting] for setting in sorted(found)], axis=1)


def test_streams_are_the_trades_of_the_engine(
    backtest: tuple[BacktestContext, Grid], some: Streams
) -> None:
    context, grid = backtest
    metrics = engine.evaluate(context, grid, plan_chunks(grid, 6000).chunk(1))
    r = some.dense()
    total = metrics[METRIC_COLUMNS.index("total_r")]
    assert r.sum(axis=0) == pytest.approx(total, rel=1e-6, abs=1e-5)
    trades = metrics[METRIC_COLUMNS.index("total_trades")]
    assert (np.repeat(n_trades(some), r.shape[1] // len(some.outcome)) == trades).all()
    wins = metrics[METRIC_COLUMNS.index("winning_trades")]
    assert (np.count_nonzero(r > 0, axis=0) == wins).all()


def test_plain_weightings(backtest: tuple[BacktestContext, Grid], some: Streams) -> None:
    weights = np.random.default_rng(1).integers(0, 4, (len(some.dates), 5)).astype(np.int16)
    weights[10:20] *= 30  # more than a table has room for
    found = gathered(some, backtest[1], weights, coin=False)
    assert (found == dense_sums(some.dense(), weights)).all()


def test_coins_choose_between_a_trade_and_its_opposite(
    backtest: tuple[BacktestContext, Grid], some: Streams
) -> None:
    signs = coin_signs(len(some.dates), 7, seed=2)
    found = gathered(some, backtest[1], (signs > 0).astype(np.int16), coin=True)
    r, opposite = some.dense(), some.dense(opposite=True)
    for draw in range(signs.shape[1]):
        flipped = np.where(signs[:, [draw]] > 0, r, opposite)
        expected = dense_sums(flipped, np.ones((len(r), 1)))[:, :, 0]
        assert (found[:, :, draw] == expected).all()


def test_every_setting_is_visited_once_in_small_steps() -> None:
    expanded = named_grid("expanded", GER40)
    shape = expanded.shape[2:8]
    order = visiting_order(0, 800, expanded)
    assert sorted(order) == list(range(800))
    steps = np.abs(np.diff(np.stack(np.unravel_index(order, shape)), axis=1)).sum(axis=0)
    assert (steps == 1).all()
    assert sorted(visiting_order(830, 10, expanded)) == list(range(10))
