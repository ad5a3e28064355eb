"""The rounds over chunks against a twin in plain Python."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ib_grid.engine.fast.outcomes import NO_OUTCOME
from ib_grid.errors import ConfigError
from ib_grid.grid.grid import Grid
from ib_grid.grid.scoring import RankingSettings
from ib_grid.robustness.plan import (
    RobustnessSettings,
    TestPlan,
    plan_coin,
    plan_folds,
    plan_splits,
)
from ib_grid.robustness.rounds import AllRounds, run_rounds
from ib_grid.robustness.statistics.reality_check import bootstrap_counts
from ib_grid.robustness.whole_grid.selection import ranking_of
from ib_grid.robustness.whole_grid.streams import Streams
from tests.helpers.runs.slow_robustness import (
    is_pick,
    long_run_deviation,
    metrics,
    pick,
    spearman,
)
from tests.helpers.runs.synthetic_chunks import (
    chunk_of,
    dates_of,
    dense,
    each_of,
    grid_of,
    synthetic_chunks,
)

ALL_METRICS = {
    "total_r": 0.3,
    "sharpe_ratio": 0.3,
    "winrate": 0.2,
    "total_trades": -0.1,
    "avg_trade_r": 0.1,
    "sharpe_trades": 0.2,
}
RANKINGS = (
    RankingSettings(min_trades=0),
    RankingSettings(min_trades=3),
    RankingSettings(weights=ALL_METRICS, min_trades=2),
    RankingSettings(weights={"total_r": 1.0}, min_trades=0),
)
SETTINGS = RobustnessSettings(draws=3, blocks=2, null_draws=2, in_sample_months=1, seed=7)


def plan_of(grid: Grid, chunks: list[Streams], ranking: RankingSettings) -> TestPlan:
    dates = dates_of(chunks)
    spans = len(np.unique(dates.astype("datetime64[D]").astype("datetime64[M]"))) > 1
    return TestPlan(
        grid=grid,
        ranking=ranking_of(ranking),
        dates=dates,
        coin=plan_coin(dates, SETTINGS),
        folds=plan_folds(dates, SETTINGS) if spans else None,
        splits=plan_splits(dates, SETTINGS),
        resamples=bootstrap_counts(len(dates), 5, 2.0, seed=1),
        mean_block=2.0,
        years=True,
    )


class Dense:
    """R of all combinations, and of the same with a coin."""

    def __init__(self, chunks: list[Streams], dates: np.ndarray) -> None:
        self.r, self.traded, self.in_session = dense(chunks, dates)
        self.opposite, _, _ = dense(chunks, dates, opposite=True)

    def flipped(self, signs: np.ndarray) -> np.ndarray:
        return np.where(signs[:, None] > 0, self.r, self.opposite)

    def pick(self, r: np.ndarray, inside: np.ndarray, ranking: RankingSettings):  # type: ignore[no-untyped-def]
        return pick(r[inside], self.traded[inside], self.in_session[inside], ranking)


@settings(max_examples=25, deadline=None)
@given(synthetic_chunks(), st.sampled_from(RANKINGS))
def test_every_draw_of_the_coin_is_ranked_again(
    drawn: tuple[Grid, list[Streams]], ranking: RankingSettings
) -> None:
    grid, chunks = drawn
    plan = dataclasses.replace(plan_of(grid, chunks, ranking), folds=None, splits=None, years=False)
    rounds = run_rounds(each_of(plan, chunks))
    found, best = rounds.first.extremes["coin"], rounds.second.best["coin"]
    everything = Dense(chunks, plan.dates)
    assert plan.coin is not None
    assert plan.coin.signs is not None
    for draw, signs in enumerate(plan.coin.signs.T):
        r = everything.flipped(signs)
        expected = everything.pick(r, np.ones(len(r), bool), ranking)
        assert is_pick(best.combo_id[draw], expected, r, everything.traded)
        rows = [
            metrics(r[here, k], everything.traded[here, k])
            for k, here in enumerate(everything.in_session.T)
        ]
        if expected is not None:
            selected = rows[best.combo_id[draw]]
            assert best.total_r[draw] == pytest.approx(selected["total_r"], abs=1e-4)
            assert best.sharpe_ratio[draw] == pytest.approx(selected["sharpe_ratio"], abs=1e-3)
        assert found.best_total_r[draw] == pytest.approx(
            max(row["total_r"] for row in rows), abs=1e-4
        )
        assert found.best_sharpe_ratio[draw] == pytest.approx(
            max(row["sharpe_ratio"] for row in rows), abs=1e-3
        )
        assert found.profitable[draw] == sum(row["total_r"] > 1e-9 for row in rows)


@settings(max_examples=25, deadline=None)
@given(synthetic_chunks(), st.sampled_from(RANKINGS))
def test_periods_select_in_sample_and_rank_beyond(
    drawn: tuple[Grid, list[Streams]], ranking: RankingSettings
) -> None:
    grid, chunks = drawn
    plan = plan_of(grid, chunks, ranking)
    rounds = run_rounds(each_of(plan, chunks))
    everything = Dense(chunks, plan.dates)
    for part, name in ((plan.folds, "folds"), (plan.splits, "splits")):
        if part is None:
            continue
        check_periods(rounds, name, part.samples, [everything.r], everything, ranking)
        null = part.null
        assert null is not None
        assert null.signs is not None
        flipped = [everything.flipped(signs) for signs in null.signs.T]
        check_periods(rounds, f"{name}_null", null, flipped, everything, ranking)


def check_periods(  # type: ignore[no-untyped-def]
    rounds: AllRounds, name: str, samples, of_draws, everything: Dense, ranking: RankingSettings
) -> None:
    best, ranks = rounds.second.best[name], rounds.third.ranks.get(name)
    for k in range(len(samples.in_sample)):
        inside = samples.in_sample[k][samples.period]
        outside = samples.out_of_sample[k][samples.period]
        for draw, r in enumerate(of_draws):
            place = k * len(of_draws) + draw
            combo_id = best.combo_id[place]
            expected = everything.pick(r, inside, ranking)
            assert is_pick(combo_id, expected, r[inside], everything.traded[inside])
            total = np.round(r[outside].sum(axis=0), 6)
            against = total[combo_id] if combo_id >= 0 else 0.0
            assert best.out_of_sample_r[place] == pytest.approx(against, abs=1e-4)
            if ranks is not None:
                assert ranks.less[place] == np.count_nonzero(total < against)
                assert ranks.equal[place] == np.count_nonzero(total == against)


@settings(max_examples=25, deadline=None)
@given(synthetic_chunks())
def test_resamples_and_years_of_all_combinations(drawn: tuple[Grid, list[Streams]]) -> None:
    grid, chunks = drawn
    plan = dataclasses.replace(
        plan_of(grid, chunks, RANKINGS[0]), coin=None, folds=None, splits=None
    )
    rounds = run_rounds(each_of(plan, chunks))
    r, _, _ = dense(chunks, plan.dates)
    n, mean = len(r), r.mean(axis=0)
    deviation = long_run_deviation(r, plan.mean_block)
    inverse = np.divide(
        math.sqrt(n), deviation, out=np.zeros_like(deviation), where=deviation > 1e-6
    )
    found = rounds.first.maxima
    assert found is not None
    assert plan.resamples is not None
    assert found.mean == pytest.approx(mean.max() * math.sqrt(n), abs=1e-5)
    assert found.studentized == pytest.approx((mean * inverse).max(), rel=1e-6, abs=1e-5)
    resampled = plan.resamples.T @ r / n
    assert found.resampled_mean == pytest.approx(
        (resampled - mean).max(axis=1) * math.sqrt(n), abs=1e-5
    )
    threshold = -math.sqrt(2 * math.log(math.log(n)))
    centres = np.maximum(mean, 0), np.where(mean * inverse >= threshold, mean, 0.0), mean
    for k, centre in enumerate(centres):
        expected = ((resampled - centre) * inverse).max(axis=1)
        assert found.resampled_studentized[k] == pytest.approx(expected, rel=1e-5, abs=1e-4)
    year = plan.dates.astype("datetime64[D]").astype("datetime64[Y]")
    totals = [np.round(r[year == one].sum(axis=0), 2) for one in np.unique(year)]
    years = rounds.second.years
    assert years is not None
    squares = years.sums.diagonal().astype(np.float64)
    expected = spearman(totals[0], totals[-1])
    scale = math.sqrt(squares[0] * squares[-1])
    if expected is None:
        assert scale == 0
    else:
        assert years.sums[0, -1] / scale == pytest.approx(expected, abs=1e-4)


@settings(max_examples=10, deadline=None)
@given(synthetic_chunks(), st.randoms(use_true_random=False))
def test_the_order_of_chunks_changes_no_bit(drawn: tuple[Grid, list[Streams]], random) -> None:  # type: ignore[no-untyped-def]
    grid, chunks = drawn
    plan = plan_of(grid, chunks, RANKINGS[2])
    shuffled = random.sample(chunks, len(chunks))
    check_same_bits(plan, chunks, shuffled)


def test_a_session_without_dates_is_one_without_trades() -> None:
    random = np.random.default_rng(11)
    r, opposite = random.normal(0, 1, (2, 60, 4))
    some = chunk_of(r, opposite, n_exits=2)
    idle = dataclasses.replace(some, first_id=4, outcome=np.full_like(some.outcome, NO_OUTCOME))
    empty = dataclasses.replace(idle, dates=idle.dates[:0], outcome=idle.outcome[:, :0])
    plan = plan_of(grid_of(2, 2, 2), [some], RANKINGS[0])
    check_same_bits(plan, [some, idle], [some, empty])


def check_same_bits(plan: TestPlan, chunks: list[Streams], others: list[Streams]) -> None:
    one, other = (run_rounds(each_of(plan, some)) for some in (chunks, others))
    for name, best in one.second.best.items():
        for field in dataclasses.fields(best):
            ours, theirs = getattr(best, field.name), getattr(other.second.best[name], field.name)
            assert (ours == theirs).all()
    for name, ranks in one.third.ranks.items():
        assert (ranks.less == other.third.ranks[name].less).all()
    assert one.first.maxima is not None
    assert other.first.maxima is not None
    assert (one.first.maxima.resampled_mean == other.first.maxima.resampled_mean).all()


def test_metrics_that_depend_on_the_order_of_trades_are_refused() -> None:
    with pytest.raises(ConfigError, match="cannot rank by max_drawdown"):
        ranking_of(RankingSettings(weights={"total_r": 1.5, "max_drawdown": -0.5}))
