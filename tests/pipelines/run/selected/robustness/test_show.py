"""Robustness tests on a terminal: words of the report, shares in percent, headings in a line."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from ib_grid.robustness.statistics.walk_forward import SELECTION_RULES
from pipelines.render.tables import print_table
from pipelines.run.selected.robustness.show import _COLUMNS, _RULES, robustness_table
from tests.helpers.runs.tested_runs import robustness


def test_every_selection_rule_has_its_words() -> None:
    assert ["ranking", *_RULES] == list(SELECTION_RULES)


def test_shares_are_in_percent() -> None:
    tests = robustness()
    rows = robustness_table(tests).set_index("figure")
    shares = tests.random_direction.share_profitable
    assert rows.loc["profitable combinations, %", "value"] == pytest.approx(100 * shares.observed)
    assert rows.loc["profitable combinations, %", "p"] == shares.p
    assert tests.cscv is not None
    lost = rows.loc["selections that then lost, %", "value"]
    assert lost == pytest.approx(100 * tests.cscv.share_lost)


def test_headings_take_one_line_of_100_columns() -> None:
    file = io.StringIO()
    print_table(Console(width=100, file=file), robustness_table(robustness()), _COLUMNS)
    assert all(column.heading in file.getvalue().splitlines()[0] for column in _COLUMNS)
