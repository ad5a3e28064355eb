"""Results of the robustness tests from those of the rounds over the grid."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

from ib_grid.engine.context import BacktestContext
from ib_grid.engine.fast.engine import grid_of_one
from ib_grid.grid.chunks import plan_chunks
from ib_grid.grid.grid import Grid
from ib_grid.grid.scoring import RankingSettings
from ib_grid.robustness.measures.rules import RulePicks, best_values
from ib_grid.robustness.measures.years import RankProducts, years_result
from ib_grid.robustness.plan import (
    Folds,
    RobustnessSettings,
    Splits,
    TestPlan,
)
from ib_grid.robustness.results import Robustness, Selected
from ib_grid.robustness.rounds import AllRounds
from ib_grid.robustness.statistics.cscv import Cscv, logits, median_rank, overfit_share
from ib_grid.robustness.statistics.random_direction import NullComparison, RandomDirection, compare
from ib_grid.robustness.statistics.reality_check import p_values
from ib_grid.robustness.statistics.track_record import track_record
from ib_grid.robustness.statistics.walk_forward import (
    SELECTION_RULES,
    CoinBand,
    DailyR,
    FoldResult,
    SelectionRule,
    WalkForward,
    efficiency,
    t_over_folds,
)
from ib_grid.robustness.whole_grid.selection import NO_COMBINATION
from ib_grid.robustness.whole_grid.streams import streams

_BAND = (0.05, 0.5, 0.95)


def results_of(
    context: BacktestContext,
    plan: TestPlan,
    rounds: AllRounds,
    ranking: RankingSettings,
    settings: RobustnessSettings,
) -> Robustness:
    """Return the results of all tests from those of the rounds."""
    coin = rounds.second.best["coin"]
    selected = None
    if coin.combo_id[0] != NO_COMBINATION:
        selected = Selected(
            combo_id=int(coin.combo_id[0]),
            total_r=float(coin.total_r[0]),
            sharpe_ratio=float(coin.sharpe_ratio[0]),
        )
    first, last = (str(np.datetime64(int(day), "D")) for day in plan.dates[[0, -1]])
    forward: WalkForward | None = None
    rules: tuple[SelectionRule, ...] = ()
    if plan.folds is not None:
        forward = walk_forward_of(context, plan, plan.folds, rounds, settings)
        picks = cast("RulePicks", rounds.second.rules)  # asked for with the folds
        rules = _selection_rules(context, plan, plan.folds, picks, rounds)
    record = None
    if selected is not None:
        record = track_record(daily_r(context, plan.grid, plan.dates, selected.combo_id))
    maxima = rounds.first.maxima
    years = cast("RankProducts", rounds.second.years)  # a plan of all tests asks for years
    return Robustness(
        weights=dict(ranking.weights),
        min_trades=ranking.min_trades,
        combinations=len(plan.grid),
        dates=(first, last),
        n_dates=len(plan.dates),
        selected=selected,
        track_record=record,
        random_direction=random_direction_of(rounds, settings, len(plan.grid)),
        walk_forward=forward,
        cscv=cscv_of(plan, plan.splits, rounds) if plan.splits else None,
        spa=None if maxima is None else p_values(maxima, plan.mean_block),
        years=years_result(plan.dates, years),
        selection_rules=rules,
    )


def daily_r(
    context: BacktestContext, grid: Grid, dates: NDArray[np.int64], combo_id: int
) -> NDArray[np.float64]:
    """Return R of one combination on each of the dates, 0 without a trade, shape (n_dates,)."""
    alone = grid_of_one(grid.params(combo_id))
    one = streams(context, alone, plan_chunks(alone, 1).chunk(0))
    r = np.zeros(len(dates))
    r[np.searchsorted(dates, one.dates)] = one.dense()[:, 0]
    return r


def random_direction_of(
    rounds: AllRounds, settings: RobustnessSettings, n_combinations: int
) -> RandomDirection:
    """Return the comparison of the run with the draws of the coin."""
    found, best = rounds.first.extremes["coin"], rounds.second.best["coin"]
    return RandomDirection(
        draws=settings.draws,
        seed=settings.seed,
        selected_total_r=_beside(best.total_r),
        selected_sharpe_ratio=_beside(best.sharpe_ratio),
        best_total_r=_beside(found.best_total_r),
        best_sharpe_ratio=_beside(found.best_sharpe_ratio),
        share_profitable=_beside(found.profitable / n_combinations),
    )


def _beside(values: NDArray[np.float64]) -> NullComparison:
    return compare(values[0], values[1:])


def cscv_of(plan: TestPlan, splits: Splits, rounds: AllRounds) -> Cscv:
    """Return the result of the cross-validation."""
    best, ranks = rounds.second.best["splits"], rounds.third.ranks["splits"]
    n = len(plan.grid)
    found = logits(ranks.less, ranks.equal, n)
    null = rounds.third.ranks.get("splits_null")
    of_null = splits.null
    return Cscv(
        blocks=splits.samples.in_sample.shape[1],
        splits=len(found),
        share_lost=float(np.mean(best.out_of_sample_r < 0)),
        pbo=overfit_share(found),
        null_pbo=overfit_share(logits(null.less, null.equal, n)) if null else None,
        null_draws=of_null.n_draws if of_null else 0,
        median_rank=median_rank(found),
        in_sample_total_r=tuple(best.total_r.tolist()),
        out_of_sample_total_r=tuple(best.out_of_sample_r.tolist()),
    )


def walk_forward_of(
    context: BacktestContext,
    plan: TestPlan,
    folds: Folds,
    rounds: AllRounds,
    settings: RobustnessSettings,
) -> WalkForward:
    """Return the result of the walk-forward."""
    best, ranks = rounds.second.best["folds"], rounds.third.ranks["folds"]
    percentile = (ranks.less + ranks.equal / 2) / len(plan.grid)
    total = float(best.out_of_sample_r.sum())
    results = tuple(
        FoldResult(
            in_sample_first=folds.months[fold.in_sample_first],
            in_sample_last=folds.months[fold.in_sample_last],
            out_of_sample_first=folds.months[fold.out_of_sample_first],
            out_of_sample_last=folds.months[fold.out_of_sample_last],
            combo_id=int(best.combo_id[k]),
            in_sample_total_r=float(best.total_r[k]),
            out_of_sample_total_r=float(best.out_of_sample_r[k]),
            percentile=float(percentile[k]),
        )
        for k, fold in enumerate(folds.folds)
    )
    samples = folds.samples
    dates_of_month = np.bincount(samples.period, minlength=len(folds.months))
    null = rounds.second.best.get("folds_null")
    chained = None
    if null is not None:
        chained = null.out_of_sample_r.reshape(len(results), -1).cumsum(axis=0)
    return WalkForward(
        scheme=settings.scheme,
        in_sample_months=folds.folds[0].in_sample_last - folds.folds[0].in_sample_first + 1,
        out_of_sample_months=settings.out_of_sample_months,
        folds=results,
        out_of_sample_total_r=total,
        t=t_over_folds(best.out_of_sample_r),
        efficiency=efficiency(
            best.total_r,
            samples.in_sample @ dates_of_month,
            best.out_of_sample_r,
            samples.out_of_sample @ dates_of_month,
        ),
        distinct=len(set(best.combo_id[best.combo_id != NO_COMBINATION].tolist())),
        p=None if chained is None else compare(total, chained[-1]).p,
        daily=_chained_daily(context, plan, folds, best.combo_id),
        coin_band=None if chained is None else _band(chained, settings),
    )


def _band(chained: NDArray[np.float64], settings: RobustnessSettings) -> CoinBand:
    low, median, high = (tuple(np.quantile(chained, q, axis=1).tolist()) for q in _BAND)
    return CoinBand(draws=chained.shape[1], seed=settings.seed, low=low, median=median, high=high)


def _chained_daily(
    context: BacktestContext, plan: TestPlan, folds: Folds, combo_ids: NDArray[np.int64]
) -> DailyR:
    """Return R by date of each fold's combination in the months after its selection."""
    r, outside = np.zeros(len(plan.dates)), folds.samples.out_of_sample
    of_id = {
        combo_id: daily_r(context, plan.grid, plan.dates, combo_id)
        for combo_id in set(combo_ids.tolist()) - {NO_COMBINATION}
    }
    for combo_id, months in zip(combo_ids.tolist(), outside, strict=True):
        if combo_id != NO_COMBINATION:
            inside = months[folds.samples.period]
            r[inside] = of_id[combo_id][inside]
    traded = np.any(outside, axis=0, keepdims=True)[0, folds.samples.period]
    days = plan.dates[traded].astype("datetime64[D]")
    return DailyR(dates=tuple(map(str, days)), r=tuple(r[traded].tolist()))


def _selection_rules(
    context: BacktestContext, plan: TestPlan, folds: Folds, picks: RulePicks, rounds: AllRounds
) -> tuple[SelectionRule, ...]:
    default = rounds.second.best["folds"].out_of_sample_r
    of_rule = {
        "ranking": default,
        **{name: _mean_r(picks, name) for name in picks.top},
        "best_values": _of_best_values(context, plan, folds, picks),
    }
    return tuple(_rule(name, of_rule[name], default) for name in SELECTION_RULES)


def _rule(name: str, total_r: NDArray[np.float64], default: NDArray[np.float64]) -> SelectionRule:
    return SelectionRule(
        name=name,
        out_of_sample_total_r=float(total_r.sum()),
        t=t_over_folds(total_r),
        difference_total_r=float((total_r - default).sum()),
        difference_t=t_over_folds(total_r - default),
        total_r_of_folds=tuple(total_r.tolist()),
    )


def _mean_r(picks: RulePicks, name: str) -> NDArray[np.float64]:
    """Return the mean total R out of sample of what a rule holds together, shape (n_folds,)."""
    top = picks.top[name]
    n_held = np.count_nonzero(top.combo_id != NO_COMBINATION, axis=0)
    return top.out_of_sample_r.sum(axis=0) / np.maximum(n_held, 1)


def _of_best_values(
    context: BacktestContext, plan: TestPlan, folds: Folds, picks: RulePicks
) -> NDArray[np.float64]:
    found = np.zeros(len(folds.folds))
    for k, combo_id in enumerate(best_values(picks, plan.grid).tolist()):
        outside = folds.samples.out_of_sample[k][folds.samples.period]
        found[k] = daily_r(context, plan.grid, plan.dates, combo_id)[outside].sum()
    return found
