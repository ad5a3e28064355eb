"""Calendars as values: events, claimed dates, and the merge of several calendars."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ib_grid.market.clock import MINUTES_PER_DAY

IMPACTS = ("High", "Medium", "Low", "Non-Economic")
HIGH = IMPACTS[0]

# Words and numbers used by calendars, and the colours of their icons.
_IMPACT_OF = {
    **dict.fromkeys(("high", "red", "3"), "High"),
    **dict.fromkeys(("medium", "moderate", "orange", "ora", "2"), "Medium"),
    **dict.fromkeys(("low", "yellow", "yel", "1"), "Low"),
    **dict.fromkeys(("non-economic", "holiday", "none", "0"), "Non-Economic"),
    **dict.fromkeys(("gray", "grey", "gra"), "Non-Economic"),
}
_STARS = re.compile(r"([*★⭐!])\1{0,2}")
# What a country's events are filed under, by its code or name.
_CURRENCY_OF = {
    **dict.fromkeys(("us", "usa", "united states"), "USD"),
    **dict.fromkeys(("eu", "emu", "ez", "euro area", "eurozone", "european union"), "EUR"),
    **dict.fromkeys(("de", "germany", "fr", "france", "it", "italy", "es", "spain"), "EUR"),
    **dict.fromkeys(("gb", "uk", "united kingdom"), "GBP"),
    **{"jp": "JPY", "japan": "JPY", "ch": "CHF", "switzerland": "CHF", "cn": "CNY", "china": "CNY"},
    **{"ca": "CAD", "canada": "CAD", "au": "AUD", "australia": "AUD"},
    **{"nz": "NZD", "new zealand": "NZD"},
}
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """A scheduled publication or speech, at a UTC minute.

    The currency has three capitals, ``ALL`` for every currency; the impact is one of `IMPACTS`.
    """

    minute: int
    currency: str
    impact: str
    title: str


@dataclass(frozen=True, slots=True, order=True)
class UntimedEvent:
    """An event without a time of day, which blocks nothing and is therefore reported.

    The date is that of the calendar's own clock; `time_text` stands for the time, such as ``All
    Day``.
    """

    date: int
    currency: str
    impact: str
    title: str
    time_text: str


_AnyEvent = TypeVar("_AnyEvent", Event, UntimedEvent)


@dataclass(frozen=True, slots=True)
class Claim:
    """UTC dates for which a calendar claims to list every event, both ends included.

    `last_updated` is the date the calendar was written, if stated; later events were only planned.
    """

    first: int
    last: int
    last_updated: int | None = None

    @property
    def last_known(self) -> int:
        """The last date whose events were known; below `first` if no date was."""
        return self.last if self.last_updated is None else min(self.last, self.last_updated)


def claim_of_events(events: Sequence[Event], last_updated: int | None = None) -> tuple[Claim, ...]:
    """Return the claim of a calendar that states none: its first to its last event date."""
    dates = [event.minute // MINUTES_PER_DAY for event in events]
    return (Claim(min(dates), max(dates), last_updated),) if dates else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarFile:
    """Provenance of a calendar: one source file."""

    name: str
    format: str
    sha256: str
    n_events: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Events of every currency and impact, ascending, and the dates claimed for them."""

    events: tuple[Event, ...] = ()
    untimed: tuple[UntimedEvent, ...] = ()
    claims: tuple[Claim, ...] = ()
    files: tuple[CalendarFile, ...] = ()

    def high_impact(self, currencies: Sequence[str]) -> tuple[Event, ...]:
        """Return the events that block: high impact, in one of these currencies."""
        return tuple(e for e in self.events if e.impact == HIGH and e.currency in currencies)

    def high_impact_untimed(self, currencies: Sequence[str]) -> tuple[UntimedEvent, ...]:
        """Return the events that would block if they had a time of day."""
        return tuple(e for e in self.untimed if e.impact == HIGH and e.currency in currencies)


def merge_calendars(calendars: Iterable[Calendar]) -> Calendar:
    """Merge calendars into one.

    Events with the same minute, currency and title are one event, of the highest impact given.
    """
    parts = list(calendars)
    timed = [event for part in parts for event in part.events]
    untimed = [event for part in parts for event in part.untimed]
    claims = {claim for part in parts for claim in part.claims}
    return Calendar(
        events=tuple(sorted({(e.minute, *_name(e)): e for e in _weakest_first(timed)}.values())),
        untimed=tuple(sorted({(e.date, *_name(e)): e for e in _weakest_first(untimed)}.values())),
        claims=tuple(sorted(claims, key=lambda c: (c.first, c.last, c.last_known))),
        files=tuple(file for part in parts for file in part.files),
    )


def _weakest_first(events: list[_AnyEvent]) -> list[_AnyEvent]:
    return sorted(events, key=lambda event: -IMPACTS.index(event.impact))


def _name(event: Event | UntimedEvent) -> tuple[str, str]:
    return event.currency, event.title


def normalised_impact(text: str) -> str | None:
    """Return the one of `IMPACTS` that a word or colour means, None if unknown."""
    word = " ".join(text.casefold().split()).rpartition("impact-")[2]
    if _STARS.fullmatch(word):
        word = str(len(word))
    word = word.removeprefix("calendar_importance_")
    return _IMPACT_OF.get(
        word.removesuffix(" expected").removesuffix(" impact").removesuffix(" volatility")
    )


def normalised_currency(text: str) -> str | None:
    """Return a currency code (or ``ALL``) in capitals, None if invalid."""
    code = text.strip().upper()
    return code if _CURRENCY.fullmatch(code) else None


def currency_of_country(text: str) -> str | None:
    """Return the currency of a country by code or name, None if unknown."""
    return _CURRENCY_OF.get(" ".join(text.casefold().split()))
