"""Fixtures and settings of all tests: hypothesis profiles, the command line, the browser."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from pipelines.cli import main
from tests.helpers.machines.browser import BROWSERS, Page, find_browser, open_browser

# Examples are whole markets, which take long to draw.
_COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("local", max_examples=50, **_COMMON)
settings.register_profile("ci", max_examples=50, derandomize=True, **_COMMON)
settings.register_profile("quick", max_examples=10, derandomize=True, **_COMMON)
settings.register_profile("thorough", max_examples=2000, **_COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if "CI" in os.environ else "local"))


# With `pytest -n 2` a file stays together. Tests that kill and freeze processes form one group, so
# that two of them never compete for the machine; the group is the longest and starts first.
_PROCESSES = "tests/faults/processes/"


def _group(nodeid: str) -> str:
    return _PROCESSES if nodeid.startswith(_PROCESSES) else nodeid.split("::")[0]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: _group(item.nodeid) != _PROCESSES)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    from xdist.scheduler import LoadScopeScheduling

    class ByGroup(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return _group(nodeid)

    config.option.loadscopereorder = False  # the longest is not the one with the most tests
    return ByGroup(config, log)


# The longest test takes a third of this on a slow machine.
_MAX_SECONDS = 600


@pytest.fixture(autouse=True)
def _time_limit() -> Iterator[None]:
    """Fail a test that hangs."""

    def ring(_number: int, _frame: object) -> None:
        pytest.fail(f"not finished after {_MAX_SECONDS} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(_MAX_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture
def ib_grid_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run a command in an empty folder; return exit status, standard output and standard error."""
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
        output = capsys.readouterr()
        assert isinstance(status, int)
        return status, output.out, output.err

    return command


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """Open an empty page in a real browser without network; skip the test without a browser."""
    path = find_browser()
    if path is None:
        pytest.skip(f"no browser installed: {', '.join(BROWSERS)}")
    with open_browser(path, tmp_path_factory.mktemp("profile")) as page:
        page.offline()
        yield page
