"""Table of calendar file formats, to which a new one is added."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ib_grid.news.formats.csv_table import read_csv_table
from ib_grid.news.formats.fields import RawCalendar
from ib_grid.news.formats.forexfactory_xml import read_forexfactory_xml
from ib_grid.news.formats.json_events import read_json_events


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarFormat:
    """A calendar file format, recognised by content.

    Attributes
    ----------
    name, description : str
        Name in run.json, and in messages.
    opening : bytes
        Regular expression that the file's first character that is not blank matches.
    read : callable
        Turns the file's bytes and its location for messages into its entries.
    """

    name: str
    description: str
    opening: bytes
    read: Callable[[bytes, str], RawCalendar]


# The first format whose opening matches is taken.
FORMATS = (
    CalendarFormat(
        name="JSON",
        description="JSON of events",
        opening=rb"[{\[]",
        read=read_json_events,
    ),
    CalendarFormat(
        name="ForexFactory XML",
        description="ForexFactory's weekly feed (XML)",
        opening=rb"<",
        read=read_forexfactory_xml,
    ),
    CalendarFormat(
        name="CSV",
        description="CSV of events",
        opening=rb"",
        read=read_csv_table,
    ),
)
DESCRIPTIONS = f"{', '.join(f.description for f in FORMATS[:-1])}, or {FORMATS[-1].description}"


def recognise_format(body: bytes) -> CalendarFormat:
    """Return the format of a file's content, taken without leading blanks."""
    return next(fmt for fmt in FORMATS if re.match(fmt.opening, body))
