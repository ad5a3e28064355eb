"""Selections that can be repeated on other dates, and those that cannot."""

from __future__ import annotations

import pytest

from ib_grid.grid.filters.row_filter import RowFilter
from ib_grid.grid.scoring import RankingSettings
from ib_grid.robustness.conclusion.obstacles import obstacle

RANKING = RankingSettings(min_trades=10)


@pytest.mark.parametrize(
    "row_filter",
    [
        RowFilter(),
        RowFilter(top=100),
        RowFilter(condition="total_trades >= 10", top=100),
        RowFilter(condition="total_trades > 9"),
    ],
)
def test_rows_that_are_never_ranked_may_be_left_out(row_filter: RowFilter) -> None:
    assert obstacle(RANKING, row_filter) is None


@pytest.mark.parametrize(
    ("condition", "hint"),
    [
        ("total_trades > 10", "without --filter, with min_trades = 11 under [ranking]"),
        ("ib_start == '08:00' and tsl_sl > 0.5", "without --filter, on a --grid file"),
        ("winrate > 50", "run again without --filter"),
        ("total_trades >= 10 and winrate > 50", "run again without --filter"),
    ],
)
def test_other_conditions_name_what_to_do_instead(condition: str, hint: str) -> None:
    error = obstacle(RANKING, RowFilter(condition=condition))
    assert error is not None
    assert error.message == f"the run ranks only rows with {condition}"
    assert hint in error.hint


def test_rankings_by_the_order_of_trades_are_an_obstacle() -> None:
    weights = {"total_r": 1.5, "max_drawdown": -0.5}
    error = obstacle(RankingSettings(weights=weights), RowFilter())
    assert "cannot rank by max_drawdown" in str(error)
