"""Manifest of a run, run.json: what the run computes, and its progress."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import ib_grid
from ib_grid.engine.execution_settings import Execution
from ib_grid.errors import ConfigError, InputError, first_line
from ib_grid.errors.validation import shown
from ib_grid.grid.chunks import ChunkPlan
from ib_grid.grid.columns import columns_of_version
from ib_grid.grid.filters.row_filter import NO_FILTER, RowFilter, TopKThreshold
from ib_grid.grid.grid import Grid
from ib_grid.grid.scoring import RankingSettings
from ib_grid.market.instrument_description import instrument_from_mapping
from ib_grid.market.instruments import Instrument
from ib_grid.market.session_dates import SessionDates
from ib_grid.news.statement import NewsStatement
from ib_grid.runs.fingerprint import fingerprint, identity
from ib_grid.storage.atomic_files import read_regular, whole_file
from ib_grid.storage.mapping_files import MAX_JSON_BYTES
from ib_grid.storage.paths import AnyPath

RUN_FILE = "run.json"
FORMAT = 3
# Fields that a file of format 2 lacks, and, of the last one, the first files of format 3.
_ADDED_LATER: dict[str, object] = {"dates": {}, "hold_out": {}, "clock": {}}
_CHECKSUM = "checksum"

State = Literal["running", "finished", "interrupted", "failed"]
_PACKAGES = ("numpy", "numba", "pandas", "pyarrow", "dask", "distributed", "pytz")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Content of run.json.

    Attributes
    ----------
    instrument, grid, execution, dates, keep, cut : mapping
        As `to_dict` of `Instrument`, `Grid`, `Execution`, `SessionDates`, `RowFilter` and
        `TopKThreshold`. The instrument is that at the start of the run; `cut` is empty until
        known, or where all rows are kept.
    news : mapping
        `fingerprint.news_identity`; in earlier runs with all events near the bars.
    news_statement : NewsStatement
        Provenance of the news filter: calendars, and the dates that they do not cover.
    data : mapping
        File of bars: file, sha256, values_sha256 (not in earlier runs), bars, first and last.
    ranking : mapping
        `RankingSettings`; decides no result row unless the run keeps only the best.
    combinations, chunks, settings_per_chunk : int
        Size of the grid, number of chunks, and signal settings in each.
    versions : mapping
        Of Python and the packages at the start of the run.
    fingerprint : str
        Of `identity`.
    state : {"running", "finished", "interrupted", "failed"}
        ``running`` without a live process is a run that was killed.
    attempts : tuple of mapping
        Each start of the run: time, workers, seconds, compilations, how the attempt ended.
    hold_out : mapping
        Outcome of the held-out dates, for which combination and when; empty until opened.
    clock : mapping
        `market.levels.clock_digests` of the session dates that take part; empty in earlier runs.
    """

    symbol: str
    instrument: Mapping[str, object]
    grid: Mapping[str, object]
    execution: Mapping[str, object]
    news: Mapping[str, object]
    news_statement: NewsStatement
    data: Mapping[str, object]
    ranking: Mapping[str, object]
    results_version: int
    combinations: int
    chunks: int
    settings_per_chunk: int
    versions: Mapping[str, object]
    fingerprint: str
    state: State
    created_utc: str
    attempts: tuple[Mapping[str, object], ...]
    keep: Mapping[str, object] = dataclasses.field(default_factory=NO_FILTER.to_dict)
    cut: Mapping[str, object] = dataclasses.field(default_factory=dict)
    dates: Mapping[str, object] = dataclasses.field(default_factory=dict)
    hold_out: Mapping[str, object] = dataclasses.field(default_factory=dict)
    clock: Mapping[str, object] = dataclasses.field(default_factory=dict)

    @property
    def identity(self) -> dict[str, object]:
        """Everything that can change a number."""
        return identity(
            symbol=self.symbol,
            grid=self.grid,
            execution=self.execution,
            news=self.news,
            data_sha256=str(self.data.get("sha256")),
            values_sha256=self.data.get("values_sha256"),
            results_version=self.results_version,
            keep=self.row_filter.identity,
            dates=self.dates,
            clock=self.clock,
        )

    @property
    def described(self) -> Instrument:
        """The instrument of the run."""
        return instrument_from_mapping(self.instrument, location=RUN_FILE)

    @property
    def fills(self) -> Execution:
        """The execution model and its costs."""
        return Execution.from_dict(self.execution)

    @property
    def session_dates(self) -> SessionDates:
        """Session dates that take part, and the first one that is held out."""
        return SessionDates.from_dict(self.dates)

    @property
    def row_filter(self) -> RowFilter:
        """Columns and rows that the run keeps."""
        return RowFilter.from_dict(self.keep)

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metric columns of the run's rows."""
        of_version = columns_of_version(self.results_version)
        return tuple(name for name in self.row_filter.metrics if name in of_version)

    def plan(self) -> ChunkPlan:
        """Return the grid with its chunks."""
        return ChunkPlan(grid=Grid.from_dict(self.grid), settings_per_chunk=self.settings_per_chunk)


def versions() -> dict[str, str]:
    """Return the versions of ib-grid, Python and the packages that compute or store numbers."""
    packages = {name: importlib.metadata.version(name) for name in _PACKAGES}
    return {"ib-grid": ib_grid.__version__, "python": platform.python_version(), **packages}


def write_manifest(run_dir: AnyPath, manifest: Manifest) -> None:
    """Write run.json, whole or not at all, with a checksum of its content."""
    statement = manifest.news_statement.to_dict()
    content = {"format": FORMAT, **dataclasses.asdict(manifest), "news_statement": statement}
    signed = {**content, _CHECKSUM: _checksum(content)}
    text = json.dumps(signed, indent=2, allow_nan=False) + "\n"
    with whole_file(run_dir / RUN_FILE) as file:
        file.write(text.encode())


def _checksum(content: Mapping[str, object]) -> str:
    """Return the SHA-256 of all but the checksum itself; empty for invalid content."""
    try:
        return fingerprint(content)
    except (ValueError, RecursionError):  # such as NaN
        return ""


def has_manifest(run_dir: AnyPath) -> bool:
    """Return False if run.json is missing or torn; True also if its content is wrong."""
    try:
        json.loads(read_regular(run_dir / RUN_FILE, MAX_JSON_BYTES).decode())
    except FileNotFoundError:
        return False
    except (OSError, RecursionError):
        return True
    except ValueError:
        return False
    return True


def read_manifest(run_dir: AnyPath) -> Manifest:
    """Return the manifest of a run directory."""
    path = run_dir / RUN_FILE
    try:
        content = json.loads(read_regular(path, MAX_JSON_BYTES).decode())
    except OSError as error:
        raise InputError(
            f"run.json cannot be read ({error.strerror})",
            location=str(run_dir),
            expected="a run directory",
        ) from error
    except (ValueError, RecursionError) as error:
        raise _damaged(path, f"not JSON: {first_line(error)}") from error
    return _checked(content, path)


def _checked(content: object, path: AnyPath) -> Manifest:
    if not isinstance(content, dict) or not isinstance(content.get("format"), int):
        raise _damaged(path, "format is missing")
    if content["format"] > FORMAT:
        raise InputError(
            f"run.json has format {content['format']}, from a newer ib-grid",
            location=str(path),
            expected=f"format {FORMAT}",
            hint="update ib-grid to open this run",
        )
    if content["format"] < FORMAT - 1:
        raise _damaged(path, f"format is {content['format']}")
    as_written = {name: value for name, value in content.items() if name != _CHECKSUM}
    content = {**_ADDED_LATER, **content}
    checksum = content.get(_CHECKSUM)
    names = [field.name for field in dataclasses.fields(Manifest)]
    _check_kinds(content, {name: _KINDS.get(name, dict) for name in names}, path)
    _check_kinds(content["data"], _DATA_KINDS, path, "data.")
    if content["state"] not in get_args(State):
        raise _damaged(path, f"state is {shown(content['state'])}")
    values = {name: content[name] for name in names}
    try:
        statement = NewsStatement.from_dict(content["news_statement"])
    except ConfigError as error:
        raise _damaged(path, f"{error.message} in news_statement") from error
    attempts = tuple(values["attempts"])
    manifest = Manifest(**{**values, "news_statement": statement, "attempts": attempts})
    _check_accord(manifest, path)
    if checksum != _checksum(as_written):
        raise _damaged(path, "wrong checksum")
    return manifest


def _check_kinds(
    content: Mapping[str, object], kinds: Mapping[str, type], path: AnyPath, prefix: str = ""
) -> None:
    for name, kind in kinds.items():
        if not isinstance(content.get(name), kind):
            raise _damaged(path, f"{prefix}{name} is {shown(content.get(name))}")


def _check_accord(manifest: Manifest, path: AnyPath) -> None:
    """Refuse a manifest with parts that are invalid or do not belong together."""
    try:
        symbol = manifest.described.symbol
        plan, identified = manifest.plan(), fingerprint(manifest.identity)
        RankingSettings(**manifest.ranking)  # type: ignore[arg-type]
        _ = manifest.session_dates, manifest.fills
        if manifest.cut:
            TopKThreshold.from_dict(manifest.cut)
    except (InputError, KeyError, TypeError, ValueError) as error:
        raise _damaged(
            path, f"invalid instrument, grid, fills, dates, ranking or filter: {first_line(error)}"
        ) from error
    if symbol != manifest.symbol:
        raise _damaged(path, f"symbol is {manifest.symbol!r}, but the instrument is {symbol}")
    if identified != manifest.fingerprint:
        raise _damaged(path, "wrong fingerprint")
    if manifest.settings_per_chunk < 1 or (manifest.combinations, manifest.chunks) != (
        len(plan.grid),
        len(plan),
    ):
        raise _damaged(path, "the chunks do not fit the grid")


# JSON types of the fields that are not objects.
_KINDS: dict[str, type] = {
    "symbol": str,
    "results_version": int,
    "combinations": int,
    "chunks": int,
    "settings_per_chunk": int,
    "fingerprint": str,
    "state": str,
    "created_utc": str,
    "attempts": list,
}
_DATA_KINDS = {"file": str, "sha256": str, "bars": int, "first": str, "last": str}


def _damaged(path: AnyPath, found: str) -> InputError:
    return InputError(
        f"run.json is damaged or foreign: {found}",
        location=str(path),
        expected=f"a file written by ib-grid, format {FORMAT}",
        hint="restore the file from a copy, or start over with --no-resume",
    )
