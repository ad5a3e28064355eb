"""A finished run in the hands of a person: values, frames and arrays in, frames or figures out."""

from ib_grid.analysis.chart import day_chart, trade_chart
from ib_grid.analysis.curves import (
    calendar_figure,
    equity_figure,
    hour_figure,
    variation_curves,
    variation_figure,
    weekday_figure,
    year_figure,
)
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
from ib_grid.analysis.portfolios import Portfolio, portfolio, portfolio_figure, portfolio_of
from ib_grid.analysis.source import Source, load_source, session_dates
from ib_grid.analysis.trade_day import TradeDay, extreme_dates, trade_day

__all__ = [
    "Portfolio",
    "Source",
    "TradeDay",
    "by_hour",
    "by_variation",
    "by_weekday",
    "by_year",
    "calendar_figure",
    "calendar_table",
    "day_chart",
    "equity",
    "equity_figure",
    "extreme_dates",
    "hour_figure",
    "load_source",
    "metrics",
    "portfolio",
    "portfolio_figure",
    "portfolio_of",
    "session_dates",
    "trade_chart",
    "trade_day",
    "trades",
    "variation_curves",
    "variation_figure",
    "weekday_figure",
    "year_figure",
]
