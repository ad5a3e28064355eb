"""A finished run in the hands of a person: values, frames and arrays in, frames or figures out.

What is named here is imported from its module at the first use: a command that only reads rows
starts without the engine and without the figures.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
    from ib_grid.analysis.trade_days import TradeDay, extreme_dates, trade_day
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

_HOMES = {
    "chart": ("day_chart", "trade_chart"),
    "comparing": ("Comparison", "compare_runs"),
    "curves": (
        "calendar_figure",
        "equity_figure",
        "hour_figure",
        "sums_figure",
        "variation_curves",
        "variation_figure",
        "weekday_figure",
        "year_figure",
    ),
    "factors": ("edges",),
    "grid_figures": ("heat_map", "slice_figure"),
    "grouping": ("Groups", "groups"),
    "neighbourhoods": ("neighbours",),
    "one_set": (
        "by_hour",
        "by_variation",
        "by_weekday",
        "by_year",
        "calendar_table",
        "equity",
        "metrics",
        "trades",
    ),
    "pivots": ("pivot",),
    "plateaus": ("plateau_score",),
    "portfolios": ("Portfolio", "portfolio", "portfolio_figure", "portfolio_of"),
    "runs": ("Run", "load_run"),
    "scatter": ("sets_figure",),
    "slicing": ("slices",),
    "source": ("Source", "load_source", "session_dates"),
    "tops": ("top",),
    "trade_days": ("TradeDay", "extreme_dates", "trade_day"),
    "trade_offs": ("pareto",),
    "variance": ("variance_shares",),
}
_MODULE_OF = {name: module for module, names in _HOMES.items() for name in names}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """What one of the modules offers under this name."""
        if name not in _MODULE_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
        globals()[name] = value  # from now on it is found without this function
        return value

    def __dir__() -> list[str]:
        """The names that are offered."""
        return sorted({*globals(), *__all__})
