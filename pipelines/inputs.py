"""What a run reads before it can begin: the grid, the bars, the levels, the news, the fills."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from ib_grid import bars as ib_bars
from ib_grid import market as ib_market
from ib_grid.errors import DataError
from ib_grid.execution import Execution
from ib_grid.grid import Grid
from ib_grid.market import Market
from ib_grid.news import NO_NEWS, NewsFilter
from pipelines import config, manifest
from pipelines.config import Settings


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Inputs:
    """The input of a run, read and checked.

    Attributes
    ----------
    symbol : str
    grid : Grid
    market : Market
    execution : Execution
    news : NewsFilter
    data : dict
        What run.json says of the bars: file, sha256, bars, first and last (UTC).
    """

    symbol: str
    grid: Grid
    market: Market
    execution: Execution
    news: NewsFilter
    data: dict[str, object]

    @property
    def identity(self) -> dict[str, object]:
        """All that can change a number."""
        return manifest.identity(
            symbol=self.symbol,
            grid=self.grid.to_dict(),
            execution=self.execution.to_dict(),
            news=news_content(self.news),
            data_sha256=str(self.data["sha256"]),
        )


def read_inputs(settings: Settings) -> Inputs:
    """Read and check all that a run needs.

    Raises
    ------
    InputError
        If any of it is wrong.
    """
    grid = config.load_grid(settings.grid, settings.instrument)
    execution = settings.fills
    path = settings.bars_file
    bars = ib_bars.read_bars(path)
    sha256 = ib_bars.file_sha256(path)
    if not len(bars):
        raise DataError("there is no bar", where=str(path), expected="one-minute bars")
    try:
        # Levels computed beforehand would be handed over here.
        market = ib_market.build_market(bars, grid.sessions, grid.horizon_minutes)
    except DataError as error:
        raise DataError(
            error.found, where=str(path), expected=error.expected, remedy=error.remedy
        ) from error
    data = {
        "file": str(path.absolute()),
        "sha256": sha256,
        "bars": len(bars),
        "first": _moment(bars.minute[0]),
        "last": _moment(bars.minute[-1]),
    }
    return Inputs(
        symbol=settings.symbol,
        grid=grid,
        market=market,
        execution=execution,
        news=NO_NEWS,
        data=data,
    )


def news_content(news: NewsFilter) -> dict[str, object]:
    """What decides a news filter's effect, for a manifest or a fingerprint."""
    return {
        "events": len(news.events),
        "events_sha256": hashlib.sha256(news.events.astype("<i8").tobytes()).hexdigest(),
        "before_minutes": news.before_minutes,
        "after_minutes": news.after_minutes,
    }


def _moment(minute: np.int64) -> str:
    return f"{minute.astype('datetime64[m]')}Z"
