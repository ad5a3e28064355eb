"""What each key of the configuration may hold, and how it becomes a value of its type."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ib_grid.engine.execution import MODELS
from ib_grid.errors import ConfigError, IbGridError, validation
from ib_grid.errors.validation import finite_number
from ib_grid.grid.conditions import parse_condition
from ib_grid.grid.grid import MAX_COMBINATIONS
from ib_grid.grid.row_filter import COLUMN_CHOICES
from ib_grid.grid.scoring import RankingSettings
from ib_grid.market.clock import MINUTES_PER_DAY
from ib_grid.market.instruments import check_symbol_name
from ib_grid.news.settings import COVERAGE_MODES
from ib_grid.storage.paths import AnyPath, RemotePath, parse_path

# How the addresses of schedulers that speak TLS begin.
TLS_SCHEMES = ("tls://", "wss://")
TLS_KEYS = ("tls_ca_file", "tls_cert", "tls_key")
RANKING_KEYS = ("weights", "min_trades")
MOST_WORKERS = 1_000
LARGEST_CHUNK = 1_000_000
MOST_POINTS = 1_000_000
_LAST_PORT = 65_535


def check_names(names: Iterable[str], known: Iterable[str], location: str) -> None:
    """Refuse a name that is not known, with the nearest one that is; a ConfigError."""
    validation.check_names(names, known, location, ConfigError)


def convert_value(name: str, value: object, location: str) -> object:
    """The value of a key in its type; a ConfigError where it is none."""
    key = KEYS[name]
    try:
        return key.convert(value)
    except IbGridError as error:
        found_in = f"{location}: {error.location}" if error.location else location
        raise error.with_context(type(error), location=found_in) from error
    except (TypeError, ValueError) as error:
        raise ConfigError(
            f"{name} is {validation.shown(value)}", location=location, expected=key.expected
        ) from error


def check_together(values: Mapping[str, object]) -> None:
    """Refuse values that cannot go together; a ConfigError."""
    if values.get("scheduler") and values.get("workers"):
        raise ConfigError(
            "workers and scheduler are both given",
            expected="--workers to start processes here, or --scheduler to use those that it has",
        )
    _check_tls(values)
    if values.get("news") and values.get("news_filter") is False:
        raise ConfigError(
            "a calendar is named and the news filter is off",
            location="--news, --no-news",
            expected="one of the two",
        )


def _check_tls(values: Mapping[str, object]) -> None:
    given = [name for name in TLS_KEYS if values.get(name)]
    scheduler = str(values.get("scheduler") or "")
    if scheduler and values.get("listen"):
        raise ConfigError(
            "a scheduler that is there and one to be started are both named",
            location="--scheduler, --listen",
            expected="one of the two",
        )
    if given and len(given) < len(TLS_KEYS):
        raise ConfigError(
            f"{', '.join(given)} without {', '.join(sorted({*TLS_KEYS} - {*given}))}",
            expected="--tls-ca-file, --tls-cert and --tls-key, or none of them",
        )
    if given and scheduler and not scheduler.startswith(TLS_SCHEMES):
        raise ConfigError(
            "certificates are given and the scheduler's address is not one of TLS",
            location=f"--scheduler {scheduler}",
            expected="an address such as tls://HOST:8786",
        )


@dataclass(frozen=True, slots=True)
class _Key:
    """How a key's value is converted; TypeError or ValueError says that it cannot be."""

    convert: Callable[[object], object]
    expected: str


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise TypeError
    os.fsencode(value)  # JSON can hold halves of surrogate pairs, which no path can: a ValueError
    return value


def _home(text: str) -> str:
    """A path with the folder of a person in place of ``~``; ValueError where there is none."""
    found = os.path.expanduser(text)  # noqa: PTH111 - unlike Path's, it never raises
    if found.startswith("~"):
        raise ValueError
    return found


def _path(value: object) -> Path:
    return value if isinstance(value, Path) else Path(_home(_text(value)))


def _place(value: object) -> AnyPath:
    return value if isinstance(value, (Path, RemotePath)) else parse_path(_home(_text(value)))


def _output(value: object) -> AnyPath:
    found = _place(value)
    if isinstance(found, RemotePath) and found.protocol == "memory":
        raise ConfigError(
            "what is in memory:// is seen by one process, and workers are others",
            expected="a folder or a store that all workers reach, such as s3://bucket/prefix",
        )
    return found


def _name(value: object) -> str:
    name = _text(value)
    if Path(name).name != name or name.startswith("."):
        raise ValueError
    return name


def _listening(value: object) -> str:
    match = re.fullmatch(r"[\w.\-]*:(\d{1,5})", _text(value))
    if match is None or int(match[1]) > _LAST_PORT:
        raise ValueError
    return _text(value)


def _scheduler(value: object) -> str:
    match = re.fullmatch(r"(?:tcp|tls|ws|wss)://.+:(\d{1,5})", _text(value))
    if match is None or int(match[1]) > _LAST_PORT:
        raise ValueError
    return _text(value)


def _symbol(value: object) -> str:
    return check_symbol_name(_text(value))


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _whole(value: object, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise TypeError
    return value


def _workers(value: object) -> int:
    return _whole(value, 1, MOST_WORKERS)


def _chunk_size(value: object) -> int:
    return _whole(value, 1, LARGEST_CHUNK)


def _many(value: object) -> int:
    """A count that may be written as 1e6."""
    number = finite_number(float(value) if isinstance(value, str) else value)
    if number is None or not number.is_integer():
        raise ValueError
    return _whole(int(number), 1, MAX_COMBINATIONS)


def _columns(value: object) -> str:
    if value not in COLUMN_CHOICES:
        raise ValueError
    return _text(value)


def _condition(value: object) -> str:
    return parse_condition(_text(value), location="keep").text


def _points(value: object) -> float:
    number = finite_number(value)
    if number is None or not 0 <= number <= MOST_POINTS:
        raise ValueError
    return number


def _model(value: object) -> str:
    if value not in MODELS:
        raise ValueError
    return _text(value)


def _minutes(value: object) -> int:
    return _whole(value, 0, MINUTES_PER_DAY)


def _paths(value: object) -> tuple[Path, ...]:
    return tuple(map(_path, value if isinstance(value, (list, tuple)) else [value]))


def _coverage(value: object) -> str:
    if value not in COVERAGE_MODES:
        raise ValueError
    return _text(value)


def _currencies(value: object) -> Mapping[str, tuple[str, ...]]:
    if not isinstance(value, dict):
        raise TypeError
    if not all(isinstance(names, list) for names in value.values()):
        raise TypeError
    return {symbol: tuple(map(_text, names)) for symbol, names in value.items()}


def _ranking(value: object) -> RankingSettings:
    if not isinstance(value, dict):
        raise TypeError
    check_names(value, RANKING_KEYS, "")
    return RankingSettings(**value)


_POINTS = f"0 to {MOST_POINTS:,}, in points of price"
_MINUTES = f"whole minutes from 0 to {MINUTES_PER_DAY:,}"
KEYS = {
    "symbol": _Key(_symbol, "a text such as GER40"),
    "instruments": _Key(_place, "the path of a TOML file or of a folder of them"),
    "data": _Key(_path, "the path of a Parquet file"),
    "data_dir": _Key(_path, "the path of a folder"),
    "grid": _Key(_text, "standard, expanded or the path of a TOML file"),
    "execution": _Key(_model, f"one of {', '.join(MODELS)}"),
    "spread_points": _Key(_points, _POINTS),
    "slippage_points": _Key(_points, _POINTS),
    "commission_points": _Key(_points, _POINTS),
    "workers": _Key(_workers, f"a whole number from 1 to {MOST_WORKERS:,}"),
    "scheduler": _Key(_scheduler, "an address such as tcp://127.0.0.1:8786"),
    "dashboard_address": _Key(_listening, "HOST:PORT or :PORT"),
    "listen": _Key(_listening, "HOST:PORT or :PORT"),
    "tls_ca_file": _Key(_path, "the path of a PEM file"),
    "tls_cert": _Key(_path, "the path of a PEM file"),
    "tls_key": _Key(_path, "the path of a PEM file"),
    "output": _Key(_output, "the path of a folder, or a URL such as s3://bucket/prefix"),
    "run_dir": _Key(_name, "the name of a folder in the output folder, not a path"),
    "resume": _Key(_flag, "true or false"),
    "chunk_size": _Key(_chunk_size, f"a number of combinations from 1 to {LARGEST_CHUNK:,}"),
    "columns": _Key(_columns, f"one of {', '.join(COLUMN_CHOICES)}"),
    "keep": _Key(_condition, "a condition, such as total_trades >= 10"),
    "keep_top": _Key(_many, f"a number of rows from 1 to {MAX_COMBINATIONS:,}, such as 1e6"),
    "ranking": _Key(_ranking, f"a table of {', '.join(RANKING_KEYS)}"),
    "news_filter": _Key(_flag, "true or false"),
    "news": _Key(_paths, "the path of a calendar file or of a folder of them, or a list"),
    "news_before_minutes": _Key(_minutes, _MINUTES),
    "news_after_minutes": _Key(_minutes, _MINUTES),
    "news_coverage": _Key(_coverage, f"one of {', '.join(COVERAGE_MODES)}"),
    "news_timezone": _Key(_text, "an IANA name such as UTC or America/New_York"),
    "news_currencies": _Key(_currencies, 'a table such as NAS100 = ["USD"]'),
}
