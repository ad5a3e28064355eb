"""Reading of numbers, percentages and texts from the keys of a rule or contract file; its age."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from ib_grid.errors import ConfigError
from ib_grid.errors.validation import check_names, did_you_mean, finite_number, shown, whole_number

_OLD_DAYS = 180
_PLAINLY_FRACTION = 0.2  # no limit or target is so narrow: 0.05 was meant as 5%


def age_warnings(name: str, checked: dt.date, today: dt.date) -> list[str]:
    """Return a warning if the sources of a file were last checked long ago, else nothing."""
    age = (today - checked).days
    if age <= _OLD_DAYS:
        return []
    return [
        f"{name} were last checked {age} days ago, on {checked}; firms change theirs. Read the"
        " sources before you rely on these."
    ]


class Fields:
    """Keys of a table in a file; `location` names the file and the table."""

    def __init__(self, values: object, location: str, known: Sequence[str]) -> None:
        if not isinstance(values, Mapping):
            raise ConfigError(
                f"invalid table {shown(values)}",
                location=location,
                expected=f"keys {', '.join(known)}",
            )
        check_names(values, known, location, ConfigError)
        self._values: Mapping[str, object] = values
        self.location = location

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def wrong(self, name: str, expected: str, hint: str = "") -> ConfigError:
        """Return the error for a key."""
        found = f"is {shown(self._values[name])}" if name in self else "is missing"
        return ConfigError(f"{name} {found}", location=self.location, expected=expected, hint=hint)

    def schema(self, version: int) -> None:
        """Refuse a file that is not in this version of its format."""
        if whole_number(self.get("schema")) != version:
            raise self.wrong("schema", f"schema = {version}, the format of this version")

    def get(self, name: str, default: object = None) -> object:
        """Return a value as it is."""
        return self._values.get(name, default)

    def number(
        self, name: str, default: float | None = None, *, zero: bool = False, most: float = 1e12
    ) -> float:
        """Return a number above 0, or 0 if allowed, and at most `most`."""
        value = finite_number(self.get(name, default))
        if value is None or not 0 <= value <= most or (value == 0 and not zero):
            limit = f" and at most {most:g}" if most < 1e12 else ""
            raise self.wrong(name, f"a number {'of 0 or more' if zero else 'above 0'}{limit}")
        return value

    def percent(
        self, name: str, default: float | None = None, *, fraction: float = _PLAINLY_FRACTION
    ) -> float:
        """Return a percentage above 0 and at most 100; refuse what is plainly a fraction."""
        value = finite_number(self.get(name, default))
        if value is None or not 0 < value <= 100:
            raise self.wrong(name, "a percentage above 0 and at most 100")
        if value < fraction:
            raise self.wrong(
                name, "a percentage", hint=f"write {100 * value:g} if {100 * value:g}% is meant"
            )
        return value

    def whole(self, name: str, default: int | None = None, least: int = 0) -> int:
        """Return a whole number."""
        value = whole_number(self.get(name, default))
        if value is None or value < least:
            raise self.wrong(name, f"a whole number, {least} or more")
        return value

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text that is not blank."""
        value = self.get(name, default)
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(name, "a text")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts, empty if the key is missing."""
        value = self.get(name, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.wrong(name, "a list of texts")
        return tuple(value)

    def flag(self, name: str, default: bool = False) -> bool:
        """Return true or false."""
        value = self.get(name, default)
        if not isinstance(value, bool):
            raise self.wrong(name, "true or false")
        return value

    def one_of(self, name: str, known: Sequence[str], default: str | None = None) -> str:
        """Return one of several words."""
        value = self.get(name, default)
        if value not in known:
            raise self.wrong(name, f"one of {', '.join(known)}", hint=did_you_mean(value, known))
        return str(value)

    def table(self, name: str, known: Sequence[str]) -> Fields:
        """Return a table within this one."""
        return Fields(self.get(name, {}), f"{self.location}, {name}", known)
