"""Checks that no output file replaces an input."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from pathlib import Path

from ib_grid.errors import OutputError
from ib_grid.runs.manifest import RUN_FILE
from ib_grid.runs.partition_layout import results_folder
from ib_grid.runs.run import Run
from ib_grid.storage.paths import AnyPath, parse_path


def check_not_an_input(out: Path, inputs: Sequence[AnyPath]) -> None:
    """Refuse to write over a file that was read."""
    if out.resolve() in [path.resolve() for path in inputs]:
        raise _refusal("the output file is one of the input files", out)


def check_spares_runs(outputs: Iterable[Path | None], runs: Iterable[Run]) -> None:
    """Refuse to write over a run's manifest or its bars, or anything among its results.

    An output that was not asked for is None.
    """
    for out, run in product(filter(None, outputs), runs):
        check_not_an_input(out, [run.path / RUN_FILE, parse_path(str(run.manifest.data["file"]))])
        results = results_folder(run.path, run.manifest.symbol)
        if results.resolve() in out.resolve().parents:
            raise _refusal("the output file lies in the folder of the run's results", out)


def _refusal(found: str, out: Path) -> OutputError:
    return OutputError(found, location=str(out), expected="another output file")
