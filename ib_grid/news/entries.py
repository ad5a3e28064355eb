"""One entry of a calendar file: its fields checked, its time turned into a UTC minute."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass

from ib_grid.errors import DataError, InputError, validation
from ib_grid.market import clock
from ib_grid.news.calendars import IMPACTS, Event, normalised_currency, normalised_impact

# Outside these years a date is a slip of the pen.
_YEARS = range(1970, 2101)
_NAMED_ZONE = re.compile(r"(.*[0-9])\s+([A-Za-z][A-Za-z0-9_+\-/]*)")
_EXPECTED_TIME = "a date and a time such as 2024-03-08 13:30 or 2024-03-08T08:30:00-05:00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The raw fields of one event, and where they stand: ``file, event 3``."""

    location: str
    fields: Mapping[str, object]

    def text(self, name: str) -> str:
        """A field that must be a text, with its spaces evened out.

        Raises
        ------
        DataError
            If the field is missing or not a text.
        """
        if name not in self.fields:
            raise self.error(f"no {name}", expected="time, currency, impact and title of an event")
        value = self.fields[name]
        if not isinstance(value, str):
            raise self.error(f"the {name} is {shown(value)}", expected="a text")
        # Halves of surrogate pairs could not be written again; what is not printed, such as the
        # sequences that steer a terminal or turn the direction of writing, has no place in a text.
        return "".join(c if c.isprintable() else "?" for c in " ".join(value.split()))

    def error(self, found: str, *, expected: str = "", hint: str = "") -> DataError:
        """An error that shows the entry."""
        fields = ", ".join(f"{name}: {shown(value)}" for name, value in self.fields.items())
        cut = fields if len(fields) <= 200 else f"{fields[:200]}…"
        return DataError(found, location=f"{self.location} ({cut})", expected=expected, hint=hint)


def shown(value: object) -> str:
    """A value for a message; of a list or an object only that it is one, since it may be deep."""
    if isinstance(value, (list, dict)):
        return "a list" if isinstance(value, list) else "an object"
    return validation.shown(value)


def labels(entry: Entry, *, currency: str) -> tuple[str, str, str]:
    """Currency, impact and title of an entry, normalised.

    Parameters
    ----------
    entry : Entry
    currency : str
        The name of the field that holds the currency.

    Raises
    ------
    DataError
        If one of them is missing, not a text, or the currency or the impact is unknown.
    """
    code = normalised_currency(entry.text(currency))
    if code is None:
        raise entry.error(
            f"the {currency} is {shown(entry.text(currency))}",
            expected="a three-letter code such as USD",
        )
    impact = normalised_impact(entry.text("impact"))
    if impact is None:
        raise entry.error(
            f"the impact is {shown(entry.text('impact'))}",
            expected=f"{', '.join(IMPACTS)}, or red, orange, yellow, gray",
        )
    return code, impact, entry.text("title")


def event(entry: Entry, *, time: str, currency: str, timezone: str) -> Event:
    """The event of an entry whose time is an ISO 8601 text.

    Parameters
    ----------
    entry : Entry
    time, currency : str
        Names of the fields.
    timezone : str
        The clock of a time that has neither an offset nor the name of a zone behind it.

    Raises
    ------
    DataError
        If a field is missing or wrong.
    """
    return Event(iso_minute(entry, entry.text(time), timezone), *labels(entry, currency=currency))


def iso_minute(entry: Entry, text: str, timezone: str) -> int:
    """The UTC minute of an ISO 8601 text, `timezone` being the clock of one without an offset.

    Raises
    ------
    DataError
        If the text is not a date with a time, or that time is not one of the clock's.
    """
    named = _NAMED_ZONE.fullmatch(text)
    written, zone = named.groups() if named else (text, timezone)
    try:
        moment = dt.datetime.fromisoformat(written)
    except ValueError:
        raise entry.error(f"the time is {shown(text)}", expected=_EXPECTED_TIME) from None
    if ":" not in written:
        raise entry.error(f"the time {shown(text)} has no clock time", expected=_EXPECTED_TIME)
    if named and moment.tzinfo is not None:
        raise entry.error(
            f"the time {shown(text)} has an offset and a zone", expected="one of the two"
        )
    return utc_minute(entry, moment, zone)


def utc_minute(entry: Entry, moment: dt.datetime, timezone: str) -> int:
    """The UTC minute of a moment; `timezone` is the clock of one without an offset.

    Raises
    ------
    DataError
        If the year is not a plausible one, the zone is unknown, or its clock change leaves the
        moment out or gives it twice.
    """
    check_year(entry, moment.year)
    if moment.tzinfo is not None:
        return (moment - clock.EPOCH) // dt.timedelta(minutes=1)
    try:
        return clock.utc_minute(moment, timezone)
    except InputError as error:
        raise entry.error(error.message, expected=error.expected) from error


def check_year(entry: Entry, year: int) -> None:
    """Refuse a year that can only be a slip.

    Raises
    ------
    DataError
        If the year is before 1970 or after 2100.
    """
    if year not in _YEARS:
        raise entry.error(
            f"the year is {year}", expected=f"a year from {_YEARS[0]} to {_YEARS[-1]}"
        )
