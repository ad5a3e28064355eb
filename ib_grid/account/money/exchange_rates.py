"""Exchange rates: a constant, or a CSV file of dates and rates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ib_grid.errors import ConfigError, first_line
from ib_grid.errors.validation import finite_number, shown
from ib_grid.storage.paths import AnyPath, parse_path

_CSV = "a CSV file with the columns date,rate, dates ascending"


@dataclass(frozen=True, slots=True, eq=False)
class ExchangeRate:
    """Account money for a unit of another currency, by date.

    Attributes
    ----------
    dates : datetime64[D] array, shape (n,)
        From each date on its rate holds.
    rates : float64 array, shape (n,)
    """

    dates: NDArray[np.datetime64]
    rates: NDArray[np.float64]

    @staticmethod
    def constant(rate: float) -> ExchangeRate:
        """Return a rate that holds on every date."""
        return ExchangeRate(np.array(["0001-01-01"], "datetime64[D]"), np.array([rate]))

    def inverse(self) -> ExchangeRate:
        """Return the rate in the other direction."""
        return ExchangeRate(self.dates, 1 / self.rates)

    def at(self, dates: NDArray[np.datetime64]) -> NDArray[np.float64]:
        """Return the rate of each date: the last known.

        Raises
        ------
        ConfigError
            If a date is before the first rate.
        """
        place = np.searchsorted(self.dates, dates.astype("datetime64[D]"), side="right") - 1
        if len(place) and place.min() < 0:
            raise ConfigError(
                f"the exchange rates begin on {self.dates[0]}, after the trade of"
                f" {dates.min().astype('datetime64[D]')}",
                expected="a rate on or before the first trade",
            )
        return self.rates[place]


def read_rate(value: object, location: str, folder: AnyPath) -> ExchangeRate:
    """Return a rate from a number, or from the name of a CSV file in a folder.

    Raises
    ------
    ConfigError
        If the value is neither, or the file is not such a table.
    """
    rate = finite_number(value)
    if rate is not None and rate > 0:
        return ExchangeRate.constant(rate)
    if not isinstance(value, str):
        raise ConfigError(
            f"the rate is {shown(value)}",
            location=location,
            expected=f"a number above 0, or {_CSV}",
        )
    path = parse_path(value)
    return _read_csv(path if "/" in value else folder / value, location)


def _read_csv(path: AnyPath, location: str) -> ExchangeRate:
    try:
        with path.open("rb") as file:
            table = pd.read_csv(file)
        dates = pd.to_datetime(table["date"]).to_numpy("datetime64[D]")
        rates = table["rate"].to_numpy(np.float64)
    except (OSError, ValueError, KeyError) as error:
        raise ConfigError(
            f"the exchange rates cannot be read ({first_line(error)})",
            location=f"{location}: {path}",
            expected=_CSV,
        ) from error
    ascending = len(dates) > 0 and (np.diff(dates) > np.timedelta64(0, "D")).all()
    if not ascending or not (np.isfinite(rates) & (rates > 0)).all():
        raise ConfigError(
            "the exchange rates are empty, not ascending by date, or not above 0",
            location=f"{location}: {path}",
            expected=_CSV,
        )
    return ExchangeRate(dates, rates)
