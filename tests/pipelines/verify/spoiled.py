"""Ways to damage a run, each with the expected finding."""

from __future__ import annotations

import dataclasses
import os
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ib_grid.grid.chunks import Chunk
from ib_grid.grid.params import PARAM_NAMES
from ib_grid.runs import partition_file
from ib_grid.runs.chunk_summary import Summary
from ib_grid.storage.checksum import parquet_with_checksum
from tests.helpers.runs.computed_runs import dataset_of, files


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def zeroed(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def flipped(path: Path) -> None:
    """Flip a bit of the values of total_r."""
    column = pq.read_metadata(path).row_group(0).column(1 + len(PARAM_NAMES))
    content = bytearray(path.read_bytes())
    content[column.data_page_offset + column.total_compressed_size - 1] ^= 1
    path.write_bytes(content)


def without_checksum(path: Path) -> pa.Table:
    """Return the rows of a file with its record, without its checksum."""
    table = pq.ParquetFile(path).read()
    metadata = {k: v for k, v in table.schema.metadata.items() if k != b"ib_grid_file_crc32"}
    return table.replace_schema_metadata(metadata)


def no_checksum(path: Path) -> None:
    """Other values of total_r under the old record, in a file without checksum."""
    table = without_checksum(path)
    place = table.column_names.index("total_r")
    changed = [table["total_r"].to_numpy() + 1]
    table = table.set_column(place, table.schema.field("total_r"), changed)
    pq.write_table(table, path, use_dictionary=False)


def other_parameters(path: Path) -> None:
    """Each row with the target of the other one, in a file with a new checksum."""
    table = without_checksum(path)
    place = table.column_names.index("rr_target")
    turned = table.column(place).take([1, 0])
    assert not turned.equals(table.column(place))
    path.write_bytes(
        parquet_with_checksum(table.set_column(place, table.schema.field(place), turned))
    )


def a_row_twice(path: Path) -> None:
    """Replace the second combination by the first, with the metrics of the second."""
    table = without_checksum(path)
    for place, name in enumerate(["combo_id", *PARAM_NAMES]):
        twice = table.column(name).take([0, 0])
        table = table.set_column(place, table.schema.field(place), twice)
    path.write_bytes(parquet_with_checksum(table))


def another_record(path: Path) -> None:
    """Count more trades in the record without updating its checksum."""
    table = without_checksum(path)
    metadata = table.schema.metadata
    text = metadata[b"ib_grid"]
    changed = text.replace(b'"trades": ', b'"trades": 1')
    assert changed != text
    path.write_bytes(
        parquet_with_checksum(table.replace_schema_metadata({**metadata, b"ib_grid": changed}))
    )


def another_runs(path: Path) -> None:
    table = pq.ParquetFile(path).read()
    record = partition_file.read_record(path)
    chunk = Chunk(
        index=record.chunk,
        session_index=0,
        wait_index=0,
        first_id=record.first_id,
        n_rows=record.n_rows,
    )
    partition_file.write(path, table, chunk, "e" * 64, record.summary)


def another_chunks(path: Path) -> None:
    shutil.copy(path.with_name("part-00002.parquet"), path)


def linked(path: Path) -> None:
    aside = path.rename(path.parents[3] / "aside.parquet")
    path.symlink_to(aside)


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


DAMAGES = {
    truncated: "not a complete Parquet file",
    zeroed: "not a complete Parquet file",
    flipped: "wrong checksum",
    no_checksum: "wrong checksum",
    other_parameters: "the combinations are not those of the chunk",
    a_row_twice: "the combinations are not those of the chunk",
    another_record: "damaged metadata",
    another_runs: "the file belongs to another run",
    another_chunks: "the file holds chunk 2, not chunk 3",
    linked: "a link instead of a file",
    a_folder: "not a regular file",
    a_pipe: "not a regular file",
    Path.unlink: "chunk 3 is missing",
}


def beyond_the_plan(run: Path) -> Path:
    return Path(shutil.copy(files(run)[1], files(run)[1].with_name("part-00999.parquet")))


def in_another_folder(run: Path) -> Path:
    return Path(shutil.copy(files(run)[1], files(run)[-1].parent))


def under_another_name(run: Path) -> Path:
    return Path(shutil.copy(files(run)[1], files(run)[1].with_name("part-000001.parquet")))


def a_note(run: Path) -> Path:
    path = dataset_of(run) / "notes.txt"
    path.write_text("mine")
    return path


def a_stray_pipe(run: Path) -> Path:
    path = files(run)[1].with_name("part-00999.parquet")
    os.mkfifo(path)
    return path


def a_linked_folder(run: Path) -> Path:
    path = dataset_of(run) / "session=0700-0730"
    path.symlink_to(files(run)[0].parent.parent)
    return path


STRAYS = {
    beyond_the_plan: "a file of chunk 1 at the wrong path",
    in_another_folder: "a file of chunk 1 at the wrong path",
    under_another_name: "a file of chunk 1 at the wrong path",
    a_note: "not a partition file",
    a_stray_pipe: "not a partition file",
    a_linked_folder: "an unexpected link",
}


def lower_best(summary: Summary) -> Summary:
    assert summary.best is not None
    best = dataclasses.replace(summary.best, total_r=summary.best.total_r - 1)
    return dataclasses.replace(summary, best=best)


def more_combinations(summary: Summary) -> Summary:
    return dataclasses.replace(summary, combinations=summary.combinations + 1)


def more_trades(summary: Summary) -> Summary:
    sums = summary.variations["TCWE"]
    more = dataclasses.replace(sums, trades=sums.trades + 1)
    return dataclasses.replace(summary, variations={**summary.variations, "TCWE": more})


def more_r(summary: Summary) -> Summary:
    sums = summary.variations["OCAE"]
    more = dataclasses.replace(sums, total_r=sums.total_r + 1e-4)
    return dataclasses.replace(summary, variations={**summary.variations, "OCAE": more})


LIES = {
    lower_best: "the best is",
    more_combinations: "2 combinations, 3 in the metadata",
    more_trades: "TCWE is",
    more_r: "OCAE is",
}
