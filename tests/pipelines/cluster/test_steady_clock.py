"""A clock for Dask that goes on steadily, whatever becomes of the time of day."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from pipelines.cluster.steady_clock import steady_time

_SET_BACK = """
import time
from distributed import batched, metrics, nanny, scheduler, worker
from pipelines.cluster.steady_clock import steady_time, use_steady_clock
use_steady_clock()
modules = (batched, metrics, nanny, scheduler, worker)
from tornado.ioloop import IOLoop
print(abs(IOLoop().time() - steady_time()) < 1)
print([module.time is steady_time for module in modules], time.time is steady_time)
"""


def test_monotonic_clock_ignores_clock_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    before = steady_time()
    assert before == pytest.approx(time.time(), abs=60)
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert 0 <= steady_time() - before < 60


def test_only_dask_uses_the_monotonic_clock() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _SET_BACK], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == f"True\n{[True] * 5} False\n"
