"""Verification of a run in one pass over its files, which changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

from ib_grid.grid.columns import result_schema
from ib_grid.runs.manifest import Manifest, read_manifest
from ib_grid.runs.partition_layout import results_folder
from ib_grid.storage.paths import AnyPath
from pipelines.render.numbers import plural
from pipelines.verify import files
from pipelines.verify.checks import Check, Progress, Verification
from pipelines.verify.files import ChunkContent, ChunkFile
from pipelines.verify.recompute import check_numbers
from pipelines.verify.reports import check_report, read_written
from pipelines.verify.sample import draw_sample


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
    contents: list[ChunkContent] = []
    for content in files.read_all(existing, manifest, drawn, written.ids):
        contents.append(content)
        progress("partitions read", len(contents), len(existing))
    strays, leftovers = files.unexpected_files(dataset, plan)
    sampled, reported = _one(c.sampled for c in contents), _one(c.reported for c in contents)
    report = check_report(written, reported, sum(content.n_rows for content in contents))
    return Verification(
        checks=(
            Check(name="run.json", checked=1, total=1, unit="file"),
            _partitions(manifest, contents, chunk_files, strays),
            _rows(manifest, contents, chunk_files),
            *((_records(contents),) if existing else ()),
            *((report,) if report else ()),
            *check_numbers(manifest, drawn, sampled, reported, bars, progress),
        ),
        notes=(*leftovers, *manifest.row_filter.notes()),
    )


def _one(tables: Iterable[pa.Table | None]) -> pa.Table:
    """Return tables as one; those of damaged files are None."""
    intact = [table.replace_schema_metadata(None) for table in tables if table is not None]
    return pa.concat_tables(intact) if intact else result_schema().empty_table()


def _unfinished(manifest: Manifest, chunk_files: list[ChunkFile]) -> str:
    """Return that chunks are still to be computed, and how to resume; empty if the run is finished.

    The state of a run that was killed stays `running`.
    """
    done = sum(file.exists for file in chunk_files)
    if manifest.state == "finished" or done == len(chunk_files):
        return ""
    was = "killed, or still at work" if manifest.state == "running" else manifest.state
    return (
        f"{done:,} of {plural(len(chunk_files), 'chunk')} are computed, then the run was {was};"
        " run the same `ib-grid run` command again to resume"
    )


def _partitions(
    manifest: Manifest,
    contents: list[ChunkContent],
    chunk_files: list[ChunkFile],
    strays: tuple[str, ...],
) -> Check:
    damage = [content.damage for content in contents if content.damage]
    missing = [file for file in chunk_files if not file.exists]
    finished = manifest.state == "finished"
    absent = [f"{file.path}: chunk {file.chunk.index} is missing" for file in missing]
    return Check(
        name="partition files",
        checked=len(contents) - len(damage),
        total=len(chunk_files),
        unit="files",
        problems=(*damage, *(absent if finished else ()), *strays),
        unchecked=_unfinished(manifest, chunk_files),
    )


def _rows(manifest: Manifest, contents: list[ChunkContent], chunk_files: list[ChunkFile]) -> Check:
    n_rows = sum(content.n_rows for content in contents)
    lacking = manifest.combinations - sum(content.n_computed for content in contents)
    unfinished = _unfinished(manifest, chunk_files)
    to_compute = sum(file.chunk.n_rows for file in chunk_files if not file.exists)
    if unfinished and lacking == to_compute:
        reason = unfinished
    else:
        reason = f"{plural(lacking, 'row')} missing or in damaged files" if lacking else ""
    return Check(
        name="ids and parameters",
        checked=n_rows,
        total=n_rows + lacking,
        unit="rows",
        unchecked=reason,
    )


def _records(contents: list[ChunkContent]) -> Check:
    return Check(
        name="partition metadata",
        checked=sum(not content.damage for content in contents),
        total=len(contents),
        unit="files",
        problems=tuple(content.mismatch for content in contents if content.mismatch),
    )
