"""A sound run, and every way to damage one, each found and named."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from ib_grid.errors import ConfigError, InputError
from ib_grid.runs import partition_file
from ib_grid.runs.chunk_summary import Summary
from ib_grid.runs.run import load_run
from pipelines.report.report_run import report_run
from tests.helpers.runs.computed_runs import (
    N_CHUNKS,
    N_ROWS,
    change_manifest,
    checks,
    computed_run,
    dataset_of,
    files,
    make_older,
    problems,
    rewrite,
    verified,
)
from tests.pipelines.verify.spoiled import DAMAGES, LIES, STRAYS, flipped, truncated


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return computed_run(tmp_path_factory.mktemp("whole"))


@pytest.fixture
def run(whole: Path, tmp_path: Path) -> Path:
    """Return a private run for the test to damage."""
    return Path(shutil.copytree(whole, tmp_path / "run"))


def test_run_of_an_older_version_lacks_newer_columns(run: Path) -> None:
    older = make_older(run, 1)
    assert len(older.metrics) == 85
    found = verified(run, sample=3)
    assert problems(found) == []
    unchecked = "the results have version 1, this ib-grid computes version 2"
    assert checks(found)["recomputed metrics"].unchecked == unchecked
    report, _ = report_run(run)
    assert any("older than the column break_even_points" in note for note in report.info.notes)
    with pytest.raises(ConfigError, match="does not keep break_even_points") as refused:
        load_run(run).frame(["break_even_points"])
    assert refused.value.hint == "run again: the run is older than this column"


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every path below a folder, with its time of change and bytes."""
    return {
        str(path.relative_to(folder)): (
            path.stat().st_mtime_ns,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in [folder, *folder.rglob("*")]
    }


def test_complete_run_verifies_unchanged(run: Path) -> None:
    before = contents(run)
    found = verified(run, sample=N_ROWS)
    assert (problems(found), found.notes, found.exit_status) == ([], (), 0)
    assert contents(run) == before
    by_name = checks(found)
    assert list(by_name) == [
        "run.json",
        "partition files",
        "ids and parameters",
        "partition metadata",
        "recomputed metrics",
        "trades of both engines",
    ]
    counts = {name: (check.checked, check.total) for name, check in by_name.items()}
    assert counts["partition files"] == counts["partition metadata"] == (N_CHUNKS, N_CHUNKS)
    assert (
        counts["ids and parameters"]
        == counts["recomputed metrics"]
        == counts["trades of both engines"]
        == (N_ROWS, N_ROWS)
    )


def test_damaged_run_is_not_changed(run: Path) -> None:
    files(run)[0].write_bytes(b"PAR1")
    (files(run)[1].parent / ".part-00001.parquet.1.partial").write_bytes(b"half")
    before = contents(run)
    assert verified(run, sample=3).exit_status == 1
    assert contents(run) == before


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_file_is_named(run: Path, damage: Callable[[Path], object]) -> None:
    path = files(run)[3]
    damage(path)
    found = verified(run)
    assert found.exit_status == 1
    (said,) = problems(found)
    assert str(path) in said
    assert DAMAGES[damage] in said
    by_name = checks(found)
    assert by_name["partition files"].checked == N_CHUNKS - 1
    assert by_name["ids and parameters"].checked == N_ROWS - 2
    assert "2 rows missing or in damaged files" in by_name["ids and parameters"].unchecked


@pytest.mark.parametrize("damage", [flipped, Path.unlink])
def test_the_other_rows_are_computed_again(run: Path, damage: Callable[[Path], object]) -> None:
    damage(files(run)[3])
    by_name = checks(verified(run, sample=N_ROWS))
    assert (
        by_name["recomputed metrics"].checked
        == by_name["trades of both engines"].checked
        == N_ROWS - 2
    )
    assert (
        by_name["recomputed metrics"].problems == by_name["trades of both engines"].problems == ()
    )


def test_every_damaged_file_is_named(run: Path) -> None:
    for path in files(run):
        truncated(path)
    found = verified(run, sample=4)
    assert len(problems(found)) == N_CHUNKS
    assert checks(found)["recomputed metrics"].state == "not checked"


@pytest.mark.parametrize("stray", STRAYS, ids=lambda stray: stray.__name__)
def test_stray_files_are_named(run: Path, stray: Callable[[Path], Path]) -> None:
    path = stray(run)
    found = verified(run)
    (said,) = problems(found)
    assert said.startswith(str(path))
    assert STRAYS[stray] in said
    assert found.exit_status == 1
    assert checks(found)["ids and parameters"].checked == N_ROWS


def test_moved_data_set_is_named(run: Path, tmp_path: Path) -> None:
    dataset = dataset_of(run)
    dataset.symlink_to(dataset.rename(tmp_path / "elsewhere"))
    found = verified(run)
    assert problems(found) == [f"{dataset}: an unexpected link"]
    assert found.exit_status == 1


def test_half_written_file_is_noted_not_damaged(run: Path) -> None:
    left = files(run)[0].parent / ".part-00001.parquet.77.partial"
    left.write_bytes(b"half")
    found = verified(run)
    assert found.exit_status == 0
    assert [str(left) in note for note in found.notes] == [True]


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__)
def test_record_contradicts_its_rows(run: Path, lie: Callable[[Summary], Summary]) -> None:
    path = files(run)[5]
    rewrite(run, 5, summary=lie(partition_file.read_record(path).summary))
    found = verified(run)
    (said,) = problems(found)
    assert str(path) in said
    assert LIES[lie] in said
    assert checks(found)["partition metadata"].state == "failed"
    assert checks(found)["partition files"].state == "passed"


def test_missing_row_without_a_filter(run: Path) -> None:
    manifest = change_manifest(run)
    path, chunk = files(run)[2], manifest.plan().chunk(2)
    table, record = pq.ParquetFile(path).read(), partition_file.read_record(path)
    partition_file.write(path, table.slice(1), chunk, manifest.fingerprint, record.summary)
    (said,) = problems(verified(run))
    assert f"{path}: 1 of 2 rows are missing, although the run keeps every row" in said


def test_missing_columns_without_a_request(run: Path) -> None:
    manifest = change_manifest(run)
    path, chunk = files(run)[2], manifest.plan().chunk(2)
    table, record = pq.ParquetFile(path).read(), partition_file.read_record(path)
    fewer = table.drop_columns(["tcwe_winrate"])
    partition_file.write(path, fewer, chunk, manifest.fingerprint, record.summary)
    (said,) = problems(verified(run))
    assert "the columns are not those that the run keeps" in said


def test_row_that_the_filter_excludes(tmp_path: Path) -> None:
    run = computed_run(tmp_path, filter="total_trades >= 1", columns="ranking")
    assert verified(run, sample=4).exit_status == 0
    manifest = change_manifest(run)
    path, chunk = files(run)[0], manifest.plan().chunk(0)
    table, record = pq.ParquetFile(path).read(), partition_file.read_record(path)
    place = table.column_names.index("total_trades")
    none = [np.zeros(table.num_rows, np.float32)]
    table = table.set_column(place, table.schema.field("total_trades"), none)
    partition_file.write(path, table, chunk, manifest.fingerprint, record.summary)
    (said,) = problems(verified(run))
    assert f"{path}: a row does not pass the row filter of the run" in said


def test_nan_value(run: Path) -> None:
    rewrite(run, 4, metric="ocae_winrate", add=np.nan)
    (said,) = problems(verified(run))
    assert "a value of ocae_winrate is not finite" in said


def test_metrics_that_contradict_each_other(run: Path) -> None:
    rewrite(run, 6, metric="ocae_total_r", add=1e-2)
    (said,) = problems(verified(run))
    assert said.startswith(f"{files(run)[6]}: combination 12: total_r = sum of total_r")


@pytest.mark.parametrize("metric", ["sortino_ratio", "sharpe_trades", "reverse_sharpe_ratio"])
def test_recomputing_finds_a_wrong_number_in_a_valid_file(run: Path, metric: str) -> None:
    rewrite(run, 6, metric=metric, add=1e-4)
    assert verified(run).exit_status == 0  # nothing else can see it
    found = verified(run, sample=N_ROWS)
    assert found.exit_status == 1
    (said,) = problems(found)
    assert said.startswith(f"combination 12: {metric} is ")
    assert checks(found)["recomputed metrics"].state == "failed"
    assert checks(found)["trades of both engines"].state == "passed"


@pytest.mark.parametrize("state", ["interrupted", "running", "failed"])
def test_unfinished_run_verifies_so_far(run: Path, state: str) -> None:
    change_manifest(run, state=state)
    for path in files(run)[2:5]:
        path.unlink()
    found = verified(run, sample=N_ROWS)
    assert (problems(found), found.exit_status) == ([], 3)
    was = "killed, or still at work" if state == "running" else state
    reasons = {checks(found)[name].unchecked for name in ("partition files", "ids and parameters")}
    (reason,) = reasons
    assert f"chunks are computed, then the run was {was}; run the same `ib-grid run`" in reason
    assert (
        checks(found)["ids and parameters"].checked
        == checks(found)["recomputed metrics"].checked
        == N_ROWS - 6
    )


def test_run_without_partitions(run: Path) -> None:
    change_manifest(run, state="running")
    shutil.rmtree(dataset_of(run))
    found = verified(run, sample=5)
    assert (problems(found), found.exit_status) == ([], 3)


def test_missing_changed_or_moved_bars(whole: Path, run: Path, tmp_path: Path) -> None:
    bars = tmp_path / "bars.parquet"
    moved = Path(shutil.copy(whole.parents[1] / "bars.parquet", tmp_path / "moved.parquet"))
    manifest = change_manifest(run)
    change_manifest(run, data={**manifest.data, "file": str(bars)})
    gone = verified(run, sample=2)
    assert gone.exit_status == 3
    assert "are missing" in checks(gone)["recomputed metrics"].unchecked
    assert str(bars) in checks(gone)["trades of both engines"].unchecked
    assert verified(run, sample=2, bars=moved).exit_status == 0
    moved.write_bytes(moved.read_bytes() + b"\0")
    changed = verified(run, sample=2, bars=moved)
    assert changed.exit_status == 3
    assert "have changed" in checks(changed)["recomputed metrics"].unchecked


def test_without_a_sample_no_bars_are_asked_for(run: Path) -> None:
    manifest = change_manifest(run)
    change_manifest(run, data={**manifest.data, "file": "/nowhere"})
    assert verified(run).exit_status == 0


def test_a_damaged_run_json_is_refused(run: Path, tmp_path: Path) -> None:
    content = json.loads((run / "run.json").read_text())
    content["execution"]["spread_points"] = 2.5
    (run / "run.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match="fingerprint"):
        verified(run)
    with pytest.raises(InputError, match="cannot be read"):
        verified(tmp_path)


@pytest.mark.parametrize(
    ("symbol", "changes"),
    [
        ("XAUUSD", {}),
        ("GER40", {"execution": "original"}),
        ("GER40", {"slippage_points": 0.5, "commission_points": 1.0}),
    ],
)
def test_other_instruments_models_and_costs(
    tmp_path: Path, symbol: str, changes: dict[str, object]
) -> None:
    run = computed_run(tmp_path, symbol, **changes)
    found = verified(run, sample=6)
    assert (problems(found), found.exit_status) == ([], 0)
    assert checks(found)["recomputed metrics"].checked == 6


def test_a_run_with_news(tmp_path: Path) -> None:
    calendar = tmp_path / "events.csv"
    calendar.write_text(
        "time,currency,impact,title\n"
        + "".join(f"2024-{m:02d}-{d:02d}T08:35Z,EUR,High,A\n" for m in (3, 4) for d in range(1, 29))
    )
    with_news = {"news_filter": True, "news": (calendar,), "news_coverage": "partial"}
    run = computed_run(tmp_path, **with_news, news_before_minutes=45)
    found = verified(run, sample=N_ROWS)
    assert (problems(found), found.exit_status) == ([], 0)
    os.truncate(calendar, 100)
    changed = verified(run, sample=2)
    assert changed.exit_status == 3
    assert "calendars" in checks(changed)["recomputed metrics"].unchecked
