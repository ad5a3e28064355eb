"""Backtests of every parameter combination of the Initial Balance strategy.

The library takes values and returns values, without Dask, a command line or a working directory;
`pipelines` runs it on files, processes and clusters. Everything below is also
in the module that defines it and is imported at its first use.

Examples
--------
Backtest one combination on a week of synthetic one-minute bars:

>>> import numpy as np
>>> import ib_grid
>>> days = np.arange("2024-04-15", "2024-04-20", dtype="datetime64[m]")
>>> minute = days.astype(np.int64)
>>> open_ = 18_000 + 40 * np.sin(minute / 37) + 25 * np.sin(minute / 11)
>>> close = np.append(open_[1:], open_[-1])
>>> high, low = np.maximum(open_, close) + 1, np.minimum(open_, close) - 1
>>> bars = ib_grid.Bars(minute=minute, open=open_, high=high, low=low, close=close)
>>> grid = ib_grid.named_grid("standard", ib_grid.GER40)
>>> market = ib_grid.build_market(bars, grid.sessions, grid.horizon_minutes)
>>> context = ib_grid.BacktestContext(market, ib_grid.Execution(spread_points=1.5))
>>> trades = ib_grid.trades(context, grid.params(20_000))
>>> trades.assign(r=trades["r"].round(2))[["date", "variation", "exit_reason", "r"]]
        date variation exit_reason     r
0 2024-04-16      TCWE        time  0.47
1 2024-04-17   Reverse        time  0.43
2 2024-04-18   Reverse        time  3.76
3 2024-04-19      TCWE        time -0.32

Compute the metrics of a whole chunk of the grid, a row per metric:

>>> chunk = ib_grid.plan_chunks(grid, rows_per_chunk=1_000).chunk(0)
>>> metrics = ib_grid.evaluate(context, grid, chunk)
>>> metrics.shape == (len(ib_grid.METRIC_COLUMNS), chunk.n_rows)
True
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
