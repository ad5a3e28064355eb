"""Pinned numbers of whole grids, to the last bit, with their results version.

Whoever changes what the engine computes changes these, raises `RESULTS_VERSION`, and so keeps old
and new results from being mixed in one run.
"""

from __future__ import annotations

import json

import numpy as np
import pytest

from ib_grid.engine.results_version import RESULTS_VERSION
from ib_grid.grid.columns import METRIC_COLUMNS
from tests.helpers.golden.golden_grid import CASES, FILE, golden_grid, hashes, known


@pytest.mark.parametrize("case", CASES)
def test_numbers_are_those_of_the_version(case: str) -> None:
    found, pinned = hashes(golden_grid(case).columns()), known(case)
    assert list(pinned) == list(METRIC_COLUMNS)
    differ = [name for name in METRIC_COLUMNS if found[name] != pinned[name]]
    assert not differ, f"{case}: {', '.join(differ)}"


def test_every_case_is_pinned_and_says_something() -> None:
    pinned = json.loads(FILE.read_text())
    assert list(pinned[str(RESULTS_VERSION)]) == list(CASES)
    for of_case in pinned[str(RESULTS_VERSION)].values():
        assert len(set(of_case.values())) > 70  # of 90: some counts and whole groups are equal


def test_one_flipped_bit_changes_the_hash_of_its_column() -> None:
    columns = golden_grid(CASES[0]).columns()
    before = hashes(columns)
    changed = columns["ocae_sharpe_ratio"].copy()
    changed[100] = np.nextafter(changed[100], np.float32(np.inf))
    after = hashes({**columns, "ocae_sharpe_ratio": changed})
    assert [name for name in before if before[name] != after[name]] == ["ocae_sharpe_ratio"]
