"""What a run is asked to do: one TOML or JSON file and the command line, to frozen settings."""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from ib_grid import grid as grids
from ib_grid import instruments
from ib_grid.checks import finite_number
from ib_grid.errors import ConfigError, GridError, IbGridError
from ib_grid.execution import MODELS, Execution, Model
from ib_grid.grid import Grid
from ib_grid.instruments import Instrument
from ib_grid.scoring import RankingSettings
from pipelines import prepare
from pipelines.news import COVERAGE_MODES, CoverageMode, NewsSettings

RANKING_KEYS = ("weights", "min_trades")
NEWS_DIR = Path("data/news")
_LAST_PORT = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All that a run is asked to do; each field is a key of the configuration file.

    Attributes
    ----------
    symbol : str
    data : Path, optional
        One-minute bars as Parquet; by default the symbol's file in `data_dir`.
    data_dir : Path
        Where `prepare` and `levels` keep their files.
    grid : str
        ``standard``, ``expanded`` or the path of a TOML file of axes.
    execution : {"realistic", "original"}
    spread_points : float, optional
        By default the instrument's.
    slippage_points, commission_points : float
    workers : int, optional
        Worker processes; by default as many as suit the machine.
    scheduler : str, optional
        Address of a Dask scheduler that is already there.
    dashboard_address : str
        Where the Dask dashboard listens; port 0 takes any free one.
    output : Path
        Folder of the run directories.
    run_dir : str, optional
        Name of the run directory in `output`.
    resume : bool
        Whether to go on with a run that was begun before.
    chunk_size : int, optional
        Combinations in a chunk, about; by default as suits the grid and the workers.
    ranking : RankingSettings
        Weights by column, and least number of trades, of the ranking.
    news_filter : bool
        Whether entries near news are blocked.
    news : tuple of Path
        Calendar files and folders; by default the folder data/news, where it is there.
    news_before_minutes, news_after_minutes : int
    news_coverage : {"full", "partial"}
        Whether dates that no calendar covers stop the run or are accepted.
    news_timezone : str, optional
        Clock of calendar times that name none.
    news_currencies : mapping of symbol to currencies
        Replaces or adds to those of the instruments.
    """

    symbol: str
    data: Path | None = None
    data_dir: Path = prepare.DATA_DIR
    grid: str = "standard"
    execution: str = "realistic"
    spread_points: float | None = None
    slippage_points: float = 0.0
    commission_points: float = 0.0
    workers: int | None = None
    scheduler: str | None = None
    dashboard_address: str = ":0"
    output: Path = Path("results")
    run_dir: str | None = None
    resume: bool = True
    chunk_size: int | None = None
    ranking: RankingSettings = field(default_factory=RankingSettings)
    news_filter: bool = True
    news: tuple[Path, ...] = ()
    news_before_minutes: int = 2
    news_after_minutes: int = 2
    news_coverage: str = "full"
    news_timezone: str | None = None
    news_currencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def instrument(self) -> Instrument:
        """The instrument of the symbol."""
        return instruments.instrument(self.symbol)

    @property
    def bars_file(self) -> Path:
        """The file of one-minute bars."""
        return self.data or prepare.bars_file(self.symbol, self.data_dir)

    @property
    def levels_file(self) -> Path:
        """The file of Initial Balance levels; there may be none."""
        return prepare.levels_file(self.symbol, self.data_dir)

    @property
    def news_settings(self) -> NewsSettings:
        """What is asked of the news filter."""
        return NewsSettings(
            enabled=self.news_filter,
            paths=self.news or ((NEWS_DIR,) if NEWS_DIR.is_dir() else ()),
            before_minutes=self.news_before_minutes,
            after_minutes=self.news_after_minutes,
            coverage=cast(CoverageMode, self.news_coverage),
            currencies=self.news_currencies,
            timezone=self.news_timezone,
        )

    @property
    def fills(self) -> Execution:
        """The execution model with its costs."""
        spread = self.spread_points
        return Execution(
            model=cast(Model, self.execution),
            spread_points=self.instrument.spread_points if spread is None else spread,
            slippage_points=self.slippage_points,
            commission_points=self.commission_points,
        )


def load_settings(options: Mapping[str, object], file: Path | None = None) -> Settings:
    """Settings from the command line's options and a configuration file; the options win.

    Parameters
    ----------
    options : mapping
        By the names of the fields of `Settings`; an option that is None was not given.
    file : Path, optional
        TOML or JSON with the same names as keys. Paths in it are, like those on the command
        line, relative to the working directory.

    Raises
    ------
    ConfigError
        If the file cannot be read, a key is unknown, or a value is not of its kind.
    InstrumentError
        If the symbol is unknown.
    """
    given = {name: value for name, value in options.items() if value is not None}
    read = read_mapping(file) if file else {}
    _check_names(read, _KEYS, str(file))
    values = {name: _value(name, value, f"{file}, {name}") for name, value in read.items()}
    for name, value in given.items():
        values[name] = _value(name, value, f"--{name.replace('_', '-')}")
    if "symbol" not in values:
        raise ConfigError(
            "no symbol was given", expected="--symbol, or the key symbol of the configuration file"
        )
    if values.get("scheduler") and values.get("workers"):
        raise ConfigError(
            "workers and scheduler are both given",
            expected="--workers to start processes here, or --scheduler to use those that it has",
        )
    if values.get("news") and values.get("news_filter") is False:
        raise ConfigError(
            "a calendar is named and the news filter is off",
            where="--news, --no-news",
            expected="one of the two",
        )
    return Settings(**values)  # type: ignore[arg-type]


def load_ranking(file: Path | None) -> RankingSettings | None:
    """The ranking of a configuration file, None where it has none.

    Raises
    ------
    ConfigError
        If the file cannot be read, a key is unknown, or a value is not of its kind.
    """
    read = read_mapping(file) if file else {}
    _check_names(read, _KEYS, str(file))
    if "ranking" not in read:
        return None
    return cast(RankingSettings, _value("ranking", read["ranking"], f"{file}, ranking"))


def load_grid(name: str, instrument: Instrument) -> Grid:
    """The grid of a name, or of a TOML file of axes.

    Raises
    ------
    GridError
        If there is neither, or the file's content is no grid.
    """
    if not Path(name).suffix:
        return grids.named_grid(name, instrument)
    try:
        values = read_mapping(Path(name))
    except ConfigError as error:
        raise GridError(
            error.found,
            where=error.where,
            expected=error.expected or "standard, expanded or a TOML file of axes",
            remedy=error.remedy,
        ) from error
    return grids.grid_from_mapping(values, instrument, where=name)


def read_mapping(path: Path) -> dict[str, object]:
    """The keys and values of a TOML or JSON file.

    Raises
    ------
    ConfigError
        If it cannot be read, or is not what its name says.
    """
    kinds: dict[str, Callable[[str], object]] = {".toml": tomllib.loads, ".json": _parse_json}
    parse = kinds.get(path.suffix.lower())
    if parse is None:
        raise ConfigError(
            "the kind of file is not known", where=str(path), expected="a name in .toml or .json"
        )
    try:
        content = parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"the file cannot be read ({error.strerror})", where=str(path)) from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(
            f"not a {path.suffix[1:].upper()} file ({error})", where=str(path)
        ) from error
    if not isinstance(content, dict):
        raise ConfigError("the file holds no keys", where=str(path), expected='{"key": value, …}')
    return content


def _parse_json(text: str) -> object:
    return json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    content = dict(pairs)
    if len(content) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice} is given twice")
    return content


def _no_number(text: str) -> object:
    raise ValueError(f"{text} is not a number")


def _check_names(names: Iterable[str], known: Iterable[str], where: str) -> None:
    known = tuple(known)
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            raise ConfigError(
                f"unknown key {name}",
                where=where,
                expected=", ".join(known),
                remedy=f"did you mean {near[0]}?" if near else "take the key out",
            )


def _value(name: str, value: object, where: str) -> object:
    """The value of a key in its type."""
    key = _KEYS[name]
    try:
        return key.convert(value)
    except IbGridError as error:
        raise type(error)(
            error.found, where=error.where or where, expected=error.expected, remedy=error.remedy
        ) from error
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{name} is {value!r}", where=where, expected=key.expected) from error


@dataclass(frozen=True, slots=True)
class _Key:
    """How a key's value is converted; TypeError or ValueError says that it cannot be."""

    convert: Callable[[object], object]
    expected: str


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise TypeError
    return value


def _path(value: object) -> Path:
    return value if isinstance(value, Path) else Path(_text(value)).expanduser()


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
    return instruments.instrument(_text(value)).symbol


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise TypeError
    return value


def _points(value: object) -> float:
    number = finite_number(value)
    if number is None or number < 0:
        raise ValueError
    return number


def _model(value: object) -> str:
    if value not in MODELS:
        raise ValueError
    return _text(value)


def _minutes(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise TypeError
    return value


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
    _check_names(value, RANKING_KEYS, "ranking")
    return RankingSettings(**value)


_POINTS = "0 or above, in points of price"
_KEYS = {
    "symbol": _Key(_symbol, f"one of {', '.join(instruments.INSTRUMENTS)}"),
    "data": _Key(_path, "the path of a Parquet file"),
    "data_dir": _Key(_path, "the path of a folder"),
    "grid": _Key(_text, "standard, expanded or the path of a TOML file"),
    "execution": _Key(_model, f"one of {', '.join(MODELS)}"),
    "spread_points": _Key(_points, _POINTS),
    "slippage_points": _Key(_points, _POINTS),
    "commission_points": _Key(_points, _POINTS),
    "workers": _Key(_count, "a whole number, 1 or more"),
    "scheduler": _Key(_scheduler, "an address such as tcp://127.0.0.1:8786"),
    "dashboard_address": _Key(_listening, "HOST:PORT or :PORT"),
    "output": _Key(_path, "the path of a folder"),
    "run_dir": _Key(_name, "the name of a folder in the output folder, not a path"),
    "resume": _Key(_flag, "true or false"),
    "chunk_size": _Key(_count, "a whole number of combinations, 1 or more"),
    "ranking": _Key(_ranking, f"a table of {', '.join(RANKING_KEYS)}"),
    "news_filter": _Key(_flag, "true or false"),
    "news": _Key(_paths, "the path of a calendar file or of a folder of them, or a list"),
    "news_before_minutes": _Key(_minutes, "whole minutes, 0 or more"),
    "news_after_minutes": _Key(_minutes, "whole minutes, 0 or more"),
    "news_coverage": _Key(_coverage, f"one of {', '.join(COVERAGE_MODES)}"),
    "news_timezone": _Key(_text, "an IANA name such as UTC or America/New_York"),
    "news_currencies": _Key(_currencies, 'a table such as NAS100 = ["USD"]'),
}
