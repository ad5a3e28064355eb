"""The command line itself."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

_HELP = """
import sys
from pipelines import cli
sys.argv = ["ib-grid", "run", "--help"]
try:
    cli.main()
except SystemExit as ended:
    assert not ended.code
print(sorted({"dask", "numba", "pandas", "plotly", "pyarrow"} & set(sys.modules)))
"""


def test_help_imports_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _HELP], capture_output=True, text=True, check=True, timeout=60
    )
    assert "--news-coverage" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_sign_of_a_distance_is_explained(
    ib_grid_command: Callable[..., tuple[int, str, str]],
) -> None:
    status, screen, _ = ib_grid_command("news", "check", "--help")
    assert status == 0
    assert "negative, the event is still to come" in " ".join(screen.split())
