"""All of a run, checked in one pass over its files; nothing of it is changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from ib_grid.grid.columns import result_schema
from ib_grid.runs.manifest import Manifest, read_manifest
from ib_grid.runs.partition_layout import results_folder
from ib_grid.storage.paths import AnyPath
from pipelines.verify import again, files
from pipelines.verify.checks import Check, Tell, Verification
from pipelines.verify.draw import draw
from pipelines.verify.files import ChunkFile, Found
from pipelines.verify.reports import check_report, read_written


@dataclass(slots=True)
class _Reading:
    """What has been read so far."""

    n_files: int = 0
    n_rows: int = 0
    n_computed: int = 0
    damage: list[str] = field(default_factory=list)
    discord: list[str] = field(default_factory=list)
    drawn: list[pa.Table] = field(default_factory=list)
    named: list[pa.Table] = field(default_factory=list)

    def add(self, found: Found) -> None:
        self.n_files += 1
        self.n_rows += found.n_rows
        self.n_computed += found.n_computed
        self.damage += [found.damage] if found.damage else []
        self.discord += [found.discord] if found.discord else []
        self.drawn += [] if found.drawn is None else [found.drawn]
        self.named += [] if found.named is None else [found.named]


def verify_run(
    run_dir: AnyPath, *, sample: int, seed: int, bars: Path | None = None, tell: Tell
) -> Verification:
    """Check a run, finished or not.

    Parameters
    ----------
    run_dir : AnyPath
    sample : int
        Combinations to compute again.
    seed : int
        Draws them.
    bars : Path, optional
        Where the bars of the run are now; by default where run.json says.
    tell : callable
        Is told what is being done, how many of it are done and of how many.

    Raises
    ------
    InputError
        If it is no run directory, or its run.json is damaged.
    """
    manifest = read_manifest(run_dir)
    plan, dataset = manifest.plan(), results_folder(run_dir, manifest.symbol)
    chunk_files = files.chunk_files(dataset, plan)
    there = [file for file in chunk_files if file.there]
    drawn = draw(plan, files.sizes(there), sample, seed)
    written = read_written(run_dir, manifest.symbol)
    reading = _Reading()
    for found in files.read_all(there, manifest, drawn, written.ids):
        reading.add(found)
        tell("partitions read", reading.n_files, len(there))
    strays, leftovers = files.others(dataset, plan)
    report = check_report(written, _one(reading.named), reading.n_rows)
    return Verification(
        checks=(
            Check(what="run.json", checked=1, total=1, unit="file"),
            _partitions(manifest, reading, chunk_files, strays),
            _rows(manifest, reading),
            _records(reading),
            *((report,) if report else ()),
            *again.checks(manifest, drawn, _one(reading.drawn), bars, tell),
        ),
        notes=(*leftovers, *manifest.row_filter.notes(), *_notes(manifest)),
    )


def _one(tables: list[pa.Table]) -> pa.Table:
    return pa.concat_tables(_bare(tables)) if tables else result_schema().empty_table()


def _bare(tables: list[pa.Table]) -> list[pa.Table]:
    return [table.replace_schema_metadata(None) for table in tables]


def _partitions(
    manifest: Manifest, reading: _Reading, chunk_files: list[ChunkFile], strays: tuple[str, ...]
) -> Check:
    missing = [file for file in chunk_files if not file.there]
    finished = manifest.state == "finished"
    absent = [f"{file.path}: chunk {file.chunk.index} is missing" for file in missing]
    return Check(
        what="partition files",
        checked=reading.n_files - len(reading.damage),
        total=len(chunk_files),
        unit="files",
        wrong=(*reading.damage, *(absent if finished else ()), *strays),
        unchecked=f"the run is {manifest.state}: {_count(len(missing), 'chunk')} to be computed yet"
        if missing and not finished
        else "",
    )


def _rows(manifest: Manifest, reading: _Reading) -> Check:
    lacking = manifest.combinations - reading.n_computed
    return Check(
        what="ids, parameters, sums",
        checked=reading.n_rows,
        total=reading.n_rows + lacking,
        unit="rows",
        unchecked=f"{_count(lacking, 'row')} missing or in damaged files" if lacking else "",
    )


def _records(reading: _Reading) -> Check:
    return Check(
        what="records against rows",
        checked=reading.n_files - len(reading.damage),
        total=reading.n_files,
        unit="records",
        wrong=tuple(reading.discord),
    )


def _count(number: int, name: str) -> str:
    return f"{number:,} {name}{'' if number == 1 else 's'}"


def _notes(manifest: Manifest) -> tuple[str, ...]:
    if manifest.state == "finished":
        return ()
    return (f"the run is {manifest.state}; what is there of it was checked",)
