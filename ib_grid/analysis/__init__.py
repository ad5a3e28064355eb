"""A finished run in the hands of a person: values, frames and arrays in, frames or figures out."""

from ib_grid.analysis.one_set import (
    by_hour,
    by_variation,
    by_weekday,
    by_year,
    calendar_table,
    equity,
    metrics,
    trades,
)
from ib_grid.analysis.source import Source, load_source, session_dates
from ib_grid.analysis.trade_day import TradeDay, extreme_dates, trade_day

__all__ = [
    "Source",
    "TradeDay",
    "by_hour",
    "by_variation",
    "by_weekday",
    "by_year",
    "calendar_table",
    "equity",
    "extreme_dates",
    "load_source",
    "metrics",
    "session_dates",
    "trade_day",
    "trades",
]
