"""Trades that count as equal, and ones that do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from ib_grid.engine.context import BacktestContext
from ib_grid.engine.fast import engine
from pipelines.verify.recompute import trade_difference
from tests.helpers.golden.golden_trades import golden_set


def trades() -> pd.DataFrame:
    golden = golden_set("GER40", "edge", "realistic")
    case = max(golden.cases, key=lambda case: len(golden.expected_trades[case.combo]))
    return engine.trades(BacktestContext(golden.market, case.execution, case.news), case.params)


def test_the_same_trades() -> None:
    assert trade_difference(trades(), trades()) == ""
    moved = trades().assign(r=trades()["r"] + 1e-12)
    assert trade_difference(moved, trades()) == ""


def test_fewer_trades() -> None:
    n_trades = len(trades())
    assert trade_difference(trades().iloc[1:], trades()) == (
        f"{n_trades - 1} trades of the fast engine, {n_trades} of the reference engine"
    )


def other(name: str, value: object) -> object:
    """Another value than this one of a column."""
    changes: dict[str, Callable[[Any], object]] = {
        "date": lambda date: date + pd.Timedelta(days=1),
        "variation": lambda _: "none",
        "exit_time": lambda time: time + pd.Timedelta(minutes=1),
        "exit_price": lambda price: price + 1e-3,
        "r": lambda r: r + 1e-6,
        "ambiguous": lambda ambiguous: not ambiguous,
    }
    return changes[name](value)


@pytest.mark.parametrize("name", ["date", "variation", "exit_time", "exit_price", "r", "ambiguous"])
def test_another_trade(name: str) -> None:
    row = len(trades()) // 2
    values = trades()[name].tolist()
    values[row] = other(name, values[row])
    said = trade_difference(trades().assign(**{name: values}), trades())
    assert f"on {trades()['date'].iloc[row]:%Y-%m-%d}" in said
    assert said.endswith(f"differ in {name}")
