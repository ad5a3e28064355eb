"""Gains and lows by date, as shares of the initial balance, from the trades of combinations.

Positions are sized on the initial balance, and on the margin that trades of other combinations
leave, so that no share depends on when a challenge begins: it may begin on any date.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ib_grid.account.challenge.date_rules import in_units
from ib_grid.account.challenge.firm_clock import FirmClock
from ib_grid.account.money.contracts import Contract
from ib_grid.account.money.sizing import AccountSettings, lot_costs, size
from ib_grid.account.money.statement import Traded
from ib_grid.engine.execution_settings import Execution
from ib_grid.market.bars import Bars


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gains:
    """Results by date of combinations on one account, in units of `date_rules`.

    Attributes
    ----------
    calendar : int64 array, shape (n_dates,)
        Session dates in days since 1970-01-01.
    date_index : int64 array, shape (n_traded,)
        Positions in the calendar of the dates with a trade.
    gains, lows : int64 array, shape (n_traded,)
        Result, and worst floating result, of each of these dates.
    """

    calendar: NDArray[np.int64]
    date_index: NDArray[np.int64]
    gains: NDArray[np.int64]
    lows: NDArray[np.int64]

    @property
    def per_date(self) -> NDArray[np.int64]:
        """Gain of every session date, 0 without a trade."""
        every = np.zeros(len(self.calendar), np.int64)
        every[self.date_index] = self.gains
        return every


class Shares(NamedTuple):
    """Trades as shares of the initial balance; float64 arrays, shape (n_trades,).

    `gain` and `low` are the result and the worst floating result, `per_point` the value of a point.
    """

    gain: NDArray[np.float64]
    low: NDArray[np.float64]
    per_point: NDArray[np.float64]


def shares(account: AccountSettings, traded: Traded, margin_in_use: ArrayLike = 0.0) -> Shares:
    """Return the trades of a combination as shares of the initial balance that sizes them."""
    trades = traded.trades
    return shares_of(
        account,
        traded.contract,
        dates=trades["date"].to_numpy(),
        direction=np.where(trades["direction"] == "long", 1, -1),
        fill=trades["entry_price"].to_numpy(np.float64),
        risk_points=trades["risk_points"].to_numpy(np.float64),
        r=trades["r"].to_numpy(np.float64),
        worst_r=trades["worst_r"].to_numpy(np.float64),
        commission_points=traded.commission_points,
        margin_in_use=margin_in_use,
    )


def shares_of(
    account: AccountSettings,
    contract: Contract,
    *,
    dates: NDArray[np.datetime64],
    direction: NDArray[np.int64],
    fill: NDArray[np.float64],
    risk_points: NDArray[np.float64],
    r: NDArray[np.float64],
    worst_r: NDArray[np.float64],
    commission_points: float,
    margin_in_use: ArrayLike = 0.0,
) -> Shares:
    """Return trades as shares of the initial balance that sizes them.

    `r` and `worst_r` include a commission in points, which the contract's commission replaces. The
    arrays broadcast; entries may be a column beside many exits.
    """
    balance, rate = account.initial_balance, contract.rate.at(dates)
    lots = size(
        account,
        contract,
        rate,
        fill,
        risk_points,
        balance=balance,
        equity=balance,
        margin_in_use=margin_in_use,
    ).lots
    per_point = contract.contract_size * rate
    points = r * risk_points + commission_points
    exit_price = fill + direction * points
    costs = lot_costs(contract, per_point, fill, exit_price)
    made = lots * (per_point * points - costs)
    worst = lots * (per_point * (worst_r * risk_points + commission_points) - costs)
    return Shares(made / balance, np.minimum(worst, made) / balance, lots * per_point / balance)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AccountTrades:
    """Trades of combinations on one account.

    Attributes
    ----------
    traded : mapping of str to Traded
    dates : DatetimeIndex
        All session dates, ascending.
    bars : mapping of str to Bars
        Of each combination.
    """

    traded: Mapping[str, Traded]
    dates: pd.DatetimeIndex
    bars: Mapping[str, Bars]

    def gains(self, account: AccountSettings) -> Gains:
        """Return the gains by date."""
        return gains_of(account, self.traded, self.dates, self.bars)


def gains_of(
    account: AccountSettings,
    traded: Mapping[str, Traded],
    dates: pd.DatetimeIndex,
    bars: Mapping[str, Bars] | None = None,
) -> Gains:
    """Return the gains by date of one combination, or of several on one account.

    Parameters
    ----------
    account : AccountSettings
    traded : mapping of str to Traded
    dates : DatetimeIndex
        All session dates, ascending.
    bars : mapping of str to Bars, optional
        Bars of each combination. With several, the low of a date is the lowest sum of results
        closed and worst floating in any minute; without bars, all worst results at once.
    """
    columns = ["date", "entry_time", "exit_time", "direction", "entry_price"]
    margins = _margin_in_use(account, traded) if len(traded) > 1 else {}
    rows = [
        one.trades[columns].assign(
            name=name, **shares(account, one, margins.get(name, 0.0))._asdict()
        )
        for name, one in traded.items()
    ]
    joined = pd.concat(rows)
    by_date = joined.groupby("date")
    gain, low = by_date["gain"].sum(), by_date["low"].sum()
    if bars and len(traded) > 1:
        together = by_date.filter(lambda trades: len(trades) > 1).groupby("date")
        joint = {date: joint_low(trades, traded, bars) for date, trades in together}
        low.update(pd.Series(joint, dtype=np.float64))
    index = dates.get_indexer(gain.index)
    gains = in_units(gain.to_numpy(np.float64))
    return Gains(
        calendar=dates.to_numpy("datetime64[D]").astype(np.int64),
        date_index=index.astype(np.int64),
        gains=gains,
        lows=np.minimum(in_units(low.to_numpy(np.float64)), gains),
    )


def _margin_in_use(
    account: AccountSettings, traded: Mapping[str, Traded]
) -> dict[str, NDArray[np.float64]]:
    """Return the margin that open trades of any combination take at each entry."""
    columns = ["date", "entry_time", "exit_time", "entry_price", "risk_points"]
    rows = [
        one.trades[columns].assign(name=name, place=range(len(one.trades)))
        for name, one in traded.items()
    ]
    joined = pd.concat(rows).sort_values("entry_time", kind="stable")
    margins = {name: np.zeros(len(one.trades)) for name, one in traded.items()}
    held: list[tuple[pd.Timestamp, float]] = []
    for trade in joined.to_dict("records"):
        held = [
            (exit_time, margin) for exit_time, margin in held if exit_time > trade["entry_time"]
        ]
        in_use = sum(margin for _, margin in held)
        contract, balance = traded[trade["name"]].contract, account.initial_balance
        sized = size(
            account,
            contract,
            contract.rate.at(np.array([trade["date"]], "datetime64[D]")),
            trade["entry_price"],
            trade["risk_points"],
            balance=balance,
            equity=balance,
            margin_in_use=in_use,
        )
        margins[trade["name"]][trade["place"]] = in_use
        held.append((trade["exit_time"], float(sized.margin_money[0])))
    return margins


def joint_low(
    trades: pd.DataFrame, traded: Mapping[str, Traded], bars: Mapping[str, Bars]
) -> float:
    """Return the lowest equity that the trades of one date leave, from the date's start.

    Parameters
    ----------
    trades : DataFrame
        Columns `name`, `entry_time`, `exit_time`, `direction`, `entry_price` and those of `Shares`.
    traded : mapping of str to Traded
    bars : mapping of str to Bars
    """
    first = trades["entry_time"].to_numpy("datetime64[m]").astype(np.int64)
    last = trades["exit_time"].to_numpy("datetime64[m]").astype(np.int64)
    minutes = np.arange(first.min(), last.max() + 2)
    total = np.zeros(len(minutes))
    for (_, trade), start, end in zip(trades.iterrows(), first, last, strict=True):
        name = trade["name"]
        floating = _worst_by_minute(trade, traded[name].watched, bars[name], minutes)
        total += np.where(minutes < start, 0.0, np.where(minutes > end, trade["gain"], floating))
    return float(total.min())


def _worst_by_minute(
    trade: pd.Series, watched: Execution | None, bars: Bars, minutes: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the worst floating result in each minute: that of the last bar up to it.

    No minute falls below the low of the trade itself, which looks closer at the exit's bar.
    """
    row = np.clip(np.searchsorted(bars.minute, minutes, side="right") - 1, 0, None)
    is_long = trade["direction"] == "long"
    price = (bars.low if is_long else bars.high)[row]
    half_spread = watched.half_spreads(bars.minute[row]) if watched else 0.0
    points = (price - trade["entry_price"]) * (1 if is_long else -1) - half_spread
    return np.maximum(points * trade["per_point"], trade["low"])


def open_over_midnight(clock: FirmClock, trades: pd.DataFrame) -> int:
    """Return how many trades are open at the start of a day by the firm's clock."""
    entry, exit_ = (
        clock.dates(trades[name].to_numpy("datetime64[m]").astype(np.int64))
        for name in ("entry_time", "exit_time")
    )
    return int((entry != exit_).sum())
