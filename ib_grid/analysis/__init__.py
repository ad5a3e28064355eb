"""A finished run in the hands of a person: values, frames and arrays in, frames or figures out.

What is named here is imported from its module at the first use: a command that only reads rows
starts without the engine and without the figures.

May import everything in ib_grid; no other package of ib_grid imports this one.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ib_grid.analysis.axis_values import edges
    from ib_grid.analysis.combination import (
        by_hour,
        by_variation,
        by_weekday,
        by_year,
        calendar_table,
        equity,
        metrics,
        trades,
    )
    from ib_grid.analysis.effects.neighbourhoods import neighbours
    from ib_grid.analysis.effects.pivots import pivot
    from ib_grid.analysis.effects.plateaus import plateau_score
    from ib_grid.analysis.effects.slicing import slices
    from ib_grid.analysis.effects.variance import variance_shares
    from ib_grid.analysis.plots.curves import (
        calendar_figure,
        equity_figure,
        hour_figure,
        sums_figure,
        variation_curves,
        variation_figure,
        weekday_figure,
        year_figure,
    )
    from ib_grid.analysis.plots.heat_maps import heat_map, slice_figure
    from ib_grid.analysis.plots.scatter import sets_figure
    from ib_grid.analysis.plots.trade_chart import day_chart, trade_chart
    from ib_grid.analysis.portfolios import Portfolio, portfolio, portfolio_figure, portfolio_of
    from ib_grid.analysis.selection.compare import Comparison, compare_runs
    from ib_grid.analysis.selection.groups import Groups, groups
    from ib_grid.analysis.selection.pareto import pareto
    from ib_grid.analysis.selection.top import top
    from ib_grid.analysis.trade_days import TradeDay, extreme_dates, trade_day
    from ib_grid.runs.run import Run, load_run
    from ib_grid.runs.source import RunSource, load_source, session_dates

__all__ = [
    "Comparison",
    "Groups",
    "Portfolio",
    "Run",
    "RunSource",
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
    "ib_grid.analysis.plots.trade_chart": (
        "day_chart",
        "trade_chart",
    ),
    "ib_grid.analysis.selection.compare": (
        "Comparison",
        "compare_runs",
    ),
    "ib_grid.analysis.plots.curves": (
        "calendar_figure",
        "equity_figure",
        "hour_figure",
        "sums_figure",
        "variation_curves",
        "variation_figure",
        "weekday_figure",
        "year_figure",
    ),
    "ib_grid.analysis.axis_values": ("edges",),
    "ib_grid.analysis.plots.heat_maps": (
        "heat_map",
        "slice_figure",
    ),
    "ib_grid.analysis.selection.groups": (
        "Groups",
        "groups",
    ),
    "ib_grid.analysis.effects.neighbourhoods": ("neighbours",),
    "ib_grid.analysis.combination": (
        "by_hour",
        "by_variation",
        "by_weekday",
        "by_year",
        "calendar_table",
        "equity",
        "metrics",
        "trades",
    ),
    "ib_grid.analysis.effects.pivots": ("pivot",),
    "ib_grid.analysis.effects.plateaus": ("plateau_score",),
    "ib_grid.analysis.portfolios": (
        "Portfolio",
        "portfolio",
        "portfolio_figure",
        "portfolio_of",
    ),
    "ib_grid.runs.run": (
        "Run",
        "load_run",
    ),
    "ib_grid.analysis.plots.scatter": ("sets_figure",),
    "ib_grid.analysis.effects.slicing": ("slices",),
    "ib_grid.runs.source": (
        "RunSource",
        "load_source",
        "session_dates",
    ),
    "ib_grid.analysis.selection.top": ("top",),
    "ib_grid.analysis.trade_days": (
        "TradeDay",
        "extreme_dates",
        "trade_day",
    ),
    "ib_grid.analysis.selection.pareto": ("pareto",),
    "ib_grid.analysis.effects.variance": ("variance_shares",),
}
_MODULE_OF = {name: module for module, names in _HOMES.items() for name in names}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """What one of the modules offers under this name."""
        if name not in _MODULE_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(_MODULE_OF[name]), name)
        globals()[name] = value  # from now on it is found without this function
        return value

    def __dir__() -> list[str]:
        """The names that are offered."""
        return sorted({*globals(), *__all__})
