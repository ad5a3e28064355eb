"""Conversion of what a person gives to the values of settings.

Each function raises ValueError for an invalid value, or an InputError that says more. `Convert`
makes pydantic call one of them; what needs numpy or pandas is imported within, so that `--help`
does not wait for either.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ib_grid.errors import ConfigError
from ib_grid.storage.paths import AnyPath, RemotePath, parse_path

if TYPE_CHECKING:
    from ib_grid.grid.scoring import RankingSettings

RANKING_KEYS = ("weights", "min_trades")
_ADDRESS = re.compile(r"[\w.\-]*:(\d{1,5})")
_SCHEDULER = re.compile(r"(?:tcp|tls|ws|wss)://.+:(\d{1,5})")
_LAST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class Convert:
    """Annotation of a type whose values a function converts.

    `expected` is told to a person who gives an invalid value; `typed` is the type of the option on
    the command line.
    """

    function: Callable[[Any], object]
    expected: str = ""
    typed: Any = str

    def __get_pydantic_core_schema__(self, _source: object, _handler: object) -> object:
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(self.function)


@dataclass(frozen=True, slots=True)
class Range:
    """Annotation of a type of numbers: the least and the greatest value.

    The same as `annotated_types.Interval`, whose import `--help` would wait for.
    """

    ge: float
    le: float
    expected: str

    def __get_pydantic_core_schema__(self, source: object, handler: Any) -> object:
        return {**handler(source), "ge": self.ge, "le": self.le}


def to_text(value: object) -> str:
    """Return a text that is not blank and that a path can hold."""
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise ValueError("not a text")
    os.fsencode(value)  # a ValueError for half of a surrogate pair, which JSON can hold
    return value


def to_texts(value: object) -> tuple[str, ...]:
    """Return one text or a list of them as a tuple."""
    return tuple(map(to_text, value if isinstance(value, (list, tuple)) else [value]))


def to_currencies(value: object) -> tuple[str, ...] | dict[str, tuple[str, ...]]:
    """Return currencies, or a table of them by symbol."""
    if isinstance(value, dict):
        return {to_text(symbol): _codes(given) for symbol, given in value.items()}
    return _codes(value)


def _codes(value: object) -> tuple[str, ...]:
    from ib_grid.news.calendars import normalised_currency

    texts = to_texts(value)
    wrong = next((text for text in texts if normalised_currency(text) is None), None)
    if wrong is not None:
        raise ConfigError(f"invalid currency {wrong!r}", expected="a three-letter code such as USD")
    return texts


def to_path(value: object) -> Path:
    """Return a path on this machine, with ``~`` expanded."""
    return value if isinstance(value, Path) else Path(_expand_home(to_text(value)))


def to_paths(value: object) -> tuple[Path, ...]:
    """Return one path or a list of them as a tuple."""
    return tuple(map(to_path, value if isinstance(value, (list, tuple)) else [value]))


def to_any_path(value: object) -> AnyPath:
    """Return a path on this machine or in an object store."""
    if isinstance(value, (Path, RemotePath)):
        return value
    return parse_path(_expand_home(to_text(value)))


def to_shared_path(value: object) -> AnyPath:
    """Return a path that every worker process can reach."""
    path = to_any_path(value)
    if isinstance(path, RemotePath) and path.protocol == "memory":
        raise ConfigError(
            "memory:// is visible to one process only, not to the workers",
            expected="a folder or a store that all workers reach, such as s3://bucket/prefix",
        )
    return path


def _expand_home(text: str) -> str:
    path = os.path.expanduser(text)  # noqa: PTH111 - unlike Path's, it never raises
    if path.startswith("~"):
        raise ValueError("no such user")
    return path


def to_folder_name(value: object) -> str:
    """Return the name of a folder that is not hidden and not a path."""
    name = to_text(value)
    if Path(name).name != name or name.startswith("."):
        raise ValueError("not a plain name")
    return name


def to_listen_address(value: object) -> str:
    """Return ``HOST:PORT`` or ``:PORT``."""
    return _with_port(to_text(value), _ADDRESS)


def to_scheduler_address(value: object) -> str:
    """Return the address of a Dask scheduler, such as ``tcp://HOST:PORT``."""
    return _with_port(to_text(value), _SCHEDULER)


def _with_port(text: str, form: re.Pattern[str]) -> str:
    match = form.fullmatch(text)
    if match is None or int(match[1]) > _LAST_PORT:
        raise ValueError("not an address")
    return text


def to_symbol(value: object) -> str:
    """Return the symbol of an instrument."""
    from ib_grid.market.instruments import check_symbol_name

    return check_symbol_name(to_text(value))


def to_date(value: object) -> dt.date:
    """Return a date, which may be written as 2018-01-31."""
    if isinstance(value, dt.datetime):
        raise ValueError("a date with a time")
    return value if isinstance(value, dt.date) else dt.date.fromisoformat(to_text(value))


def to_hold_out(value: object) -> dt.date | float:
    """Return a share of 1, which is written as 20%, or a date."""
    if not isinstance(value, str) or not value.endswith("%"):
        return to_date(value)
    share = float(value[:-1]) / 100
    if not 0 < share < 1:
        raise ValueError("this holds out nothing or everything")
    return share


def to_row_count(value: object) -> int:
    """Return a number of rows, which may be written as 1e6."""
    from ib_grid.errors.validation import finite_number
    from ib_grid.grid.grid import MAX_COMBINATIONS

    number = finite_number(float(value) if isinstance(value, str) else value)
    if number is None or not number.is_integer() or not 1 <= number <= MAX_COMBINATIONS:
        raise ValueError("not a number of rows")
    return int(number)


def to_condition(value: object) -> str:
    """Return a condition on result columns in its normal form."""
    from ib_grid.grid.filters.conditions import parse_condition

    return parse_condition(to_text(value), location="").text


def to_ranking(value: object) -> RankingSettings:
    """Return the ranking that a table of weights and min_trades describes."""
    from ib_grid.errors.validation import check_names
    from ib_grid.grid.scoring import RankingSettings

    if not isinstance(value, dict):
        raise ValueError("not a table")
    check_names(value, RANKING_KEYS, "", ConfigError)
    return RankingSettings(**value)
