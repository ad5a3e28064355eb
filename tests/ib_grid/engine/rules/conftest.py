"""Fixture that runs each rule against each engine."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import pandas as pd
import pytest

from ib_grid.engine.context import BacktestContext
from ib_grid.engine.execution_settings import Execution
from ib_grid.news.filter import NO_NEWS, NewsFilter
from tests.helpers.engines import ENGINES, engine
from tests.ib_grid.engine.rules.made_dates import (
    FLAT_BALANCE,
    PARAMS,
    Minute,
    Run,
    Trade,
    market_of,
    trade_of,
)


@pytest.fixture(params=ENGINES)
def run(request) -> Run:
    """Return a function that trades one date with each engine."""
    row_of_date = _row_of_date(request.param)

    def of_date(*window: object, **given: object) -> Trade | None:
        row = row_of_date(*window, **given)
        return None if row is None else trade_of(row)

    return of_date


@pytest.fixture(params=ENGINES)
def worst_r(request):
    """Return a function that gives the worst R of the trade of one date with each engine."""
    row_of_date = _row_of_date(request.param)
    return lambda *window, **given: row_of_date(*window, **given)["worst_r"]


def _row_of_date(engine_name: str) -> Callable[..., pd.Series | None]:
    trades = engine(engine_name).trades

    def of_date(
        window: Sequence[Minute],
        model: str,
        *,
        balance: Sequence[Minute] = FLAT_BALANCE,
        fill_to: int = 20,
        news: NewsFilter = NO_NEWS,
        spread: float = 0,
        slippage: float = 0,
        commission: float = 0,
        delay: int = 0,
        through: float = 0,
        **changes: object,
    ) -> pd.Series | None:
        execution = Execution(
            model=model,
            spread_points=spread,
            slippage_points=slippage,
            commission_points=commission,
            delay_minutes=delay,
            limit_through_points=through,
        )
        market = market_of(balance, window, fill_to)
        context = BacktestContext(market, execution, news)
        frame = trades(context, dataclasses.replace(PARAMS, **changes))
        assert len(frame) <= 1
        return frame.iloc[0] if len(frame) else None

    return of_date
