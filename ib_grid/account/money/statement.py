"""Statement of an account: trades in money, one after the other, and their totals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from ib_grid.account.money.contracts import Contract
from ib_grid.account.money.sizing import BOUNDS, AccountSettings, lot_costs, profit, size
from ib_grid.engine.execution_settings import Execution

DAYS_PER_MONTH = 365.25 / 12
_DECIMALS = 2  # of money that is stated; sums are exact


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Traded:
    """Trades of one combination, and their contract.

    Attributes
    ----------
    trades : DataFrame
        Columns `grid.columns.TRADE_COLUMNS`.
    contract : Contract
    commission_points : float
        Commission per round trip included in `worst_r`; the contract's commission replaces it.
    watched : Execution, optional
        With the spread of the prices that the model watches; None where it watches mid prices.
    """

    trades: pd.DataFrame
    contract: Contract
    commission_points: float = 0.0
    watched: Execution | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Statement:
    """Trades in money and the account's equity by date.

    Attributes
    ----------
    account : AccountSettings
    trades : DataFrame, a row per trade in the order of the entries
        `combination`, `date`, `entry_time`, `exit_time`, `direction`, `lots`, `bound` (what limited
        the size), `risk_money`, `margin_money`, `profit`, `worst` (lowest floating result),
        and `low` (lowest equity while the trade was open, all worst results at once).
    daily : DataFrame, by date
        `profit`, `balance` at the end and `low`, the lowest equity of the date.
    """

    account: AccountSettings
    trades: pd.DataFrame
    daily: pd.DataFrame

    @property
    def summary(self) -> dict[str, object]:
        """Figures of the account; money in its currency."""
        daily, initial = self.daily, self.account.initial_balance
        final = float(daily["balance"].iloc[-1]) if len(daily) else initial
        months, recovered = months_to_recover(daily["balance"], initial)
        bound = self.trades["bound"].value_counts()
        traded = self.trades[self.trades["lots"] > 0]
        return {
            "initial_balance": initial,
            "final_balance": final,
            "profit_pct": 100 * (final / initial - 1),
            **_drawdowns(daily, initial),
            **_worst("day", daily["profit"], initial),
            **_worst("week", daily["profit"].resample("W-FRI").sum(), initial),
            "months_to_recover": months,
            "recovered": recovered,
            "trades": len(traded),
            "skipped": int(bound.get("skipped", 0)),
            "capped_by_margin": int(bound.get("margin", 0)),
            "capped_by_max_lot": int(bound.get("max_lot", 0)),
            "mean_risk_pct": float(100 * traded["risk_money"].mean() / initial)
            if len(traded)
            else 0.0,
        }


def months_to_recover(balance: pd.Series, initial: float) -> tuple[float, bool]:
    """Return the longest time below an earlier balance, and whether it has ended.

    Returns
    -------
    months : float
        Calendar days from the peak to the date that reaches it once more, or to the last date,
        in months of 30.4 days; 0 without a loss.
    recovered : bool
        False if the longest stretch lasts until the last date.

    Examples
    --------
    >>> dates = pd.date_range("2024-01-01", periods=3, freq="61D")
    >>> months, recovered = months_to_recover(pd.Series([110.0, 100.0, 110.0], dates), 100.0)
    >>> round(months, 1), recovered
    (4.0, True)
    """
    values, n = balance.to_numpy(np.float64), len(balance)
    at_peak = np.flatnonzero(values >= np.maximum.accumulate([initial, *values])[1:])
    longest, recovered = 0, True
    for peak, end in pairwise([-1, *at_peak.tolist(), n]):
        if end - peak > 1:
            days = (balance.index[min(end, n - 1)] - balance.index[max(peak, 0)]).days
            longest, recovered = max((longest, recovered), (days, end < n))
    return longest / DAYS_PER_MONTH, recovered


def _drawdowns(daily: pd.DataFrame, initial: float) -> dict[str, object]:
    """Return the maximum drawdown of closed balances, and of the floating equity below them."""
    peak = daily["balance"].cummax().clip(lower=initial)
    before = peak.shift(1, fill_value=initial)
    closed, floating = (peak - daily["balance"]).max(), (before - daily["low"]).max()
    values = {
        "closed": round(max(closed, 0.0), _DECIMALS),
        "floating": round(max(closed, floating, 0.0), _DECIMALS),
    }
    if daily.empty:
        values = dict.fromkeys(values, 0.0)
    return {
        f"max_drawdown_{name}{unit}": float(value * scale)
        for name, value in values.items()
        for unit, scale in (("", 1.0), ("_pct", 100 / initial))
    }


def _worst(name: str, profits: pd.Series, initial: float) -> dict[str, object]:
    value = round(float(profits.min()), _DECIMALS) if len(profits) else 0.0
    last = profits.idxmin() if len(profits) else None
    return {
        f"worst_{name}": value,
        f"worst_{name}_pct": 100 * value / initial,
        f"worst_{name}_date": None if last is None else f"{last:%Y-%m-%d}",
    }


def statement(
    account: AccountSettings, traded: Mapping[str, Traded], dates: pd.DatetimeIndex
) -> Statement:
    """Return the statement of combinations traded on one account.

    Positions are sized at their entry, on the balance after the closed trades, with the margin of
    open ones in use; the floating result of open trades is not part of the equity.

    Parameters
    ----------
    account : AccountSettings
    traded : mapping of str to Traded
    dates : DatetimeIndex
        All session dates, ascending.
    """
    balance = account.initial_balance
    open_trades: list[dict[str, Any]] = []
    found: list[dict[str, Any]] = []
    for row in _by_entry(traded):
        while open_trades and open_trades[0]["exit_time"] <= row["entry_time"]:
            balance += open_trades.pop(0)["profit"]
        margin = sum(one["margin_money"] for one in open_trades)
        done = {**row, **_in_money(account, traded[row["combination"]], row, balance, margin)}
        open_trades = sorted([*open_trades, done], key=lambda one: one["exit_time"])
        done["low"] = balance + sum(one["worst"] for one in open_trades)
        found.append(done)
    trades = pd.DataFrame(found, columns=_COLUMNS)
    daily = _daily(account, trades, dates)
    return Statement(
        account=account, trades=_stated(trades, _MONEY), daily=_stated(daily, daily.columns)
    )


def _stated(frame: pd.DataFrame, columns: Iterable[str]) -> pd.DataFrame:
    """Return a frame with rounded money, and 0 in place of −0."""
    rounded = {name: frame[name].astype(np.float64).round(_DECIMALS) + 0.0 for name in columns}
    return frame.assign(**rounded)


def _by_entry(traded: Mapping[str, Traded]) -> list[dict[str, Any]]:
    """Return the trades of all combinations in the order of their entries."""
    frames = [one.trades.assign(combination=name) for name, one in traded.items()]
    joined = pd.concat(frames).sort_values("entry_time", kind="stable")
    return joined.to_dict("records")  # type: ignore[return-value]


def _in_money(
    account: AccountSettings, traded: Traded, row: Mapping[str, Any], balance: float, margin: float
) -> dict[str, Any]:
    """Return the size of a trade, its profit and its worst floating result."""
    contract = traded.contract
    rate = float(contract.rate.at(np.array([row["date"]], "datetime64[D]"))[0])
    fill, exit_price, risk = row["entry_price"], row["exit_price"], row["risk_points"]
    sized = size(
        account,
        contract,
        rate,
        fill,
        risk,
        balance=balance,
        equity=balance,
        margin_in_use=margin,
    )
    lots, per_point = float(sized.lots), contract.contract_size * rate
    direction = 1 if row["direction"] == "long" else -1
    made = float(profit(contract, rate, lots, direction, fill, exit_price))
    worst_points = row["worst_r"] * risk + traded.commission_points
    costs = float(lot_costs(contract, per_point, fill, exit_price))
    return {
        "lots": round(lots, 8),  # steps of 0.01 leave noise
        "bound": BOUNDS[int(sized.bound)],
        "risk_money": float(sized.risk_money),
        "margin_money": float(sized.margin_money),
        "profit": made,
        "worst": min(lots * (per_point * worst_points - costs), made),
    }


def _daily(account: AccountSettings, trades: pd.DataFrame, dates: pd.DatetimeIndex) -> pd.DataFrame:
    by_date = trades.groupby("date")
    made = by_date["profit"].sum().reindex(dates, fill_value=0.0).astype(np.float64)
    balance = account.initial_balance + made.cumsum()
    before = balance.shift(1, fill_value=account.initial_balance)
    low = by_date["low"].min().reindex(dates).fillna(before).astype(np.float64)
    lowest = np.minimum(np.minimum(low, before), balance)
    return pd.DataFrame({"profit": made, "balance": balance, "low": lowest})


_OF_TRADE = ("combination", "date", "entry_time", "exit_time", "direction")
_MONEY = ("risk_money", "margin_money", "profit", "worst", "low")
_COLUMNS = [*_OF_TRADE, "lots", "bound", *_MONEY]
