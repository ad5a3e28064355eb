"""A clock for Dask that nobody can set.

Dask and the event loop under it measure spans by the time of day. Where that is set back by a day,
they send no message for a day, and a run stands still; where it is set forward, workers that have
said nothing for so long are taken for dead.
"""

from __future__ import annotations

import sys
import time

from tornado.ioloop import IOLoop

_time_of_day = time.time
_START = time.time() - time.monotonic()


def steady_time() -> float:
    """Seconds since 1970 by the clock as it was at the start of this process."""
    return _START + time.monotonic()


steady_time.__name__ = "time"  # pages of Dask's dashboard know the function by this name


def use_steady_clock() -> None:
    """Have the event loops of this process and all that is loaded of Dask go by `steady_time`."""
    IOLoop.time = _loop_time  # type: ignore[assignment, method-assign]
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] == "distributed" and vars(module).get("time") is _time_of_day:
            vars(module)["time"] = steady_time


def _loop_time(_loop: IOLoop) -> float:
    return steady_time()
