"""Inputs of a run, read and checked: grid, bars, levels, news, execution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ib_grid.engine.context import BacktestContext
from ib_grid.engine.execution_settings import Execution
from ib_grid.errors import ConfigError, DataError
from ib_grid.errors.validation import points
from ib_grid.grid.filters.row_filter import RowFilter
from ib_grid.grid.grid import Grid
from ib_grid.market.bars import Bars, file_sha256, read_bars, values_sha256
from ib_grid.market.instruments import Instrument, Session
from ib_grid.market.levels import SessionLevels, clock_digests
from ib_grid.market.market import Market, build_market, traded_dates
from ib_grid.market.session_dates import Levels, SessionDates
from ib_grid.news.loading import load_news
from ib_grid.news.statement import NewsStatement
from ib_grid.runs.fingerprint import identity, news_identity
from ib_grid.runs.source import RunSource
from pipelines.config import configuration
from pipelines.config.settings import Settings
from pipelines.inputs import prepare

_SPREAD_LIMIT = 0.01


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RunInputs:
    """The input of a run, read and checked.

    Attributes
    ----------
    news : mapping
        `fingerprint.news_identity` of the news filter.
    data : mapping
        Provenance of the bars that take part, for run.json: file, sha256, values_sha256, bars,
        first and last (UTC).
    notes : tuple of str
        Remarks on the input for the person who starts the run.
    """

    instrument: Instrument
    grid: Grid
    context: BacktestContext
    news: Mapping[str, object]
    news_statement: NewsStatement
    data: Mapping[str, object]
    dates: SessionDates
    row_filter: RowFilter
    notes: tuple[str, ...]

    @property
    def symbol(self) -> str:
        """The instrument's symbol."""
        return self.instrument.symbol

    @property
    def source(self) -> RunSource:
        """The source of the run, for its report."""
        return RunSource(symbol=self.symbol, grid=self.grid, context=self.context)

    @property
    def identity(self) -> dict[str, object]:
        """Everything that can change a number."""
        return identity(
            symbol=self.symbol,
            grid=self.grid.to_dict(),
            execution=self.context.execution.to_dict(),
            news=self.news,
            former_news=self.context.news.to_dict(),
            data_sha256=str(self.data["sha256"]),
            values_sha256=self.data["values_sha256"],
            keep=self.row_filter.identity,
            dates=self.dates.to_dict(),
            clock=self.clock,
        )

    @property
    def clock(self) -> dict[str, str]:
        """Digests of the UTC minutes of the sessions."""
        return clock_digests(self.context.market.levels)


def read_inputs(settings: Settings) -> RunInputs:
    """Read and check the inputs of a run."""
    grid = configuration.load_grid(settings.grid, settings.instrument)
    execution = settings.fills
    path = settings.bars_file
    prepare.check_origin(path, settings.instrument)
    sha256 = file_sha256(path)
    bars = read_bars(path)
    _check_bars(bars, path, sha256)
    check_spread(execution, bars)
    levels = prepare.load_levels(settings.levels_file, bars, sha256, grid.sessions)
    dates = session_dates(settings, levels.levels)
    market = _market(bars, dates.ranked(levels.levels), grid, path)
    within = dates.within(levels.levels)
    traded = traded_dates(within, grid.horizon_minutes)
    news = load_news(settings.news_settings, settings.instrument, traded)
    return RunInputs(
        instrument=settings.instrument,
        grid=grid,
        context=BacktestContext(market, execution, news.filter),
        news=news_identity(news.filter, within, grid.horizon_minutes + execution.delay_minutes),
        news_statement=news.statement,
        data={
            "file": str(path.absolute()),
            "sha256": sha256,
            "values_sha256": values_sha256(bars),
            **_span(bars if dates == SessionDates() else bars.take(_near(bars, market))),
        },
        dates=dates,
        row_filter=settings.row_filter,
        notes=(levels.note,) if levels.note else (),
    )


def session_dates(settings: Settings, levels: Levels) -> SessionDates:
    """Return the session dates that the settings let take part, and the first one held out."""
    dates = SessionDates(first=settings.from_date, last=settings.to_date)
    return dates.holding_out(settings.hold_out, levels) if settings.hold_out else dates


def check_spread(execution: Execution, bars: Bars) -> None:
    """Refuse a spread that is too wide for the prices, such as one given in pips."""
    price = float(np.median(bars.close))
    if execution.spread_points > _SPREAD_LIMIT * price:
        share = execution.spread_points / price
        raise ConfigError(
            f"a spread of {points(execution.spread_points)} points is {share:.0%} of the price"
            f" (about {price:.6g})",
            location="spread_points",
            expected=f"the full spread in points of price, at most {_SPREAD_LIMIT:.0%}",
            hint="a pip of EURUSD is 0.0001: give 0.8 pips as 0.00008",
        )


def _check_bars(bars: Bars, path: Path, sha256: str) -> None:
    if not len(bars):
        raise DataError("the file has no bars", location=str(path), expected="one-minute bars")
    if file_sha256(path) != sha256:
        raise DataError(
            "the file changed while it was read",
            location=str(path),
            hint="wait until the file is written, then run again",
        )


def _market(bars: Bars, levels: Mapping[Session, SessionLevels], grid: Grid, path: Path) -> Market:
    try:
        return build_market(bars, grid.sessions, grid.horizon_minutes, levels)
    except DataError as error:
        raise error.with_context(DataError, location=str(path)) from error


def _near(bars: Bars, market: Market) -> NDArray[np.bool_]:
    """Return which bars lie between the first and the last bar of a market, shape (n_bars,)."""
    first, last = market.bars.minute[[0, -1]]
    return np.asarray((bars.minute >= first) & (bars.minute <= last))


def _span(bars: Bars) -> dict[str, object]:
    first, last = (f"{minute.astype('datetime64[m]')}Z" for minute in bars.minute[[0, -1]])
    return {"bars": len(bars), "first": first, "last": last}
