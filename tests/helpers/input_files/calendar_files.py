"""Calendar files for tests, with their expected events."""

import datetime as dt
from collections.abc import Callable

from ib_grid.market.clock import day_number
from ib_grid.news.calendars import Calendar, Event
from ib_grid.news.formats.fields import RawCalendar, calendar_of
from tests.helpers.paths import DATA

CALENDARS = DATA / "calendars"


def minute(text: str) -> int:
    moment = dt.datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=dt.UTC)
    return int(moment.timestamp()) // 60


def day(text: str) -> int:
    return day_number(dt.date.fromisoformat(text))


# What each of the files in CALENDARS says, the times in table.csv turned by hand: New York changes
# to daylight time on 2031-03-09 and back on 2031-11-02, Berlin on 2031-03-30.
EVENTS = (
    Event(minute("2031-03-07 13:30"), "USD", "High", "Payrolls"),
    Event(minute("2031-03-12 18:00"), "USD", "High", "Rate Decision"),
    Event(minute("2031-03-12 18:30"), "USD", "High", "Press Conference"),
    Event(minute("2031-03-13 08:30"), "EUR", "High", "Flash Index"),
    Event(minute("2031-03-13 10:00"), "EUR", "Medium", "Sentiment"),
    Event(minute("2031-03-13 17:00"), "USD", "Low", "Auction"),
    Event(minute("2031-03-14 04:15"), "ALL", "High", "Meeting"),
    Event(minute("2031-11-03 13:30"), "USD", "High", "Retail Sales"),
)


def calendar(
    read: Callable[[bytes, str], RawCalendar],
    raw: bytes,
    timezone: str | None = None,
    date_order: str | None = None,
) -> Calendar:
    """Return the calendar that a format reads from bytes."""
    return calendar_of(read(raw, "x"), timezone, date_order)


def weekly_xml(rows: list[tuple[str, str, str, str, str]]) -> bytes:
    names = ("title", "country", "date", "time", "impact")
    cells = ("".join(f"<{n}>{v}</{n}>" for n, v in zip(names, row, strict=True)) for row in rows)
    return f"<weeklyevents>{''.join(f'<event>{c}</event>' for c in cells)}</weeklyevents>".encode()
