from __future__ import annotations

import csv
import errno
import gc
import io
import json
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from ib_grid.errors import ConfigError, DiskError, OutputError, StoreError
from ib_grid.grid.variations import VARIATIONS
from pipelines.report.excel import write_workbook
from pipelines.report.write import write_report
from tests.helpers.machines.full_disk import room_for
from tests.helpers.machines.thread_executor import thread_executor
from tests.helpers.runs.reported_runs import MadeUpRun, write_rows

NAMES = [
    "best_by_variation.json",
    "best_params.json",
    "report.html",
    "summary.txt",
    "top_100.csv",
    "variation_OCAE_top500.csv",
    "variation_REV_RB_top500.csv",
    "variation_Reverse_top500.csv",
    "variation_TCWE_top500.csv",
    "variation_agg.json",
    "variation_report.txt",
    "variations_summary.csv",
]


def read_csv(run: MadeUpRun, name: str) -> list[dict[str, str]]:
    with (run.run_dir / f"GER40_{name}").open(newline="") as file:
        return list(csv.DictReader(file))


def read_json(run: MadeUpRun, name: str) -> dict[str, object]:
    return json.loads((run.run_dir / f"GER40_{name}").read_text())


def read_text(run: MadeUpRun, name: str) -> str:
    return (run.run_dir / f"GER40_{name}").read_text()


def test_all_files_are_written_and_nothing_else(make_run: Callable[..., MadeUpRun]) -> None:
    run = make_run()
    paths = write_report(run.report(), run.run_dir)
    assert sorted(path.name for path in paths) == sorted(f"GER40_{name}" for name in NAMES)
    there = sorted(path.name for path in run.run_dir.iterdir())
    assert there == sorted(["GER40_full_results.parquet", *(path.name for path in paths)])


def test_reports_from_parquet_are_the_same_bytes(make_run: Callable[..., MadeUpRun]) -> None:
    run = make_run()
    first = {path: path.read_bytes() for path in write_report(run.report(), run.run_dir)}
    again = {path: path.read_bytes() for path in write_report(run.report(), run.run_dir)}
    assert first == again


def test_executor_does_not_change_the_report(make_run: Callable[..., MadeUpRun]) -> None:
    run = make_run()
    alone = {path: path.read_bytes() for path in write_report(run.report(), run.run_dir)}
    with thread_executor(3) as executor:
        report = run.report(executor=executor)
    paths = write_report(report, run.run_dir)
    assert {path: path.read_bytes() for path in paths} == alone


def test_other_chunks_give_the_same_bytes(
    make_run: Callable[..., MadeUpRun], tmp_path: Path
) -> None:
    run = make_run()
    other = MadeUpRun(tmp_path / "other" / run.run_dir.name, run.info, run.rows)
    write_rows(other.run_dir, run.info.grid, run.rows, 1000)
    paths = write_report(run.report(), run.run_dir)
    others = write_report(other.report(), other.run_dir)
    for path, twin in zip(paths, others, strict=True):
        expected = path.read_text().replace(str(run.run_dir), str(other.run_dir))
        assert twin.read_text() == expected


def test_existing_workbook_is_rewritten(make_run: Callable[..., MadeUpRun]) -> None:
    run = make_run()
    write_report(run.report(), run.run_dir, excel=True)
    workbook = run.run_dir / "GER40_results.xlsx"
    before = openpyxl.load_workbook(workbook)["Results"].max_row
    paths = write_report(run.report(n_best=100), run.run_dir)
    assert workbook in paths
    assert openpyxl.load_workbook(workbook)["Results"].max_row == 1 + 100 < before


def value_beside(sheet: object, name: str) -> object:
    """Return the last value beside a name in the first column."""
    return [row[1].value for row in sheet.iter_rows() if row[0].value == name][-1]


def test_filter_can_be_switched_off(make_run: Callable[..., MadeUpRun]) -> None:
    run = make_run()
    write_report(run.report(), run.run_dir)
    by_rule = {v: read_csv(run, f"variation_{v}_top500.csv") for v in VARIATIONS}
    unfiltered = read_json(run, "best_by_variation.json")["variations"]
    write_report(run.report(variation_filter="none"), run.run_dir)
    for variation in VARIATIONS:
        rows = read_csv(run, f"variation_{variation}_top500.csv")
        assert len(rows) > len(by_rule[variation]) > 0
        best = read_json(run, "best_by_variation.json")["variations"][variation]
        assert best["best"] == best["unfiltered_best"]
        assert best["best"] == unfiltered[variation]["unfiltered_best"]
    assert all(float(row["tsl_target"]) > 0 for row in by_rule["OCAE"])
    assert all(float(row["rr_target"]) >= 1 for row in by_rule["TCWE"])
    assert all(row["stop_mode"] == "eq" for row in by_rule["Reverse"])
    assert all(row["rev_rb_enabled"] == "True" for row in by_rule["REV_RB"])
    assert {row["filter"] for row in read_csv(run, "variations_summary.csv")} == {"none"}


def test_a_partial_run_says_so_everywhere(make_run: Callable[..., MadeUpRun]) -> None:
    run = make_run(chunks=slice(0, 3))
    report = run.report()
    write_report(report, run.run_dir, excel=True)
    share = 100 * report.n_rows / len(run.info.grid)
    assert 0 < share < 100
    for name in ("variation_agg.json", "best_by_variation.json"):
        content = read_json(run, name)
        assert content["partial"] is True
        assert content["grid_share_pct"] == pytest.approx(share, rel=1e-11)
    for name in (name for name in NAMES if name.endswith(".csv")):
        rows = read_csv(run, name)
        assert {float(row["grid_share_pct"]) for row in rows} == {report.grid_share_pct}
    for name in ("summary.txt", "variation_report.txt"):
        assert f"PARTIAL: {report.grid_share_pct}% of the grid" in read_text(run, name)
    sheet = openpyxl.load_workbook(run.run_dir / "GER40_results.xlsx")["Summary"]
    assert str(value_beside(sheet, "state")).startswith("PARTIAL")


def test_nothing_qualifies(make_run: Callable[..., MadeUpRun]) -> None:
    run = make_run(most_trades=9)
    stale = run.run_dir / "GER40_best_params.json"
    stale.write_text("{}")
    paths = write_report(run.report(), run.run_dir, excel=True)
    assert not stale.exists()
    assert stale not in paths
    assert read_csv(run, "top_100.csv") == []
    assert read_json(run, "best_by_variation.json")["overall"] is None
    assert "no combination has enough trades" in read_text(run, "summary.txt")
    assert "--params" not in read_text(run, "summary.txt")
    row = read_csv(run, "variations_summary.csv")[0]
    assert row["best_combo_id"] == row["best_total_r"] == ""
    assert int(row["trades"]) > 0


def test_notes_reach_the_reader(make_run: Callable[..., MadeUpRun]) -> None:
    run = make_run(notes=("2018-01-01 to 2018-03-01 went without a news filter",))
    write_report(run.report(), run.run_dir)
    assert "2018-01-01 to 2018-03-01 went without" in read_text(run, "summary.txt")


def test_a_file_that_cannot_be_written(make_run: Callable[..., MadeUpRun]) -> None:
    run = make_run()
    blocked = run.run_dir / "GER40_top_100.csv"
    (blocked / "in the way").mkdir(parents=True)
    with pytest.raises(OutputError, match="cannot be written") as caught:
        write_report(run.report(), run.run_dir)
    assert caught.value.location == str(blocked)
    assert not list(run.run_dir.glob(".*"))


def test_full_disk_leaves_the_earlier_report(make_run: Callable[..., MadeUpRun]) -> None:
    run = make_run()
    before = {p: p.read_bytes() for p in write_report(run.report(), run.run_dir, excel=True)}
    report, largest = run.report(variation_filter="none"), "GER40_report.html"
    with (
        pytest.raises(DiskError, match=r"cannot be written \(File too large\)") as caught,
        room_for(len(before[run.run_dir / largest]) // 2),
    ):
        write_report(report, run.run_dir)
    assert caught.value.location == str(run.run_dir / largest)
    assert {path: path.read_bytes() for path in before} == before
    assert not list(run.run_dir.glob(".*"))


# The library leaves an open archive behind, which fails again when it is collected.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_full_disk_for_the_workbook_is_reported(
    make_run: Callable[..., MadeUpRun], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report, temporary = make_run().report(), tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    with (
        Path("/dev/full").open("wb", buffering=0) as file,
        pytest.raises(OSError, match="No space left") as caught,
    ):
        write_workbook(report, file)
    assert caught.value.errno == errno.ENOSPC
    with room_for(1000), pytest.raises(DiskError, match="temporary file of the workbook"):
        write_workbook(report, io.BytesIO())
    with warnings.catch_warnings():  # the library does not close its own files then
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
    assert list(temporary.iterdir()) == []


def test_more_rows_than_the_grid_has(make_run: Callable[..., MadeUpRun]) -> None:
    run = make_run()
    write_rows(run.run_dir, run.info.grid, run.rows, 16)
    with pytest.raises(StoreError, match="rows for a grid of"):
        run.report()


@pytest.mark.parametrize("settings", [{"variation_filter": "all"}, {"n_best": 0}])
def test_wrong_settings(make_run: Callable[..., MadeUpRun], settings: dict[str, object]) -> None:
    run = make_run()
    with pytest.raises(ConfigError):
        run.report(**settings)
