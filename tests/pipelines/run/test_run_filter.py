"""A run that stores some of its results: stated everywhere, resumed exactly, never mixed."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest

from ib_grid.errors import DataError, IbGridError, RunMismatchError
from ib_grid.grid.filters.row_filter import RowFilter
from ib_grid.grid.params import PARAM_NAMES
from ib_grid.grid.scoring import RankingSettings
from ib_grid.runs import partition_file
from ib_grid.runs.chunk_summary import summarise
from ib_grid.runs.manifest import read_manifest
from ib_grid.runs.partition_layout import partition_files, partition_path, results_folder
from pipelines.cluster import executors
from pipelines.config.settings import Settings
from pipelines.inputs.inputs import read_inputs
from pipelines.report.report import ReportSettings, build_report
from pipelines.report.report_run import report_run
from pipelines.report.run_info import run_info as run_info_of
from pipelines.report.screen import show_report
from pipelines.run import attempt
from pipelines.run.run import RunResult, run
from pipelines.verify.run import verify_run
from tests.helpers.runs.reported_runs import run_info
from tests.helpers.runs.small_runs import (
    FINGERPRINT,
    GRID,
    PLAN,
    made_up_metrics,
    plain_console,
    rows,
    settings,
)

KEPT = {"columns": "ranking", "filter": "total_trades >= 3", "top_k": 50}
RANKING = {"weights": {"total_r": 1.0}, "min_trades": 3}


def done(asked: Settings) -> tuple[RunResult, str]:
    console, text = plain_console()
    return run(asked, read_inputs(asked), console), text.getvalue()


def kept_rows(result: RunResult):
    return rows(results_folder(result.folder, "GER40"))


@pytest.mark.cluster
def test_run_with_top_k(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, _ = done(settings(tmp_path, output=tmp_path / "whole", ranking=RANKING))
    everything = kept_rows(whole).to_pandas()
    eligible = everything[everything.total_trades >= 3]
    best = eligible.sort_values(["total_r", "combo_id"], ascending=[False, True]).head(50)
    assert len(eligible) > 50

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    asked = settings(tmp_path, ranking=RANKING, run_dir="few", **KEPT)
    with monkeypatch.context() as patch:  # when the cut is known and no file has been cut
        patch.setattr(attempt, "filter_partitions", killed)
        with pytest.raises(KeyboardInterrupt):
            done(asked)
    begun = read_manifest(tmp_path / "results" / "few")
    assert begun.state == "interrupted"
    assert begun.cut["combo_id"] == best.combo_id.iloc[-1]
    assert len(kept_rows(whole)) > len(begun.cut)

    said = " ".join(run_info_of(begun, tmp_path / "results" / "few").notes)
    assert "Some rows outside the top are still present; run again" in said
    result, said = done(asked)
    assert result.computed == 0
    assert "outside the top are still" not in " ".join(
        run_info_of(read_manifest(result.folder), result.folder).notes
    )
    assert "Stored only the best 50 of these" in said
    assert f"stored: 50 of {len(GRID)} rows" in said
    table = kept_rows(result)
    assert table["combo_id"].to_pylist() == sorted(best.combo_id)
    assert table.column_names == ["combo_id", *PARAM_NAMES, *RowFilter(columns="ranking").metrics]
    assert read_manifest(result.folder).state == "finished"
    assert read_manifest(result.folder).row_filter.top == 50
    assert result.summary.combinations == len(GRID)

    files = partition_files(results_folder(result.folder, "GER40"))
    for path in files[4:7]:  # computed again, and cut at the same place, both by the workers
        path.unlink()
    with contextlib.ExitStack() as stack, monkeypatch.context() as patch:
        patch.setattr(executors, "ROWS_PER_PROCESS", 1)
        patch.setattr(partition_file, "write", lambda *_, **__: pytest.fail("not by a worker"))
        again = run(asked, read_inputs(asked), plain_console()[0], stack)
    assert again.computed == 24
    assert kept_rows(again).equals(table)

    with pytest.raises(RunMismatchError, match=r"keep\.top: 40 here, 50 in the run"):
        done(settings(tmp_path, ranking=RANKING, run_dir="few", **{**KEPT, "top_k": 40}))
    with pytest.raises(RunMismatchError, match="keep"):
        done(settings(tmp_path, ranking=RANKING, run_dir="few"))
    _check_report(again.folder, whole.folder, len(eligible))
    found = verify_run(again.folder, sample=5, seed=1, progress=lambda *_: None)
    assert {check.state for check in found.checks} == {"passed"}, found.checks


def _check_report(folder: Path, whole: Path, n_eligible: int) -> None:
    """Check that the ranking is that of the whole run and that reports name what was left out."""
    report, paths = report_run(folder, excel=True)
    complete, _ = report_run(whole)
    names = ["rank", "score", "combo_id", "total_r", "sharpe_ratio"]
    assert report.overall.best[names].equals(complete.overall.best[names].head(50))
    assert (report.n_computed, report.n_rows) == (len(GRID), 50)
    assert not report.is_partial
    console, screen = plain_console()
    show_report(console, report, paths)
    summary = (folder / "GER40_summary.txt").read_text()
    page = (folder / "GER40_report.html").read_text()
    for text in (screen.getvalue(), summary, page):
        assert "Stored only the best 50 of these" in text
        assert f"all {n_eligible} ranked combinations" in " ".join(text.split())
        assert "Only the columns of the ranking are kept" in text
        assert "total_trades" in text
    coverage = json.loads((folder / "GER40_variation_agg.json").read_text())
    assert (coverage["computed"], coverage["kept"]) == (len(GRID), 50)
    with pytest.raises(IbGridError, match="did not store the column ocae_sortino_ratio"):
        report_run(folder, ranking=RankingSettings(weights={"ocae_sortino_ratio": 1.0}))


def test_empty_report_states_its_reason(tmp_path: Path) -> None:
    chunk, keep = PLAN.chunk(0), RowFilter(condition="total_trades > 1000")
    metrics = made_up_metrics(chunk)
    table = keep.apply(partition_file.results_table(GRID, chunk, metrics))
    assert not table.num_rows
    path = partition_path(results_folder(tmp_path, "GER40"), GRID, chunk)
    partition_file.write(path, table, chunk, FINGERPRINT, summarise(chunk, metrics, 10))
    partition_file.read_verified(path, GRID, chunk, FINGERPRINT)
    info = run_info(GRID, row_filter=keep, n_computed=chunk.n_rows)
    with pytest.raises(DataError, match="none of 8 computed combinations has total_trades > 1000"):
        build_report(tmp_path, info, ReportSettings(ranking=RankingSettings()))
