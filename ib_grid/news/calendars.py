"""Calendars as values: events, what a calendar claims to know, and how several make one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ib_grid.market.clock import MINUTES_PER_DAY

IMPACTS = ("High", "Medium", "Low", "Non-Economic")
HIGH = IMPACTS[0]

# The words of calendars and the colours of their icons.
_IMPACT_OF = {
    **dict.fromkeys(("high", "red"), "High"),
    **dict.fromkeys(("medium", "orange"), "Medium"),
    **dict.fromkeys(("low", "yellow"), "Low"),
    **dict.fromkeys(("non-economic", "holiday", "gray", "grey"), "Non-Economic"),
}
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """A scheduled publication or speech.

    Attributes
    ----------
    minute : int
        The minute in which it falls, minutes since 1970-01-01 00:00 UTC.
    currency : str
        Three capitals; ``ALL`` for one that concerns every currency.
    impact : str
        One of `IMPACTS`.
    title : str
    """

    minute: int
    currency: str
    impact: str
    title: str


@dataclass(frozen=True, slots=True, order=True)
class UntimedEvent:
    """An event without a clock time: it blocks nothing, and that has to be said.

    Attributes
    ----------
    date : int
        Days since 1970-01-01, of the calendar's own clock.
    currency, impact, title : str
        As in `Event`.
    time_text : str
        What stands in place of the time, such as ``All Day``.
    """

    date: int
    currency: str
    impact: str
    title: str
    time_text: str


_AnyEvent = TypeVar("_AnyEvent", Event, UntimedEvent)


@dataclass(frozen=True, slots=True)
class Claim:
    """UTC dates of which a calendar claims to name every event, both ends included.

    Attributes
    ----------
    first, last : int
        Days since 1970-01-01.
    last_updated : int or None
        The date the calendar was written, where it says so: later events were planned, not known.
    """

    first: int
    last: int
    last_updated: int | None = None

    @property
    def last_known(self) -> int:
        """The last date whose events were known; below `first` if there is none."""
        return self.last if self.last_updated is None else min(self.last, self.last_updated)


def claim_of_events(events: Sequence[Event], last_updated: int | None = None) -> tuple[Claim, ...]:
    """What a calendar claims that does not say it: the dates from its first to its last event."""
    dates = [event.minute // MINUTES_PER_DAY for event in events]
    return (Claim(min(dates), max(dates), last_updated),) if dates else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarFile:
    """A file that a calendar was read from."""

    name: str
    format: str
    sha256: str
    n_events: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Events of every currency and impact, and the dates that they are claimed for.

    Attributes
    ----------
    events : tuple of Event
        Ascending by minute, without repetition.
    untimed : tuple of UntimedEvent
    claims : tuple of Claim
    files : tuple of CalendarFile
    """

    events: tuple[Event, ...] = ()
    untimed: tuple[UntimedEvent, ...] = ()
    claims: tuple[Claim, ...] = ()
    files: tuple[CalendarFile, ...] = ()

    def high_impact(self, currencies: Sequence[str]) -> tuple[Event, ...]:
        """The events that block: those of high impact in one of these currencies."""
        return tuple(e for e in self.events if e.impact == HIGH and e.currency in currencies)

    def high_impact_untimed(self, currencies: Sequence[str]) -> tuple[UntimedEvent, ...]:
        """Those that would block if they had a time."""
        return tuple(e for e in self.untimed if e.impact == HIGH and e.currency in currencies)


def merge_calendars(calendars: Iterable[Calendar]) -> Calendar:
    """One calendar of several.

    An event that two of them name (minute, currency and title) is one event; where they differ in
    its impact, the higher one stays.
    """
    parts = list(calendars)
    timed = [event for part in parts for event in part.events]
    untimed = [event for part in parts for event in part.untimed]
    return Calendar(
        events=tuple(sorted({(e.minute, *_name(e)): e for e in _weakest_first(timed)}.values())),
        untimed=tuple(sorted({(e.date, *_name(e)): e for e in _weakest_first(untimed)}.values())),
        claims=tuple(sorted({c for part in parts for c in part.claims}, key=_claim_order)),
        files=tuple(file for part in parts for file in part.files),
    )


def _weakest_first(events: list[_AnyEvent]) -> list[_AnyEvent]:
    return sorted(events, key=lambda event: -IMPACTS.index(event.impact))


def _name(event: Event | UntimedEvent) -> tuple[str, str]:
    return event.currency, event.title


def _claim_order(claim: Claim) -> tuple[int, int, int]:
    return claim.first, claim.last, claim.last_known


def normalised_impact(text: str) -> str | None:
    """The one of `IMPACTS` that a word or colour means, None if it means none."""
    word = " ".join(text.casefold().split())
    return _IMPACT_OF.get(word.removesuffix(" expected").removesuffix(" impact"))


def normalised_currency(text: str) -> str | None:
    """Three capitals, None if the text is not a currency's code (or ``All``)."""
    code = text.strip().upper()
    return code if _CURRENCY.fullmatch(code) else None
