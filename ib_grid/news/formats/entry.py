"""One entry of a calendar file: checked fields, and a time turned into a UTC minute."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass

from ib_grid.errors import DataError, InputError, validation
from ib_grid.market import clock
from ib_grid.news.calendars import IMPACTS, Event, normalised_currency, normalised_impact

BOM = b"\xef\xbb\xbf"
UTF8_HINT = "unpack the file or save it as UTF-8"
# A date outside these years is a typing error.
_YEARS = range(1970, 2101)
_NAMED_ZONE = re.compile(r"(.*[0-9])\s+([A-Za-z][A-Za-z0-9_+\-/]*)")
_EXPECTED_TIME = "a date and a time such as 2024-03-08 13:30 or 2024-03-08T08:30:00-05:00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The raw fields of one event and their location, such as ``file, event 3``."""

    location: str
    fields: Mapping[str, object]

    def text(self, name: str) -> str:
        """Return a text field with each run of blanks replaced by a space."""
        if name not in self.fields:
            raise self.error(f"missing {name}", expected="time, currency, impact and title")
        value = self.fields[name]
        if not isinstance(value, str):
            raise self.error(f"the {name} is {shown(value)}", expected="text")
        # Lone surrogates cannot be written again, and unprintable characters could steer a
        # terminal or reverse the writing direction.
        return "".join(c if c.isprintable() else "?" for c in " ".join(value.split()))

    def error(self, message: str, *, expected: str = "", hint: str = "") -> DataError:
        """Return an error that shows the entry."""
        fields = ", ".join(f"{name}: {shown(value)}" for name, value in self.fields.items())
        cut = fields if len(fields) <= 200 else f"{fields[:200]}…"
        return DataError(message, location=f"{self.location} ({cut})", expected=expected, hint=hint)


def decoded(raw: bytes, location: str, expected: str) -> str:
    """Return the text of a UTF-8 file."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"not UTF-8 text (byte {error.start} is invalid)",
            location=location,
            expected=expected,
            hint=UTF8_HINT,
        ) from error


def shown(value: object) -> str:
    """Return a value for a message; of a list or an object, which may be deep, only its kind."""
    if isinstance(value, (list, dict)):
        return "a list" if isinstance(value, list) else "an object"
    return validation.shown(value)


def labels(entry: Entry, *, currency: str) -> tuple[str, str, str]:
    """Return currency, impact and title of an entry, normalised; `currency` names its field."""
    code = normalised_currency(entry.text(currency))
    if code is None:
        raise entry.error(
            f"invalid {currency} {shown(entry.text(currency))}",
            expected="a three-letter code such as USD",
        )
    impact = normalised_impact(entry.text("impact"))
    if impact is None:
        raise entry.error(
            f"unknown impact {shown(entry.text('impact'))}",
            expected=f"{', '.join(IMPACTS)}, or red, orange, yellow, gray",
        )
    return code, impact, entry.text("title")


def event(entry: Entry, *, time: str, currency: str, timezone: str) -> Event:
    """Return the event of an entry; `time` (ISO 8601 text) and `currency` name its fields.

    `timezone` is the clock of a time without an offset or a zone name.
    """
    return Event(iso_minute(entry, entry.text(time), timezone), *labels(entry, currency=currency))


def iso_minute(entry: Entry, text: str, timezone: str) -> int:
    """Return the UTC minute of ISO 8601 text; `timezone` is the clock of text without an offset."""
    named = _NAMED_ZONE.fullmatch(text)
    written, zone = named.groups() if named else (text, timezone)
    try:
        moment = dt.datetime.fromisoformat(written)
    except ValueError:
        raise entry.error(f"invalid time {shown(text)}", expected=_EXPECTED_TIME) from None
    if ":" not in written:
        raise entry.error(f"no time of day in {shown(text)}", expected=_EXPECTED_TIME)
    if named and moment.tzinfo is not None:
        raise entry.error(
            f"the time {shown(text)} has both an offset and a zone", expected="only one of the two"
        )
    return utc_minute(entry, moment, zone)


def utc_minute(entry: Entry, moment: dt.datetime, timezone: str) -> int:
    """Return the UTC minute of a moment; `timezone` is the clock of a moment without an offset."""
    check_year(entry, moment.year)
    if moment.tzinfo is not None:
        return (moment - clock.EPOCH) // dt.timedelta(minutes=1)
    try:
        return clock.utc_minute(moment, timezone)
    except InputError as error:
        raise entry.error(error.message, expected=error.expected) from error


def check_year(entry: Entry, year: int) -> None:
    """Refuse an implausible year."""
    if year not in _YEARS:
        raise entry.error(
            f"implausible year {year}", expected=f"a year from {_YEARS[0]} to {_YEARS[-1]}"
        )
