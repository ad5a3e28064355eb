"""Quality report of prepared bars: sources, losses, missing minutes, gaps, suspicious bars."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """One source file of the bars, without its folder.

    Attributes
    ----------
    naive : bool
        True if its times were read with the time zone given by the user.
    labels : str
        Minute of a bar that its time names, ``open`` or ``close``.
    symbol : str
        Symbol that the file names; empty if it names none.
    decisions : tuple of (aspect, text)
        What was decided on layout, clock, times, labels and prices, and why.
    """

    name: str
    dialect: str
    n_rows: int
    naive: bool
    labels: str
    symbol: str
    decisions: tuple[tuple[str, str], ...]


def clock_in(decisions: Iterable[tuple[str, str]]) -> str:
    """Return the name of the clock in the decisions on a file; empty if not recorded.

    Examples
    --------
    >>> clock_in([("clock", "Europe/Berlin, as --timezone says")])
    'Europe/Berlin'
    """
    return re.split(r", | \(", dict(decisions).get("clock", ""))[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionYear:
    """Completeness of the sessions of a year.

    Session minutes are those of any of the instrument's ``[ib_start, ib_end)``, within trading
    hours and between the first and the last bar, on weekdays.

    Attributes
    ----------
    n_dates : int
        Weekdays with session minutes, holidays included.
    n_empty_dates : int
        Those without a bar in any session, which cannot be traded.
    n_minutes, n_missing : int
        Session minutes on the other dates, and the number of minutes without a bar.
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
        Expected number of missing bars: each minute counts by the share of the dates of its weekday
        with a bar at that time of day (of all dates, if the weekday has fewer than 4); dates
        without any bar do not count.
    """

    first_minute: int
    end_minute: int
    n_expected: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspiciousBar:
    """A bar worth a look, by its UTC minute.

    The size is a multiple of the local median range, or a number of bars without a move.
    """

    minute: int
    size: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """Suspicious bars of one rule, with the largest few listed; all of them stay in the data."""

    rule: str
    n_found: int
    largest: tuple[SuspiciousBar, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityReport:
    """Row counts of the CSV files, and completeness of the bars.

    ``n_rows + n_earlier`` is the sum of `n_bars`, `n_duplicates`, `n_conflicts`, `n_flat` and
    `n_outside_hours`. `n_bars` and `first_minute` to `last_minute` are of the bars kept.

    Attributes
    ----------
    timezone : str or None
        Zone of the times without an offset; None if every file has offsets.
    sources : tuple of SourceFile
        In the order in which they count; the last row of a minute counts.
    earlier_sources : tuple of SourceFile
        Those of the bars that were prepared before.
    n_duplicates, n_conflicts : int
        Rows dropped because they equal an earlier row of their minute, or because a later row of
        their minute has other prices; `conflict_minutes` are the first few.
    n_flat : int
        Bars dropped because they fill closed time: of one price for as long as a session.
    n_earlier : int
        Bars kept of those that were prepared before, in minutes that the files do not have.
    bad_rows, passed_over : tuple of str
        Skipped lines, with the reason, and files of a folder that hold no bars.
    dates_without_session : tuple of int
        Weekdays without a bar in any session, holidays included; days since 1970-01-01.
    gaps : tuple of Gap
        The longest few, by expected bars.
    """

    symbol: str
    timezone: str | None
    sources: tuple[SourceFile, ...]
    earlier_sources: tuple[SourceFile, ...]
    n_rows: int
    n_duplicates: int
    n_conflicts: int
    conflict_minutes: tuple[int, ...]
    n_flat: int
    n_outside_hours: int
    n_earlier: int
    n_bars: int
    first_minute: int
    last_minute: int
    years: tuple[SessionYear, ...]
    dates_without_session: tuple[int, ...]
    gaps: tuple[Gap, ...]
    suspicions: tuple[Suspicion, ...]
    bad_rows: tuple[str, ...]
    passed_over: tuple[str, ...]
