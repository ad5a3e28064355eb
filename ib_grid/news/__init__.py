"""News: calendars of events, the minutes they block, and the dates they say nothing of.

A calendar names events by currency and impact; those of high impact in the currencies of an
instrument block entries around their minute. A date that no calendar covers is not a date without
events, and is told apart from one.
"""

from ib_grid.news.calendars import Calendar, Event, merge_calendars
from ib_grid.news.check import check_candidates
from ib_grid.news.coverage import UnfilteredSpan, unfiltered_spans
from ib_grid.news.filter import NO_NEWS, NewsFilter, currencies_of, news_filter
from ib_grid.news.readers import read_calendar

__all__ = [
    "NO_NEWS",
    "Calendar",
    "Event",
    "NewsFilter",
    "UnfilteredSpan",
    "check_candidates",
    "currencies_of",
    "merge_calendars",
    "news_filter",
    "read_calendar",
    "unfiltered_spans",
]
