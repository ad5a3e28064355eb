"""Table of the recognised exporters: a new one is an entry of `LAYOUTS`.

An entry names an exporter and says what its files leave open. Whatever has columns of time and
prices by any of the names in `columns`, or no header and a time before four prices, is read; the
last entries of the table stand for such files of unknown exporters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Labels = Literal["open", "close"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Marks of the files of an exporter, and the meaning of their times.

    Attributes
    ----------
    name : str
        Name in messages and in the quality report.
    columns : str
        Regular expression of the header, its names as `columns.normalised_names` joined by commas;
        empty for a file without a header.
    value : str
        Regular expression of the first time.
    file_name : str
        Regular expression of the file's name.
    n_columns : tuple of int
        Numbers of fields that a line can have; empty for any.
    server_clock : bool
        True if numbers and UTC times are not UTC but the wall clock of a broker's server.
    labels : {"open", "close"}
        The minute of a bar that its time names.
    labels_note : str
        Why the labels are not certain; empty if they are.
    dates : tuple of str
        Forms of `times.DATES` that the exporter writes; empty for any.
    """

    name: str
    columns: str = ""
    value: str = ".*"
    file_name: str = ".*"
    n_columns: tuple[int, ...] = ()
    server_clock: bool = False
    labels: Labels = "open"
    labels_note: str = ""
    dates: tuple[str, ...] = ()


_OHL = "open,high,low"
_OHLC = f"{_OHL},close"
_DIGITS = r"[0-9]{8} [0-9]{6}"
_ISO_MOMENT = r"[0-9]{9,10}|.*T.*(Z|UTC|GMT|[+-][0-9:]+)"
ASSUMED = "assumed, since the layout does not say"

# The first layout that fits is taken.
LAYOUTS = (
    Layout(
        name="HistData or NinjaTrader",
        value=_DIGITS,
        n_columns=(6,),
        labels_note="HistData's; NinjaTrader writes the same layout with the end of each bar",
    ),
    Layout(
        name="MetaTrader 5",
        columns=rf"date(,time)?,{_OHLC},tickvol.*",
    ),
    Layout(
        name="MetaTrader 5 (Python)",
        columns=r".*\b(tick volume|real volume)\b.*",
        server_clock=True,
    ),
    Layout(
        name="MetaTrader 5 (Python)",
        value="[0-9]{10}",
        n_columns=(8, 9),
        server_clock=True,
    ),
    Layout(
        name="MetaTrader 4",
        value=r"[0-9]{4}\.[0-9]{2}\.[0-9]{2} [0-9]{2}:[0-9]{2}",
        n_columns=(7,),
    ),
    Layout(
        name="Dukascopy",
        columns=rf"(gmt time|local time|time \w+|utc),{_OHLC}(,volume)?",
    ),
    Layout(name="Binance", columns=rf"open ?time,{_OHLC},volume,close ?time.*"),
    Layout(name="Binance", value="[0-9]{13}|[0-9]{16}", n_columns=(11, 12)),
    Layout(name="CryptoDataDownload", columns=rf"unix( timestamp)?,date,symbol,{_OHLC},.*"),
    Layout(name="Polygon", columns=r"ticker,volume,open,close,high,low,window start,.*"),
    Layout(name="EODHD", columns=rf"timestamp,gmtoffset,datetime,{_OHLC}.*"),
    Layout(name="Databento", columns=rf"ts event,.*{_OHLC}.*"),
    Layout(
        name="TradeStation",
        columns=rf"date,time,{_OHLC},up,down.*",
        labels="close",
        labels_note="TradeStation's labels are the end of each bar",
        dates=("month first",),
    ),
    Layout(
        name="Sierra Chart",
        columns=rf"date,time,{_OHL},(last|close),volume,(numberoftrades|# of trades|trades).*",
    ),
    Layout(name="Barchart", columns=r"(symbol,)?time,open,high,low,(last|latest),change,.*"),
    Layout(name="Finam or Stooq", columns=rf"ticker,(per,)?(date|dtyyyymmdd),time,{_OHLC}(,.*)?"),
    Layout(name="FXCM", columns=r".*bid ?open,.*ask ?open,.*"),
    Layout(name="Alpha Vantage", columns=rf"timestamp,{_OHLC},volume", value="[0-9]{4}-.* .*"),
    Layout(
        name="QuantConnect Lean",
        value=r"[0-9]{1,8}",
        file_name=r"[0-9]{8}_.*_?(trade|quote).*",
    ),
    Layout(
        name="TradingView",
        columns=rf"time,{_OHLC}.*",
        value=_ISO_MOMENT,
    ),
    Layout(
        name="Kibot or FirstRate Data",
        value=r"[0-9/-]+ [0-9:]+",
        n_columns=(6, 7),
        labels_note=ASSUMED,
    ),
    Layout(
        name="plain",
        columns=".*",
        labels_note=ASSUMED,
    ),
    Layout(
        name="plain, no header",
        labels_note=ASSUMED,
    ),
)
# Lines that an exporter writes behind the bars.
FOOTER = re.compile(rb'^"?Downloaded from [^\n]*$', re.MULTILINE)
PLAIN = ("plain", "plain, no header")
EXPORTERS = ", ".join(dict.fromkeys(x.name for x in LAYOUTS if x.name not in PLAIN))


def find_layout(names: Sequence[str], time: str, n_columns: int, file_name: str) -> Layout:
    """Return the layout of a file by its normalised header (empty for none) and its first time."""
    header = ",".join(names)
    return next(
        layout
        for layout in LAYOUTS
        if bool(layout.columns) == bool(names)
        and matches(layout.columns, header)
        and matches(layout.value, time)
        and matches(layout.file_name, file_name)
        and (not layout.n_columns or n_columns in layout.n_columns)
    )


def matches(pattern: str, text: str) -> bool:
    """Return whether a whole text matches a pattern of a layout."""
    return re.fullmatch(pattern, text, re.ASCII) is not None
