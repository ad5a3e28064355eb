"""Facts that decide the verdict of a report: its ranking and the robustness tests of the run."""

from __future__ import annotations

from ib_grid.grid.scoring import RankingSettings
from ib_grid.robustness.conclusion.obstacles import obstacle
from ib_grid.robustness.conclusion.run_facts import RunFacts
from ib_grid.robustness.results import Robustness, Selected
from pipelines.render.numbers import row_values
from pipelines.report.measures.ranked_rows import Ranking
from pipelines.report.measures.replay import NoReplay, Replay
from pipelines.report.run_info import RunInfo


def run_facts(
    info: RunInfo,
    overall: Ranking,
    ranking: RankingSettings,
    replay: Replay | NoReplay,
    robustness: Robustness | None,
) -> RunFacts:
    """Return the facts of a run, with or without its robustness tests.

    Stored rows may be part of the grid only; the robustness tests know all of it.
    """
    sums = overall.sums
    profitable, combinations, scope = sums.profitable_combinations, sums.combinations, ""
    if robustness:
        profitable, combinations = robustness.profitable, robustness.combinations
    elif combinations < len(info.grid):
        scope = "computed so far" if info.row_filter.every_row else "that are stored"
    error = obstacle(ranking, info.row_filter)
    return RunFacts(
        run=info.run,
        model=info.execution["model"],
        combinations=combinations,
        profitable=profitable,
        scope=scope,
        min_trades=ranking.min_trades,
        untestable=f"{error.message}; {error.hint}" if error else "",
        selected=_selected(overall),
        other_total_r=None if isinstance(replay, NoReplay) else float(replay.other["total_r"][0]),
        holds_out=info.holds_out,
        hold_out=info.hold_out,
    )


def _selected(overall: Ranking) -> Selected | None:
    if overall.best.empty:
        return None
    row = row_values(overall.best.iloc[0].to_dict())
    return Selected(
        combo_id=int(row["combo_id"]),
        total_r=float(row["total_r"]),
        sharpe_ratio=float(row["sharpe_ratio"]),
    )
