"""Results of the robustness tests and the verdict, as a JSON file in the run directory."""

from __future__ import annotations

import dataclasses
import json

from ib_grid.errors import DataError, first_line
from ib_grid.robustness.conclusion.verdict import Verdict
from ib_grid.robustness.results import Robustness
from ib_grid.runs.manifest import Manifest
from ib_grid.storage.atomic_files import is_file, read_regular, whole_file
from ib_grid.storage.mapping_files import MAX_JSON_BYTES, as_declared
from ib_grid.storage.paths import AnyPath

_FINGERPRINT, _VERDICT = "fingerprint", "verdict"


def robustness_path(run_dir: AnyPath, symbol: str) -> AnyPath:
    """Return the path of the results of the robustness tests of a run."""
    return run_dir / f"{symbol}_robustness.json"


def write_robustness(
    run_dir: AnyPath, manifest: Manifest, robustness: Robustness, verdict: Verdict
) -> AnyPath:
    """Write the results whole or not at all, with the fingerprint of the run."""
    path = robustness_path(run_dir, manifest.symbol)
    content = {
        _FINGERPRINT: manifest.fingerprint,
        _VERDICT: dataclasses.asdict(verdict),
        **dataclasses.asdict(robustness),
    }
    with whole_file(path) as file:
        file.write((json.dumps(content, indent=1, allow_nan=False) + "\n").encode())
    return path


def read_robustness(run_dir: AnyPath, manifest: Manifest) -> Robustness | None:
    """Return the results of the robustness tests of a run; None if they were not made.

    The verdict is not read: a hold-out that was opened since may have changed it.

    Raises
    ------
    DataError
        If the file is damaged or belongs to another run.
    """
    path = robustness_path(run_dir, manifest.symbol)
    if not is_file(path):
        return None
    try:
        content = json.loads(read_regular(path, MAX_JSON_BYTES).decode())
        if content[_FINGERPRINT] != manifest.fingerprint:
            raise ValueError("it belongs to another run")
        return as_declared(Robustness, content)
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise DataError(
            f"the robustness tests cannot be read ({first_line(error)})",
            location=str(path),
            expected="the tests of this run",
            hint=f"run them again with `ib-grid robustness {run_dir}`",
        ) from error
