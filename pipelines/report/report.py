"""Report of a run as one value, the source of every file and of the screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

from ib_grid.analysis import RunSource
from ib_grid.errors import ConfigError, DataError, StoreError
from ib_grid.grid.grid import Grid
from ib_grid.grid.scoring import RankingSettings
from ib_grid.grid.variations import VARIATIONS
from ib_grid.robustness.conclusion.verdict import Verdict, verdict
from ib_grid.robustness.results import Robustness
from ib_grid.runs import row_blocks
from ib_grid.runs.cubes import Cube
from ib_grid.runs.partition_layout import results_folder
from ib_grid.runs.row_blocks import File
from ib_grid.storage.paths import AnyPath
from pipelines.cluster.executors import SERIAL_EXECUTOR, Executor
from pipelines.render import numbers
from pipelines.report.measures.challenge import Challenge, challenge
from pipelines.report.measures.conclusion import run_facts
from pipelines.report.measures.costs import CostCurve, cost_curve
from pipelines.report.measures.eligible import Eligible, eligible
from pipelines.report.measures.parameter_effects import (
    ParameterEffects,
    parameter_effects,
    total_r_cube,
)
from pipelines.report.measures.ranked_rows import Ranking, Scope, rank
from pipelines.report.measures.replay import NO_BARS, TOP_TABLE, NoReplay, Replay, replay
from pipelines.report.run_info import RunInfo

VariationFilter = Literal["rule", "none"]
VARIATION_FILTERS: tuple[VariationFilter, ...] = get_args(VariationFilter)

TOP_ROWS = 100
VARIATION_ROWS = 500
DEFAULT_BEST = 10_000


def workbook_path(run_dir: AnyPath, symbol: str) -> AnyPath:
    """Return the path of the workbook of a run."""
    return run_dir / f"{symbol}_results.xlsx"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSettings:
    """Settings of a report: the ranking and its length.

    With the rule, the ranking of a variation has only the combinations where the variation applies.
    `n_best` is the length of the overall ranking, at least `TOP_ROWS`, and the number of rows in
    Excel.
    """

    ranking: RankingSettings
    variation_filter: VariationFilter = "rule"
    n_best: int = DEFAULT_BEST

    def __post_init__(self) -> None:
        if self.variation_filter not in VARIATION_FILTERS:
            raise ConfigError(
                f"unknown variation filter {self.variation_filter!r}",
                expected=f"one of {', '.join(VARIATION_FILTERS)}",
            )
        if self.n_best < 1:
            raise ConfigError(
                f"invalid number of rows {self.n_best}", location="--top", expected="1 or more"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class VariationReport:
    """Rankings of a variation: where the variation applies, and over all combinations.

    `variation_filter` names the ranking that is selected and has up to `VARIATION_ROWS` rows; the
    other one has a single row.
    """

    by_rule: Ranking
    unfiltered: Ranking
    variation_filter: VariationFilter

    @property
    def selected(self) -> Ranking:
        """Ranking that the files show."""
        return self.by_rule if self.variation_filter == "rule" else self.unfiltered


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Report:
    """Content of all files of a report.

    `n_rows` counts the combinations that are computed and kept; `cost` is None where the run has no
    break-even costs; `replay` has the trades of the top ones, or why there are none; `robustness`
    are the tests of this ranking, if they were made; `untestable` is why they cannot be made, or
    empty; `challenge` is None without the trades or a contract, and if the verdict is that the
    trades lose.
    """

    info: RunInfo
    settings: ReportSettings
    n_rows: int
    overall: Ranking
    variations: Mapping[str, VariationReport]
    parameter_effects: ParameterEffects
    eligible: Eligible
    cost: CostCurve | None
    replay: Replay | NoReplay
    robustness: Robustness | None
    verdict: Verdict
    untestable: str
    challenge: Challenge | None

    @property
    def top(self) -> pd.DataFrame:
        """First `TOP_TABLE` rows of the ranking that represent themselves.

        ``alike`` is the number of near-identical combinations among the top `TOP_ROWS`, itself
        included; without the bars all represent themselves, and there is no such column.
        """
        if isinstance(self.replay, NoReplay):
            return self.overall.best.head(TOP_TABLE)
        position, alike = np.unique(self.replay.represented_by, return_counts=True)
        return self.overall.best.iloc[position].assign(alike=alike).head(TOP_TABLE)

    @property
    def is_profitable(self) -> bool:
        """True if the combination with the highest score makes money."""
        best = self.overall.best
        return not best.empty and bool(best["total_r"].iloc[0] > 0)

    @property
    def attribute(self) -> str:
        """Attribute of the combination with the highest score: best only if the verdict allows."""
        return "best" if self.verdict.allows_best else "selected"

    @property
    def n_computed(self) -> int:
        """Number of computed combinations, kept or not."""
        return self.n_rows if self.info.n_computed is None else self.info.n_computed

    @property
    def is_partial(self) -> bool:
        """True if part of the grid is not computed."""
        return self.n_computed < len(self.info.grid)

    @property
    def has_gaps(self) -> bool:
        """True if combinations of the grid are missing: not computed, or not kept."""
        return self.n_rows < len(self.info.grid)

    @property
    def grid_share_pct(self) -> float:
        """Percentage of the grid that is computed."""
        return numbers.significant(100 * self.n_computed / len(self.info.grid))


def build_report(
    run_dir: AnyPath,
    info: RunInfo,
    settings: ReportSettings,
    source: RunSource | NoReplay = NO_BARS,
    executor: Executor = SERIAL_EXECUTOR,
    robustness: Robustness | None = None,
    *,
    checked: Sequence[str] = (),
) -> Report:
    """Build the report of a run, finished or not, from its partition files.

    Robustness tests of another ranking are left out. `checked` names metrics that must not
    contradict each other in any row.
    """
    _check_kept(settings.ranking, info.metrics)
    files = row_blocks.partition_files(run_dir, info.symbol)
    n_rows = row_blocks.count_rows(files)
    _check_number(n_rows, info, results_folder(run_dir, info.symbol))
    # Independent work: while one part waits for its last file, the other uses the processes.
    measured = executor.submit_thread(_measured, files, info.grid)
    overall, *of_variations = _rankings(files, info, settings, executor, checked)
    bests = pd.concat([ranking.best.head(1) for ranking in of_variations])
    replayed = executor.submit(replay, overall.best.head(TOP_ROWS), bests, files, source)
    pairs = zip(of_variations[::2], of_variations[1::2], strict=True)
    variations = {
        name: VariationReport(by_rule=a, unfiltered=b, variation_filter=settings.variation_filter)
        for name, (a, b) in zip(VARIATIONS, pairs, strict=True)
    }
    min_trades = settings.ranking.min_trades
    total_r, effects = measured.result()
    of_eligible = eligible(files, info.grid, total_r, overall, min_trades, executor)
    cost = cost_curve(files, info, executor)
    replay_result = replayed.result()
    tested = robustness if robustness and _is_of(robustness, settings.ranking) else None
    facts = run_facts(info, overall, settings.ranking, replay_result, tested)
    concluded = verdict(facts, tested)
    return Report(
        info=info,
        settings=settings,
        n_rows=n_rows,
        overall=overall,
        variations=variations,
        eligible=of_eligible,
        parameter_effects=effects,
        cost=cost,
        replay=replay_result,
        robustness=tested,
        verdict=concluded,
        untestable=facts.untestable,
        challenge=challenge(overall, replay_result, source, tested, concluded),
    )


def _is_of(robustness: Robustness, ranking: RankingSettings) -> bool:
    tested = (robustness.weights, robustness.min_trades)
    return tested == (ranking.weights, ranking.min_trades)


def _measured(files: Sequence[File], grid: Grid) -> tuple[Cube, ParameterEffects]:
    total_r = total_r_cube(files, grid)
    return total_r, parameter_effects(total_r, grid)


def _check_number(n_rows: int, info: RunInfo, results: AnyPath) -> None:
    if n_rows > len(info.grid):
        raise StoreError(
            f"{n_rows} rows for a grid of {len(info.grid)} combinations",
            location=str(results),
            expected="each combination once",
            hint="run again with --no-resume",
        )
    if not n_rows:
        raise DataError(
            f"no row is stored: {_none_kept(info)}",
            location=str(results),
            expected="at least one row",
            hint="run with another --filter",
        )


def _rankings(
    files: Sequence[File],
    info: RunInfo,
    settings: ReportSettings,
    executor: Executor,
    checked: Sequence[str],
) -> tuple[Ranking, ...]:
    ranked_by_run = info.threshold is not None and settings.ranking == info.row_filter.ranking
    return rank(
        files,
        _scopes(settings),
        settings.ranking,
        executor,
        metrics=info.metrics,
        checked=[name for name in checked if name in info.metrics],
        extrema=info.threshold.extrema if info.threshold and ranked_by_run else None,
    )


def _none_kept(info: RunInfo) -> str:
    reason = info.row_filter.condition or f"{info.row_filter.ranking.min_trades} trades or more"
    return f"none of {info.n_computed or 0:,} computed combinations has {reason}"


def _check_kept(ranking: RankingSettings, metrics: Sequence[str]) -> None:
    missing = [name for name in ranking.weights if name not in metrics]
    if missing:
        raise ConfigError(
            f"the run did not store the column {missing[0]}",
            location="ranking weights",
            expected=", ".join(metrics),
            hint="run with these weights, or with --columns all",
        )


def _scopes(settings: ReportSettings) -> list[Scope]:
    scopes = [Scope(n_best=max(settings.n_best, TOP_ROWS))]
    for name in VARIATIONS:
        for by_rule in (True, False):
            is_selected = by_rule == (settings.variation_filter == "rule")
            n_best = VARIATION_ROWS if is_selected else 1
            scopes.append(Scope(variation=name, by_rule=by_rule, n_best=n_best))
    return scopes
