"""A finished run in the hands of a person: values, frames and arrays in, frames or figures out."""

from ib_grid.analysis.chart import day_chart, trade_chart
from ib_grid.analysis.comparing import Comparison, compare_runs
from ib_grid.analysis.curves import (
    calendar_figure,
    equity_figure,
    hour_figure,
    sums_figure,
    variation_curves,
    variation_figure,
    weekday_figure,
    year_figure,
)
from ib_grid.analysis.factors import edges
from ib_grid.analysis.grid_figures import heat_map, slice_figure
from ib_grid.analysis.grouping import Groups, groups
from ib_grid.analysis.neighbourhoods import neighbours
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
from ib_grid.analysis.pivots import pivot
from ib_grid.analysis.plateaus import plateau_score
from ib_grid.analysis.portfolios import Portfolio, portfolio, portfolio_figure, portfolio_of
from ib_grid.analysis.runs import Run, load_run
from ib_grid.analysis.scatter import sets_figure
from ib_grid.analysis.slicing import slices
from ib_grid.analysis.source import Source, load_source, session_dates
from ib_grid.analysis.tops import top
from ib_grid.analysis.trade_day import TradeDay, extreme_dates, trade_day
from ib_grid.analysis.trade_offs import pareto
from ib_grid.analysis.variance import variance_shares

__all__ = [
    "Comparison",
    "Groups",
    "Portfolio",
    "Run",
    "Source",
    "TradeDay",
    "by_hour",
    "by_variation",
    "by_weekday",
    "by_year",
    "calendar_figure",
    "calendar_table",
    "compare_runs",
    "day_chart",
    "edges",
    "equity",
    "equity_figure",
    "extreme_dates",
    "groups",
    "heat_map",
    "hour_figure",
    "load_run",
    "load_source",
    "metrics",
    "neighbours",
    "pareto",
    "pivot",
    "plateau_score",
    "portfolio",
    "portfolio_figure",
    "portfolio_of",
    "session_dates",
    "sets_figure",
    "slice_figure",
    "slices",
    "sums_figure",
    "top",
    "trade_chart",
    "trade_day",
    "trades",
    "variance_shares",
    "variation_curves",
    "variation_figure",
    "weekday_figure",
    "year_figure",
]
