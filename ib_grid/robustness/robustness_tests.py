"""Robustness tests of a run."""

from __future__ import annotations

from ib_grid.grid.scoring import RankingSettings
from ib_grid.robustness.assembly import results_of
from ib_grid.robustness.plan import RobustnessSettings, plan_tests
from ib_grid.robustness.results import Robustness
from ib_grid.robustness.rounds import in_this_process, run_rounds
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
    source, settings = source_of(of), settings or RobustnessSettings()
    if ranking is None:
        manifest = getattr(of, "manifest", None)
        ranking = RankingSettings(**manifest.ranking) if manifest else RankingSettings()
    plan = plan_tests(source.grid, source.context.market, ranking, settings)
    rounds = run_rounds(in_this_process(source.context, plan))
    return results_of(source.context, plan, rounds, ranking, settings)
