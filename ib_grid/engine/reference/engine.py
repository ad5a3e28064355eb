"""Entry points of the reference engine: the trades of a combination, the rows of a chunk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ib_grid.engine.context import BacktestContext
from ib_grid.engine.execution_settings import Execution
from ib_grid.engine.reference.day import Day, Setting, read_days, setting, with_distances
from ib_grid.engine.reference.entries import Entry, entry
from ib_grid.engine.reference.entries import candidates as of_date
from ib_grid.engine.reference.exits import Standing, follow, result_r, worst_r
from ib_grid.engine.reference.metrics import metrics
from ib_grid.engine.reference.signals import LONG
from ib_grid.grid.chunks import Chunk
from ib_grid.grid.columns import METRIC_COLUMNS, candidates_frame, trades_frame
from ib_grid.grid.grid import Grid
from ib_grid.grid.params import Params


class Trade(NamedTuple):
    """A trade; the fields are the arguments of `trades_frame`."""

    date: int
    variation: str
    direction: str
    entry_minute: int
    entry_price: float
    stop: float
    target: float
    exit_minute: int
    exit_price: float
    exit_reason: str
    r: float
    ambiguous: bool
    worst_r: float
    risk_points: float


def trades(context: BacktestContext, params: Params) -> pd.DataFrame:
    """Return the trades of one combination in date order, columns `TRADE_COLUMNS`."""
    return next(trades_of_each(context, [params]))


def trades_of_each(
    context: BacktestContext, combinations: Iterable[Params]
) -> Iterator[pd.DataFrame]:
    """Yield the trades of each combination, as `trades` does.

    Neighbours with the same `window_of` share the bars of a date.
    """
    for _, alike in groupby(combinations, window_of):
        group = list(alike)
        found: list[list[Trade]] = [[] for _ in group]
        for day in read_days(context.market, group[0].session, group[0].horizon_minutes):
            on_date = setting(day, group[0], context.execution)
            for trades_found, params in zip(found, group, strict=True):
                trades_found += _trade_of_day(day, on_date, params, context)
        yield from map(_frame, found)


def window_of(params: Params) -> tuple[str, str, int, int]:
    """Return session, wait and window of a combination, on which the bars of its dates depend."""
    session, wait = params.session, params.ib_wait_minutes
    return session.ib_timezone, str(session), wait, params.trade_window_minutes


def candidates(context: BacktestContext, params: Params) -> pd.DataFrame:
    """Return every candidate of one combination before the news filter, by date and news moment."""
    rows: list[tuple[int, str, str, int]] = []
    execution, news = context.execution, context.news
    for day in read_days(context.market, params.session, params.horizon_minutes):
        on_date = setting(day, params, execution)
        found = [] if on_date is None else of_date(on_date, params, execution, news)
        found = sorted(found, key=lambda c: c.news_moment)
        rows += [
            (day.date, c.variation, "long" if c.direction == LONG else "short", c.news_moment)
            for c in found
        ]
    names = ("date", "variation", "direction", "news_minute")
    return candidates_frame(**{name: [row[i] for row in rows] for i, name in enumerate(names)})


def evaluate(context: BacktestContext, grid: Grid, chunk: Chunk) -> NDArray[np.float32]:
    """Return the metrics of a chunk's combinations, float32, shape (n_metric_columns, n_rows)."""
    session = grid.sessions[chunk.session_index]
    wait = grid.ib_wait_minutes[chunk.wait_index]
    days = list(read_days(context.market, session, wait + max(grid.trade_window_minutes)))
    rows = np.zeros((len(METRIC_COLUMNS), chunk.n_rows), np.float32)
    for row, combo_id in enumerate(chunk.ids.tolist()):
        params = grid.params(combo_id)
        on_dates = ((day, setting(day, params, context.execution)) for day in days)
        frame = _frame([t for each in on_dates for t in _trade_of_day(*each, params, context)])
        figures = metrics(frame, len(days))
        rows[:, row] = [figures[name] for name in METRIC_COLUMNS]
    return rows


def _frame(found: Sequence[Trade]) -> pd.DataFrame:
    return trades_frame(**{name: [getattr(row, name) for row in found] for name in Trade._fields})


def _trade_of_day(
    day: Day, on_date: Setting | None, params: Params, context: BacktestContext
) -> tuple[Trade, ...]:
    """Return the trade of a date, if there is one."""
    if on_date is None:
        return ()
    execution, on_date = context.execution, with_distances(on_date, params)
    entered = entry(on_date, params, execution, context.news)
    if entered is None:
        return ()
    watched = list(follow(entered, on_date, params, execution))
    return (trade(day, on_date, entered, watched, execution),)


def trade(
    day: Day, on_date: Setting, entered: Entry, watched: Sequence[Standing], execution: Execution
) -> Trade:
    """Return the trade of a date by its entry and the bars watched until its exit."""
    left = next(standing.left for standing in watched if standing.left is not None)
    r = result_r(entered, left.price, execution)
    return Trade(
        date=day.date,
        variation=entered.variation,
        direction="long" if entered.direction == LONG else "short",
        entry_minute=on_date.m1[entered.index].start,
        entry_price=entered.fill,
        stop=entered.stop,
        target=entered.target,
        exit_minute=left.minute,
        exit_price=left.price,
        exit_reason=left.reason,
        r=r,
        ambiguous=left.ambiguous,
        worst_r=min(r, worst_r(entered, watched, execution)),
        risk_points=entered.risk,
    )
