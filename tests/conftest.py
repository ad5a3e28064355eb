"""What all tests share: the hypothesis profiles and the command line."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from pipelines import cli

# Examples are whole markets: slow to draw, and no clock decides what is right.
_COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("local", max_examples=50, **_COMMON)
settings.register_profile("ci", max_examples=50, derandomize=True, **_COMMON)
settings.register_profile("quick", max_examples=10, derandomize=True, **_COMMON)
settings.register_profile("thorough", max_examples=2000, **_COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if "CI" in os.environ else "local"))

_WITH_PROCESSES = ("cluster", "faults")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where tests run side by side: keep a file together, and all that starts workers apart.

    What starts processes of its own is one group, the first, so that two of them never share the
    machine and the longest group does not begin last.
    """
    if not os.environ.get("PYTEST_XDIST_WORKER"):
        return
    for item in items:
        processes = any(item.get_closest_marker(name) for name in _WITH_PROCESSES)
        item.add_marker(pytest.mark.xdist_group("processes" if processes else str(item.path)))
    items.sort(key=lambda item: not any(map(item.get_closest_marker, _WITH_PROCESSES)))


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
            sys.exit(cli.command())
        except SystemExit as ended:
            status = ended.code or 0
        said = capsys.readouterr()
        assert isinstance(status, int)
        return status, said.out, said.err

    return command
