"""Opening of runs: the names of `ib_grid.runs` that analyses start from."""

from ib_grid.runs.run import Run, load_run
from ib_grid.runs.source import RunSource, load_source, session_dates

__all__ = ["Run", "RunSource", "load_run", "load_source", "session_dates"]
