"""Dates that a calendar covers, to tell a date without news from a date without data.

A UTC date is covered if

- a file claims the date: a yearly file claims its year up to the date it was last updated, a weekly
  export its weeks, a CSV table the dates from its first to its last event; and
- the date lies in no hole of any currency: more than `HOLE_DAYS` between two neighbouring dates
  with an event in that currency, of any impact, where the ends of a claim count as such dates; and
- the stretch of claimed dates around it has an event in at least one of the currencies: a week that
  lists only other currencies was not made for these.

No date is covered if the session dates span more than a hole's length and no high-impact event
with a time falls between the first and the last: such a calendar (one of lower impacts only, say)
would block nothing.

The limits follow from ForexFactory's calendars of 2023 to 2026, high impact only: neighbouring
dates are at most 13 days apart in USD (12 over Christmas) and at most 56 in JPY, the rarest of the
majors. A hole is therefore noticed after two weeks in USD and after two months in other currencies.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from ib_grid.market.clock import MINUTES_PER_DAY, Days, date_of
from ib_grid.news.calendars import Calendar

HOLE_DAYS = {"USD": 14}
OTHER_HOLE_DAYS = 60
# Events that concern every currency are too rare for a hole to be noticed.
IRREGULAR = frozenset({"ALL"})

NO_CALENDAR = "no calendar"


@dataclass(frozen=True, slots=True)
class UnfilteredSpan:
    """Consecutive session dates that a calendar does not cover, for the same reason."""

    dates: tuple[int, ...]
    reason: str

    def __str__(self) -> str:
        ends = dict.fromkeys(str(date_of(day)) for day in (self.dates[0], self.dates[-1]))
        n_dates = f"{len(self.dates):,} session date{'s' if len(self.dates) > 1 else ''}"
        return f"{' to '.join(ends)} ({n_dates}: {self.reason})"


def unfiltered_spans(
    calendar: Calendar, currencies: Sequence[str], dates: Days
) -> tuple[UnfilteredSpan, ...]:
    """Return the session dates (ascending) that a calendar does not cover for these currencies.

    A local date counts as the UTC date of the same name.
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
    """Return why each claimed date is not covered; empty if covered."""
    reason_of: dict[int, str] = {}
    for claim in calendar.claims:
        reason = f"calendar last updated {date_of(claim.last_updated or 0)}"
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
    """Return why no date at all is covered; empty if dates may be covered."""
    regular = _regular(currencies)
    if not regular or not len(dates):
        return ""
    first, last = int(dates[0]), int(dates[-1])
    if last - first < min(_hole_days(currency) for currency in regular):
        return ""
    high = (event.minute // MINUTES_PER_DAY for event in calendar.high_impact(currencies))
    if any(first <= date <= last for date in high):
        return ""
    return f"no high-impact event in {', '.join(currencies)}"


def _regular(currencies: Sequence[str]) -> list[str]:
    return [currency for currency in currencies if currency not in IRREGULAR]


def _hole_days(currency: str) -> int:
    return HOLE_DAYS.get(currency, OTHER_HOLE_DAYS)


def _event_dates(calendar: Calendar, currency: str) -> set[int]:
    """Return the dates with an event in the currency, of any impact, timed or not."""
    dates = {e.minute // MINUTES_PER_DAY for e in calendar.events if e.currency == currency}
    return dates | {e.date for e in calendar.untimed if e.currency == currency}


def _claimed_with_events(known: set[int], dates: set[int]) -> set[int]:
    """Return the stretches of known dates that have at least one event."""
    runs = (range(first, last + 1) for first, last in _runs(sorted(known)))
    return {day for run in runs if not dates.isdisjoint(run) for day in run}


def _holes(currency: str, dates: set[int], known: set[int], silent: set[int]) -> Iterator[range]:
    """Yield the dates between two neighbouring event dates that are too far apart."""
    for first, last in _runs(sorted(known)):
        limit = 0 if first in silent else _hole_days(currency)
        marks = [first - 1, *sorted(d for d in dates if first <= d <= last), last + 1]
        yield from (range(a + 1, b) for a, b in pairwise(marks) if b - a > limit)


def _runs(days: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and last day of each run of consecutive days."""
    for _, group in groupby(enumerate(days), key=lambda place: place[1] - place[0]):
        run = [day for _, day in group]
        yield run[0], run[-1]
