"""What all tests share: the hypothesis profiles and the command line."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from pipelines.cli import main

# Examples are whole markets: slow to draw, and no clock decides what is right.
_COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("local", max_examples=50, **_COMMON)
settings.register_profile("ci", max_examples=50, derandomize=True, **_COMMON)
settings.register_profile("quick", max_examples=10, derandomize=True, **_COMMON)
settings.register_profile("thorough", max_examples=2000, **_COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if "CI" in os.environ else "local"))


# Tests side by side, `pytest -n 2`: a file stays together, and all files that start processes are
# one group, the first, so that two of them never share the machine and the longest group does not
# begin last.
_PROCESSES = re.compile(r"mark\.(cluster|faults)\b")


@cache
def _group(path: Path) -> str:
    return "processes" if _PROCESSES.search(path.read_text(encoding="utf-8")) else str(path)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: _group(item.path) != "processes")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    from xdist.scheduler import LoadScopeScheduling

    class ByGroup(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return _group(config.rootpath / nodeid.split("::")[0])

    return ByGroup(config, log)


# What waits for ever is a failure of one test, not of all; on a slow machine the longest takes a
# third of this.
_MOST_SECONDS = 600


@pytest.fixture(autouse=True)
def _bounded_in_time() -> Iterator[None]:
    """End a test that does not end; Windows has no such alarm."""
    if not hasattr(signal, "SIGALRM"):
        yield
        return

    def ring(_number: int, _frame: object) -> None:
        pytest.fail(f"not done after {_MOST_SECONDS} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(_MOST_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture
def ib_grid_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run a command in an empty folder: exit status, standard output, standard error."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "80")

    def command(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["ib-grid", *map(str, arguments)])
        status: object = 0
        try:
            sys.exit(main.command())
        except SystemExit as ended:
            status = ended.code or 0
        said = capsys.readouterr()
        assert isinstance(status, int)
        return status, said.out, said.err

    return command
