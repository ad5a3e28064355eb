"""The kernels' cache: compiled once, then loaded, and never a kernel of other sources."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import ib_grid

_USE = """
import numpy as np
from ib_grid import compiled
from ib_grid.signals import is_blocked
print(compiled.compilations())
none = np.zeros(0, np.int64)
assert not is_blocked((none, none), 5)
print(compiled.compilations())
"""


def _compilations(package: Path, cache: Path, variable: str = "XDG_CACHE_HOME") -> list[int]:
    env = {**os.environ, variable: str(cache)}
    if variable != "NUMBA_CACHE_DIR":
        env.pop("NUMBA_CACHE_DIR", None)
    done = subprocess.run(
        [sys.executable, "-c", _USE],
        cwd=package.parent,
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    return [int(line) for line in done.stdout.split()]


def test_a_second_process_loads_what_the_first_compiled(tmp_path: Path) -> None:
    package = Path(ib_grid.__file__).parent
    assert _compilations(package, tmp_path) == [0, 1]
    assert _compilations(package, tmp_path) == [0, 0]


@pytest.mark.parametrize("variable", ["XDG_CACHE_HOME", "NUMBA_CACHE_DIR"])
def test_a_change_in_any_module_compiles_anew(tmp_path: Path, variable: str) -> None:
    package = tmp_path / "copy" / "ib_grid"
    shutil.copytree(Path(ib_grid.__file__).parent, package)
    cache = tmp_path / "cache"
    assert _compilations(package, cache, variable) == [0, 1]
    with (package / "exits.py").open("a") as file:  # is_blocked is in another module
        file.write("\n# changed\n")
    assert _compilations(package, cache, variable) == [0, 1]


def test_a_home_that_cannot_be_written_is_no_obstacle(tmp_path: Path) -> None:
    not_a_directory = tmp_path / "file"
    not_a_directory.write_text("")
    package = Path(ib_grid.__file__).parent
    assert _compilations(package, not_a_directory)[0] == 0
