"""ib-grid: every parameter combination of the Initial Balance strategy, backtested.

The library part: values in, values out. It knows no Dask, no command line and no working directory;
`pipelines` puts it to work on files, processes and clusters.

Where to begin
--------------
ib_grid.analysis
    A run in a notebook: `load_run`, then `top`, `pivot`, `neighbours`, `trades` and their figures.
ib_grid.engine.fast
    `evaluate` a chunk (`ib_grid.grid.chunks`) of a grid (`ib_grid.grid`) over bars
    (`ib_grid.market`); the `trades` of one combination (`ib_grid.grid.params`).
ib_grid.engine.reference
    The same in plain Python, slow and easy to read: what the engine is held against.
ib_grid.grid.columns
    Every result column: its name, its unit, and what it is where it is undefined.
ib_grid.errors
    Every error that is raised on purpose.
"""

__version__ = "0.1.0"
