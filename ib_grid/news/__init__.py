"""Economic calendars, the minutes that they block, and the dates that they do not cover.

High-impact events in the currencies of an instrument block entries around their minute. A date
without events is not the same as a date that no calendar covers.

May import errors, storage, market and grid.
"""

from ib_grid.news.calendar_files import read_calendar
from ib_grid.news.calendars import Calendar, Event, merge_calendars
from ib_grid.news.check import check_candidates
from ib_grid.news.coverage import UnfilteredSpan, unfiltered_spans
from ib_grid.news.filter import NO_NEWS, NewsFilter, currencies_of, news_filter
from ib_grid.news.loading import LoadedNews, load_news
from ib_grid.news.settings import NewsSettings
from ib_grid.news.statement import NewsStatement

__all__ = [
    "NO_NEWS",
    "Calendar",
    "Event",
    "LoadedNews",
    "NewsFilter",
    "NewsSettings",
    "NewsStatement",
    "UnfilteredSpan",
    "check_candidates",
    "currencies_of",
    "load_news",
    "merge_calendars",
    "news_filter",
    "read_calendar",
    "unfiltered_spans",
]
