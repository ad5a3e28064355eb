from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from ib_grid.analysis.effects.neighbourhoods import neighbours
from ib_grid.analysis.selection.pareto import pareto_front
from ib_grid.errors import StoreError
from ib_grid.grid.grid import Grid
from ib_grid.grid.scoring import RankingSettings
from pipelines.report import facts
from tests.helpers.runs.reported_runs import MadeUpRun, write_rows

MakeRun = Callable[..., MadeUpRun]


def test_density_counts_the_eligible(make_run: MakeRun) -> None:
    run = make_run()
    density = run.report().eligible.density
    assert density is not None
    ranked = run.rows[run.rows["total_trades"] >= 10]
    assert density.counts.sum() == len(ranked) < len(run.rows)
    right = pd.cut(ranked["max_drawdown"], density.drawdown.edges.tolist(), labels=False)
    upper = pd.cut(ranked["total_r"], density.total_r.edges.tolist(), labels=False)
    expected = np.zeros_like(density.counts)
    np.add.at(expected, (upper, right), 1)
    assert (density.counts == expected).all()
    points = ranked[["max_drawdown", "total_r"]].to_numpy(np.float32)
    front = pareto_front(points, ranked["combo_id"].to_numpy())
    assert density.front.tolist() == points[front].tolist()
    assert density.front_ids.tolist() == ranked["combo_id"].to_numpy()[front].tolist()


def test_rivals_beat_the_best_in_all_else(make_run: MakeRun, grid: Grid) -> None:
    run = make_run()
    best = run.rows.set_index("combo_id").loc[run.report().overall.best["combo_id"].iloc[0]]
    signs = {"total_r": 1, "sharpe_ratio": 1, "max_drawdown": -1}
    for name, sign in signs.items():  # so that some combinations beat it
        run.rows.loc[best.name, name] = np.float32(-5 * sign)
    run.rows.loc[best.name, "winrate"] = np.float32(1000)
    write_rows(run.run_dir, grid, run.rows, 128)
    report = run.report(ranking=RankingSettings(weights={"winrate": 1.0}))
    assert report.overall.best["combo_id"].iloc[0] == best.name
    own = run.rows.loc[best.name]
    beats = run.rows["total_trades"] >= 10
    for name, sign in signs.items():
        beats &= sign * run.rows[name] > sign * own[name]
    expected = run.rows[beats].sort_values("total_r", ascending=False)["combo_id"]
    found = report.eligible.rivals
    assert found.n == len(expected) > 3
    assert found.highest["combo_id"].tolist() == expected.head(3).tolist()
    text = facts.rivals_text(report)
    assert text.startswith(f"{found.n} combinations beat the selected one")
    assert f"such as {expected.iloc[0]} (" in text


def test_without_rivals_nothing_is_said(make_run: MakeRun) -> None:
    report = make_run().report(ranking=RankingSettings(weights={"total_r": 1.0}))
    assert (report.eligible.rivals.n, facts.rivals_text(report)) == (0, "")


@pytest.mark.parametrize("chunks", [slice(None), slice(0, 2)])
def test_rows_above_and_beside_the_best(make_run: MakeRun, grid: Grid, chunks: slice) -> None:
    run = make_run(chunks=chunks)
    found = run.report().eligible
    there = run.rows[: run.report().n_rows].set_index("combo_id")["total_r"]
    best = run.report().overall.best["combo_id"].iloc[0]
    assert found.above_best == (there > there[best]).sum() > 0
    expected = neighbours(grid, int(best))["combo_id"]
    assert found.beside_best["combo_id"].tolist() == expected.tolist()
    total_r = found.beside_best["total_r"].astype(np.float32)
    assert total_r.equals(there.reindex(expected).reset_index(drop=True).astype(np.float32))
    assert total_r.isna().any() == (len(there) < len(grid))


def test_the_histogram_counts_their_scores(make_run: MakeRun) -> None:
    run = make_run()
    found = run.report().eligible.score_histogram
    assert found is not None
    assert found.counts.sum() == (run.rows["total_trades"] >= 10).sum() < len(run.rows)
    best = run.report().overall.best["score"].iloc[0]
    assert found.bins.edges[-2] < best <= found.bins.edges[-1]


def test_nothing_eligible(make_run: MakeRun) -> None:
    report = make_run().report(ranking=RankingSettings(min_trades=1000))
    assert report.eligible.density is None
    assert report.eligible.score_histogram is None
    assert report.eligible.above_best == 0
    assert report.eligible.beside_best.empty
    assert report.parameter_effects.total_r_histogram.counts.sum() == 512


def test_invalid_drawdown_is_refused(make_run: MakeRun, grid: Grid) -> None:
    run = make_run()
    run.rows.loc[99, "max_drawdown"] = np.nan
    write_rows(run.run_dir, grid, run.rows, 128)
    with pytest.raises(StoreError, match="max_drawdown of combination 99"):
        run.report()
