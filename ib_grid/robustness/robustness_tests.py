"""Robustness tests of a run, all of them or one."""

from __future__ import annotations

import dataclasses

from ib_grid.grid.scoring import RankingSettings
from ib_grid.robustness.assembly import cscv_of, random_direction_of, results_of, walk_forward_of
from ib_grid.robustness.plan import (
    RobustnessSettings,
    TestPlan,
    plan_coin,
    plan_folds,
    plan_splits,
    plan_tests,
    session_dates_of,
)
from ib_grid.robustness.results import Robustness
from ib_grid.robustness.rounds import in_this_process, run_rounds
from ib_grid.robustness.statistics.cscv import Cscv
from ib_grid.robustness.statistics.random_direction import DEFAULT_DRAWS, RandomDirection
from ib_grid.robustness.statistics.walk_forward import (
    DEFAULT_OUT_OF_SAMPLE_MONTHS,
    Scheme,
    WalkForward,
)
from ib_grid.robustness.whole_grid.selection import ranking_of
from ib_grid.runs.source import HasSource, RunSource, source_of


def robustness_tests(
    of: RunSource | HasSource,
    settings: RobustnessSettings | None = None,
    *,
    ranking: RankingSettings | None = None,
) -> Robustness:
    """Test the selection from a run on its whole grid, in this process.

    Parameters
    ----------
    of : RunSource or Run
    settings : RobustnessSettings, optional
    ranking : RankingSettings, optional
        By default the ranking of the run, or of `RankingSettings` for a source.

    Returns
    -------
    Robustness
        The same to the last bit on every machine.

    Raises
    ------
    ConfigError
        If the ranking weighs a metric that depends on the order of trades, or the settings do not
        fit the dates.
    DataError
        If a run's bars or calendars are missing or have changed.
    """
    source, ranking = source_of(of), ranking or ranking_of_run(of)
    settings = settings or RobustnessSettings()
    plan = plan_tests(source.grid, source.context.market, ranking, settings)
    rounds = run_rounds(in_this_process(source.context, plan))
    return results_of(source.context, plan, rounds, ranking, settings)


def random_direction(
    of: RunSource | HasSource,
    *,
    ranking: RankingSettings | None = None,
    draws: int = DEFAULT_DRAWS,
    seed: int = 0,
) -> RandomDirection:
    """Compare a run's selection with what coin-flipped directions would have selected.

    Parameters
    ----------
    of : RunSource or Run
    ranking : RankingSettings, optional
        As in `robustness_tests`.
    draws : int
        The smallest possible p is 1 / (1 + draws).
    seed : int

    Raises
    ------
    ConfigError, DataError
        As `robustness_tests`.
    """
    settings = RobustnessSettings(draws=draws, seed=seed)
    plan, source = _plan_of(of, ranking)
    plan = dataclasses.replace(plan, coin=plan_coin(plan.dates, settings))
    rounds = run_rounds(in_this_process(source.context, plan))
    return random_direction_of(rounds, settings, len(plan.grid))


def walk_forward(
    of: RunSource | HasSource,
    *,
    ranking: RankingSettings | None = None,
    in_sample_months: int | None = None,
    out_of_sample_months: int = DEFAULT_OUT_OF_SAMPLE_MONTHS,
    scheme: Scheme = "rolling",
    null_draws: int = 0,
    seed: int = 0,
) -> WalkForward | None:
    """Select by a run's ranking on past months, and trade the months after them, fold by fold.

    Parameters
    ----------
    of : RunSource or Run
    ranking : RankingSettings, optional
        As in `robustness_tests`.
    in_sample_months : int, optional
        Calendar months of the session dates; by default 12, or half of the months if there are
        fewer than 24.
    out_of_sample_months : int
    scheme : {"rolling", "anchored"}
        Windows in sample of one length, or all from the first month.
    null_draws, seed : int
        Draws of the coin; 0 for no `p` and no `coin_band`.

    Returns
    -------
    WalkForward or None
        None by default with less than two months.

    Raises
    ------
    ConfigError, DataError
        As `robustness_tests`.
    """
    settings = RobustnessSettings(
        in_sample_months=in_sample_months,
        out_of_sample_months=out_of_sample_months,
        scheme=scheme,
        null_draws=null_draws,
        seed=seed,
    )
    plan, source = _plan_of(of, ranking)
    plan = dataclasses.replace(plan, folds=plan_folds(plan.dates, settings))
    if plan.folds is None:
        return None
    rounds = run_rounds(in_this_process(source.context, plan))
    return walk_forward_of(source.context, plan, plan.folds, rounds, settings)


def cross_validation(
    of: RunSource | HasSource,
    *,
    ranking: RankingSettings | None = None,
    blocks: int | None = None,
    null_draws: int = 0,
    seed: int = 0,
) -> Cscv | None:
    """Cross-validate the ranking of a run: select in one half of the blocks, judge in the other.

    Parameters
    ----------
    of : RunSource or Run
    ranking : RankingSettings, optional
        As in `robustness_tests`.
    blocks : int, optional
        Even; 12 by default, which makes 924 splits, or fewer with fewer session dates.
    null_draws, seed : int
        Draws of the coin; 0 for no `null_pbo`.

    Returns
    -------
    Cscv or None
        Ranks are by total R out of sample, over all combinations. None by default with fewer than
        two session dates.

    Raises
    ------
    ConfigError, DataError
        As `robustness_tests`.
    """
    settings = RobustnessSettings(blocks=blocks, null_draws=null_draws, seed=seed)
    plan, source = _plan_of(of, ranking)
    plan = dataclasses.replace(plan, splits=plan_splits(plan.dates, settings))
    if plan.splits is None:
        return None
    return cscv_of(plan, plan.splits, run_rounds(in_this_process(source.context, plan)))


def ranking_of_run(of: RunSource | HasSource) -> RankingSettings:
    """Return the ranking of a run; for a source, that of runs unless told otherwise."""
    manifest = getattr(of, "manifest", None)
    return RankingSettings(**manifest.ranking) if manifest else RankingSettings()


def _plan_of(
    of: RunSource | HasSource, ranking: RankingSettings | None
) -> tuple[TestPlan, RunSource]:
    """Return a plan that asks for nothing yet, and the source."""
    source = source_of(of)
    plan = TestPlan(
        grid=source.grid,
        ranking=ranking_of(ranking or ranking_of_run(of)),
        dates=session_dates_of(source.context.market),
    )
    return plan, source
