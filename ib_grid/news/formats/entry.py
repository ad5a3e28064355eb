"""One entry of a calendar file: checked fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ib_grid.errors import DataError, validation
from ib_grid.market.csv.layouts.columns import normalised_names
from ib_grid.news.calendars import (
    IMPACTS,
    currency_of_country,
    normalised_currency,
    normalised_impact,
)

BOM = b"\xef\xbb\xbf"
UTF8_HINT = "unpack the file or save it as UTF-8"


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
        return self._clean(value)

    def optional_text(self, name: str) -> str:
        """Return a text or whole number, empty if the field is missing, null or another value."""
        value = self.fields.get(name)
        # A whole number may be a Unix time.
        return self._clean(str(value)) if isinstance(value, str) or type(value) is int else ""

    def label(self, name: str) -> str:
        """Return a text field, or a whole number as text."""
        value = self.fields.get(name)
        return str(value) if type(value) is int and 0 <= value < 10 else self.text(name)

    @staticmethod
    def _clean(value: str) -> str:
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


def labels(entry: Entry, *, currency: str, impact: str, title: str) -> tuple[str, str, str]:
    """Return currency, impact and title of an entry, normalised; the arguments name its fields."""
    code = normalised_currency(entry.text(currency))
    if code is None and currency.casefold() != "currency":
        code = currency_of_country(entry.text(currency))
    if code is None:
        raise entry.error(
            f"invalid {currency} {shown(entry.text(currency))}",
            expected="a three-letter code such as USD",
        )
    if normalised_names([impact]) == ["priority"] and entry.label(impact).isdecimal():
        raise entry.error(
            f"the {impact} {shown(entry.label(impact))} does not show whether 1 is the highest or"
            " the lowest",
            expected=f"{', '.join(IMPACTS)}, or a colour",
            hint=f"write words; if 3 is the highest, rename {impact} to impact",
        )
    level = normalised_impact(entry.label(impact))
    if level is None:
        raise entry.error(
            f"unknown {impact} {shown(entry.label(impact))}",
            expected=f"{', '.join(IMPACTS)}, red, orange, yellow, gray, or 3, 2, 1, 0",
        )
    return code, level, entry.text(title)
