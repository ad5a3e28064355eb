"""Kernels of the robustness tests, compiled by a process ahead of the tests."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.run.selected.robustness import ahead
from tests.helpers.runs.computed_runs import computed_run

# A run of the tests after `compile_tests`; prints the kernels that it still had to compile.
_TEST_AFTERWARDS = """
import sys
from pathlib import Path
from ib_grid.analysis import load_run
from ib_grid.engine.fast.compiled import _KERNELS
from ib_grid.grid.scoring import RankingSettings
from ib_grid.robustness.plan import RobustnessSettings, plan_tests
from ib_grid.robustness.rounds import warm_up
from pipelines.run.selected.robustness.ahead import compile_tests

def compiled():
    return {
        (kernel.py_func.__name__, signature)
        for kernel in _KERNELS
        if kernel.py_func.__module__.startswith("ib_grid.robustness")
        for signature in kernel.signatures
    }

compile_tests()
before = compiled()
source = load_run(Path(sys.argv[1])).source
plan = plan_tests(source.grid, source.context.market, RankingSettings(), RobustnessSettings())
warm_up(source.context, plan)
assert before
print(compiled() - before)
"""


def test_the_tests_of_a_run_need_no_other_kernel(tmp_path: Path) -> None:
    run_dir = computed_run(tmp_path)
    command = [sys.executable, "-c", _TEST_AFTERWARDS, str(run_dir)]
    env = {name: value for name, value in os.environ.items() if name != "NUMBA_DISABLE_JIT"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.parametrize(("wanted", "missing"), [(False, True), (True, False)])
def test_no_process_unless_wanted_and_missing(
    monkeypatch: pytest.MonkeyPatch, wanted: bool, missing: bool
) -> None:
    monkeypatch.setattr(ahead, "still_to_compile", lambda: missing)
    with ahead.compiling_ahead(wanted=wanted) as process:
        assert process is None


@pytest.mark.parametrize("error", [None, KeyboardInterrupt], ids=["finished", "interrupted"])
def test_the_process_ends_with_the_block(
    monkeypatch: pytest.MonkeyPatch, error: type[BaseException] | None
) -> None:
    monkeypatch.setattr(ahead, "still_to_compile", lambda: True)
    with contextlib.suppress(KeyboardInterrupt), ahead.compiling_ahead(wanted=True) as process:
        if error:
            raise error
    assert process is not None
    assert process.returncode is not None


def test_the_process_ends_with_its_parent() -> None:
    command = [sys.executable, "-m", ahead.__name__]
    assert subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode == 1
