"""Order of day, month and year in the dates of a calendar."""

from __future__ import annotations

from collections.abc import Sequence

from ib_grid.errors import DataError
from ib_grid.market.csv.layouts.times import (
    ORDERS,
    date_forms,
    has_short_year,
    parse_date,
    years_are_last,
)


def date_form(texts: Sequence[str], location: str, date_order: str | None) -> str | None:
    """Return the order of day and month; None if no date leaves the order open.

    Parameters
    ----------
    texts : sequence of str
        The dates, each with or without a time.
    location : str
        File and field, for a message.
    date_order : str or None
        Key of `ORDERS`; None if not given.

    Raises
    ------
    DataError
        If the dates do not show the order.
    """
    if date_order is not None:
        return ORDERS[date_order]
    dates = [text.split()[0] for text in texts if text]
    _check_years(dates, location)
    alike = [date for date in dates if _is_open(date)]
    if not alike:
        return None
    n_valid = {
        date: sum(parse_date(text, date) is not None for text in alike) for date in ORDERS.values()
    }
    if len(set(n_valid.values())) == 1:
        raise DataError(
            f"the dates, such as {alike[0]!r}, do not show which number is the day",
            location=location,
            expected="a date with a day above 12, or the order",
            hint="give --news-date-order day-first or --news-date-order month-first",
        )
    return max(n_valid, key=lambda date: n_valid[date])


def _check_years(dates: Sequence[str], location: str) -> None:
    """Refuse dates such as 24/03/01 that may have the year first."""
    if years_are_last(dates):
        return
    short = next(date for date in dates if has_short_year(date))
    raise DataError(
        f"the dates, such as {short!r}, do not show which number is the year",
        location=location,
        expected="years with four digits, or the order of day and month before the year",
        hint="write years with four digits; if the year is last, give --news-date-order day-first"
        " or --news-date-order month-first",
    )


def _is_open(date: str) -> bool:
    return set(ORDERS.values()) <= set(date_forms(date.rstrip(",")))
