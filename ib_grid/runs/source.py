"""Inputs of a run as one value, from which any of its combinations can be traded again."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd

from ib_grid.engine.context import BacktestContext
from ib_grid.errors import ConfigError, DataError, InputError
from ib_grid.errors.validation import shown
from ib_grid.grid.grid import Grid
from ib_grid.grid.params import Params
from ib_grid.market import clock
from ib_grid.market.bars import Bars, file_sha256, read_bars, values_sha256
from ib_grid.market.clock import Days
from ib_grid.market.instruments import Session
from ib_grid.market.levels import SessionLevels, clock_digests, session_levels
from ib_grid.market.market import build_market, traded_dates
from ib_grid.market.session_dates import Levels
from ib_grid.news.calendars import Event
from ib_grid.news.filter import NewsFilter
from ib_grid.news.loading import LoadedNews, load_news
from ib_grid.runs.fingerprint import news_identity
from ib_grid.runs.manifest import Manifest
from ib_grid.storage.atomic_files import is_file


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RunSource:
    """Inputs of a run, read once and never changed.

    Attributes
    ----------
    symbol : str
    grid : Grid
        Gives the combination of an id.
    context : BacktestContext
        Its market serves the sessions and the horizon of the grid.
    events : tuple of Event
        High-impact events in the symbol's currencies, with their titles; empty without a calendar.
    """

    symbol: str
    grid: Grid
    context: BacktestContext
    events: tuple[Event, ...] = ()

    def params(self, combination: Params | int) -> Params:
        """Return a combination as it is, or the one with an id of the grid.

        Raises
        ------
        GridError
            If the id is not one of ``0 … len(grid) - 1``.
        """
        if isinstance(combination, Params):
            return combination
        return self.grid.params(operator.index(combination))

    @property
    def span(self) -> tuple[str, str]:
        """First and last session date of any session, ``YYYY-MM-DD``."""
        dates = np.concatenate([levels.date for levels in self.context.market.levels.values()])
        return str(clock.date_of(dates.min())), str(clock.date_of(dates.max()))


class HasSource(Protocol):
    """Object with a source, such as a run."""

    @property
    def source(self) -> RunSource:
        """Inputs of the run."""


def source_of(of: RunSource | HasSource) -> RunSource:
    """Return a source as it is, or that of a run, which is read once and cached."""
    if isinstance(of, RunSource):
        return of
    if not hasattr(of, "source"):
        raise ConfigError(
            f"invalid run {shown(of)}", expected="a run of load_run(path), or its source"
        )
    return of.source


def load_source(
    manifest: Manifest, bars: Path | None = None, *, held_out: bool = False
) -> RunSource:
    """Read the bars and calendars from which a run was computed.

    The files are read from the paths in run.json. Because a foreign run directory could name any
    file, nothing is revealed, not even in an error, of a file that is not what the
    run was computed from.

    Parameters
    ----------
    manifest : Manifest
    bars : Path, optional
        Where the bars are now; by default where the manifest says.
    held_out : bool
        Take the dates that the run holds out, instead of those that it ranked.

    Raises
    ------
    DataError
        If the bars or a calendar are missing, have changed or cannot be read.
    """
    grid, dates = manifest.plan().grid, manifest.session_dates
    found = _bars(bars or Path(str(manifest.data["file"])), manifest)
    levels = {session: session_levels(found, session) for session in grid.sessions}
    _check_clock(manifest, levels)
    served = dates.held_out(levels) if held_out else dates.ranked(levels)
    market = build_market(found, grid.sessions, grid.horizon_minutes, served)
    within = dates.within(levels)
    news = _news(manifest, traded_dates(within, grid.horizon_minutes))
    _check_news(manifest, news.filter, within)
    return RunSource(
        symbol=manifest.symbol,
        grid=grid,
        context=BacktestContext(market, manifest.fills, news.filter),
        events=news.events,
    )


def _check_news(
    manifest: Manifest, news: NewsFilter, levels: Mapping[Session, SessionLevels]
) -> None:
    """Refuse calendars whose events in reach of an entry are not those of the run."""
    latest = manifest.plan().grid.horizon_minutes + manifest.fills.delay_minutes
    # Earlier versions recorded every event near the bars.
    if manifest.news not in (news_identity(news, levels, latest), news.to_dict()):
        raise DataError(
            "the calendars have changed since this run",
            location=", ".join(manifest.news_statement.paths),
            expected="the events that the run was computed with",
            hint="put the calendars back, or run again with the current calendars",
        )


def _check_clock(manifest: Manifest, levels: Levels) -> None:
    """Refuse time zone data that puts a session of the run at other moments."""
    now = clock_digests(manifest.session_dates.ranked(levels))
    changed = [name for name, digest in manifest.clock.items() if now.get(name) != digest]
    if changed:
        raise DataError(
            "the time zone data has changed since this run",
            location=", ".join(changed),
            expected=f"sessions at the moments of the run, pytz {manifest.versions.get('pytz')}",
            hint="install that version of pytz, or run again with the current time zone data",
        )


def _bars(path: Path, manifest: Manifest) -> Bars:
    try:
        if is_file(path) and file_sha256(path) == manifest.data["sha256"]:
            return read_bars(path)
        if is_file(path) and (bars := _bars_of_equal_values(path, manifest)):
            return bars
    except OSError as error:
        raise DataError(
            f"the bars of this run cannot be read ({error.strerror})", location=str(path)
        ) from error
    changed = "have changed since this run" if is_file(path) else "of this run are missing"
    raise DataError(
        f"the bars {changed}",
        location=str(path),
        expected=f"the bars of the run, SHA-256 {manifest.data['sha256']}",
        hint="restore the file, or run again with the current bars",
    )


def _bars_of_equal_values(path: Path, manifest: Manifest) -> Bars | None:
    """Return the bars of a file that was rewritten with the values of the run."""
    try:
        bars = read_bars(path)
    except DataError:
        return None
    return bars if values_sha256(bars) == manifest.data.get("values_sha256") else None


def _news(manifest: Manifest, dates: Days) -> LoadedNews:
    settings = manifest.news_statement.settings(manifest.symbol)
    try:
        return load_news(settings, manifest.described, dates)
    except InputError as error:
        raise DataError(
            "the calendars of this run are missing or cannot be used",
            location=", ".join(map(str, settings.paths)),
            expected="the events that the run was computed with",
            hint="put the calendars back; `ib-grid run` reports what is wrong with an invalid one",
        ) from error


def session_dates(of: RunSource | HasSource, combination: Params | int) -> pd.DatetimeIndex:
    """Return the session dates of a combination, traded or not, shape (n_dates,).

    A session date is a local date with a bar in the Initial Balance
    (STRATEGY.md, section 8); the date-based metrics count all of them.

    Raises
    ------
    GridError
        If there is no such combination, or the market does not serve it.
    """
    source = source_of(of)
    params = source.params(combination)
    levels = source.context.market.session_levels(params.session, params.horizon_minutes)
    return pd.DatetimeIndex(
        levels.date.astype("datetime64[D]").astype("datetime64[ms]"), name="date"
    )
