"""Kernels for after a run, compiled on another core while this process compiles the engine.

Run as a module, this compiles them into the cache, on outcomes that no engine has to compute.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator

import numpy as np

from ib_grid.account.challenge.gains import Gains
from ib_grid.account.challenge.odds import odds
from ib_grid.account.challenge.rule_files import find_rules
from ib_grid.engine.fast.engine import exit_pairs
from ib_grid.engine.fast.kernel_cache import still_to_compile
from ib_grid.grid.named_grids import named_grid
from ib_grid.grid.scoring import RankingSettings
from ib_grid.market.instruments import GER40
from ib_grid.robustness.plan import RobustnessSettings, TestPlan, plan_tests_on
from ib_grid.robustness.rounds import run_rounds
from ib_grid.robustness.whole_grid.streams import Streams

_N_DATES = 120
_RULES = "ftmo_2step"  # any: the kernels are the same for all rules


@contextlib.contextmanager
def compiling_ahead(*, wanted: bool) -> Iterator[subprocess.Popen[bytes] | None]:
    """Compile the kernels of the tests in a process of their own, if this machine has none.

    The process ends with the block, or with this process, and says nothing: what it has not
    compiled, the tests compile.
    """
    if not (wanted and still_to_compile()):
        yield None
        return
    nothing = subprocess.DEVNULL
    with subprocess.Popen(  # noqa: S603 - this program itself
        [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=nothing, stderr=nothing
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def compile_tests() -> None:
    """Compile the kernels of the tests and of the report's challenge, or load them."""
    dates = np.arange(_N_DATES)
    gains = Gains(calendar=dates, date_index=dates, gains=dates, lows=-dates)
    odds(find_rules(_RULES), gains)
    plan = _plan()
    n_exits = len(exit_pairs(plan.grid))
    outcome = np.arange(_N_DATES, dtype=np.int32)[np.newaxis]
    r = np.cos(np.arange(float(_N_DATES * n_exits))).reshape(_N_DATES, n_exits)
    some = Streams(first_id=0, dates=plan.dates, outcome=outcome, r=r, opposite_r=-r)
    run_rounds(lambda work: [work(plan, some)])


def _plan() -> TestPlan:
    few = RobustnessSettings(draws=3, resamples=3, null_draws=3)
    return plan_tests_on(np.arange(_N_DATES), named_grid("standard", GER40), RankingSettings(), few)


def _leave_with_parent() -> None:
    os.read(sys.stdin.fileno(), 1)  # the pipe is closed when the parent ends, however it does
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    compile_tests()
