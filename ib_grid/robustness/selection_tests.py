"""Robustness tests of a run: all of them, or one alone."""

from __future__ import annotations

from typing import Any

from ib_grid.grid.scoring import RankingSettings
from ib_grid.robustness.assembly import (
    cscv_of,
    random_direction_of,
    results_of,
    walk_forward_of,
)
from ib_grid.robustness.plan import RobustnessSettings, TestPlan, plan_tests
from ib_grid.robustness.results import Robustness
from ib_grid.robustness.rounds import in_this_process, run_rounds
from ib_grid.robustness.statistics.cscv import Cscv
from ib_grid.robustness.statistics.random_direction import RandomDirection
from ib_grid.robustness.statistics.walk_forward import WalkForward
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
    settings = settings or RobustnessSettings()
    source, plan, ranking = _planned(of, settings, ranking)
    rounds = run_rounds(in_this_process(source.context, plan))
    return results_of(source.context, plan, rounds, ranking, settings)


def random_direction(
    of: RunSource | HasSource,
    settings: RobustnessSettings | None = None,
    *,
    ranking: RankingSettings | None = None,
) -> RandomDirection:
    """Compare a run's selection with what coin-flipped directions would have selected.

    Parameters and errors are those of `robustness_tests`, of which this is one test alone.
    """
    settings = settings or RobustnessSettings()
    source, whole, _ = _planned(of, settings, ranking)
    plan = _only(whole, coin=whole.coin)
    rounds = run_rounds(in_this_process(source.context, plan))
    return random_direction_of(rounds, settings, len(plan.grid))


def walk_forward(
    of: RunSource | HasSource,
    settings: RobustnessSettings | None = None,
    *,
    ranking: RankingSettings | None = None,
) -> WalkForward | None:
    """Select by a run's ranking on past months, and trade the months after them, fold by fold.

    Parameters and errors are those of `robustness_tests`, of which this is one test alone. None by
    default if the dates span less than two months.
    """
    settings = settings or RobustnessSettings()
    source, whole, _ = _planned(of, settings, ranking)
    if whole.folds is None:
        return None
    plan = _only(whole, folds=whole.folds)
    rounds = run_rounds(in_this_process(source.context, plan))
    return walk_forward_of(source.context, plan, whole.folds, rounds, settings)


def cross_validation(
    of: RunSource | HasSource,
    settings: RobustnessSettings | None = None,
    *,
    ranking: RankingSettings | None = None,
) -> Cscv | None:
    """Cross-validate the ranking of a run: select in one half of the dates, judge in the other.

    Parameters and errors are those of `robustness_tests`, of which this is one test alone. None by
    default with fewer than two session dates.
    """
    settings = settings or RobustnessSettings()
    source, whole, _ = _planned(of, settings, ranking)
    if whole.splits is None:
        return None
    plan = _only(whole, splits=whole.splits)
    return cscv_of(plan, whole.splits, run_rounds(in_this_process(source.context, plan)))


def _planned(
    of: RunSource | HasSource, settings: RobustnessSettings, ranking: RankingSettings | None
) -> tuple[RunSource, TestPlan, RankingSettings]:
    """Return the source of a run, the plan of all tests and the ranking."""
    source = source_of(of)
    if ranking is None:
        manifest = getattr(of, "manifest", None)
        ranking = RankingSettings(**manifest.ranking) if manifest else RankingSettings()
    return source, plan_tests(source.grid, source.context.market, ranking, settings), ranking


def _only(whole: TestPlan, **parts: Any) -> TestPlan:
    """Return a plan that asks for these parts alone."""
    return TestPlan(grid=whole.grid, ranking=whole.ranking, dates=whole.dates, **parts)
