"""Outcome of a hold-out in words."""

from __future__ import annotations

import pytest

from ib_grid.robustness.conclusion.hold_out import HoldOut


def hold_out(trades: int, total_r: float) -> HoldOut:
    return HoldOut(
        opened_utc="2024-05-01T08:00:00+00:00",
        combo_id=7,
        first="2018-06-01",
        last="2018-12-28",
        session_dates=147,
        total_trades=trades,
        total_r=total_r,
        avg_trade_r=0.1,
        winrate=40.0,
        max_drawdown=3.0,
        sharpe_ratio=1.0,
    )


@pytest.mark.parametrize(
    ("trades", "total_r", "passed", "text"),
    [
        (45, 6.14, True, "Hold-out passed: #7 made 6.1 R in 45 trades from"),
        (1, -1.0, False, "Hold-out failed: #7 lost 1.0 R in 1 trade from"),
        (0, 0.0, False, "Hold-out without a trade: #7 did not trade from"),
    ],
)
def test_a_sentence_tells_whether_it_passed(trades, total_r, passed, text) -> None:
    found = hold_out(trades, total_r)
    assert found.passed is passed
    assert found.text.startswith(text)


def test_the_outcome_comes_back_from_json() -> None:
    assert HoldOut.from_dict(hold_out(45, 6.14).to_dict()) == hold_out(45, 6.14)
