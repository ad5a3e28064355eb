"""Which dates a calendar covers, so that a date of which it says nothing is not taken for calm.

A UTC date is covered where

- a file claims it: a yearly file its year, up to the date it was last updated; a weekly export its
  weeks; a table the dates from its first to its last event; and
- it does not lie in a hole of one of the currencies: more than `HOLE_DAYS` from one date with an
  event in that currency, of any impact, to the next, the ends of what the files claim counting as
  such dates; and
- the claimed dates in a row of which it is one have an event in one of the currencies, however few
  they are: a week that names other currencies alone was not made for these.

And no date is covered where the session dates reach further than a hole is long and none of the
currencies has an event of high impact, with a time, from the first to the last: such a calendar
(of lower impacts alone, say) would block nothing and could not be told from a filter.

The limits follow from ForexFactory's calendars of 2023 to 2026, high impact alone: from one date
to the next the dollar has at most 13 days (over Christmas 12), the yen, the most seldom of the
majors, at most 56. So a hole in the dollar is seen when two weeks are missing, in another currency
when two months are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from ib_grid.market.clock import MINUTES_PER_DAY, Days, date_of
from ib_grid.news.calendars import Calendar

HOLE_DAYS = {"USD": 14}
OTHER_HOLE_DAYS = 60
# Events that concern every currency come too seldom to miss one.
IRREGULAR = frozenset({"ALL"})

NO_CALENDAR = "no calendar"


@dataclass(frozen=True, slots=True)
class UnfilteredSpan:
    """Session dates in a row that a calendar does not cover, for one reason.

    Attributes
    ----------
    dates : tuple of int
        Days since 1970-01-01, ascending.
    reason : str
    """

    dates: tuple[int, ...]
    reason: str

    def __str__(self) -> str:
        ends = dict.fromkeys(str(date_of(day)) for day in (self.dates[0], self.dates[-1]))
        n_dates = f"{len(self.dates):,} session date{'s' if len(self.dates) > 1 else ''}"
        return f"{' to '.join(ends)} ({n_dates}: {self.reason})"


def unfiltered_spans(
    calendar: Calendar, currencies: Sequence[str], dates: Days
) -> tuple[UnfilteredSpan, ...]:
    """Those of the session dates that a calendar does not cover for these currencies.

    A local date is looked up as the UTC date of the same name.

    Parameters
    ----------
    calendar : Calendar
    currencies : sequence of str
    dates : int64 array, shape (n_dates,)
        Session dates, days since 1970-01-01, ascending.

    Returns
    -------
    tuple of UnfilteredSpan
        Ascending; between two of them lies a covered session date, or the reason changes.
    """
    reason_of = _reasons(calendar, currencies)
    of_all = _reason_of_all(calendar, currencies, dates)
    with_reason = ((int(day), reason_of.get(int(day), NO_CALENDAR) or of_all) for day in dates)
    spans = (
        UnfilteredSpan(tuple(day for day, _ in group), reason)
        for reason, group in groupby(with_reason, key=lambda pair: pair[1])
    )
    return tuple(span for span in spans if span.reason)


def _reasons(calendar: Calendar, currencies: Sequence[str]) -> dict[int, str]:
    """Why each claimed date is not covered; the empty text where it is."""
    reason_of: dict[int, str] = {}
    for claim in calendar.claims:
        reason = f"only what was planned on {date_of(claim.last_updated or 0)} is known"
        reason_of.update(dict.fromkeys(range(claim.first, claim.last + 1), reason))
    known = {d for claim in calendar.claims for d in range(claim.first, claim.last_known + 1)}
    reason_of.update(dict.fromkeys(known, ""))
    regular = _regular(currencies)
    dates_of = {currency: _event_dates(calendar, currency) for currency in regular}
    silent = known - _claimed_with_events(known, set().union(*dates_of.values()))
    for currency in regular:
        for hole in _holes(currency, dates_of[currency], known, silent):
            reason = f"no {currency} event in {len(hole)} days"
            for day in hole:
                reason_of[day] = "; ".join(filter(None, (reason_of[day], reason)))
    return reason_of


def _reason_of_all(calendar: Calendar, currencies: Sequence[str], dates: Days) -> str:
    """Why none of the dates is covered; the empty text where one may be."""
    regular = _regular(currencies)
    if not regular or not len(dates):
        return ""
    first, last = int(dates[0]), int(dates[-1])
    if last - first < min(_hole_days(currency) for currency in regular):
        return ""
    high = (event.minute // MINUTES_PER_DAY for event in calendar.high_impact(currencies))
    if any(first <= date <= last for date in high):
        return ""
    return f"the calendar has no high-impact event in {', '.join(currencies)}"


def _regular(currencies: Sequence[str]) -> list[str]:
    return [currency for currency in currencies if currency not in IRREGULAR]


def _hole_days(currency: str) -> int:
    return HOLE_DAYS.get(currency, OTHER_HOLE_DAYS)


def _event_dates(calendar: Calendar, currency: str) -> set[int]:
    """The dates with an event in the currency, of any impact, with a time or without."""
    dates = {e.minute // MINUTES_PER_DAY for e in calendar.events if e.currency == currency}
    return dates | {e.date for e in calendar.untimed if e.currency == currency}


def _claimed_with_events(known: set[int], dates: set[int]) -> set[int]:
    """The known dates in a row of which one has an event."""
    runs = (range(first, last + 1) for first, last in _runs(sorted(known)))
    return {day for run in runs if not dates.isdisjoint(run) for day in run}


def _holes(currency: str, dates: set[int], known: set[int], silent: set[int]) -> Iterator[range]:
    """The dates strictly between two neighbouring event dates that are too far apart."""
    for first, last in _runs(sorted(known)):
        limit = 0 if first in silent else _hole_days(currency)
        marks = [first - 1, *sorted(d for d in dates if first <= d <= last), last + 1]
        yield from (range(a + 1, b) for a, b in pairwise(marks) if b - a > limit)


def _runs(days: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First and last of each run of days without a gap."""
    for _, group in groupby(enumerate(days), key=lambda place: place[1] - place[0]):
        run = [day for _, day in group]
        yield run[0], run[-1]
