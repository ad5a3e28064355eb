"""What a run is asked to do: one TOML or JSON file and the command line, to frozen settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from ib_grid.engine.execution import Execution, Model
from ib_grid.errors import ConfigError, GridError
from ib_grid.grid import grid as grids
from ib_grid.grid.grid import Grid
from ib_grid.grid.row_filter import ColumnChoice, RowFilter
from ib_grid.grid.scoring import RankingSettings
from ib_grid.market.instruments import Instrument
from ib_grid.news.settings import CoverageMode, NewsSettings
from ib_grid.storage.mapping_files import read_mapping
from ib_grid.storage.paths import AnyPath
from pipelines.config import default_paths, instruments
from pipelines.config.values import KEYS, check_names, check_together, convert_value

NEWS_DIR = Path("data/news")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All that a run is asked to do.

    Each field is a key of the configuration file, but for the instrument: it is found by the keys
    symbol and instruments.

    Attributes
    ----------
    instrument : Instrument
    instrument_file : Path, optional
        Where it is described; None for one that is built in.
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
    listen : str, optional
        Where the scheduler started here listens for workers of other machines.
    tls_ca_file, tls_cert, tls_key : Path, optional
        Certificates, to speak TLS with the scheduler and among workers.
    output : AnyPath
        Folder of the run directories, or their prefix in an object store.
    run_dir : str, optional
        Name of the run directory in `output`.
    resume : bool
        Whether to go on with a run that was begun before.
    chunk_size : int, optional
        Combinations in a chunk, about; by default as suits the grid and the workers.
    columns : {"all", "ranking"}
        Columns of the results that are kept.
    keep : str, optional
        Condition on the rows that are kept.
    keep_top : int, optional
        How many of them are kept, the best by the ranking.
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

    instrument: Instrument
    instrument_file: Path | None = None
    data: Path | None = None
    data_dir: Path = default_paths.DATA_DIR
    grid: str = "standard"
    execution: str = "realistic"
    spread_points: float | None = None
    slippage_points: float = 0.0
    commission_points: float = 0.0
    workers: int | None = None
    scheduler: str | None = None
    dashboard_address: str = ":0"
    listen: str | None = None
    tls_ca_file: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    output: AnyPath = Path("results")
    run_dir: str | None = None
    resume: bool = True
    chunk_size: int | None = None
    columns: str = "all"
    keep: str | None = None
    keep_top: int | None = None
    ranking: RankingSettings = field(default_factory=RankingSettings)
    news_filter: bool = True
    news: tuple[Path, ...] = ()
    news_before_minutes: int = 2
    news_after_minutes: int = 2
    news_coverage: str = "full"
    news_timezone: str | None = None
    news_currencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def symbol(self) -> str:
        """The instrument's symbol."""
        return self.instrument.symbol

    @property
    def bars_file(self) -> Path:
        """The file of one-minute bars."""
        return self.data or default_paths.bars_file(self.symbol, self.data_dir)

    @property
    def levels_file(self) -> Path:
        """The file of Initial Balance levels; there may be none."""
        return default_paths.levels_file(self.symbol, self.data_dir)

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
    def row_filter(self) -> RowFilter:
        """Which columns and rows of the results are kept."""
        return RowFilter(
            columns=cast(ColumnChoice, self.columns),
            condition=self.keep,
            top=self.keep_top,
            ranking=self.ranking,
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
        By the keys of the configuration file; an option that is None was not given.
    file : Path, optional
        TOML or JSON with the same names as keys. Paths in it are, like those on the command
        line, relative to the working directory.

    Raises
    ------
    ConfigError
        If the file cannot be read, a key is unknown, or a value is not of its kind.
    InstrumentError
        If the symbol is unknown, or its description is wrong.
    """
    given = {name: value for name, value in options.items() if value is not None}
    read = read_mapping(file) if file else {}
    check_names(read, KEYS, str(file))
    values = {name: convert_value(name, value, f"{file}, {name}") for name, value in read.items()}
    for name, value in given.items():
        values[name] = convert_value(name, value, f"--{name.replace('_', '-')}")
    if "symbol" not in values:
        raise ConfigError(
            "no symbol was given", expected="--symbol, or the key symbol of the configuration file"
        )
    check_together(values)
    found = instruments.find_instrument(
        cast(str, values.pop("symbol")), cast(AnyPath | None, values.pop("instruments", None))
    )
    return Settings(instrument=found.instrument, instrument_file=found.file, **values)  # type: ignore[arg-type]


def load_ranking(file: Path | None) -> RankingSettings | None:
    """The ranking of a configuration file, None where it has none.

    Raises
    ------
    ConfigError
        If the file cannot be read, a key is unknown, or a value is not of its kind.
    """
    read = read_mapping(file) if file else {}
    check_names(read, KEYS, str(file))
    if "ranking" not in read:
        return None
    return cast(RankingSettings, convert_value("ranking", read["ranking"], f"{file}, ranking"))


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
        expected = "standard, expanded or a TOML file of axes"
        raise error.with_context(GridError, expected=expected) from error
    return grids.grid_from_mapping(values, instrument, location=name)
