"""Partition files: complete, in the right folder, and never mistaken for other files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_grid.errors import StoreError
from ib_grid.grid.columns import METRIC_COLUMNS, RESULT_COLUMNS, result_schema
from ib_grid.grid.params import PARAM_NAMES
from ib_grid.runs import inventory, partition_file
from ib_grid.runs.chunk_summary import summarise
from ib_grid.runs.partition_layout import partition_files, partition_path
from ib_grid.storage.atomic_files import temporary_name
from tests.helpers.runs.small_runs import FINGERPRINT, GRID, PLAN, made_up_metrics


def write(dataset: Path, index: int, fingerprint: str = FINGERPRINT) -> Path:
    chunk = PLAN.chunk(index)
    metrics = made_up_metrics(chunk)
    path = partition_path(dataset, GRID, chunk)
    table = partition_file.results_table(GRID, chunk, metrics)
    partition_file.write(path, table, chunk, fingerprint, summarise(chunk, metrics, 10))
    return path


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    return tmp_path / "run" / "GER40_full_results.parquet"


def stock(dataset: Path, *, read_all: bool = True) -> inventory.Stored:
    return inventory.take_stock(dataset, PLAN, FINGERPRINT, read_all=read_all)


def test_partition_paths_contain_session_and_wait(dataset: Path) -> None:
    last = PLAN.chunk(len(PLAN) - 1)
    place = partition_path(dataset, GRID, last).relative_to(dataset)
    assert str(place) == f"session=0900-0930/wait_minutes=15/part-{len(PLAN) - 1:05d}.parquet"
    places = {partition_path(dataset, GRID, PLAN.chunk(k)) for k in range(len(PLAN))}
    assert len(places) == len(PLAN)


def test_rows_are_the_combinations_of_the_chunk(dataset: Path) -> None:
    chunk = PLAN.chunk(7)
    table = pq.ParquetFile(write(dataset, 7)).read()
    assert table.schema.equals(result_schema())
    assert table.column_names == list(RESULT_COLUMNS)
    for row, combo_id in zip(table.to_pylist(), chunk.ids, strict=True):
        assert row["combo_id"] == combo_id
        assert {name: row[name] for name in PARAM_NAMES} == GRID.params(int(combo_id)).to_dict()
    metrics = np.array([table[name].to_numpy() for name in METRIC_COLUMNS])
    assert np.array_equal(metrics, made_up_metrics(chunk))


def test_the_same_rows_are_the_same_bytes(dataset: Path, tmp_path: Path) -> None:
    assert write(dataset, 3).read_bytes() == write(tmp_path / "again", 3).read_bytes()


def test_writing_leaves_nothing_but_the_file(dataset: Path) -> None:
    path = write(dataset, 0)
    write(dataset, 0)
    assert list(path.parent.iterdir()) == [path]


def test_only_parameters_have_dictionaries(dataset: Path) -> None:
    row_group = pq.read_metadata(write(dataset, 0)).row_group(0)
    columns = [row_group.column(i) for i in range(row_group.num_columns)]
    with_dictionary = {c.path_in_schema for c in columns if c.has_dictionary_page}
    assert with_dictionary == set(PARAM_NAMES) - {"rev_rb_enabled"}


def test_a_reader_finds_all_rows_and_the_partition_keys(dataset: Path) -> None:
    for index in range(len(PLAN)):
        write(dataset, index)
    found = ds.dataset(dataset, partitioning="hive")
    assert found.count_rows() == len(GRID)
    some = found.to_table(filter=(ds.field("wait_minutes") == 15))
    assert set(some["ib_wait_minutes"].to_pylist()) == {15}
    assert some.num_rows == len(GRID) // 2


def test_a_filter_on_a_parameter_leaves_files_out(dataset: Path) -> None:
    for index in range(len(PLAN)):
        write(dataset, index)
    wanted = ds.field("ib_wait_minutes") == 0
    fragments = list(ds.dataset(dataset).get_fragments())
    read = [f for f in fragments if list(f.split_by_row_group(filter=wanted))]
    assert len(read) == len(PLAN) // 2


def test_valid_files_count_as_done(dataset: Path) -> None:
    for index in (0, 9, 5):
        write(dataset, index)
    for read_all in (False, True):
        stored = stock(dataset, read_all=read_all)
        assert sorted(stored.records) == [0, 5, 9]
        assert stored.damaged == ()
    assert stored.records[5].summary == summarise(PLAN.chunk(5), made_up_metrics(PLAN.chunk(5)), 10)
    assert [path.name for path in partition_files(dataset)] == [
        f"part-{index:05d}.parquet" for index in (0, 5, 9)
    ]


def test_no_data_set_is_nothing_done(dataset: Path) -> None:
    assert stock(dataset) == inventory.Stored(records={}, damaged=())


def assert_set_aside(dataset: Path, path: Path, found: str, *, read_all: bool = False) -> None:
    """Check that the file is reported, set aside and not counted."""
    content = path.read_bytes()
    stored = stock(dataset, read_all=read_all)
    assert stored.records == {}
    assert len(stored.damaged) == 1
    assert found in stored.damaged[0]
    assert partition_files(dataset) == []
    aside = dataset.parent / "damaged" / f"{path.name}.damaged-1"
    assert str(aside) in stored.damaged[0]
    assert aside.read_bytes() == content


def test_another_runs_file_is_set_aside(dataset: Path) -> None:
    assert_set_aside(dataset, write(dataset, 2, fingerprint="e" * 64), "belongs to another run")


def test_another_chunks_file_is_set_aside(dataset: Path) -> None:
    path = write(dataset, 2)
    other = partition_path(dataset, GRID, PLAN.chunk(3))
    path.rename(other)
    assert_set_aside(dataset, other, "the file holds chunk 2, not chunk 3")


def test_misplaced_file_is_set_aside(dataset: Path) -> None:
    path = write(dataset, 2)
    wrong = dataset / "session=0900-0930" / "wait_minutes=15" / path.name
    wrong.parent.mkdir(parents=True)
    path.rename(wrong)
    assert_set_aside(dataset, wrong, "not belong in this run")


@pytest.mark.parametrize("name", ["part-99999.parquet", "part-x.parquet", "part-1.parquet"])
def test_a_file_beyond_the_plan_is_set_aside(dataset: Path, name: str) -> None:
    path = write(dataset, 1)
    beyond = path.with_name(name)
    path.rename(beyond)
    assert_set_aside(dataset, beyond, "not belong in this run")


def test_a_foreign_parquet_file_is_set_aside(dataset: Path) -> None:
    path = write(dataset, 1)
    pq.write_table(pq.ParquetFile(path).read().replace_schema_metadata(None), path)
    assert_set_aside(dataset, path, "not written by ib-grid")


def test_names_of_damaged_files_count_on(dataset: Path) -> None:
    for n in (1, 2, 3):
        write(dataset, 4).write_bytes(b"")
        aside = dataset.parent / "damaged" / f"part-00004.parquet.damaged-{n}"
        assert str(aside) in stock(dataset).damaged[0]
        assert aside.exists()


@pytest.mark.parametrize("kept", [0, 1, 8, 0.5, -1, -8])
def test_a_truncated_file_is_set_aside_by_its_footer(dataset: Path, kept: float) -> None:
    path = write(dataset, 1)
    content = path.read_bytes()
    size = int(len(content) * kept) if isinstance(kept, float) else kept
    path.write_bytes(content[:size])
    assert_set_aside(dataset, path, "not a complete Parquet file")


def test_a_zeroed_file_is_set_aside(dataset: Path) -> None:
    path = write(dataset, 1)
    path.write_bytes(bytes(path.stat().st_size))
    assert_set_aside(dataset, path, "not a complete Parquet file")


def test_zeroed_rows_are_found_by_a_full_read(dataset: Path) -> None:
    path = write(dataset, 1)
    content = bytearray(path.read_bytes())
    content[2000:2500] = bytes(500)
    path.write_bytes(content)
    assert_set_aside(dataset, path, "", read_all=True)


def test_a_changed_byte_is_found_by_the_checksum(dataset: Path) -> None:
    path = write(dataset, 1)
    assert list(stock(dataset).records) == [1]
    content = bytearray(path.read_bytes())
    content[1000] ^= 4
    path.write_bytes(content)
    assert_set_aside(dataset, path, "wrong checksum", read_all=True)


def test_a_file_without_checksum_is_set_aside(dataset: Path) -> None:
    path = write(dataset, 1)
    pq.write_table(pq.ParquetFile(path).read(), path)
    assert_set_aside(dataset, path, "wrong checksum", read_all=True)


@cache
def _good_file() -> tuple[bytes, object]:
    """Return the bytes of a partition and its table."""
    with tempfile.TemporaryDirectory() as place:
        path = write(Path(place) / "GER40_full_results.parquet", 1)
        return path.read_bytes(), pq.ParquetFile(path).read()


@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), in_footer=st.booleans())
def test_a_flipped_bit_is_never_taken_for_another_result(
    tmp_path_factory, place: float, bit: int, in_footer: bool
) -> None:
    content, table = _good_file()
    first = len(content) - 8 - int.from_bytes(content[-8:-4], "little") if in_footer else 0
    where = first + int(place * (len(content) - first))
    flipped = bytearray(content)
    flipped[where] ^= 1 << bit
    path = tmp_path_factory.mktemp("flip") / "part-00001.parquet"
    path.write_bytes(flipped)
    chunk = PLAN.chunk(1)
    try:
        record = partition_file.verify_contents(path, chunk, FINGERPRINT)
    except StoreError as error:
        assert str(path) in str(error)  # noqa: PT017
    else:  # the bit meant nothing: what a reader gets is what was written
        assert pq.ParquetFile(path).read().equals(table)
        assert record.summary == summarise(chunk, made_up_metrics(chunk), 10)
    shutil.rmtree(path.parent)


@given(st.binary(max_size=200))
def test_junk_is_never_taken_for_a_partition(tmp_path_factory, junk: bytes) -> None:
    path = tmp_path_factory.mktemp("junk") / "part-00001.parquet"
    path.write_bytes(junk)
    with pytest.raises(StoreError):
        partition_file.verify(path, PLAN.chunk(1), FINGERPRINT)
    shutil.rmtree(path.parent)


def test_only_leftovers_are_removed(dataset: Path) -> None:
    path = write(dataset, 0)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait(30)
    own = temporary_name(path)
    other_machine, dead, old = (
        own.with_name(own.name.replace(was, now))
        for was, now in (
            (own.name.split(".")[-2][:8], "0badcafe"),
            (f"-{os.getpid()}-", f"-{ended.pid}-"),
            ("partial", "77.partial"),
        )
    )
    for left in (own, other_machine, dead, old):
        left.write_bytes(b"half")
    os.utime(old, (1, 1))
    (path.parent / "notes.txt").write_text("mine")
    assert inventory.remove_temporary_files(dataset) == 2
    kept = {path.name, own.name, other_machine.name, "notes.txt"}
    assert {p.name for p in path.parent.iterdir()} == kept


def test_unwritable_path(dataset: Path) -> None:
    dataset.parent.mkdir()
    dataset.write_text("a file where the folder should be")
    with pytest.raises(StoreError, match="cannot be written") as caught:
        write(dataset, 0)
    assert "finished chunks are kept" in caught.value.hint


def test_a_full_disk_leaves_no_half_file(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(dataset, 0)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="No space left"):
        write(dataset, 1)
    assert list(path.parent.iterdir()) == [path]
