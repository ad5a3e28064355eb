"""Reading of numbers, percentages and texts from the keys of a rule or contract file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ib_grid.errors import ConfigError
from ib_grid.errors.validation import check_names, did_you_mean, finite_number, shown, whole_number

_PLAINLY_FRACTION = 0.2  # no limit or target is so narrow: 0.05 was meant as 5 %


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
        self._location = location

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def wrong(self, name: str, expected: str, hint: str = "") -> ConfigError:
        """Return the error for a key."""
        found = f"is {shown(self._values[name])}" if name in self else "is missing"
        return ConfigError(f"{name} {found}", location=self._location, expected=expected, hint=hint)

    def get(self, name: str, default: object = None) -> object:
        """Return a value as it is."""
        return self._values.get(name, default)

    def number(
        self,
        name: str,
        default: float | None = None,
        *,
        above: float | None = None,
        least: float | None = None,
        most: float = 1e12,
    ) -> float:
        """Return a finite number in a range."""
        value = finite_number(self.get(name, default))
        low = least if above is None else above
        inside = value is not None and value <= most and (low is None or value >= low)
        if value is None or not inside or (above is not None and value == above):
            edge = f"above {above:g}" if above is not None else f"{low:g} or more" if low else ""
            limit = f" and at most {most:g}" if most < 1e12 else ""
            raise self.wrong(name, f"a number {edge}{limit}".strip())
        return value

    def percent(
        self, name: str, default: float | None = None, *, fraction: float = _PLAINLY_FRACTION
    ) -> float:
        """Return a percentage above 0 and at most 100; refuse what is plainly a fraction."""
        value = self.number(name, default, above=0, most=100)
        if value < fraction:
            raise self.wrong(
                name, "a percentage", hint=f"write {100 * value:g} if {100 * value:g} % is meant"
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
        return Fields(self.get(name, {}), f"{self._location}, {name}", known)
