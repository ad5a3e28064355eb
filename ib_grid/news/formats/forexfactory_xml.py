"""ForexFactory's weekly feed, XML.

``<weeklyevents>`` contains one ``<event>`` per event with title, country (a currency), date
(MM-DD-YYYY), time (8:30am, in UTC the year round) and impact. The file covers each week, Sunday to
Saturday, that has an event.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET

from ib_grid.errors import DataError
from ib_grid.news.formats.entry import BOM, Entry
from ib_grid.news.formats.fields import RawCalendar

_FIELDS = ("title", "country", "date", "time", "impact")


class _NoDoctype(ET.TreeBuilder):
    """Tree builder that refuses a DOCTYPE, the only place that can declare entities."""

    def doctype(self, *_: object) -> None:
        raise _DoctypeError


class _DoctypeError(Exception):
    pass


def read_forexfactory_xml(raw: bytes, location: str) -> RawCalendar:
    """Read a weekly feed."""
    elements = enumerate(_elements(raw, location), 1)
    return RawCalendar(
        location=location,
        entries=[_entry(element, f"{location}, event {i}") for i, element in elements],
        timezone="UTC",
        date="month first",
        weekly=True,
    )


def _elements(raw: bytes, location: str) -> list[ET.Element]:
    body = raw.removeprefix(BOM).lstrip()
    try:
        # Only a DOCTYPE can declare entities, and with them bombs and external files.
        root = ET.fromstring(body, parser=ET.XMLParser(target=_NoDoctype()))  # noqa: S314
    except _DoctypeError:
        raise _error("the XML has a DOCTYPE", location) from None
    except ET.ParseError as error:
        raise _error(f"invalid XML: {error.msg}", location) from error
    except (LookupError, ValueError) as error:
        raise _error(f"invalid XML: {error}", location) from error
    if root.tag != "weeklyevents":
        raise _error(f"the root element is <{root.tag[:80]}>", location)
    unexpected = next((child.tag for child in root if child.tag != "event"), None)
    if unexpected is not None:
        raise _error(f"unexpected element <{unexpected[:80]}>", location)
    return list(root)


def _error(message: str, location: str) -> DataError:
    expected = "<weeklyevents> with one <event> per event"
    return DataError(message, location=location, expected=expected)


def _entry(element: ET.Element, location: str) -> Entry:
    entry = Entry(location=location, fields={child.tag: child.text or "" for child in element})
    for name in _FIELDS:
        found = len(element.findall(name))
        if found != 1:
            raise entry.error(
                f"{found} <{name}> elements" if found else f"missing <{name}>",
                expected=f"exactly one each of {', '.join(_FIELDS)}",
            )
    return entry
