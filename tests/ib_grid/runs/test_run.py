"""Opening runs on disk, and messages for what is missing."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ib_grid.engine.execution_settings import Execution
from ib_grid.errors import ConfigError, DataError, GridError, InputError, StoreError
from ib_grid.grid.columns import RESULT_COLUMNS
from ib_grid.grid.params import PARAM_NAMES
from ib_grid.runs.run import Run, load_run
from tests.helpers.runs.random_runs import GRID, cube_of, only, write_run


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pd.DataFrame]:
    path = tmp_path_factory.mktemp("runs") / "whole"
    return path, write_run(path)


@pytest.fixture
def run(made: tuple[Path, pd.DataFrame]) -> Run:
    return load_run(made[0])


@pytest.fixture
def rows(made: tuple[Path, pd.DataFrame]) -> pd.DataFrame:
    return made[1]


def test_run_has_a_summary(run: Run) -> None:
    assert run.grid == GRID
    assert run.manifest.symbol == "GER40"
    assert list(run.files) == list(range(12))
    assert run.columns == RESULT_COLUMNS
    assert (run.n_rows, run.n_computed, len(run.grid)) == (864, 864, 864)
    assert run.statement == "100% of 864 combinations computed"


def test_a_run_is_shown_in_a_line(run: Run) -> None:
    n = len(run.grid)
    state = run.manifest.state
    assert repr(run) == f"Run(GER40, {n:,} of {n:,} combinations, {state}, {run.path})"


def test_rows_are_those_that_were_written(run: Run, rows: pd.DataFrame) -> None:
    found = run.frame()
    assert list(found) == list(RESULT_COLUMNS)
    assert found["combo_id"].tolist() == list(range(864))
    for name in RESULT_COLUMNS:
        assert found[name].tolist() == rows[name].tolist(), name


@pytest.mark.parametrize(
    ("where", "mask"),
    [
        ("tsl_target > 0 and total_r > 5", lambda r: (r["tsl_target"] > 0) & (r["total_r"] > 5)),
        ("ib_start == '09:00'", lambda r: r["ib_start"] == "09:00"),
        ("ib_wait_minutes in (0, 7) or rr_target < 1",
         lambda r: (r["ib_wait_minutes"] == 0) | (r["rr_target"] < 1)),
        ("not rev_rb_enabled and stop_mode == 'eq'",
         lambda r: ~r["rev_rb_enabled"].astype(bool) & (r["stop_mode"] == "eq")),
        ("100 <= combo_id < 130", lambda r: r["combo_id"].between(100, 129)),
        ("total_r > 1e9", lambda r: r["total_r"] > 1e9),
    ],
)  # fmt: skip
def test_frames_of_some_rows_and_columns(run: Run, rows: pd.DataFrame, where, mask) -> None:
    found = run.frame(["winrate", "combo_id"], where)
    expected = rows[mask(rows)]
    assert list(found) == ["winrate", "combo_id"]
    assert found["combo_id"].tolist() == expected["combo_id"].tolist()
    assert found["winrate"].tolist() == expected["winrate"].tolist()


def load_run_again(run: Run) -> Run:
    """Return the same run, with no file opened yet."""
    return Run(
        path=run.path,
        manifest=run.manifest,
        plan=run.plan,
        files=run.files,
        columns=run.columns,
    )


def test_row_is_read_from_one_file(run: Run, rows: pd.DataFrame) -> None:
    for combo_id in (0, 71, 72, 863):
        with only(run.files, [combo_id // 72]):
            row = load_run_again(run).row(combo_id)
        assert row["combo_id"] == combo_id
        assert {n: row[n] for n in PARAM_NAMES} == GRID.params(combo_id).to_dict()
        assert row["sharpe_ratio"] == rows["sharpe_ratio"][combo_id]
    with pytest.raises(GridError, match="unknown combination 864"):
        run.row(864)


def test_rows_of_some_ids(run: Run, rows: pd.DataFrame) -> None:
    ids = [700, 5, 71, 5]
    fresh = load_run(run.path)
    with only(fresh.files, [0, 700 // 72]):
        found = fresh.rows(ids, ("combo_id", "winrate"))
    assert found["combo_id"].tolist() == [5, 71, 700]
    assert found["winrate"].tolist() == rows["winrate"][[5, 71, 700]].tolist()
    assert run.rows([]).shape == (0, 105)
    assert run.rows([9_999]).empty


def test_a_cube_has_each_value_at_its_place(run: Run, rows: pd.DataFrame) -> None:
    assert (run.cube("total_r") == cube_of(rows, "total_r")).all()
    good = rows[rows["winrate"] > 0]
    found = run.cube("ocae_total_r", "winrate > 0")
    assert np.array_equal(found, cube_of(good, "ocae_total_r"), equal_nan=True)
    assert np.isnan(found).sum() == 864 - len(good) > 0


def test_unfinished_run(tmp_path: Path) -> None:
    rows = write_run(tmp_path / "begun", chunks=slice(1, 12, 3))
    run = load_run(tmp_path / "begun")
    assert (run.n_rows, run.n_computed) == (288, 288)
    assert 3 * run.n_computed == len(run.grid)
    assert run.statement == ("33.33% of 864 combinations computed; 4 of 12 chunks: not finished")
    assert run.frame(["combo_id"])["combo_id"].tolist() == rows["combo_id"].tolist()
    cube = run.cube("total_r")
    assert np.isnan(cube).sum() == 864 - 288
    assert np.array_equal(cube, cube_of(rows, "total_r"), equal_nan=True)
    with pytest.raises(DataError, match="combination 0 is not among the rows"):
        run.row(0)


def test_run_with_filter_and_columns(tmp_path: Path) -> None:
    columns = ("combo_id", *PARAM_NAMES, "total_r", "total_trades")
    rows = write_run(tmp_path / "r", columns=columns, keep=lambda r: r["total_trades"] >= 10)
    run = load_run(tmp_path / "r")
    assert run.n_rows == len(rows) < run.n_computed == 864
    assert f"{len(rows)} rows kept; 17 of 105 columns kept" in run.statement
    assert run.frame().shape == (len(rows), 17)
    assert np.array_equal(run.cube("total_r"), cube_of(rows, "total_r"), equal_nan=True)
    with pytest.raises(ConfigError, match="the run does not keep winrate"):
        run.frame(["winrate"])
    with pytest.raises(ConfigError, match="the run does not keep winrate"):
        run.frame(["total_r"], "winrate > 5")
    left_out = next(i for i in range(864) if i not in set(rows["combo_id"]))
    with pytest.raises(DataError, match="not among the rows"):
        run.row(left_out)


def test_without_the_parameters_ids_are_enough(tmp_path: Path) -> None:
    rows = write_run(tmp_path / "r", columns=("combo_id", "total_r"))
    run = load_run(tmp_path / "r")
    assert run.frame()["total_r"].tolist() == rows["total_r"].tolist()
    assert run.row(700)["total_r"] == rows["total_r"][700]
    assert (run.cube("total_r") == cube_of(rows, "total_r")).all()


def test_refused(run: Run, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unknown result column total_rr") as refused:
        run.frame(["total_rr"])
    assert refused.value.hint == "did you mean total_r?"
    with pytest.raises(ConfigError, match="unknown metric column rr_target"):
        run.cube("rr_target")
    with pytest.raises(InputError, match=r"run\.json cannot be read"):
        load_run(tmp_path)
    write_run(tmp_path / "empty", chunks=slice(0, 1))
    shutil.rmtree(tmp_path / "empty" / "GER40_full_results.parquet")
    with pytest.raises(DataError, match="no results yet"):
        load_run(tmp_path / "empty")
    write_run(tmp_path / "moved")
    file = next(iter(load_run(tmp_path / "moved").files.values()))
    file.rename(file.with_name("part-00011.parquet"))
    with pytest.raises(StoreError, match="does not belong in this run"):
        load_run(tmp_path / "moved")


def test_invalid_file(tmp_path: Path) -> None:
    write_run(tmp_path / "r")
    run = load_run(tmp_path / "r")
    run.files[5].write_bytes(b"nothing")
    with pytest.raises(StoreError, match="cannot be read"):
        run.frame(["total_r"])
    run.files[0].write_bytes(b"nothing")
    with pytest.raises(StoreError, match=r"not a complete .*\(1 of 2 such files\)"):
        load_run(tmp_path / "r")


def test_duplicate_or_unknown_rows(tmp_path: Path) -> None:
    rows = write_run(tmp_path / "first")
    rows.loc[3, "combo_id"] = 4
    write_run(tmp_path / "r", rows=rows)
    with pytest.raises(StoreError, match="more than once"):
        load_run(tmp_path / "r").cube("total_r")
    rows.loc[3, "combo_id"] = 900
    write_run(tmp_path / "r", rows=rows)
    with pytest.raises(StoreError, match="a combination that the grid does not have, 900"):
        load_run(tmp_path / "r").cube("total_r")


def test_xarray_has_the_axes_as_coordinates(tmp_path: Path) -> None:
    rows = write_run(tmp_path / "r", chunks=slice(0, 12, 5))
    run = load_run(tmp_path / "r")
    data = run.to_xarray(["total_r", "winrate"])
    assert data.sizes == dict(zip(run.grid.axes, run.grid.shape, strict=True))
    assert data["session"].to_numpy().tolist() == [str(s) for s in run.grid.sessions]
    assert data["total_r"].dtype == np.float32
    assert np.isfinite(data["total_r"].to_numpy()).sum() == len(rows)
    assert (np.isnan(data["tsl_sl"].to_numpy()) == (data["tsl_target"] == 0).to_numpy()).all()
    found = data["winrate"].groupby("tsl_target").max(...)
    expected = rows.groupby("tsl_target")["winrate"].max()
    assert found.to_series().to_dict() == expected.to_dict()


def test_partition_of_another_run_is_refused(tmp_path: Path) -> None:
    write_run(tmp_path / "r")
    write_run(tmp_path / "free", execution=Execution(spread_points=0.0).to_dict())
    foreign, own = (load_run(tmp_path / name).files[3] for name in ("free", "r"))
    shutil.copy(foreign, own)
    with pytest.raises(StoreError, match="the file belongs to another run") as caught:
        load_run(tmp_path / "r")
    assert caught.value.location == str(own)
    assert caught.value.exit_status == 1
