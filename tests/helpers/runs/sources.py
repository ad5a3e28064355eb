"""Run sources on synthetic bars, for trades of single combinations."""

from __future__ import annotations

from functools import cache

import numpy as np
from hypothesis import strategies as st

from ib_grid.analysis import RunSource
from ib_grid.engine.context import BacktestContext
from ib_grid.engine.execution_settings import Execution, Model
from ib_grid.engine.fast.engine import grid_of_one
from ib_grid.grid.named_grids import named_grid
from ib_grid.grid.params import Params
from ib_grid.market.bars import read_bars
from ib_grid.market.instruments import GER40
from ib_grid.market.market import build_market
from ib_grid.news.calendars import Event
from ib_grid.news.filter import NewsFilter
from tests.helpers.paths import GOLDEN
from tests.helpers.strategies import executions, news_filters, params, scenes


@cache
def source_of_golden_bars(model: Model = "realistic", *, with_news: bool = False) -> RunSource:
    """Return the standard grid on the synthetic golden bars, with news on every third day."""
    grid = named_grid("standard", GER40)
    market = build_market(
        read_bars(GOLDEN / "GER40_synthetic" / "m1.parquet"), grid.sessions, grid.horizon_minutes
    )
    days = next(iter(market.levels.values())).date[::3]
    events = tuple(Event(int(day) * 1440 + 490, "EUR", "High", "A <b>rate</b>") for day in days)
    minutes = [event.minute for event in events] if with_news else []
    return RunSource(
        symbol="GER40",
        grid=grid,
        context=BacktestContext(
            market,
            Execution(model=model, spread_points=1.5),
            NewsFilter(events=np.array(minutes, np.int64)),
        ),
        events=events if with_news else (),
    )


@st.composite
def traded(draw) -> tuple[RunSource, Params]:
    """Draw a random market and a combination for it, with either model."""
    scene = draw(scenes())
    combination = draw(params(scene.session))
    source = RunSource(
        symbol="GER40",
        grid=grid_of_one(combination),
        context=BacktestContext(scene.market, draw(executions()), draw(news_filters(scene.bars))),
    )
    return source, combination
