"""Checks of times and prices of one-minute bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ib_grid.errors import DataError

PRICES = ("open", "high", "low", "close")
FIRST_YEAR, LAST_YEAR = 1970, 2099
MINUTES = range(  # of these years
    *(int(np.datetime64(f"{year}", "m").astype(np.int64)) for year in (FIRST_YEAR, LAST_YEAR + 1))
)
# Beyond them no market is quoted, and what is computed from prices could run over.
LOWEST_PRICE, HIGHEST_PRICE = 1e-6, 1e9
PRICES_EXPECTED = "prices from 0.000001 to 1,000,000,000"
MIN_STEPS = 10
SPAN_STEPS = 500
REMEDY = "write the file with `ib-grid prepare`"
_SHARE = 0.9


def check_columns(names: Sequence[str], location: str) -> None:
    """Refuse columns that lack one of time, open, high, low and close, or have it twice."""
    needed = ("time", *PRICES)
    missing = [name for name in needed if name not in names]
    twice = [name for name in needed if list(names).count(name) > 1]
    if missing or twice:
        said = [f"no column {', '.join(missing)}"] if missing else []
        said += [f"more than one column {', '.join(twice)}"] if twice else []
        raise _invalid("; ".join(said), location, "columns time, open, high, low, close")


def whole_minutes(time: pd.Series, location: str) -> NDArray[np.int64]:
    """Return minutes since 1970-01-01 00:00 UTC of a column of times."""
    if not isinstance(time.dtype, pd.DatetimeTZDtype):
        raise _invalid(f"the column time holds {time.dtype}", location, "timestamps with a zone")
    if time.isna().any():
        raise _invalid(
            "a time is missing",
            f"{location}, row {int(time.isna().argmax())}",
            "a time in every row",
        )
    moments = time.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
    minutes = moments.astype("datetime64[m]")
    odd = moments != minutes
    if odd.any():
        row = int(odd.argmax())
        raise _invalid(
            f"the time {moments[row]} is not a whole minute",
            f"{location}, row {row}",
            "one-minute bars, labelled by their opening minute",
        )
    _check_years(minutes, location)
    return minutes.astype(np.int64)


def _check_years(minutes: NDArray[np.datetime64], location: str) -> None:
    number = minutes.astype(np.int64)
    outside = (number < MINUTES.start) | (number >= MINUTES.stop)
    if outside.any():
        row = int(outside.argmax())
        raise _invalid(
            f"the time is {minutes[row]}",
            f"{location}, row {row}",
            f"a time of the years {FIRST_YEAR} to {LAST_YEAR}",
        )


def price_column(values: pd.Series, location: str) -> NDArray[np.float64]:
    """Return a column of prices as float64, NaN for missing ones."""
    if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        raise _invalid(
            f"the column {values.name} holds {values.dtype}",
            location,
            "numbers, as float or integer",
        )
    return np.ascontiguousarray(values.to_numpy(dtype=np.float64, na_value=np.nan))


def check_order(minute: NDArray[np.int64], location: str) -> None:
    """Refuse a minute that does not come after the one before it."""
    wrong = np.flatnonzero(np.diff(minute) <= 0)
    if len(wrong):
        row = int(wrong[0]) + 1
        raise _invalid(
            f"the time {_moment(minute[row])} does not come after the one before it",
            f"{location}, row {row}",
            "each minute once, in ascending order",
        )


def check_prices(prices: Mapping[str, NDArray[np.float64]], location: str) -> None:
    """Refuse prices that make no bar, or that no market quotes."""
    low, high = prices["low"], prices["high"]
    inside = np.isfinite(low) & np.isfinite(high)
    for name in ("open", "close"):
        inside &= (low <= prices[name]) & (prices[name] <= high)
    wrong = np.flatnonzero(~(inside & (low >= LOWEST_PRICE) & (high <= HIGHEST_PRICE)))
    if len(wrong):
        row = int(wrong[0])
        found = ", ".join(f"{name} {values[row]:.10g}" for name, values in prices.items())
        raise _invalid(
            f"the prices {found} do not make a bar",
            f"{location}, row {row}",
            f"{PRICES_EXPECTED} with low <= open, close <= high",
        )


def check_one_minute(minute: NDArray[np.int64], location: str) -> None:
    """Refuse bars of several minutes: their steps are multiples of one that is longer than 1.

    The steps between ascending minutes are looked at in spans of about 500, so that a stretch of
    longer bars among those of one minute is found, too; fewer than 10 steps say nothing.
    """
    gaps = np.diff(minute)
    first = 0
    for span in np.array_split(gaps, max(1, len(gaps) // SPAN_STEPS)):
        step = _longer_step(span)
        if step is not None:
            raise DataError(
                f"the bars are {step} minutes apart",
                location=f"{location}, from {_moment(minute[first])}Z on",
                expected="one-minute bars",
                hint="export bars of one minute (M1)",
            )
        first += len(span)


def _longer_step(gaps: NDArray[np.int64]) -> int | None:
    if len(gaps) < MIN_STEPS:
        return None
    steps, counts = np.unique(gaps, return_counts=True)
    commonest = int(steps[counts.argmax()])
    multiples = counts[steps % commonest == 0].sum() / len(gaps)
    return commonest if commonest > 1 and multiples > _SHARE else None


def _invalid(message: str, location: str, expected: str) -> DataError:
    return DataError(message, location=location, expected=expected, hint=REMEDY)


def _moment(minute: np.int64) -> str:
    return str(minute.astype("datetime64[m]"))
