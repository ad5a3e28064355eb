"""Agreement of the engines on random markets, and properties of their results."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ib_grid.engine import reference
from ib_grid.engine.context import BacktestContext
from ib_grid.engine.execution_settings import MODELS, Execution
from ib_grid.errors import DataError
from ib_grid.grid.chunks import plan_chunks
from ib_grid.grid.columns import METRIC_COLUMNS, TRADE_COLUMNS
from ib_grid.grid.named_grids import named_grid
from ib_grid.grid.params import Params
from ib_grid.grid.variations import VARIATIONS
from ib_grid.market.bars import PRICES, Bars
from ib_grid.market.instruments import GER40, Session
from ib_grid.market.levels import session_levels
from ib_grid.market.market import build_market
from tests.helpers import strategies
from tests.helpers.engines import (
    ROW_TOLERANCE,
    assert_same_metrics,
    assert_same_trades,
    engine,
)
from tests.helpers.golden.golden_trades import golden_set
from tests.helpers.strategies import ALL_SESSIONS, SESSIONS, Scene, Shape

# Random markets hold the two engines to each other; all else is then tested on the fast one.
EXAMPLES = settings.default.max_examples
few_examples = settings(max_examples=EXAMPLES // 4)

AT_ENTRY = ["date", "variation", "direction", "entry_time", "entry_price", "stop", "target"]


@given(data=st.data())
@settings(max_examples=3 * EXAMPLES)
def test_fast_equals_reference_in_trades(data):
    fast = engine("fast")
    scene = data.draw(strategies.scenes())
    params = data.draw(strategies.params(scene.session))
    execution = data.draw(strategies.executions())
    news = data.draw(strategies.news_filters(scene.bars))
    given = (BacktestContext(scene.market, execution, news), params)
    assert_same_trades(fast.trades(*given), reference.trades(*given))


@given(data=st.data())
@few_examples
def test_fast_equals_reference_in_candidates(data):
    fast = engine("fast")
    scene = data.draw(strategies.scenes())
    params = data.draw(strategies.params(scene.session))
    execution = data.draw(strategies.executions())
    news = data.draw(strategies.news_filters(scene.bars))
    given = (BacktestContext(scene.market, execution, news), params)
    order = ["date", "news_minute", "variation"]
    actual, expected = (
        module.candidates(*given).sort_values(order, ignore_index=True)
        for module in (fast, reference)
    )
    pd.testing.assert_frame_equal(actual, expected)
    # what is traded is a candidate that was kept
    kept = expected[~news.blocks(expected["news_minute"].to_numpy())]
    traded = fast.trades(*given)[["date", "variation", "direction"]]
    assert len(traded.merge(kept, on=["date", "variation", "direction"])) == len(traded)


@given(data=st.data())
@few_examples
def test_fast_equals_reference_in_rows(data):
    fast = engine("fast")
    scene = data.draw(strategies.scenes())
    grid = data.draw(strategies.grids((scene.session,)))
    execution = data.draw(strategies.executions())
    news = data.draw(strategies.news_filters(scene.bars))
    plan = plan_chunks(grid, grid.rows_per_block)
    for index in range(len(plan)):
        chunk = plan.chunk(index)
        given = (BacktestContext(scene.market, execution, news), grid, chunk)
        assert_same_rows(fast.evaluate(*given), reference.evaluate(*given), ROW_TOLERANCE)


def assert_same_rows(actual: np.ndarray, expected: np.ndarray, tolerance: float) -> None:
    assert actual.shape == expected.shape
    for row in range(expected.shape[1]):
        columns = [dict(zip(METRIC_COLUMNS, a[:, row], strict=True)) for a in (actual, expected)]
        assert_same_metrics(*columns, tolerance, row)


@given(data=st.data())
@few_examples
def test_rows_are_the_metrics_of_the_trades(data):
    module = engine("fast")
    scene = data.draw(strategies.scenes())
    grid = data.draw(strategies.grids((scene.session,)))
    execution = data.draw(strategies.executions())
    news = data.draw(strategies.news_filters(scene.bars))
    context = BacktestContext(scene.market, execution, news)
    plan = plan_chunks(grid, 10)
    chunk = plan.chunk(data.draw(st.integers(0, len(plan) - 1)))
    rows = module.evaluate(context, grid, chunk)
    assert rows.shape == (len(METRIC_COLUMNS), chunk.n_rows)
    assert rows.dtype == np.float32
    n_dates = len(scene.market.levels[scene.session].date)
    for row, combo_id in enumerate(chunk.ids.tolist()):
        trades = module.trades(context, grid.params(combo_id))
        actual = dict(zip(METRIC_COLUMNS, rows[:, row].tolist(), strict=True))
        expected = reference.metrics(trades, n_dates)
        assert_same_metrics(actual, expected, ROW_TOLERANCE, combo_id)


def test_more_dates_than_can_be_counted_are_refused(monkeypatch):
    golden, fast = golden_set("GER40", "synthetic", "realistic"), engine("fast")
    context = BacktestContext(golden.market, golden.cases[0].execution)
    grid = fast.grid_of_one(golden.cases[0].params)
    monkeypatch.setattr(fast, "MOST_TRADES", 5)
    with pytest.raises(DataError, match="session dates"):
        fast.evaluate(context, grid, plan_chunks(grid, 1).chunk(0))


@pytest.mark.parametrize("model", MODELS)
def test_rows_do_not_depend_on_how_work_is_grouped(model, monkeypatch):
    fast = engine("fast")
    market = golden_set("GER40", "synthetic", model).market
    grid = named_grid("standard", GER40)
    chunk = plan_chunks(grid, 30 * grid.exits_per_setting).chunk(7)
    context = BacktestContext(market, Execution(model=model, spread_points=1.5))
    whole = fast.evaluate(context, grid, chunk)
    monkeypatch.setattr(fast, "_EXITS_AT_ONCE", 7)
    monkeypatch.setattr(fast, "_DAYS_AT_ONCE", 4 * len(market.levels[grid.sessions[0]].date))
    assert fast.evaluate(context, grid, chunk).tobytes() == whole.tobytes()


@given(data=st.data())
@few_examples
def test_rows_are_the_same_bytes_whatever_the_chunk_size(data):
    evaluate = engine("fast").evaluate
    scene = data.draw(strategies.scenes())
    # the zone's other sessions, too: on some of them no date has a balance
    sessions = tuple(s for s in ALL_SESSIONS if s.ib_timezone == scene.session.ib_timezone)
    market = build_market(scene.bars, sessions, scene.horizon_minutes)
    grid = data.draw(strategies.grids(sessions))
    execution = data.draw(strategies.executions())
    news = data.draw(strategies.news_filters(scene.bars))
    context = BacktestContext(market, execution, news)
    sizes = data.draw(st.lists(st.integers(1, 60), min_size=2, max_size=2, unique=True))
    whole = []
    for size in sizes:
        plan = plan_chunks(grid, size)
        chunks = [plan.chunk(index) for index in range(len(plan))]
        parts = [evaluate(context, grid, chunk) for chunk in chunks]
        whole.append(np.concatenate(parts, axis=1))
    assert whole[0].shape == (len(METRIC_COLUMNS), len(grid))
    assert whole[0].tobytes() == whole[1].tobytes()


@given(data=st.data())
@settings(max_examples=2 * EXAMPLES)
def test_trades_lie_in_their_window_and_r_follows_from_prices(data):
    scene = data.draw(strategies.scenes())
    params = data.draw(strategies.params(scene.session))
    execution = data.draw(strategies.executions())
    news = data.draw(strategies.news_filters(scene.bars))
    trades = engine("fast").trades(BacktestContext(scene.market, execution, news), params)
    assert tuple(trades.columns) == TRADE_COLUMNS
    assert trades["date"].is_monotonic_increasing
    assert trades["date"].is_unique
    window_start, window_end = windows_by_date(scene, params)
    realistic = execution.model == "realistic"
    for trade in trades.itertuples():
        entry, left = minute_of(trade.entry_time), minute_of(trade.exit_time)
        last = window_end[trade.date] - 1 if realistic else window_end[trade.date]
        assert window_start[trade.date] <= entry <= left <= last
        sign = 1 if trade.direction == "long" else -1
        assert sign * (trade.target - trade.stop) >= 0
        if trade.exit_reason == "invalid":
            assert (trade.r, trade.exit_price, left) == (0, trade.entry_price, entry)
            continue
        points = sign * (trade.exit_price - trade.entry_price)
        points -= execution.commission_points if realistic else 0
        assert trade.r * abs(trade.entry_price - trade.stop) == pytest.approx(points, abs=1e-6)


def windows_by_date(scene: Scene, params: Params) -> tuple[pd.Series, pd.Series]:
    """W0 and W1 by date, in minutes."""
    levels = session_levels(scene.bars, scene.session)
    dates = pd.to_datetime(levels.date, unit="D")
    start = pd.Series(levels.ib_end + params.ib_wait_minutes, index=dates)
    return start, start + params.trade_window_minutes


def minute_of(moment: pd.Timestamp) -> int:
    return int(moment.timestamp()) // 60


@given(data=st.data())
def test_realistic_ignores_later_bars(data):
    trades_of = engine("fast").trades
    scene = data.draw(strategies.scenes())
    params = data.draw(strategies.params(scene.session))
    execution = data.draw(strategies.executions(("realistic",)))
    news = data.draw(strategies.news_filters(scene.bars))
    whole = trades_of(BacktestContext(scene.market, execution, news), params)
    for t in data.draw(st.lists(cut_minutes(scene, params, whole), min_size=2, max_size=8)):
        bars = data.draw(other_futures(scene, t))
        other = trades_of(BacktestContext(scene.market_of(bars), execution, news), params)
        assert_same_past(whole, other, t, scene, params, same_open=t in bars.minute)


def test_original_uses_later_bars():
    """The property above finds the case that it looks for."""
    execution = Execution(model="original", spread_points=0)
    n_differing = 0
    for seed in range(10):
        scene = rich_scene(seed)
        params = rich_params(scene.session, 0)
        whole = reference.trades(BacktestContext(scene.market, execution), params)
        for t in map(minute_of, whole["entry_time"]):
            market = scene.market_of(scene.bars.between(0, t))
            cut = reference.trades(BacktestContext(market, execution), params)
            try:
                assert_same_past(whole, cut, t, scene, params, same_open=False)
            except AssertionError:
                n_differing += 1
    assert n_differing >= 3


def cut_minutes(scene: Scene, params: Params, trades: pd.DataFrame) -> st.SearchStrategy[int]:
    """Minutes of the windows, those around entries and exits more often."""
    spans = zip(*windows_by_date(scene, params), strict=True)
    minutes = st.sampled_from([m for start, end in spans for m in range(start, end + 2)])
    moments = [minute_of(m) for name in ("entry_time", "exit_time") for m in trades[name]]
    return (
        minutes | st.sampled_from([m + d for m in moments for d in range(3)])
        if moments
        else minutes
    )


def assert_same_past(
    whole: pd.DataFrame,
    other: pd.DataFrame,
    t: int,
    scene: Scene,
    params: Params,
    *,
    same_open: bool,
) -> None:
    """Trades on two markets with the same bars before a minute T are the same up to T.

    Equal are the entries before T, whole trades that are left before T, and, where the bars at T
    open alike, the market orders at T. A limit order fills within its bar, so one at T is not known
    yet. The time exit of a window that goes on at T is the one exit that depends on whether bars
    follow: where none do, the position is valued at the last close there is.
    """
    assert_same_values(entered_before(whole, t), entered_before(other, t))
    _, window_end = windows_by_date(scene, params)
    assert_same_values(left_before(whole, t, window_end), left_before(other, t, window_end))
    if same_open:
        assert_same_values(market_orders_at(whole, t), market_orders_at(other, t))


@st.composite
def other_futures(draw, scene: Scene, t: int) -> Bars:
    """Cut the bars from minute T on, or replace them except for the open at T."""
    past = scene.bars.between(0, t)
    future = scene.bars.between(t, int(scene.bars.minute[-1]) + 1)
    if not len(future) or draw(st.booleans()):
        return past
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    there = rng.random(len(future)) >= draw(st.sampled_from((0.0, 0.3)))
    there[0] = True
    walk = strategies.random_walk(rng, scene.shape, future.minute[there])
    shift = future.open[0] - walk.open[0]
    return Bars(
        minute=np.concatenate([past.minute, walk.minute]),
        **{n: np.concatenate([getattr(past, n), getattr(walk, n) + shift]) for n in PRICES},
    )


def moment_of(minute: int) -> pd.Timestamp:
    return pd.Timestamp(minute * 60, unit="s", tz="UTC")


def entered_before(trades: pd.DataFrame, t: int) -> pd.DataFrame:
    return trades.loc[trades["entry_time"] < moment_of(t), AT_ENTRY]


def market_orders_at(trades: pd.DataFrame, t: int) -> pd.DataFrame:
    at_t = trades["entry_time"] == moment_of(t)
    return trades.loc[at_t & (trades["variation"] != "REV_RB"), AT_ENTRY]


def left_before(trades: pd.DataFrame, t: int, window_end: pd.Series) -> pd.DataFrame:
    closed = window_end.reindex(trades["date"]).to_numpy() <= t
    left = trades["exit_time"] < moment_of(t)
    return trades[left & (closed | (trades["exit_reason"] != "time"))]


def assert_same_values(one: pd.DataFrame, other: pd.DataFrame) -> None:
    """Exactly the same: the past is the same bits."""
    pd.testing.assert_frame_equal(
        one.reset_index(drop=True), other.reset_index(drop=True), check_exact=True
    )


def rich_scene(seed: int) -> Scene:
    """Ten dates on which much happens."""
    return Scene(
        session=SESSIONS[seed % len(SESSIONS)],
        dates=tuple(range(19_806, 19_816)),
        seed=seed,
        shape=Shape(tick=1, step=3, wick=2, pull=0.05, jump=0.1, missing=0.05, outage=0.2),
    )


def rich_params(session: Session, tsl_target: float) -> Params:
    """Return a combination with which every variation trades."""
    return Params(
        ib_start=session.ib_start,
        ib_end=session.ib_end,
        ib_timezone=session.ib_timezone,
        ib_wait_minutes=0,
        trade_window_minutes=90,
        rr_target=0.5,
        stop_mode="ib_start",
        tsl_target=tsl_target,
        tsl_sl=0.5,
        min_sl_pct=0,
        rev_rb_enabled=True,
        rev_rb_pct=0.25,
        ib_buffer_pct=0.1,
        max_distance_pct=1,
    )


@pytest.mark.parametrize("model", MODELS)
def test_the_random_markets_reach_every_rule(model):
    """The properties above would mean little on markets without trades."""
    execution = Execution(model=model, spread_points=0)
    seen: Counter[str] = Counter()
    for seed in range(60):
        scene = rich_scene(seed)
        for tsl_target in (0.0, 0.25):
            params = rich_params(scene.session, tsl_target)
            trades = reference.trades(BacktestContext(scene.market, execution), params)
            seen.update(trades["variation"])
            seen.update(trades["exit_reason"])
            seen.update(ambiguous=int(trades["ambiguous"].sum()))
    reasons = {"stop", "tp", "time", "tsl_market" if model == "realistic" else "invalid"}
    for name in {*VARIATIONS, *reasons, "ambiguous"}:
        assert seen[name] >= 3, (name, seen)
