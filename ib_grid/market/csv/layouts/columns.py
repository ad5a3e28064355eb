"""Columns of a file by their names; a new spelling is an entry of a table here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ib_grid.market.bar_checks import PRICES

# Names are compared in lower case, with blanks for signs and ``?`` for letters that are not ASCII.
# Of several that a file has, the first in the table counts.
PRICE_NAMES: Mapping[str, tuple[str, ...]] = {
    "open": ("open", "o", "open price", "opening price", "bar open", "1 open", "er?ffnung",
             "er?ffnungskurs", "apertura", "ouverture", "abertura"),
    "high": ("high", "h", "high price", "highest price", "bar high", "2 high", "hoch", "h?chst",
             "h?chstkurs", "tageshoch", "m?ximo", "maximo", "plus haut", "hi"),
    "low": ("low", "l", "low price", "lowest price", "bar low", "3 low", "tief", "tiefst",
            "tiefstkurs", "tagestief", "m?nimo", "minimo", "plus bas", "lo"),
    "close": ("close", "c", "close price", "closing price", "bar close", "4 close", "last",
              "latest", "last price", "schluss", "schlusskurs", "cierre", "cl?ture", "dernier",
              "fechamento"),
}  # fmt: skip
# Times of the opening; a name that says UTC makes the times moments.
TIME_NAMES = (
    "time utc", "utc time", "utc", "datetime utc", "date utc", "date time utc", "timestamp utc",
    "time gmt", "gmt time", "date gmt", "datetime gmt", "snapshottimeutc", "utctime", "time z",
    "unix", "unix time", "unix timestamp", "unixtime", "epoch", "epoch time", "ts event",
    "window start", "timestamp", "timestamp ms", "time stamp", "ts", "open time", "opentime",
    "start time", "starttime", "time open", "period start", "begins at", "begin", "start", "from",
    "bar time", "bar start", "candle time", "snapshottime", "snapshot time", "local time",
    "local datetime", "datetime", "date time", "date and time", "dt", "t", "date", "time",
    "dtyyyymmdd", "yyyymmdd", "day", "hour", "clock", "timeofday", "trading date", "trading time",
    "datum", "uhrzeit", "zeit", "datum uhrzeit", "zeitstempel", "fecha", "hora", "heure", "data",
    "fecha hora", "data hora",
)  # fmt: skip
# Times of the end of a bar, taken if a file has no other.
END_NAMES = ("close time", "closetime", "end time", "endtime", "time close", "bar end", "end",
             "period end", "to")  # fmt: skip
# The name of an index that a table library wrote, taken if no other column is a time.
UNNAMED = ("", "unnamed: 0", "index", "price")
SYMBOL_NAMES = ("symbol", "ticker", "instrument", "pair", "currency pair", "#ric", "ric", "sym",
                "epic", "security", "isin", "asset", "product", "contract")  # fmt: skip
_UTC = re.compile(r"(^|.* )(utc|gmt)( .*|$)|snapshottimeutc|utctime|time z")
_OFFSET = re.compile(r"(?:^| )(?:utc|gmt)([+-]\d\d?(?::\d\d)?)$")
_SIDE_BEFORE = re.compile(r"(bid|ask|mid|b|a|m)(open|high|low|close|o|h|l|c)(?:price)?")
_SIDE_BEHIND = re.compile(r"(open|high|low|close|o|h|l|c)(?:price)?(bid|ask|mid|b|a|m)(?:price)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceColumns:
    """The columns of prices.

    `columns` are one or two sets of the indices of open, high, low and close; of two, bid and ask,
    the mean counts. `side` is ``bid``, ``ask``, ``mid`` or ``mid of bid and ask``; empty if the
    names do not say.
    """

    columns: tuple[tuple[int, ...], ...]
    side: str = ""


def normalised_names(fields: Sequence[str]) -> list[str]:
    """Return names as they are compared.

    Examples
    --------
    >>> normalised_names(["<DATE>", "Open_Price", "Time (UTC)"])
    ['date', 'open price', 'time utc']
    """
    return [_normalised(field) for field in fields]


def _normalised(name: str) -> str:
    ascii_only = "".join(c if c.isascii() else "?" for c in name.strip().lower())
    offset = re.sub(r"(utc|gmt) ?([+-]) ?(?=\d)", r"\1\2", ascii_only)
    return " ".join(re.sub(r"[<>()\[\]\"'._/*]|-(?!\d)|(?<!utc)(?<!gmt)-", " ", offset).split())


def says_utc(name: str) -> bool:
    """Return whether the name of a column says that its times are UTC."""
    return _UTC.fullmatch(name) is not None


def named_clock(name: str) -> str:
    """Return the clock in the name of a column, such as UTC+2; empty if none.

    Examples
    --------
    >>> named_clock("time utc+2"), named_clock("gmt time"), named_clock("time eet")
    ('UTC+2', 'UTC', '')
    """
    if says_utc(name):
        return "UTC"
    match = _OFFSET.search(name)
    return f"UTC{match[1]}" if match else ""


def is_time_name(name: str) -> bool:
    """Return whether a column with this name can hold times."""
    bare = _bare(name)
    known = bare in TIME_NAMES or bare in END_NAMES
    return known or re.fullmatch(r"(date ?)?time \w+", name) is not None


def is_end_name(name: str) -> bool:
    """Return whether the name of a column says that its times are the end of bars."""
    return _bare(name) in END_NAMES


def _bare(name: str) -> str:
    """Return the name of a column without the clock that it names."""
    return _OFFSET.sub("", name).removesuffix(" utc").removesuffix(" gmt").strip()


def find_prices(names: Sequence[str]) -> PriceColumns | None:
    """Return the columns of prices, None if there is no full set of them."""
    plain = [_first_of(names, PRICE_NAMES[price]) for price in PRICES]
    if all(column is not None for column in plain):
        return PriceColumns(columns=(tuple(c for c in plain if c is not None),))
    sides = _sides(names)
    if "mid" in sides:
        return PriceColumns(columns=(sides["mid"],), side="mid")
    if "bid" in sides and "ask" in sides:
        return PriceColumns(columns=(sides["bid"], sides["ask"]), side="mid of bid and ask")
    for side in sides:
        return PriceColumns(columns=(sides[side],), side=side)
    return None


def _first_of(names: Sequence[str], known: Sequence[str]) -> int | None:
    return next((names.index(name) for name in known if name in names), None)


def _sides(names: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Return the full sets of prices of one side, such as bid_open or openBid."""
    found: dict[tuple[str, str], int] = {}
    for column, name in enumerate(names):
        bare = name.replace(" ", "")
        if match := _SIDE_BEFORE.fullmatch(bare):
            side, price = match[1], match[2]
        elif match := _SIDE_BEHIND.fullmatch(bare):
            side, price = match[2], match[1]
        else:
            continue
        found.setdefault((side[0], price[0]), column)
    sides = {
        side: [found.get((side[0], price[0])) for price in PRICES] for side in ("bid", "ask", "mid")
    }
    return {
        side: tuple(c for c in columns if c is not None)
        for side, columns in sides.items()
        if None not in columns
    }


def missing_prices(names: Sequence[str]) -> list[str]:
    """Return the prices that no column has."""
    return [price for price in PRICES if _first_of(names, PRICE_NAMES[price]) is None]


def count_known(names: Sequence[str]) -> int:
    """Return the number of columns whose names are known, for the choice of the separator."""
    prices = {name for known in PRICE_NAMES.values() for name in known}
    sided = sum(len(columns) for columns in _sides(names).values())
    return sided + sum(name in prices or is_time_name(name) for name in names)
