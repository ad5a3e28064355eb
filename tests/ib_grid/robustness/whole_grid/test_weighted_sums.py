"""Sums over weighted dates against plain sums over dense R, and R against the engine's trades."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from ib_grid.engine.context import BacktestContext
from ib_grid.engine.execution_settings import Execution
from ib_grid.engine.fast import engine
from ib_grid.grid.chunks import plan_chunks
from ib_grid.grid.columns import METRIC_COLUMNS
from ib_grid.grid.named_grids import named_grid
from ib_grid.market.bars import read_bars
from ib_grid.market.instruments import GER40
from ib_grid.market.market import build_market
from ib_grid.robustness.random_direction import coin_signs
from ib_grid.robustness.whole_grid.streams import Streams, streams
from ib_grid.robustness.whole_grid.weighted_sums import (
    LOSS,
    UNIT,
    Sums,
    coin_sums,
    plain_sums,
    visiting_order,
)
from tests.helpers.paths import GOLDEN

GRID = named_grid("standard", GER40)
CHUNK = plan_chunks(GRID, 6000).chunk(1)


@pytest.fixture(scope="module", params=["realistic", "original"])
def context(request: pytest.FixtureRequest) -> BacktestContext:
    bars = read_bars(GOLDEN / "GER40_synthetic" / "m1.parquet")
    market = build_market(bars, GRID.sessions, GRID.horizon_minutes)
    return BacktestContext(market, Execution(model=request.param, spread_points=1.5))


@pytest.fixture(scope="module")
def some(context: BacktestContext) -> Streams:
    return streams(context, GRID, CHUNK)


def dense_sums(r: np.ndarray, weights: np.ndarray) -> np.ndarray:
    rounded = [np.rint(r * UNIT) / UNIT, np.rint(r * r * UNIT) / UNIT, r > 0, r < 0]
    return np.stack([figure.T @ weights for figure in rounded])


def gathered(walk: Iterable[Sums], some: Streams) -> np.ndarray:
    found = {
        sums.first_id: np.stack([sums.total, sums.squares, sums.hits % LOSS, sums.hits // LOSS])
        for sums in walk
    }
    n_exits = some.r.shape[1]
    assert sorted(found) == [some.first_id + n * n_exits for n in range(len(some.outcome))]
    return np.concatenate([found[first_id] for first_id in sorted(found)], axis=1)


def test_streams_are_the_trades_of_the_engine(context: BacktestContext, some: Streams) -> None:
    metrics = engine.evaluate(context, GRID, CHUNK)
    r = some.dense()
    total = metrics[METRIC_COLUMNS.index("total_r")]
    assert r.sum(axis=0) == pytest.approx(total, rel=1e-6, abs=1e-5)
    trades = metrics[METRIC_COLUMNS.index("total_trades")]
    assert (np.repeat(some.n_trades, r.shape[1] // len(some.n_trades)) == trades).all()
    wins = metrics[METRIC_COLUMNS.index("winning_trades")]
    assert (np.count_nonzero(r > 0, axis=0) == wins).all()


def test_plain_weightings(some: Streams) -> None:
    weights = np.random.default_rng(1).integers(0, 4, (len(some.dates), 5)).astype(np.float64)
    found = gathered(plain_sums(some, GRID, weights), some)
    assert (found == dense_sums(some.dense(), weights)).all()


def test_coins_choose_between_a_trade_and_its_opposite(some: Streams) -> None:
    signs = coin_signs(len(some.dates), 7, seed=2).astype(np.float64)
    found = gathered(coin_sums(some, GRID, signs), some)
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
