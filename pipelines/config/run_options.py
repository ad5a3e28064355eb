"""Options of a run, each declared once: its type, its default and its help text.

A group of options is a class. Commands take their command-line options from these groups
(`pipelines.cli.option_groups`), `Settings` inherits all of them, and the names of the fields are
the keys of a configuration file. `--help` reads this module, so it imports nothing that takes time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from ib_grid.storage.paths import AnyPath
from pipelines.config import conversions, default_paths
from pipelines.config.conversions import Convert, Range

# Addresses of schedulers that speak TLS begin with one of these.
TLS_SCHEMES = ("tls://", "wss://")
MAX_WORKERS = 1_000
MAX_CHUNK_SIZE = 1_000_000
MAX_POINTS = 1_000_000
MINUTES_PER_DAY = 1_440

_CALENDARS = "the path of a calendar file or of a folder of them, or a list"
_CURRENCIES = "a currency such as USD, a list of them, or a table of lists by symbol"
_INSTRUMENTS = "the path of a TOML file or of a folder of them"
_MINUTES = f"whole minutes from 0 to {MINUTES_PER_DAY:,}"
_OUTPUT = "the path of a folder, or a URL such as s3://bucket/prefix"
_POINTS = f"0 to {MAX_POINTS:,}, in points of price"
_ROWS = f"a number of combinations from 1 to {MAX_CHUNK_SIZE:,}"
_RUN_DIR = "the name of a folder in the output folder, not a path"
_CONTRACTS = "the path of a TOML file of contracts"
_MONEY = "an amount of money above 0"
_PERCENT = "a percentage above 0 and at most 100, such as 1"
_ZONE = "an IANA name such as America/New_York, UTC+2, or America/New_York+7"

Symbol = Annotated[str, Convert(conversions.to_symbol, "a text such as GER40")]
InstrumentPath = Annotated[AnyPath, Convert(conversions.to_any_path, _INSTRUMENTS)]
BarsFile = Annotated[Path, Convert(conversions.to_path, "the path of a Parquet file", Path)]
Folder = Annotated[Path, Convert(conversions.to_path, "the path of a folder", Path)]
SpreadFile = Annotated[
    AnyPath, Convert(conversions.to_any_path, "the path of a TOML file of spreads by hour")
]
PemFile = Annotated[Path, Convert(conversions.to_path, "the path of a PEM file", Path)]
Date = Annotated[dt.date, Convert(conversions.to_date, "a date such as 2018-01-31")]
HoldOut = Annotated[
    dt.date | float,
    Convert(conversions.to_hold_out, "a share above 0% and below 100%, or a date"),
]
GridName = Annotated[
    str, Convert(conversions.to_text, "standard, expanded or the path of a TOML file")
]
Points = Annotated[float, Range(0, MAX_POINTS, _POINTS)]
Calendars = Annotated[tuple[Path, ...], Convert(conversions.to_paths, _CALENDARS, list[Path])]
Minutes = Annotated[int, Range(0, MINUTES_PER_DAY, _MINUTES)]
ContractsFile = Annotated[Path, Convert(conversions.to_path, _CONTRACTS, Path)]
Money = Annotated[float, Range(0, 1e12, _MONEY)]
Percent = Annotated[float, Range(0, 100, _PERCENT)]
Timezone = Annotated[str, Convert(conversions.to_text, _ZONE)]
Currencies = Annotated[
    tuple[str, ...] | Mapping[str, tuple[str, ...]],
    Convert(conversions.to_currencies, _CURRENCIES, list[str]),
]
WorkerCount = Annotated[int, Range(1, MAX_WORKERS, f"a whole number from 1 to {MAX_WORKERS:,}")]
SchedulerAddress = Annotated[
    str, Convert(conversions.to_scheduler_address, "an address such as tcp://127.0.0.1:8786")
]
Address = Annotated[str, Convert(conversions.to_listen_address, "HOST:PORT or :PORT")]
OutputPath = Annotated[AnyPath, Convert(conversions.to_shared_path, _OUTPUT)]
RunDirName = Annotated[str, Convert(conversions.to_folder_name, _RUN_DIR)]
ChunkSize = Annotated[int, Range(1, MAX_CHUNK_SIZE, _ROWS)]
Condition = Annotated[
    str, Convert(conversions.to_condition, "a condition, such as total_trades >= 10")
]
RowCount = Annotated[
    int, Convert(conversions.to_row_count, "a number of rows, such as 1000 or 1e6")
]


@dataclass(frozen=True, slots=True)
class Option:
    """Help text of an option.

    `unset` names the value of an option that is not given, where the default value does not tell;
    `flags` are names on the command line that differ from the field's.
    """

    help: str
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


def expected_of(type_: Any) -> str:
    """Return the message for an invalid value of an option."""
    given = given_type(type_)
    if given is bool:
        return "true or false"
    if get_origin(given) is Literal:
        return f"one of {', '.join(get_args(given))}"
    return str(given.__metadata__[0].expected)


@dataclass(frozen=True, kw_only=True)
class InstrumentOptions:
    """The instrument."""

    symbol: Annotated[
        Symbol,
        Option("Instrument: GER40, XAUUSD, or one described in data/instruments/SYMBOL.toml."),
    ]
    instruments: Annotated[
        InstrumentPath | None,
        Option(
            "TOML file that describes the instrument, or a folder of SYMBOL.toml files.",
            unset="data/instruments",
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class DataOptions:
    """The prepared bars."""

    data: Annotated[
        BarsFile | None,
        Option("Parquet file of one-minute bars.", unset="SYMBOL_m1.parquet in --data-dir"),
    ] = None
    data_dir: Annotated[Folder, Option("Folder of prepared bars and levels.")] = (
        default_paths.DATA_DIR
    )


@dataclass(frozen=True, kw_only=True)
class DateOptions:
    """The session dates that take part."""

    from_date: Annotated[
        Date | None,
        Option("First session date, YYYY-MM-DD.", unset="the first", flags=("--from",)),
    ] = None
    to_date: Annotated[
        Date | None,
        Option("Last session date, included.", unset="the last", flags=("--to",)),
    ] = None


@dataclass(frozen=True, kw_only=True)
class HoldOutOptions:
    """The session dates that are held out."""

    hold_out: Annotated[
        HoldOut | None,
        Option(
            "Last session dates to keep unseen, for `ib-grid holdout`: a share such as 20%, or"
            " the first such date.",
            unset="none",
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class GridOptions:
    """The grid."""

    grid: Annotated[
        GridName, Option("Grid of parameter values: standard, expanded, or a TOML file.")
    ] = "standard"


@dataclass(frozen=True, kw_only=True)
class ExecutionOptions:
    """The execution model and its costs."""

    execution: Annotated[
        Literal["realistic", "original"],
        Option("Execution model; original fills as the old optimizer did."),
    ] = "realistic"
    spread_points: Annotated[
        Points | None,
        Option("Full spread, in points of price (dollars for gold).", unset="the instrument's"),
    ] = None
    slippage_points: Annotated[
        Points, Option("Slippage of each market fill, in points of price.")
    ] = 0.0
    commission_points: Annotated[
        Points, Option("Commission per round trip, in points of price.")
    ] = 0.0
    delay_minutes: Annotated[Minutes, Option("Delay of every entry, in minutes.")] = 0
    spread_by_hour: Annotated[
        SpreadFile | None,
        Option(
            'TOML file of spreads by clock hour: clock = "America/New_York+7", then 0 = 4.5 and so'
            " on; --spread-points applies to the other hours.",
            unset="none",
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class NewsOptions:
    """The news filter."""

    news: Annotated[
        Calendars,
        Option("Calendar file or folder; may be repeated.", unset="data/news if it exists"),
    ] = ()
    news_filter: Annotated[
        bool, Option("Block entries near high-impact news.", flags=("--news-filter", "--no-news"))
    ] = True
    news_before_minutes: Annotated[Minutes, Option("Minutes blocked before an event.")] = 2
    news_after_minutes: Annotated[Minutes, Option("Minutes blocked after an event.")] = 2
    news_coverage: Annotated[
        Literal["full", "partial"],
        Option("full: refuse to run if a date lacks news data. partial: run and list those dates."),
    ] = "full"
    news_timezone: Annotated[
        Timezone | None,
        Option(
            "Time zone of calendar times without one: an IANA name, UTC+2, or America/New_York+7.",
            unset="as the file shows",
        ),
    ] = None
    news_date_order: Annotated[
        Literal["day-first", "month-first"] | None,
        Option("Order of calendar dates such as 03/05/2024.", unset="as the file shows"),
    ] = None
    news_currency: Annotated[
        Currencies,
        Option("Currency whose events block entries; may be repeated.", unset="the instrument's"),
    ] = ()


@dataclass(frozen=True, kw_only=True)
class ContractOptions:
    """The contracts of an account."""

    contracts: Annotated[
        ContractsFile | None,
        Option("TOML file of contracts: lots, leverage, commissions.", unset="an example"),
    ] = None
    program: Annotated[
        Annotated[str, Convert(conversions.to_text, "a key of leverage in the contracts")] | None,
        Option(
            "Program of the firm, if leverage depends on it.",
            unset="the program of the rules, if any",
        ),
    ] = None
    max_margin_pct: Annotated[Percent, Option("Most margin to use, in percent of the equity.")] = (
        40.0
    )


@dataclass(frozen=True, kw_only=True)
class AccountOptions:
    """The account and how positions are sized."""

    initial_balance: Annotated[Money, Option("Balance at the start.")] = 100_000.0
    currency: Annotated[
        Annotated[str, Convert(conversions.to_text, "a currency such as USD")],
        Option("Currency of the account."),
    ] = "USD"
    risk_pct: Annotated[Percent, Option("Loss at the stop, in percent of the balance.")] = 1.0
    sizing: Annotated[
        Literal["initial", "balance"],
        Option("Balance of which the risk is a percentage: initial, or current (balance)."),
    ] = "initial"


@dataclass(frozen=True, kw_only=True)
class RobustnessOptions:
    """The robustness tests after a run."""

    robustness: Annotated[
        bool,
        Option(
            "Afterwards, test whether the selection may be luck.",
            flags=("--robustness", "--no-robustness"),
        ),
    ] = True


@dataclass(frozen=True, kw_only=True)
class WorkerOptions:
    """The worker processes on this machine."""

    workers: Annotated[
        WorkerCount | None,
        Option("Worker processes.", unset="as many as suit the machine, at most 90"),
    ] = None


@dataclass(frozen=True, kw_only=True)
class ClusterOptions:
    """The Dask cluster."""

    scheduler: Annotated[
        SchedulerAddress | None,
        Option("Address of a running Dask scheduler to use instead of local workers."),
    ] = None
    dashboard_address: Annotated[
        Address, Option("HOST:PORT of the Dask dashboard; port 0 picks a free one.")
    ] = ":0"
    listen: Annotated[
        Address | None,
        Option("HOST:PORT where workers on other machines can join.", unset="this machine only"),
    ] = None
    tls_ca_file: Annotated[
        PemFile | None,
        Option(
            "PEM file of the certificate authority for TLS.",
            unset="for local workers, certificates made for the run",
        ),
    ] = None
    tls_cert: Annotated[PemFile | None, Option("PEM file of the TLS certificate.")] = None
    tls_key: Annotated[PemFile | None, Option("PEM file of the certificate's private key.")] = None


@dataclass(frozen=True, kw_only=True)
class OutputOptions:
    """The run directory and what is stored in it."""

    output: Annotated[
        OutputPath, Option("Folder of run directories, or a URL such as s3://BUCKET/PREFIX.")
    ] = Path("results")
    run_dir: Annotated[
        RunDirName | None,
        Option(
            "Name of the run directory in the output folder.", unset="SYMBOL_NUMBERcombos_DATE_TIME"
        ),
    ] = None
    resume: Annotated[
        bool,
        Option("Resume an earlier run with the same settings.", flags=("--resume", "--no-resume")),
    ] = True
    chunk_size: Annotated[
        ChunkSize | None,
        Option("Approximate number of combinations per chunk.", unset="to suit grid and workers"),
    ] = None
    columns: Annotated[
        Literal["all", "ranking"],
        Option("Result columns to store: all, or those that ranking and reports need."),
    ] = "all"
    filter: Annotated[
        Condition | None,
        Option(
            "Store only the rows that meet a condition, such as 'total_trades >= 10'.",
            unset="all rows",
        ),
    ] = None
    top_k: Annotated[
        RowCount | None,
        Option("Store only this many rows, the best by score: 1000 or 1e6.", unset="all rows"),
    ] = None
