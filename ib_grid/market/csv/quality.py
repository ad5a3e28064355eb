"""What is known about prepared bars: sources, losses, missing minutes, gaps, suspicious bars."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ib_grid.errors import DataError


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A CSV file that rows came from.

    Attributes
    ----------
    name : str
        Without its folder.
    dialect : str
    n_rows : int
    naive : bool
        Whether its times were read with the time zone given.
    """

    name: str
    dialect: str
    n_rows: int
    naive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionYear:
    """How complete the sessions of a year are.

    Session minutes are those of any of the instrument's ``[ib_start, ib_end)``, in trading hours
    and from the first bar to the last, on the weekdays of the instrument's zone that have a bar.

    Attributes
    ----------
    year : int
    n_dates : int
        Weekdays with a bar and with session minutes.
    n_empty_dates : int
        Those of them without a bar in any session: nothing can be traded on them.
    n_minutes, n_missing : int
        Session minutes on the other dates, and those of them without a bar.
    """

    year: int
    n_dates: int
    n_empty_dates: int
    n_minutes: int
    n_missing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Minutes without bars between two bars.

    Attributes
    ----------
    first_minute, end_minute : int
        The first minute without a bar and the next bar's, minutes since 1970-01-01 00:00 UTC.
    n_expected : float
        Bars to be expected in it: each minute counts by the share of the dates of its weekday that
        have a bar at that time of day (of all dates, if there are fewer than 4 of the weekday), and
        dates without any bar count nothing.
    """

    first_minute: int
    end_minute: int
    n_expected: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspiciousBar:
    """A bar to look at.

    Attributes
    ----------
    minute : int
        Minutes since 1970-01-01 00:00 UTC.
    size : float
        Multiple of the local median range; number of bars for a run.
    """

    minute: int
    size: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """The bars that a rule finds suspicious; they are kept.

    Attributes
    ----------
    rule : str
        What makes a bar suspicious.
    n_found : int
    largest : tuple of SuspiciousBar
        The largest few, by size.
    """

    rule: str
    n_found: int
    largest: tuple[SuspiciousBar, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityReport:
    """What became of the rows of some CSV files, and how complete the bars are.

    ``n_rows = n_bars + n_duplicates + n_conflicts + n_outside_hours``.

    Attributes
    ----------
    symbol : str
    timezone : str or None
        Zone that naive times were read with; None if no file has naive times.
    sources : tuple of SourceFile
        In the order in which they count; of rows of one minute the last counts.
    n_rows : int
        Rows read.
    n_duplicates : int
        Rows dropped because they equal an earlier row of the same minute.
    n_conflicts : int
        Rows dropped because a later row of the same minute has other prices.
    conflict_minutes : tuple of int
        The minutes of the first few of them.
    n_outside_hours : int
        Bars dropped because they lie outside of the trading hours.
    n_bars : int
        Bars kept.
    first_minute, last_minute : int
        Of the bars kept, minutes since 1970-01-01 00:00 UTC.
    years : tuple of SessionYear
    dates_without_bars : tuple of int
        Weekdays in the span without any bar, days since 1970-01-01; holidays are among them.
    gaps : tuple of Gap
        The longest few, by the bars to be expected in them.
    suspicions : tuple of Suspicion
    """

    symbol: str
    timezone: str | None
    sources: tuple[SourceFile, ...]
    n_rows: int
    n_duplicates: int
    n_conflicts: int
    conflict_minutes: tuple[int, ...]
    n_outside_hours: int
    n_bars: int
    first_minute: int
    last_minute: int
    years: tuple[SessionYear, ...]
    dates_without_bars: tuple[int, ...]
    gaps: tuple[Gap, ...]
    suspicions: tuple[Suspicion, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values that JSON can hold."""
        return dataclasses.asdict(self)


def quality_from_dict(values: Mapping[str, Any], *, location: str = "") -> QualityReport:
    """The report of which `QualityReport.to_dict` made these values.

    Raises
    ------
    DataError
        If they are not those of a report.
    """
    try:
        nested = {
            "sources": _all(SourceFile, values["sources"]),
            "years": _all(SessionYear, values["years"]),
            "gaps": _all(Gap, values["gaps"]),
            "suspicions": tuple(
                Suspicion(**{**item, "largest": _all(SuspiciousBar, item["largest"])})
                for item in values["suspicions"]
            ),
            "conflict_minutes": tuple(values["conflict_minutes"]),
            "dates_without_bars": tuple(values["dates_without_bars"]),
        }
        return QualityReport(**{**values, **nested})
    except (TypeError, KeyError, AttributeError) as error:
        raise DataError(
            f"the quality report cannot be read ({error})",
            location=location,
            expected="one that this version of ib-grid wrote",
            hint="write the file again with `ib-grid prepare`",
        ) from error


def _all(kind: type[Any], items: list[Mapping[str, Any]]) -> tuple[Any, ...]:
    return tuple(kind(**item) for item in items)
