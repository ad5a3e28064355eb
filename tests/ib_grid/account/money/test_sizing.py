"""Tests of position sizes and profits."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_grid.account.money.contracts import Contract
from ib_grid.account.money.exchange_rates import ExchangeRate
from ib_grid.account.money.sizing import BOUNDS, AccountSettings, profit, size
from ib_grid.errors import ConfigError
from tests.ib_grid.account.golden import cases

SIZES, PROFITS = cases("size"), cases("profit")


def contract_of(given: dict[str, Any]) -> tuple[Contract, float]:
    values = dict(given)
    fx = values.pop("fx")
    return Contract(**values, rate=ExchangeRate.constant(fx)), fx


@pytest.mark.parametrize("name", SIZES)
def test_golden_sizes(name: str) -> None:
    case = SIZES[name]
    account = dict(case["input"]["account"])
    balance, equity = account.pop("balance"), account.pop("equity")
    contract, fx = contract_of(case["input"]["contract"])
    found = size(
        AccountSettings(**account),
        contract,
        fx,
        **case["input"]["trade"],
        balance=balance,
        equity=equity,
    )
    expected = case["expect"]
    assert BOUNDS[int(found.bound)] == expected.pop("bound")
    for name, value in expected.items():
        assert float(getattr(found, name)) == pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize("name", PROFITS)
def test_golden_profits(name: str) -> None:
    given = dict(PROFITS[name]["input"])
    contract, fx = contract_of(given.pop("contract"))
    exit_price = given.pop("exit")
    found = profit(contract, fx, exit_price=exit_price, **given)
    assert float(found) == pytest.approx(PROFITS[name]["expect"], rel=1e-9)


CONTRACT = Contract(contract_size=1, leverage=20, max_lot=50)


@given(
    fill=st.floats(100, 50_000),
    risk=st.floats(0.5, 500),
    risk_pct=st.floats(0.1, 5),
    in_use=st.floats(0, 60_000),
)
def test_size_keeps_every_limit(fill: float, risk: float, risk_pct: float, in_use: float) -> None:
    account = AccountSettings(risk_pct=risk_pct)
    found = size(account, CONTRACT, 1.0, fill, risk, balance=1e5, equity=1e5, margin_in_use=in_use)
    assert float(found.risk_money) <= 1e3 * risk_pct * (1 + 1e-6)
    assert float(found.margin_money) <= max(4e4 - in_use, 0) * (1 + 1e-6)
    assert float(found.lots) == 0 or 0.01 <= float(found.lots) <= 50
    assert (float(found.lots) == 0) == (BOUNDS[int(found.bound)] == "skipped")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("risk_pct", 0.0),
        ("risk_pct", 150.0),
        ("risk_pct", 0.01),
        ("risk_pct", float("nan")),
        ("max_margin_pct", 0.4),
        ("max_margin_pct", 101.0),
        ("initial_balance", 0.0),
        ("sizing", "kelly"),
    ],
)
def test_impossible_settings_are_refused(name: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=name):
        AccountSettings(**{name: value})
