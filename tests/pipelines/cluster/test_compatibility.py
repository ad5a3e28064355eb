"""Versions and the run directory, which all processes of a run must share."""

from __future__ import annotations

import dataclasses
import platform
from pathlib import Path

import pytest

import ib_grid
from ib_grid.engine.results_version import RESULTS_VERSION
from ib_grid.errors import ClusterError
from ib_grid.runs.manifest import write_manifest
from pipelines.cluster.compatibility import (
    MAJOR_AND_MINOR,
    WHOLE,
    differences,
    own_versions,
    run_dir_problem,
)
from pipelines.run import tasks
from tests.helpers.runs.small_runs import work
from tests.ib_grid.runs.test_manifest import manifest

OURS = {"python": "3.11.7", "numba": "0.60.0", "dask": "2024.8.0", "ib-grid": "0.1.0"}


def test_own_versions() -> None:
    ours = own_versions()
    assert ours["ib-grid"] == ib_grid.__version__
    assert ours["results"] == str(RESULTS_VERSION)
    assert ours["python"] == platform.python_version()
    assert None not in ours.values()
    assert set(ours) == {"ib-grid", "results", *MAJOR_AND_MINOR, *WHOLE}
    decide = {"numpy", "numba", "pyarrow", "python", "cloudpickle", "dask", "distributed"}
    assert {*MAJOR_AND_MINOR, *WHOLE} == decide


@pytest.mark.parametrize(
    ("theirs", "found"),
    [
        ({}, []),
        ({"python": "3.11.9", "numba": "0.60.1rc1"}, []),
        ({"python": "3.11.9.final.0"}, []),
        ({"python": "3.12.7"}, ["python 3.12.7, here 3.11.7"]),
        ({"numba": "0.6.0"}, ["numba 0.6.0, here 0.60.0"]),
        ({"dask": "2024.8.1"}, ["dask 2024.8.1, here 2024.8.0"]),
        ({"ib-grid": "0.1.1"}, ["ib-grid 0.1.1, here 0.1.0"]),
        ({"numba": None}, ["numba missing, here 0.60.0"]),
    ],
)
def test_versions_that_have_to_agree(theirs: dict[str, str | None], found: list[str]) -> None:
    assert differences({**OURS, **theirs}, OURS, OURS) == found


def test_a_process_must_see_the_run_directory(tmp_path: Path) -> None:
    assert "run.json cannot be read" in run_dir_problem(tmp_path, manifest().fingerprint)
    write_manifest(tmp_path, manifest())
    assert run_dir_problem(tmp_path, manifest().fingerprint) == ""
    assert run_dir_problem(tmp_path, "e" * 64) == "the directory holds another run"


def test_a_late_worker_checks_itself_before_its_first_chunk(tmp_path: Path) -> None:
    ours = tuple(own_versions().items())
    mine = work(tmp_path, fingerprint=manifest().fingerprint)
    other = dataclasses.replace(mine, versions=(("numba", "0.1.2"),))
    with pytest.raises(ClusterError, match=r"a worker, process \d+ on .*: numba"):
        tasks.run_chunk(0, other)
    blind = dataclasses.replace(mine, versions=ours, dataset=tmp_path / "elsewhere" / "data")
    with pytest.raises(ClusterError, match="workers do not see the run directory"):
        tasks.run_chunk(0, blind)
    assert not (tmp_path / "elsewhere").exists()
    write_manifest(tmp_path, manifest())
    assert tasks.run_chunk(0, dataclasses.replace(mine, versions=ours)).summary.combinations == 8
