"""`ib-grid` with a clock that someone sets: ``python -m tests.helpers.faults.shifted_clock run …``.

As soon as a file is there its number of seconds is added to the time of day. The worker processes
load this module as their main one, too.
"""

from __future__ import annotations

import datetime
import os
import time
import types

CLOCK_FILE = "IB_GRID_TEST_CLOCK"
_true_time = time.time


def _shifted() -> float:
    try:
        with open(os.environ[CLOCK_FILE]) as file:  # noqa: PTH123
            return _true_time() + float(file.read())
    except FileNotFoundError:
        return _true_time()


class _Datetime(datetime.datetime):
    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:
        return datetime.datetime.fromtimestamp(_shifted(), tz)


if __name__ in ("__main__", "__mp_main__"):
    time.time = _shifted
if __name__ == "__main__":
    from ib_grid.storage import timestamps
    from pipelines.cli import main
    from pipelines.run import run_directory

    shifted = types.SimpleNamespace(**{**vars(datetime), "datetime": _Datetime})
    for module in (timestamps, run_directory):
        assert module.dt is datetime
        module.dt = shifted  # type: ignore[assignment]
    main.main()
