"""Position sizes: risk, margin and the steps of lots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ib_grid.account.fields import Fields
from ib_grid.account.money.contracts import Contract

BOUNDS = ("risk", "margin", "max_lot", "skipped")
DEFAULT_MARGIN_PCT = 40.0
_STEP_SLACK = 1e-9  # 2.75 lots must not become 2.74 by rounding
_PLAINLY_FRACTION = 0.06  # 0.01 to 0.05 are written for 1 to 5%
_KEYS = ("initial_balance", "currency", "risk_pct", "max_margin_pct", "sizing", "size_by")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSettings:
    """Account and how positions are sized.

    Attributes
    ----------
    initial_balance : float
    currency : str
    risk_pct : float
        Percent lost at the stop, of the initial balance or of the balance (`sizing`).
    max_margin_pct : float
        Percent of the equity that margin may take.
    sizing : {"initial", "balance"}
    size_by : {"price", "price+costs"}
        Loss at the stop without or with commissions.

    Raises
    ------
    ConfigError
        If a value is out of range, or a fraction where a percentage is meant.
    """

    initial_balance: float = 100_000.0
    currency: str = "USD"
    risk_pct: float = 1.0
    max_margin_pct: float = DEFAULT_MARGIN_PCT
    sizing: Literal["initial", "balance"] = "initial"
    size_by: Literal["price", "price+costs"] = "price"

    def __post_init__(self) -> None:
        values = {name: getattr(self, name) for name in _KEYS}
        keys = Fields(values, "account", _KEYS)
        keys.number("initial_balance")
        keys.percent("risk_pct", fraction=_PLAINLY_FRACTION)
        keys.percent("max_margin_pct", fraction=1.0)
        keys.text("currency")
        keys.one_of("sizing", ("initial", "balance"))
        keys.one_of("size_by", ("price", "price+costs"))


class Size(NamedTuple):
    """Sizes of positions; arrays of one shape.

    Attributes
    ----------
    lots, risk_money, margin_money : float64 array
    bound : int8 array
        Index in `BOUNDS`: what limited the size.
    """

    lots: NDArray[np.float64]
    risk_money: NDArray[np.float64]
    margin_money: NDArray[np.float64]
    bound: NDArray[np.int8]


def size(
    account: AccountSettings,
    contract: Contract,
    rate: ArrayLike,
    fill: ArrayLike,
    risk_points: ArrayLike,
    *,
    balance: float,
    equity: float,
    margin_in_use: ArrayLike = 0.0,
) -> Size:
    """Return the sizes of positions, each by itself on this balance and this margin.

    Parameters
    ----------
    account : AccountSettings
    contract : Contract
    rate : array_like
        Account money for a unit of the quote currency.
    fill, risk_points : array_like
        Entry price and its distance from the stop, in points; a risk of 0 is skipped.
    balance, equity : float
    margin_in_use : array_like
        Money before the entry.

    Examples
    --------
    >>> contract = Contract(contract_size=1, leverage=50)
    >>> found = size(AccountSettings(), contract, 1.0, 18_070.25, 37.75, balance=1e5, equity=1e5)
    >>> round(float(found.lots), 2)
    26.49
    """
    fill, risk_points = np.asarray(fill, np.float64), np.asarray(risk_points, np.float64)
    per_point = contract.contract_size * np.asarray(rate, np.float64)
    base = account.initial_balance if account.sizing == "initial" else balance
    lot_loss = risk_points * per_point
    if account.size_by == "price+costs":
        lot_loss = lot_loss + lot_costs(contract, per_point, fill, fill)
    with np.errstate(divide="ignore"):
        by_risk = np.where(risk_points > 0, base * account.risk_pct / 100 / lot_loss, 0.0)
    lot_margin = fill * per_point / contract.leverage
    free = equity * account.max_margin_pct / 100 - np.asarray(margin_in_use)
    limits = np.broadcast_arrays(by_risk, free / lot_margin, contract.max_lot)
    bound = np.argmin(limits, axis=0).astype(np.int8)
    steps = np.floor(np.min(limits, axis=0) / contract.lot_step + _STEP_SLACK)
    lots = np.maximum(steps, 0) * contract.lot_step
    skipped = lots < contract.min_lot * (1 - _STEP_SLACK)
    lots = np.where(skipped, 0.0, lots)
    return Size(
        lots=lots,
        risk_money=lots * risk_points * per_point,
        margin_money=lots * lot_margin,
        bound=np.where(skipped, np.int8(BOUNDS.index("skipped")), bound),
    )


def lot_costs(
    contract: Contract, per_point: ArrayLike, fill: ArrayLike, exit_price: ArrayLike
) -> NDArray[np.float64]:
    """Return the commissions of one lot for a round trip, in account money."""
    traded = np.asarray(per_point) * (np.asarray(fill) + np.asarray(exit_price))
    return contract.commission_per_lot + contract.commission_pct_per_side / 100 * traded


def profit(
    contract: Contract,
    rate: ArrayLike,
    lots: ArrayLike,
    direction: ArrayLike,
    fill: ArrayLike,
    exit_price: ArrayLike,
) -> NDArray[np.float64]:
    """Return the money made by positions, commissions deducted."""
    lots, per_point = np.asarray(lots), contract.contract_size * np.asarray(rate)
    points = np.asarray(direction) * (np.asarray(exit_price) - np.asarray(fill))
    return lots * (per_point * points - lot_costs(contract, per_point, fill, exit_price))
