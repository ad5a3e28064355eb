"""Verification of a run in one pass over its files, which changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from ib_grid.grid.columns import result_schema
from ib_grid.runs.manifest import Manifest, read_manifest
from ib_grid.runs.partition_layout import results_folder
from ib_grid.storage.paths import AnyPath
from pipelines.verify import files
from pipelines.verify.checks import Check, Progress, Verification
from pipelines.verify.files import ChunkContent, ChunkFile
from pipelines.verify.recompute import check_numbers
from pipelines.verify.reports import check_report, read_written
from pipelines.verify.sample import draw_sample


@dataclass(slots=True)
class _Reading:
    """Everything read so far."""

    n_files: int = 0
    n_rows: int = 0
    n_computed: int = 0
    damage: list[str] = field(default_factory=list)
    mismatches: list[str] = field(default_factory=list)
    sampled: list[pa.Table] = field(default_factory=list)
    reported: list[pa.Table] = field(default_factory=list)

    def add(self, content: ChunkContent) -> None:
        self.n_files += 1
        self.n_rows += content.n_rows
        self.n_computed += content.n_computed
        self.damage += [content.damage] if content.damage else []
        self.mismatches += [content.mismatch] if content.mismatch else []
        self.sampled += [] if content.sampled is None else [content.sampled]
        self.reported += [] if content.reported is None else [content.reported]


def verify_run(
    run_dir: AnyPath, *, sample: int, seed: int, bars: Path | None = None, progress: Progress
) -> Verification:
    """Verify a run, finished or not.

    `bars` is their path if they were moved; `progress` is called with the current work, the number
    of items done and their total.
    """
    manifest = read_manifest(run_dir)
    plan, dataset = manifest.plan(), results_folder(run_dir, manifest.symbol)
    chunk_files = files.chunk_files(dataset, plan)
    existing = [file for file in chunk_files if file.exists]
    drawn = draw_sample(plan, files.sizes(existing), sample, seed)
    written = read_written(run_dir, manifest.symbol)
    reading = _Reading()
    for content in files.read_all(existing, manifest, drawn, written.ids):
        reading.add(content)
        progress("partitions read", reading.n_files, len(existing))
    strays, leftovers = files.unexpected_files(dataset, plan)
    report = check_report(written, _one(reading.reported), reading.n_rows)
    return Verification(
        checks=(
            Check(name="run.json", checked=1, total=1, unit="file"),
            _partitions(manifest, reading, chunk_files, strays),
            _rows(manifest, reading, chunk_files),
            *((_records(reading),) if existing else ()),
            *((report,) if report else ()),
            *check_numbers(
                manifest, drawn, _one(reading.sampled), _one(reading.reported), bars, progress
            ),
        ),
        notes=(*leftovers, *manifest.row_filter.notes()),
    )


def _one(tables: list[pa.Table]) -> pa.Table:
    if not tables:
        return result_schema().empty_table()
    return pa.concat_tables(table.replace_schema_metadata(None) for table in tables)


def _unfinished(manifest: Manifest, chunk_files: list[ChunkFile]) -> str:
    """Return that chunks are still to be computed, and how to resume; empty if the run is finished.

    The state of a run that was killed stays `running`.
    """
    done = sum(file.exists for file in chunk_files)
    if manifest.state == "finished" or done == len(chunk_files):
        return ""
    was = "killed, or still at work" if manifest.state == "running" else manifest.state
    return (
        f"{done:,} of {_count(len(chunk_files), 'chunk')} are computed, then the run was {was};"
        " run the same `ib-grid run` command again to resume"
    )


def _partitions(
    manifest: Manifest, reading: _Reading, chunk_files: list[ChunkFile], strays: tuple[str, ...]
) -> Check:
    missing = [file for file in chunk_files if not file.exists]
    finished = manifest.state == "finished"
    absent = [f"{file.path}: chunk {file.chunk.index} is missing" for file in missing]
    return Check(
        name="partition files",
        checked=reading.n_files - len(reading.damage),
        total=len(chunk_files),
        unit="files",
        problems=(*reading.damage, *(absent if finished else ()), *strays),
        unchecked=_unfinished(manifest, chunk_files),
    )


def _rows(manifest: Manifest, reading: _Reading, chunk_files: list[ChunkFile]) -> Check:
    lacking = manifest.combinations - reading.n_computed
    unfinished = _unfinished(manifest, chunk_files)
    to_compute = sum(file.chunk.n_rows for file in chunk_files if not file.exists)
    if unfinished and lacking == to_compute:
        reason = unfinished
    else:
        reason = f"{_count(lacking, 'row')} missing or in damaged files" if lacking else ""
    return Check(
        name="ids and parameters",
        checked=reading.n_rows,
        total=reading.n_rows + lacking,
        unit="rows",
        unchecked=reason,
    )


def _records(reading: _Reading) -> Check:
    return Check(
        name="partition metadata",
        checked=reading.n_files - len(reading.damage),
        total=reading.n_files,
        unit="files",
        problems=tuple(reading.mismatches),
    )


def _count(number: int, name: str) -> str:
    return f"{number:,} {name}{'' if number == 1 else 's'}"
