"""Options of a run, each declared once: its type, its default and its help text.

A group of options is a class. Commands take their command-line options from these groups
(`pipelines.cli.option_groups`), `Settings` inherits all of them, and the names of the fields are
the keys of a configuration file. `--help` reads this module, so it imports nothing that takes time.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, get_args

from ib_grid.storage.paths import AnyPath
from pipelines.config import conversions, default_paths
from pipelines.config.conversions import Convert, Range

# Addresses of schedulers that speak TLS begin with one of these.
TLS_SCHEMES = ("tls://", "wss://")
MAX_WORKERS = 1_000
MAX_CHUNK_SIZE = 1_000_000
MAX_POINTS = 1_000_000
MINUTES_PER_DAY = 1_440

Text = Annotated[str, Convert(conversions.to_text)]
File = Annotated[Path, Convert(conversions.to_path, typed=Path)]
Address = Annotated[str, Convert(conversions.to_listen_address)]
Minutes = Annotated[int, Range(ge=0, le=MINUTES_PER_DAY)]
Points = Annotated[float, Range(ge=0, le=MAX_POINTS)]
Symbol = Annotated[str, Convert(conversions.to_symbol)]
LocalOrRemotePath = Annotated[AnyPath, Convert(conversions.to_any_path)]
Files = Annotated[tuple[Path, ...], Convert(conversions.to_paths, typed=list[Path])]
Texts = Annotated[tuple[str, ...], Convert(conversions.to_texts, typed=list[str])]
WorkerCount = Annotated[int, Range(ge=1, le=MAX_WORKERS)]
SchedulerAddress = Annotated[str, Convert(conversions.to_scheduler_address)]
SharedPath = Annotated[AnyPath, Convert(conversions.to_shared_path)]
FolderName = Annotated[str, Convert(conversions.to_folder_name)]
ChunkSize = Annotated[int, Range(ge=1, le=MAX_CHUNK_SIZE)]
Condition = Annotated[str, Convert(conversions.to_condition)]
RowCount = Annotated[int, Convert(conversions.to_row_count)]

_POINTS = f"0 to {MAX_POINTS:,}, in points of price"
_MINUTES = f"whole minutes from 0 to {MINUTES_PER_DAY:,}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """Help text of an option, and what an invalid value is told.

    `unset` names the value of an option that is not given, where the default value does not tell;
    `flags` are names on the command line that differ from the field's.
    """

    help: str
    expected: str
    unset: str = ""
    flags: tuple[str, ...] = ()


def option_of(type_: Any) -> Option:
    """Return the explanation that the type of an option carries."""
    return next(note for note in type_.__metadata__ if isinstance(note, Option))


def given_type(type_: Any) -> Any:
    """Return the type of an option that is given: without explanation, and not optional."""
    inner = type_.__origin__
    if NoneType in get_args(inner):
        return next(part for part in get_args(inner) if part is not NoneType)
    # Annotated[Annotated[T, a], b] is flat: the other notes belong to T.
    notes = [note for note in type_.__metadata__ if not isinstance(note, Option)]
    return Annotated[(inner, *notes)] if notes else inner


@dataclass(frozen=True, kw_only=True)
class InstrumentOptions:
    """The instrument."""

    symbol: Annotated[
        Symbol,
        Option(
            help="Instrument: GER40, XAUUSD, or one described in data/instruments/SYMBOL.toml.",
            expected="a text such as GER40",
        ),
    ]
    instruments: Annotated[
        LocalOrRemotePath | None,
        Option(
            help="TOML file that describes the instrument, or a folder of SYMBOL.toml files.",
            expected="the path of a TOML file or of a folder of them",
            unset="data/instruments",
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class DataOptions:
    """The prepared bars."""

    data: Annotated[
        File | None,
        Option(
            help="Parquet file of one-minute bars.",
            expected="the path of a Parquet file",
            unset="SYMBOL_m1.parquet in --data-dir",
        ),
    ] = None
    data_dir: Annotated[
        File, Option(help="Folder of prepared bars and levels.", expected="the path of a folder")
    ] = default_paths.DATA_DIR


@dataclass(frozen=True, kw_only=True)
class GridOptions:
    """The grid."""

    grid: Annotated[
        Text,
        Option(
            help="Grid of parameter values: standard, expanded, or a TOML file.",
            expected="standard, expanded or the path of a TOML file",
        ),
    ] = "standard"


@dataclass(frozen=True, kw_only=True)
class ExecutionOptions:
    """The execution model and its costs."""

    execution: Annotated[
        Literal["realistic", "original"],
        Option(
            help="Execution model; original fills as the old optimizer did.",
            expected="one of realistic, original",
        ),
    ] = "realistic"
    spread_points: Annotated[
        Points | None,
        Option(
            help="Full spread, in points of price (for gold: dollars).",
            expected=_POINTS,
            unset="the instrument's",
        ),
    ] = None
    slippage_points: Annotated[
        Points, Option(help="Slippage of each market fill, in points of price.", expected=_POINTS)
    ] = 0.0
    commission_points: Annotated[
        Points, Option(help="Commission per round trip, in points of price.", expected=_POINTS)
    ] = 0.0


@dataclass(frozen=True, kw_only=True)
class NewsOptions:
    """The news filter."""

    news: Annotated[
        Files,
        Option(
            help="Calendar file or folder; may be repeated.",
            expected="the path of a calendar file or of a folder of them, or a list",
            unset="data/news if it exists",
        ),
    ] = ()
    news_filter: Annotated[
        bool,
        Option(
            help="Block entries near high-impact news.",
            expected="true or false",
            flags=("--news-filter", "--no-news"),
        ),
    ] = True
    news_before_minutes: Annotated[
        Minutes, Option(help="Minutes blocked before an event.", expected=_MINUTES)
    ] = 2
    news_after_minutes: Annotated[
        Minutes, Option(help="Minutes blocked after an event.", expected=_MINUTES)
    ] = 2
    news_coverage: Annotated[
        Literal["full", "partial"],
        Option(
            help="full: refuse to run if a date lacks news data."
            " partial: run and list those dates.",
            expected="one of full, partial",
        ),
    ] = "full"
    news_timezone: Annotated[
        Text | None,
        Option(
            help="Time zone of calendar times that name none.",
            expected="an IANA name such as UTC or America/New_York",
            unset="that of the calendar's format",
        ),
    ] = None
    news_currency: Annotated[
        Texts,
        Option(
            help="Currency whose events block entries; may be repeated.",
            expected="a currency such as USD, or a list of them",
            unset="the instrument's",
        ),
    ] = ()


@dataclass(frozen=True, kw_only=True)
class WorkerOptions:
    """The worker processes on this machine."""

    workers: Annotated[
        WorkerCount | None,
        Option(
            help="Worker processes.",
            expected=f"a whole number from 1 to {MAX_WORKERS:,}",
            unset="as many as suit the machine, at most 90",
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class ClusterOptions:
    """The Dask cluster."""

    scheduler: Annotated[
        SchedulerAddress | None,
        Option(
            help="Address of a running Dask scheduler to use instead of local workers.",
            expected="an address such as tcp://127.0.0.1:8786",
        ),
    ] = None
    dashboard_address: Annotated[
        Address,
        Option(
            help="HOST:PORT of the Dask dashboard; port 0 takes any free one.",
            expected="HOST:PORT or :PORT",
        ),
    ] = ":0"
    listen: Annotated[
        Address | None,
        Option(
            help="HOST:PORT at which workers on other machines can join.",
            expected="HOST:PORT or :PORT",
            unset="this machine only",
        ),
    ] = None
    tls_ca_file: Annotated[
        File | None,
        Option(
            help="PEM file of the certificate authority; turns TLS on.",
            expected="the path of a PEM file",
        ),
    ] = None
    tls_cert: Annotated[
        File | None,
        Option(help="PEM file of the TLS certificate.", expected="the path of a PEM file"),
    ] = None
    tls_key: Annotated[
        File | None,
        Option(
            help="PEM file of the certificate's private key.", expected="the path of a PEM file"
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class OutputOptions:
    """The run directory and what is stored in it."""

    output: Annotated[
        SharedPath,
        Option(
            help="Folder of run directories, or a URL such as s3://BUCKET/PREFIX.",
            expected="the path of a folder, or a URL such as s3://bucket/prefix",
        ),
    ] = Path("results")
    run_dir: Annotated[
        FolderName | None,
        Option(
            help="Name of the run directory in the output folder.",
            expected="the name of a folder in the output folder, not a path",
            unset="SYMBOL_COMBINATIONS_TIME",
        ),
    ] = None
    resume: Annotated[
        bool,
        Option(
            help="Resume an earlier run with the same settings.",
            expected="true or false",
            flags=("--resume", "--no-resume"),
        ),
    ] = True
    chunk_size: Annotated[
        ChunkSize | None,
        Option(
            help="Approximate number of combinations in a chunk.",
            expected=f"a number of combinations from 1 to {MAX_CHUNK_SIZE:,}",
            unset="to suit grid and workers",
        ),
    ] = None
    columns: Annotated[
        Literal["all", "ranking"],
        Option(
            help="Result columns to store: all, or those that ranking and reports need.",
            expected="one of all, ranking",
        ),
    ] = "all"
    filter: Annotated[
        Condition | None,
        Option(
            help="Store only the rows that meet a condition, such as 'total_trades >= 10'.",
            expected="a condition, such as total_trades >= 10",
            unset="all rows",
        ),
    ] = None
    top_k: Annotated[
        RowCount | None,
        Option(
            help="Store only this many rows, the best by score: 1000 or 1e6.",
            expected="a number of rows, such as 1000 or 1e6",
            unset="all rows",
        ),
    ] = None
