"""The run's selection beside coin flips on small grids: luck, skill, reproducibility."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ib_grid.engine.context import BacktestContext
from ib_grid.engine.execution_settings import Execution
from ib_grid.engine.fast import engine
from ib_grid.grid.chunks import plan_chunks
from ib_grid.grid.columns import METRIC_COLUMNS
from ib_grid.grid.named_grids import grid_from_mapping
from ib_grid.grid.scoring import RankingSettings, best_first, column_extrema, composite_scores
from ib_grid.market.bars import read_bars
from ib_grid.market.instruments import GER40
from ib_grid.market.market import build_market
from ib_grid.robustness import (
    RobustnessSettings,
    cross_validation,
    random_direction,
    robustness_tests,
    walk_forward,
)
from ib_grid.robustness.assembly import results_of
from ib_grid.robustness.plan import plan_tests
from ib_grid.robustness.rounds import run_on_chunk, run_rounds
from ib_grid.robustness.statistics.cscv import block_of_dates, splits
from ib_grid.robustness.statistics.walk_forward import SELECTION_RULES
from ib_grid.robustness.whole_grid.streams import streams
from ib_grid.runs.source import RunSource
from tests.helpers.paths import GOLDEN

GRID = grid_from_mapping(
    {"ib_sessions": ["08:00-08:30", "09:00-09:30"], "trade_window_minutes": [90], "tsl_sl": [0.5]},
    GER40,
    location="test",
)

SMALL = RobustnessSettings(
    draws=9, null_draws=3, resamples=20, blocks=4, in_sample_months=1, seed=3
)


@pytest.fixture(scope="module")
def source() -> RunSource:
    bars = read_bars(GOLDEN / "GER40_synthetic" / "m1.parquet")
    market = build_market(bars, GRID.sessions, GRID.horizon_minutes)
    context = BacktestContext(market, Execution(model="realistic", spread_points=1.5))
    return RunSource(symbol="GER40", grid=GRID, context=context)


def test_the_selected_combination_is_that_of_the_run(source: RunSource) -> None:
    plan = plan_chunks(GRID, len(GRID))
    metrics = np.concatenate(
        [engine.evaluate(source.context, GRID, plan.chunk(k)) for k in range(len(plan))], axis=1
    )
    columns = {
        name: metrics[METRIC_COLUMNS.index(name)].astype(np.float64)
        for name in ("total_trades", "total_r", "sharpe_ratio", "winrate")
    }
    ranking = RankingSettings()
    ids = np.flatnonzero(columns["total_trades"] >= ranking.min_trades)
    rows = {name: values[ids] for name, values in columns.items()}
    scores = composite_scores(rows, ranking.weights, column_extrema(rows, ranking.weights))
    best = ids[best_first(scores, ids, 1)[0]]
    found = robustness_tests(source, dataclasses.replace(SMALL, draws=19)).random_direction
    assert found.selected_total_r.observed == pytest.approx(columns["total_r"][best], abs=1e-3)
    assert found.best_total_r.observed == pytest.approx(columns["total_r"].max(), abs=1e-3)
    share = np.mean(columns["total_r"] > 0)
    assert found.share_profitable.observed == pytest.approx(share)
    for comparison in (found.selected_total_r, found.best_sharpe_ratio, found.share_profitable):
        assert 0.05 <= comparison.p <= 1


def test_one_test_alone_gives_what_all_together_give(source: RunSource) -> None:
    together = robustness_tests(source, SMALL)
    assert random_direction(source, SMALL) == together.random_direction
    assert cross_validation(source, SMALL) == together.cscv
    assert walk_forward(source, SMALL) == together.walk_forward


def test_chunks_of_any_size_give_the_same_bits(source: RunSource) -> None:
    ranking = RankingSettings(min_trades=3)
    whole = robustness_tests(source, SMALL, ranking=ranking)
    plan = plan_tests(GRID, source.context.market, ranking, SMALL)
    chunks = plan_chunks(GRID, 7 * GRID.exits_per_setting)
    rounds = run_rounds(
        lambda work: [run_on_chunk(source.context, chunks, plan, work, k) for k in order_of(chunks)]
    )
    assert results_of(source.context, plan, rounds, ranking, SMALL) == whole


def order_of(chunks) -> list[int]:  # type: ignore[no-untyped-def]
    return list(np.random.default_rng(0).permutation(len(chunks)))


def test_results_of_a_run_fit_together(source: RunSource) -> None:
    ranking = RankingSettings(min_trades=3)
    found = robustness_tests(source, SMALL, ranking=ranking)
    forward = found.walk_forward
    assert forward is not None
    assert found.selected is not None
    assert found.selected.total_r == found.random_direction.selected_total_r.observed
    assert sum(forward.daily.r) == pytest.approx(forward.out_of_sample_total_r, abs=1e-3)
    assert [rule.name for rule in found.selection_rules] == list(SELECTION_RULES)
    assert found.selection_rules[0].out_of_sample_total_r == forward.out_of_sample_total_r
    assert found.cscv is not None
    assert found.cscv.splits == len(found.cscv.out_of_sample_total_r) == 6
    assert found.dates == tuple(str(day) for day in session_dates(source)[[0, -1]])
    assert found.years.rank_correlation[0][0] == 1.0
    assert forward.coin_band is not None
    band = forward.coin_band
    assert all(a <= b <= c for a, b, c in zip(band.low, band.median, band.high, strict=True))
    assert found == robustness_tests(source, SMALL, ranking=ranking)
    other = dataclasses.replace(SMALL, seed=4)
    assert found != robustness_tests(source, other, ranking=ranking)


def test_dates_too_few_for_a_test_leave_it_out(source: RunSource) -> None:
    days = session_dates(source)
    cut = np.searchsorted(source.context.market.bars.minute, (days[1].astype(int) + 1) * 1440)
    bars = source.context.market.bars.take(slice(0, cut))
    market = build_market(bars, GRID.sessions, GRID.horizon_minutes)
    two_days = dataclasses.replace(
        source, context=dataclasses.replace(source.context, market=market)
    )
    settings = dataclasses.replace(SMALL, in_sample_months=None, blocks=None)
    found = robustness_tests(two_days, settings)
    assert found.walk_forward is None
    assert found.selection_rules == ()
    assert found.spa is None
    assert found.cscv is not None
    assert found.selected is found.track_record is None


def test_none_has_enough_trades(source: RunSource) -> None:
    tests = robustness_tests(source, SMALL, ranking=RankingSettings(min_trades=10_000))
    found = tests.random_direction
    assert tests.selected is None
    assert found.selected_total_r.observed == found.selected_total_r.null_95 == 0.0
    assert found.selected_total_r.p == 1.0


def dense(source: RunSource) -> np.ndarray:
    plan = plan_chunks(GRID, len(GRID))
    parts = [streams(source.context, GRID, plan.chunk(k)) for k in range(len(plan))]
    dates = np.unique(np.concatenate([part.dates for part in parts]))
    out = []
    for part in parts:
        rows = np.zeros((len(dates), part.dense().shape[1]))
        rows[np.searchsorted(dates, part.dates)] = part.dense()
        out.append(rows)
    return np.concatenate(out, axis=1)


def test_cross_validation_judges_by_the_other_half(source: RunSource) -> None:
    ranking = RankingSettings(weights={"total_r": 1.0}, min_trades=0)
    found = robustness_tests(source, SMALL, ranking=ranking).cscv
    assert found is not None
    r = dense(source)
    block = block_of_dates(len(r), 4)
    lost, below = [], []
    for in_sample in splits(4):
        inside = r[in_sample[block]].sum(axis=0)
        outside = np.round(r[~in_sample[block]].sum(axis=0), 4)
        best = int(np.argmax(np.round(inside, 4)))
        lost.append(outside[best] < 0)
        below.append(np.sum(outside < outside[best]) + (np.sum(outside == outside[best]) + 1) / 2)
    assert found.splits == 6
    assert found.share_lost == pytest.approx(np.mean(lost))
    assert found.pbo == pytest.approx(np.mean(np.array(below) / (r.shape[1] + 1) <= 0.5))


def test_walk_forward_chains_months_after_each_selection(source: RunSource) -> None:
    ranking = RankingSettings(weights={"total_r": 1.0}, min_trades=0)
    months = {str(d)[:7] for d in session_dates(source)}
    found = robustness_tests(source, SMALL, ranking=ranking).walk_forward
    assert found is not None
    assert len(found.folds) == len(months) - 1
    r, month = dense(source), np.array([str(d)[:7] for d in session_dates(source)])
    for fold in found.folds:
        inside = np.round(r[month == fold.in_sample_first].sum(axis=0), 4)
        assert fold.combo_id == int(np.argmax(inside))
        outside = r[month == fold.out_of_sample_first].sum(axis=0)
        assert fold.out_of_sample_total_r == pytest.approx(outside[fold.combo_id], abs=1e-3)
    total = sum(fold.out_of_sample_total_r for fold in found.folds)
    assert found.out_of_sample_total_r == pytest.approx(total)


def session_dates(source: RunSource) -> np.ndarray:
    levels = source.context.market.levels.values()
    dates = np.unique(np.concatenate([of_session.date for of_session in levels]))
    return dates.astype("datetime64[D]")


def test_a_later_month_changes_no_earlier_selection(source: RunSource) -> None:
    first, last = session_dates(source)[[0, -1]]
    assert str(first)[:7] != str(last)[:7]
    whole = robustness_tests(source, SMALL).walk_forward
    bars = source.context.market.bars
    cut = len(bars.minute) - np.argmax(
        (bars.minute[::-1].astype("datetime64[m]").astype("datetime64[M]"))
        != np.datetime64(str(last)[:7])
    )
    market = build_market(bars.take(slice(0, cut)), GRID.sessions, GRID.horizon_minutes)
    context = dataclasses.replace(source.context, market=market)
    of_fewer = dataclasses.replace(source, context=context)
    shorter = robustness_tests(of_fewer, SMALL).walk_forward
    assert whole is not None
    assert shorter is not None
    assert shorter.folds == whole.folds[: len(shorter.folds)]
    assert len(shorter.folds) == len(whole.folds) - 1
