"""Numbers and trades that count as equal, and ones that do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.verify.recompute import same_metric, trade_difference
from tests.helpers.golden.golden_trades import golden_set

numbers = st.floats(-1e6, 1e6, allow_nan=False)


@given(value=numbers, noise=st.floats(-1e-12, 1e-12))
def test_number_rounded_once_is_equal(value: float, noise: float) -> None:
    stored = float(np.float32(value * (1 + noise) + noise))
    assert same_metric("total_r", stored, value)


@given(value=st.floats(1e-2, 1e6), units=st.integers(3, 1000), up=st.booleans())
def test_three_units_in_the_last_place_are_another_number(
    value: float, units: int, up: bool
) -> None:
    stored = np.float32(value)
    step = np.spacing(stored) * (units if up else -units)
    assert not same_metric("total_r", float(stored + step), value)


def test_nan_never_equals() -> None:
    assert not same_metric("total_r", float("nan"), 1.0)
    assert not same_metric("sharpe_ratio", float("nan"), 1e9)


def test_ratio_of_rounding_errors_is_compared_by_size() -> None:
    assert same_metric("sharpe_trades", 3e7, 4e7)
    assert not same_metric("sharpe_trades", 3.0, 4e7)
    assert not same_metric("recovery_factor", 3e7, 4e7)


def trades() -> pd.DataFrame:
    golden = golden_set("GER40", "edge", "realistic")
    return max(golden.expected_trades.values(), key=len)


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
