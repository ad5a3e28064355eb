"""Settings of a run: all options of the command line and of a configuration file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, get_type_hints

from ib_grid.engine.execution_settings import Execution
from ib_grid.engine.spread_by_hour import SpreadByHour
from ib_grid.errors import ConfigError, InputError
from ib_grid.grid.filters.row_filter import RowFilter
from ib_grid.grid.scoring import RankingSettings
from ib_grid.market.instruments import Instrument
from ib_grid.news.settings import NewsSettings
from ib_grid.storage.mapping_files import read_mapping
from ib_grid.storage.paths import AnyPath
from pipelines.config import conversions, default_paths, instruments
from pipelines.config.conversions import Convert
from pipelines.config.run_options import (
    TLS_SCHEMES,
    AccountOptions,
    ClusterOptions,
    ContractOptions,
    DataOptions,
    DateOptions,
    ExecutionOptions,
    GridOptions,
    HoldOutOptions,
    InstrumentOptions,
    NewsOptions,
    Option,
    OutputOptions,
    RobustnessOptions,
    WorkerOptions,
)

_TLS_NAMES = ("tls_ca_file", "tls_cert", "tls_key")


@dataclass(frozen=True, kw_only=True)
class Settings(  # the fields of the last base come first
    OutputOptions,
    ClusterOptions,
    WorkerOptions,
    AccountOptions,
    ContractOptions,
    RobustnessOptions,
    NewsOptions,
    ExecutionOptions,
    HoldOutOptions,
    DateOptions,
    DataOptions,
    GridOptions,
    InstrumentOptions,
):
    """Settings of a run, the options and a table that only a configuration file can hold."""

    ranking: Annotated[
        RankingSettings,
        Convert(conversions.to_ranking, f"a table of {', '.join(conversions.RANKING_KEYS)}"),
        Option("Weights of metric columns in the score, and the minimum number of trades."),
    ] = field(default_factory=RankingSettings)

    def __post_init__(self) -> None:
        _check_cluster(self)
        _check_tls(self)
        if self.news and not self.news_filter:
            raise ConfigError(
                "--news names a calendar, but --no-news turns the filter off",
                expected="one of the two options",
            )

    @cached_property
    def _found(self) -> tuple[Instrument, AnyPath | None]:
        return instruments.find_instrument(self.symbol, self.instruments)

    @property
    def instrument(self) -> Instrument:
        """The instrument of the symbol."""
        return self._found[0]

    @property
    def instrument_file(self) -> Path | None:
        """The file that describes the instrument; None for a built-in one."""
        return self._found[1]  # type: ignore[return-value]

    @property
    def bars_file(self) -> Path:
        """The file of one-minute bars."""
        return self.data or default_paths.bars_file(self.symbol, self.data_dir)

    @property
    def levels_file(self) -> Path:
        """The file of Initial Balance levels, which need not exist."""
        return default_paths.levels_file(self.symbol, self.data_dir)

    @property
    def news_settings(self) -> NewsSettings:
        """The settings of the news filter."""
        given = self.news_currency
        currencies = given if isinstance(given, Mapping) else {self.symbol: given} if given else {}
        return NewsSettings(
            enabled=self.news_filter,
            paths=self.news or default_paths.news_paths(),
            before_minutes=self.news_before_minutes,
            after_minutes=self.news_after_minutes,
            coverage=self.news_coverage,
            currencies=currencies,
            timezone=self.news_timezone,
            date_order=self.news_date_order,
        )

    @property
    def row_filter(self) -> RowFilter:
        """The columns and rows of the results to store."""
        return RowFilter(
            columns=self.columns, condition=self.filter, top=self.top_k, ranking=self.ranking
        )

    @property
    def fills(self) -> Execution:
        """The execution model with its costs."""
        given, file = self.spread_points, self.spread_by_hour
        spread = self.instrument.spread_points if given is None else given
        return Execution(
            model=self.execution,
            spread_points=spread,
            slippage_points=self.slippage_points,
            commission_points=self.commission_points,
            delay_minutes=self.delay_minutes,
            spread_by_hour=None if file is None else _spread_by_hour(file, spread),
        )


def _spread_by_hour(file: AnyPath, default_points: float) -> SpreadByHour:
    """Return the spreads of a TOML file, or of the run.json of a run."""
    from ib_grid.runs.manifest import RUN_FILE  # most runs need no manifest here

    content = read_mapping(file)
    try:
        if file.name == RUN_FILE:
            execution = Execution.from_dict(content["execution"])  # type: ignore[arg-type]
            if execution.spread_by_hour is not None:
                return execution.spread_by_hour
            raise ConfigError("the run has one spread", expected="a run with --spread-by-hour")
        return SpreadByHour.from_mapping(content, default_points)
    except InputError as error:
        raise error.with_context(ConfigError, location=str(file)) from error


TYPES = get_type_hints(Settings, include_extras=True)


def _check_cluster(settings: Settings) -> None:
    if settings.scheduler and settings.workers:
        raise ConfigError(
            "--workers and --scheduler exclude each other",
            expected="--workers to start processes here, or --scheduler to use a running cluster",
        )
    if settings.scheduler and settings.listen:
        raise ConfigError(
            "--scheduler and --listen exclude each other",
            expected="--scheduler to use a running scheduler, or --listen to start one here",
        )


def _check_tls(settings: Settings) -> None:
    given = [name for name in _TLS_NAMES if getattr(settings, name)]
    missing = [name for name in _TLS_NAMES if name not in given]
    if given and missing:
        raise ConfigError(
            f"{', '.join(given)} without {', '.join(missing)}",
            expected="--tls-ca-file, --tls-cert and --tls-key together, or no TLS option",
        )
    scheduler = settings.scheduler or ""
    if given and scheduler and not scheduler.startswith(TLS_SCHEMES):
        raise ConfigError(
            "TLS certificates are given, but the scheduler's address is not a TLS address",
            location=f"--scheduler {scheduler}",
            expected="an address such as tls://HOST:8786",
        )
