"""The files of a run as one data set: the ones that a filter reads, and foreign ones."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow.dataset as ds
import pytest

from ib_grid.errors import StoreError
from ib_grid.grid.chunks import plan_chunks
from ib_grid.grid.columns import RESULT_COLUMNS
from ib_grid.grid.filters.conditions import parse_condition
from ib_grid.runs.partition_layout import chunk_of, dataset_of, partition_files, results_folder
from ib_grid.runs.row_blocks import read_errors
from tests.helpers.runs.random_runs import GRID, ROWS_PER_CHUNK, only, write_run

PLAN = plan_chunks(GRID, ROWS_PER_CHUNK)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs") / "whole"


@pytest.fixture(scope="module")
def rows(path: Path) -> pd.DataFrame:
    return write_run(path)


@pytest.fixture
def files(path: Path, rows: pd.DataFrame) -> dict[int, Path]:
    return files_by_chunk(results_folder(path, "GER40"))


def files_by_chunk(folder: Path) -> dict[int, Path]:
    return {chunk_of(folder, path, PLAN).index: path for path in partition_files(folder)}


def whole(path: Path, files: dict[int, Path]) -> ds.FileSystemDataset:
    """Return the results folder, with no file opened yet."""
    return dataset_of(path, files, PLAN, RESULT_COLUMNS)


def ids(dataset: ds.FileSystemDataset, location: str) -> list[int]:
    found = dataset.to_table(columns=["combo_id"], filter=parse_condition(location).expression)
    return sorted(found["combo_id"].to_pylist())


def test_rows_and_columns_of_the_files(
    path: Path, rows: pd.DataFrame, files: dict[int, Path]
) -> None:
    assert list(files) == list(range(12))
    assert whole(path, files).to_table().sort_by("combo_id")["winrate"].to_pylist() == (
        rows["winrate"].tolist()
    )


def test_a_filter_reads_only_the_files_it_needs(
    path: Path, rows: pd.DataFrame, files: dict[int, Path]
) -> None:
    per_block = len(files) // 4  # two sessions, two waits, 15 first
    for where, needed in {
        "ib_start == '09:00' and ib_wait_minutes == 0": [*range(3 * per_block, 4 * per_block)],
        "ib_start == '08:00'": [*range(2 * per_block)],
        "ib_wait_minutes < 10 and total_r > 0": [
            *range(per_block, 2 * per_block),
            *range(3 * per_block, 4 * per_block),
        ],
        "combo_id == 500": [500 // 72],
        "ib_timezone == 'Asia/Tokyo'": [],
    }.items():
        with only(files, needed):
            found = ids(whole(path, files), where)
            if needed:  # and each of them is needed
                with only(files, needed[1:]), pytest.raises(FileNotFoundError):
                    ids(whole(path, files), where)
        assert found == rows.query(where)["combo_id"].tolist()


def test_other_parameters_leave_out_files_by_their_statistics(
    path: Path, files: dict[int, Path]
) -> None:
    # the buffer is the next slowest axis: each chunk of 72 has one
    expression = parse_condition("ib_buffer_pct == 0.1").expression
    needed = [
        fragment
        for fragment in whole(path, files).get_fragments(expression)
        if fragment.subset(expression).num_row_groups
    ]
    assert len(needed) == len(files) / 3


def test_id_statistics_skip_files_by_ids_alone(tmp_path: Path) -> None:
    write_run(tmp_path, columns=("combo_id", "total_r"))
    files = files_by_chunk(results_folder(tmp_path, "GER40"))
    columns = ("combo_id", "total_r")
    with only(files, [500 // 72]):
        dataset = dataset_of(tmp_path, files, PLAN, columns)
        assert dataset.schema.names == list(columns)
        assert ids(dataset, "combo_id == 500") == [500]


def test_file_elsewhere_or_invalid(tmp_path: Path) -> None:
    write_run(tmp_path)
    folder = results_folder(tmp_path, "GER40")
    files = files_by_chunk(folder)
    files[5].write_bytes(b"nothing")
    with pytest.raises(StoreError, match="cannot be read"), read_errors(tmp_path):
        whole(tmp_path, files).to_table()
    files[0].rename(files[0].with_name("part-00011.parquet"))
    with pytest.raises(StoreError, match="does not belong in this run"):
        files_by_chunk(folder)
