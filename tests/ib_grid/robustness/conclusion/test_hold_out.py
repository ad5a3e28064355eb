"""Outcome of a hold-out in words."""

from __future__ import annotations

import dataclasses

import pytest

from ib_grid.robustness.conclusion.hold_out import HoldOut
from ib_grid.storage.mapping_files import as_declared
from tests.helpers.runs.tested_runs import hold_out


@pytest.mark.parametrize(
    ("trades", "total_r", "passed", "text"),
    [
        (45, 6.14, True, "Hold-out passed: #7 made 6.1 R in 45 trades from"),
        (1, -1.0, False, "Hold-out failed: #7 lost 1.0 R in 1 trade from"),
        (0, 0.0, False, "Hold-out without a trade: #7 did not trade from"),
    ],
)
def test_a_sentence_tells_whether_it_passed(trades, total_r, passed, text) -> None:
    found = hold_out(total_r, trades)
    assert found.passed is passed
    assert found.text.startswith(text)


def test_the_outcome_comes_back_from_json() -> None:
    assert as_declared(HoldOut, dataclasses.asdict(hold_out(6.14))) == hold_out(6.14)
