"""Table of the recognised CSV layouts: a new broker dialect is one entry of `LAYOUTS`."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PLAIN_TIME = r"(date ?)?time|timestamp|date"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The column names and times of an exporter.

    Names are compared in lower case, with each run of blanks as one space.

    Attributes
    ----------
    name : str
        Name in messages and in the quality report.
    example : str
        Beginning of a file, for messages.
    time : str
        Regular expression of the time column's name. Two columns ``date`` and ``time`` are joined.
    utc : str
        Regular expression of the time column's names that say UTC.
    value : str
        Regular expression that the first time must match.
    columns : tuple of str
        Column names of a file without a header; empty if the file has one.
    delimiter : str
        Delimiter of a file without a header.
    """

    name: str
    example: str
    time: str = "time"
    utc: str = ""
    value: str = r".*"
    columns: tuple[str, ...] = ()
    delimiter: str = ""


# The first layout that fits is taken.
LAYOUTS = (
    Layout(
        name="HistData",
        example="HistData ASCII (20160103 180100;1066.3;...)",
        value=r"[0-9]{8} [0-9]{6}",
        columns=("time", "open", "high", "low", "close", "volume"),
        delimiter=";",
    ),
    Layout(
        name="MetaTrader 5",
        example="a MetaTrader 5 export (<DATE> <TIME> <OPEN> ...)",
        time=rf"<({_PLAIN_TIME})>",
    ),
    Layout(
        name="Dukascopy",
        example="a Dukascopy CSV (Gmt time,Open,High,...)",
        time=r"gmt time|local time|time \(.*\)",
        utc=r"gmt time|time \((utc|gmt)\)",
    ),
    Layout(
        name="TradingView",
        example="a TradingView export (time,open,high,low,close)",
        value=r"[0-9]+|.*T.*(Z|UTC|GMT|[+-][0-9:]+)",
    ),
    Layout(
        name="plain",
        example="plain CSV with the header time,open,high,low,close",
        time=_PLAIN_TIME,
    ),
)
EXAMPLES = f"{', '.join(x.example for x in LAYOUTS[:-1])}, or {LAYOUTS[-1].example}"


def matches(pattern: str, text: str) -> bool:
    """Return whether a whole text matches a pattern of a layout."""
    return re.fullmatch(pattern, text, re.ASCII) is not None
