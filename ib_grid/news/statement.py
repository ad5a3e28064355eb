"""Provenance of a run's news filter: settings, calendars and coverage, as run.json records them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ib_grid.errors import ConfigError
from ib_grid.news.calendars import CalendarFile
from ib_grid.news.settings import CoverageMode, NewsSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsStatement:
    """The news filter of a run in words and numbers; only `enabled` is set if it is off.

    Attributes
    ----------
    n_events, events_sha256
        Minutes with an event that blocks, and their checksum.
    paths : tuple of str
        Calendar files and folders, absolute; `calendars` are the files that were read.
    session_dates, unfiltered_dates : int
        Number of session dates, and how many of those no calendar covers.
    unfiltered_spans : tuple of str
        The dates that no calendar covers, with the reason.
    untimed_events : tuple of str
        Events that would block if they had a time of day.
    """

    enabled: bool
    before_minutes: int = 0
    after_minutes: int = 0
    n_events: int = 0
    events_sha256: str = ""
    impact: str = ""
    currencies: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    timezone: str | None = None
    date_order: str | None = None
    calendars: tuple[CalendarFile, ...] = ()
    coverage: CoverageMode = "full"
    session_dates: int = 0
    unfiltered_dates: int = 0
    unfiltered_spans: tuple[str, ...] = ()
    untimed_events: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values; of a disabled filter only that it is disabled."""
        if not self.enabled:
            return {"enabled": False}
        values = dataclasses.asdict(self)
        return {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> NewsStatement:
        """Return the statement that `to_dict` turned into these values."""
        if values.get("enabled") is False:
            return DISABLED
        _check(values, _TYPES)
        calendars = values["calendars"]
        for calendar in calendars:
            _check(calendar, _CALENDAR_TYPES)
        names = (field.name for field in dataclasses.fields(cls))
        known = {name: values[name] for name in names if name in values}
        known |= {k: tuple(v) for k, v in known.items() if isinstance(v, list)}
        return cls(**{**known, "calendars": tuple(_calendar(c) for c in calendars)})

    def settings(self, symbol: str) -> NewsSettings:
        """Return the settings that load the same filter again."""
        if not self.enabled:
            return NewsSettings(enabled=False)
        return NewsSettings(
            paths=tuple(map(Path, self.paths)),
            before_minutes=self.before_minutes,
            after_minutes=self.after_minutes,
            coverage=self.coverage,
            currencies={symbol: self.currencies},
            timezone=self.timezone or self._former_clock,
            date_order=self.date_order,
        )

    @property
    def _former_clock(self) -> str | None:
        """The clock of times without one, in runs made when the format had one."""
        clocks = {_FORMER_CLOCKS[c.format] for c in self.calendars if c.format in _FORMER_CLOCKS}
        return clocks.pop() if len(clocks) == 1 else None

    @property
    def rule(self) -> str:
        """The filter's rule, in a sentence."""
        if not self.enabled:
            return "News filter: off."
        return (
            f"News filter: no entries from {self.before_minutes} minutes before to"
            f" {self.after_minutes} minutes after a high-impact event in"
            f" {', '.join(self.currencies)} ({self.n_events:,} event times)."
        )

    @property
    def summary(self) -> str:
        """The rule and the number of dates without a filter, in a line."""
        return f"{self.rule} {self._unfiltered}" if self.unfiltered_dates else self.rule

    @property
    def lines(self) -> list[str]:
        """The rule, the calendars and their gaps, a sentence a line."""
        if not self.enabled:
            return [self.rule]
        calendars = ", ".join(calendar.name for calendar in self.calendars) or "none"
        lines = [self.rule, f"Calendars: {calendars}."]
        if self.unfiltered_dates:
            lines += [self._unfiltered, *(f"  {span}" for span in self.unfiltered_spans)]
        else:
            lines.append(f"All {self.session_dates:,} session dates are covered.")
        if self.untimed_events:
            lines.append(f"Without a time of day, so not blocked: {len(self.untimed_events):,}.")
            lines += [f"  {event}" for event in self.untimed_events]
        return lines

    @property
    def _unfiltered(self) -> str:
        return f"NOT FILTERED: {self.unfiltered_dates:,} of {self.session_dates:,} session dates."


_FORMER_CLOCKS = {"weekly": "America/New_York", "table": "UTC"}
DISABLED = NewsStatement(enabled=False)

_CALENDAR_TYPES: dict[str, type | tuple[type, ...]] = {"name": str}
_TYPES: dict[str, type | tuple[type, ...]] = {
    "enabled": bool,
    **dict.fromkeys(("before_minutes", "after_minutes", "n_events"), int),
    **dict.fromkeys(("session_dates", "unfiltered_dates"), int),
    **dict.fromkeys(("currencies", "paths", "calendars"), list),
    **dict.fromkeys(("unfiltered_spans", "untimed_events"), list),
    "timezone": (str, type(None)),
    "coverage": str,
}


def _check(values: object, types: Mapping[str, type | tuple[type, ...]]) -> None:
    for name, kind in types.items():
        if not isinstance(values, Mapping) or name not in values:
            raise ConfigError(f"missing {name}")
        if not isinstance(values[name], kind):
            raise ConfigError(f"invalid {name} {values[name]!r}")


def _calendar(values: Mapping[str, Any]) -> CalendarFile:
    return CalendarFile(
        name=values["name"],
        format=values.get("format", ""),
        sha256=values.get("sha256", ""),
        n_events=values.get("n_events", 0),
    )
