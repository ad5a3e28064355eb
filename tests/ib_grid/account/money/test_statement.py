"""Tests of account statements."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ib_grid.account.money.contracts import Contract
from ib_grid.account.money.sizing import AccountSettings
from ib_grid.account.money.statement import Traded, months_to_recover, statement

CONTRACT = Contract(contract_size=1, leverage=100, commission_per_lot=1.0)
DATES = pd.bdate_range("2024-01-01", periods=40)


def trades_of(r: list[float], worst: list[float], hour: int = 9) -> pd.DataFrame:
    """Return long trades of 10 points' risk at 1,000, an hour each, one a date."""
    n, start = len(r), DATES[: len(r)]
    return pd.DataFrame(
        {
            "date": start,
            "direction": "long",
            "entry_time": start + pd.Timedelta(hours=hour),
            "exit_time": start + pd.Timedelta(hours=hour + 1),
            "entry_price": np.full(n, 1000.0),
            "exit_price": 1000 + 10 * np.array(r),
            "worst_r": worst,
            "risk_points": np.full(n, 10.0),
        }
    )


def test_a_statement_by_hand() -> None:
    # 1 % of 100,000 over 10 points is 100 lots, 100 of commission; margin 1,000 of 40,000.
    account = AccountSettings(initial_balance=100_000)
    found = statement(
        account, {"A": Traded(trades=trades_of([2, -1], [-0.5, -1]), contract=CONTRACT)}, DATES
    )
    assert found.trades["lots"].tolist() == [100, 100]
    assert found.trades["profit"].tolist() == [1900, -1100]
    assert found.trades["worst"].tolist() == [-600, -1100]
    assert found.daily["balance"].iloc[[0, 1, -1]].tolist() == [101_900, 100_800, 100_800]
    assert found.daily["low"].iloc[:2].tolist() == [99_400, 100_800]
    summary = found.summary
    assert summary["worst_day"] == -1100
    assert summary["worst_day_date"] == "2024-01-02"
    assert summary["worst_week"] == 0
    assert (summary["max_drawdown_closed"], summary["max_drawdown_floating"]) == (1100, 1100)
    assert summary["mean_risk_pct"] == pytest.approx(1)


def test_money_is_stated_in_cents() -> None:
    contract = Contract(contract_size=1, leverage=100, min_lot=150)
    trades = trades_of([1 / 3, -1], [-1 / 3, -1]).assign(risk_points=[3.0, 10.0])
    found = statement(AccountSettings(), {"A": Traded(trades=trades, contract=contract)}, DATES)
    # 333.33 lots, and 100, which are too few
    assert found.trades["profit"].astype(str).tolist() == ["1111.1", "0.0"]
    assert found.trades["worst"].astype(str).tolist() == ["-333.33", "0.0"]
    assert found.daily["balance"].tolist() == [101_111.1] * len(DATES)


def test_margin_of_open_trades_caps_the_next_one() -> None:
    contract = Contract(contract_size=1, leverage=3)
    account = AccountSettings(initial_balance=100_000)
    one = Traded(trades=trades_of([0], [0]), contract=contract)
    found = statement(account, {"A": one, "B": one}, DATES)
    assert found.trades["lots"].tolist() == [100, 20]  # 33,333 and 6,667 of 40,000
    assert found.summary["capped_by_margin"] == 1


def test_sizes_follow_the_balance_where_asked() -> None:
    account = AccountSettings(sizing="balance")
    contract = Contract(contract_size=1, leverage=100)
    traded = {"A": Traded(trades=trades_of([10, 1], [0, 0]), contract=contract)}
    assert statement(account, traded, DATES).trades["lots"].tolist() == [100, 110]


def test_a_position_below_the_smallest_lot_is_skipped() -> None:
    contract = Contract(contract_size=1, leverage=100, min_lot=200, lot_step=1)
    found = statement(
        AccountSettings(), {"A": Traded(trades=trades_of([1], [0]), contract=contract)}, DATES
    )
    assert found.summary["skipped"] == 1
    assert found.summary["final_balance"] == 100_000


def test_an_account_without_trades_stays_as_it_was() -> None:
    found = statement(
        AccountSettings(), {"A": Traded(trades=trades_of([], []), contract=CONTRACT)}, DATES
    )
    assert found.summary["final_balance"] == 100_000
    assert found.summary["max_drawdown_closed"] == 0
    assert found.summary["months_to_recover"] == 0


@pytest.mark.parametrize(
    ("balance", "days", "recovered"),
    [
        ([100, 100, 100], 0, True),
        ([110, 105, 110], 2, True),
        ([110, 105, 109], 2, False),
        ([90, 95, 100, 120], 2, True),
        ([90, 95, 96, 97], 3, False),
    ],
)
def test_months_to_recover(balance: list[float], days: int, recovered: bool) -> None:
    dates = pd.date_range("2024-01-01", periods=len(balance))
    months, ended = months_to_recover(pd.Series(balance, dates, dtype=float), 100.0)
    assert months * 365.25 / 12 == pytest.approx(days)
    assert ended == recovered
