"""Backtest context: everything but the parameters that decides a trade."""

from __future__ import annotations

from dataclasses import dataclass

from ib_grid.engine.execution_settings import Execution
from ib_grid.market.market import Market
from ib_grid.news.filter import NO_NEWS, NewsFilter


@dataclass(frozen=True, slots=True, eq=False)
class BacktestContext:
    """Everything but the parameters that decides a trade; both engines take it.

    Attributes
    ----------
    market : Market
        Bars and levels.
    execution : Execution
        Execution model and costs.
    news : NewsFilter
        By default no news is filtered.
    """

    market: Market
    execution: Execution
    news: NewsFilter = NO_NEWS
