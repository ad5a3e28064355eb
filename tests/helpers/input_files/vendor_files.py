"""Small files in the layouts of vendors and programs, of the same two hours of bars.

Each entry of `VENDORS` writes bars as its program does. The columns, separators and spellings of
times follow the documentation of the vendors and public code that reads their files.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ib_grid.market.bars import Bars
from tests.helpers.input_files.csv_files import rows_of

NEW_YORK = "America/New_York"


class Vendor(NamedTuple):
    """A layout: its rows, and what must be told to read them."""

    row: Callable[..., str]
    header: str = ""
    options: Mapping[str, str] = MappingProxyType({})
    dialect: str = "plain"
    labels: str = "open"
    name: str = "bars.csv"
    end: str = ""


def local(zone: str, pattern: str, ahead_hours: int = 0) -> Callable[[dt.datetime], str]:
    """Return a writer of times by the clock of a zone."""

    def form(time: dt.datetime) -> str:
        wall = time.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        return (wall + dt.timedelta(hours=ahead_hours)).strftime(pattern)

    return form


def unix(digits: int, wall_clock: str = "UTC", ahead_hours: int = 0) -> Callable[..., str]:
    """Return a writer of Unix times in units of ``10 ** -digits`` seconds."""

    def form(time: dt.datetime) -> str:
        wall = time.astimezone(ZoneInfo(wall_clock)).replace(tzinfo=dt.UTC)
        seconds = int((wall + dt.timedelta(hours=ahead_hours)).timestamp())
        return str(seconds * 10**digits)

    return form


def fields(form: Callable[..., str], rest: str = "", mark: str = ",", before: str = ""):
    """Return a writer of lines: a time, open, high, low, close and constant fields."""

    def row(time, *prices):
        return before + mark.join([form(time), *map(repr, prices)]) + rest

    return row


def german(time, *prices):
    texts = [f"{price:,.2f}".translate(str.maketrans(",.", ".,")) for price in prices]
    return ";".join([local("Europe/Berlin", "%d.%m.%Y %H:%M")(time), *texts])


def english(time, *prices):
    texts = [f'"{price:,.3f}"' for price in prices]
    return ",".join([local("Europe/London", "%d %b %Y %H:%M")(time), *texts])


def sides(form, rest=",1"):
    """Return a writer of bid and ask around the price, a point apart from it."""

    def row(time, *prices):
        bid, ask = ([repr(price + away) for price in prices] for away in (-0.25, 0.25))
        return ",".join([form(time), *bid, *ask]) + rest

    return row


def lean(time, *prices):
    bid, ask = ([repr(price + away) for price in prices] for away in (-0.5, 0.5))
    milliseconds = str((time.hour * 60 + time.minute) * 60_000)
    return ",".join([milliseconds, *bid, "0", *ask, "0"])


def polygon(time, open_, high, low, close):
    return f"I:DAX,0,{open_!r},{close!r},{high!r},{low!r},{unix(9)(time)},1"


def twelve_hours(time, *prices):
    wall = time.astimezone(ZoneInfo(NEW_YORK))
    hour = f"{wall.hour % 12 or 12}:{wall:%M} {'PM' if wall.hour >= 12 else 'AM'}"
    return ",".join([f"{wall.month}/{wall.day}/{wall.year} {hour}", *map(repr, prices)])


def without_zeros(time, *prices):
    wall = time.astimezone(ZoneInfo("UTC"))
    return ",".join([f"{wall:%Y%m%d},{int(f'{wall:%H%M%S}')}", *map(repr, prices)])


def sierra(time, *prices):
    wall = time.astimezone(ZoneInfo(NEW_YORK))
    date = f"{wall.year}/{wall.month}/{wall.day}, {wall:%H:%M:%S.000000}"
    texts = ", ".join(map(repr, prices))
    return f"{date}, {texts}, 821, 647, {prices[0]}, {prices[0]}, 4163.0, 405, 416, {texts}"


_ISO, _ISO_T = "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"
_OHLCV = "Open,High,Low,Close,Volume"
EST = {"timezone": "Etc/GMT+5"}
NY = {"timezone": NEW_YORK}
SERVER = {"timezone": "America/New_York+7"}

VENDORS = {
    "MetaTrader 4": Vendor(
        fields(local(NEW_YORK, "%Y.%m.%d,%H:%M", 7), ",12"), options=SERVER, dialect="MetaTrader 4"
    ),
    "MetaTrader 5 export": Vendor(
        fields(local(NEW_YORK, "%Y.%m.%d\t%H:%M:%S", 7), "\t12\t0\t3", "\t"),
        "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>",
        SERVER,
        "MetaTrader 5",
    ),
    "MetaTrader 5 rates": Vendor(
        fields(unix(0, NEW_YORK, 7), ",100,15,0"),
        "time,open,high,low,close,tick_volume,spread,real_volume",
        SERVER,
        "MetaTrader 5 (Python)",
    ),
    "MetaTrader 5 rates as dates": Vendor(
        fields(local(NEW_YORK, f"{_ISO}+00:00", 7), ",100,15,0"),
        "time,open,high,low,close,tick_volume,spread,real_volume",
        SERVER,
        "MetaTrader 5 (Python)",
    ),
    "MetaTrader 5 rates of numpy": Vendor(
        fields(unix(0, NEW_YORK, 7), ",100,15,0"), "", SERVER, "MetaTrader 5 (Python)"
    ),
    "HistData ASCII": Vendor(
        fields(local("Etc/GMT+5", "%Y%m%d %H%M%S"), ";0", ";"), "", EST, "HistData or NinjaTrader"
    ),
    "HistData MetaTrader": Vendor(
        fields(local("Etc/GMT+5", "%Y.%m.%d,%H:%M"), ",0"), "", EST, "MetaTrader 4"
    ),
    "HistData MetaStock": Vendor(
        fields(local("Etc/GMT+5", "%Y%m%d,%H%M%S"), ",0", before="GRXEUR,"),
        "<TICKER>,<DTYYYYMMDD>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>",
        EST,
        "Finam or Stooq",
    ),
    "HistData MetaStock without header": Vendor(
        fields(local("Etc/GMT+5", "%Y%m%d,%H%M"), ",0", before="GRXEUR,"),
        "",
        EST,
        "plain, no header",
    ),
    "NinjaTrader": Vendor(
        fields(local("UTC", "%Y%m%d %H%M%S"), ";9", ";"),
        "",
        {"timezone": "UTC", "labels": "close"},
        "HistData or NinjaTrader",
        "close",
    ),
    "Dukascopy": Vendor(
        fields(local("UTC", "%d.%m.%Y %H:%M:%S.000"), ",0.5"),
        f"Gmt time,{_OHLCV}",
        dialect="Dukascopy",
    ),
    "JForex": Vendor(
        fields(local("UTC", "%Y.%m.%d %H:%M:%S"), ",0.5"),
        "Time (UTC),Open,High,Low,Close,Volume ",
        dialect="Dukascopy",
    ),
    "JForex in EET": Vendor(
        fields(local("EET", "%Y.%m.%d %H:%M:%S"), ",0.5"),
        f"Time (EET),{_OHLCV}",
        {"timezone": "EET"},
        "Dukascopy",
    ),
    "dukascopy-node": Vendor(
        fields(unix(3)), "timestamp,open,high,low,close", dialect="plain"
    ),
    "TradingView": Vendor(
        fields(lambda t: t.astimezone(ZoneInfo("Europe/London")).isoformat(), ",1"),
        "time,open,high,low,close,Volume",
        dialect="TradingView",
    ),
    "Binance file": Vendor(
        fields(unix(3), ",1.5,1704175259999,2.5,10,1,1,0"),
        "open_time,open,high,low,close,volume,close_time,quote_volume,count,"
        "taker_buy_volume,taker_buy_quote_volume,ignore",
        dialect="Binance",
    ),
    "Binance klines": Vendor(
        fields(unix(6), ",1.5,1704175259999999,2.5,10,1,1,0"), dialect="Binance"
    ),
    "CryptoDataDownload": Vendor(
        lambda t, *p: f"{unix(3)(t)},{t:{_ISO}},DAXUSD," + ",".join(map(repr, p)) + ",1,2,3",
        "https://www.CryptoDataDownload.com\n"
        "unix,date,symbol,open,high,low,close,Volume DAX,Volume USD,tradecount",
        dialect="CryptoDataDownload",
    ),
    "Polygon flat file": Vendor(
        polygon,
        "ticker,volume,open,close,high,low,window_start,transactions",
        dialect="Polygon",
    ),
    "EODHD": Vendor(
        lambda t, *p: f'{unix(0)(t)},0,"{t:{_ISO}}",' + ",".join(map(repr, p)) + ",7",
        f"Timestamp,Gmtoffset,Datetime,{_OHLCV}",
        dialect="EODHD",
    ),
    "Databento": Vendor(
        fields(local("UTC", f"{_ISO_T}.000000000Z,33,1,5602"), ",12,DAX"),
        "ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume,symbol",
        dialect="Databento",
    ),
    "Alpha Vantage": Vendor(
        fields(local(NEW_YORK, _ISO), ",5"),
        "timestamp,open,high,low,close,volume",
        NY,
        "Alpha Vantage",
    ),
    "Kibot": Vendor(
        fields(local(NEW_YORK, "%m/%d/%Y,%H:%M"), ",5"), "", NY, "Kibot or FirstRate Data"
    ),
    "FirstRate Data": Vendor(
        fields(local(NEW_YORK, _ISO), ",5"), "", NY, "Kibot or FirstRate Data"
    ),
    "TradeStation": Vendor(
        fields(local(NEW_YORK, "%m/%d/%Y,%H:%M"), ",10,12"),
        '"Date","Time","Open","High","Low","Close","Up","Down"',
        NY,
        "TradeStation",
        "close",
    ),
    "Sierra Chart": Vendor(
        sierra,
        "Date, Time, Open, High, Low, Last, Volume, # of Trades, OHLC Avg, HLC Avg, HL Avg,"
        " Bid Volume, Ask Volume, Open, High, Low, Last",
        NY,
        "Sierra Chart",
    ),
    "Barchart": Vendor(
        fields(local("America/Chicago", "%m/%d/%Y %H:%M"), ",-1.5,-0.1%,80", before="DXH24,"),
        "Symbol,Time,Open,High,Low,Last,Change,%Chg,Volume",
        {"timezone": "America/Chicago"},
        "Barchart",
        end='"Downloaded from Barchart.com as of 03-20-2024 10:00am CST"\n',
    ),
    "Finam": Vendor(
        fields(local("Europe/Moscow", "%Y%m%d;%H%M%S"), ";0", ";", "GER40;1;"),
        "<TICKER>;<PER>;<DATE>;<TIME>;<OPEN>;<HIGH>;<LOW>;<CLOSE>;<VOL>",
        {"timezone": "Europe/Moscow"},
        "Finam or Stooq",
    ),
    "Stooq": Vendor(
        fields(local("Europe/Warsaw", "%Y%m%d,%H%M%S"), ",0,0", before="^DAX,1,"),
        "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>",
        {"timezone": "Europe/Warsaw"},
        "Finam or Stooq",
    ),
    "FXCM": Vendor(
        sides(local("UTC", _ISO)),
        "date,bidopen,bidhigh,bidlow,bidclose,askopen,askhigh,asklow,askclose,tickqty",
        {"timezone": "UTC"},
        "FXCM",
    ),
    "OANDA v20": Vendor(
        sides(local("UTC", f"{_ISO_T}.000000000Z")),
        "time,bid.o,bid.h,bid.l,bid.c,ask.o,ask.h,ask.l,ask.c,volume",
    ),
    "OANDA v1": Vendor(
        sides(local("UTC", f"{_ISO_T}.000000Z"), ",4,true"),
        "time,openBid,highBid,lowBid,closeBid,openAsk,highAsk,lowAsk,closeAsk,volume,complete",
    ),
    "IG": Vendor(
        sides(local("Europe/Berlin", "%Y/%m/%d %H:%M:%S"), ",9"),
        "snapshotTime,openPrice.bid,highPrice.bid,lowPrice.bid,closePrice.bid,"
        "openPrice.ask,highPrice.ask,lowPrice.ask,closePrice.ask,lastTradedVolume",
        {"timezone": "Europe/Berlin"},
    ),
    "Interactive Brokers": Vendor(
        fields(local(NEW_YORK, f"%Y%m%d %H:%M:%S {NEW_YORK}"), ",5,1.5,2"),
        "date,open,high,low,close,volume,average,barCount",
    ),
    "Interactive Brokers, two blanks": Vendor(
        fields(local(NEW_YORK, "%Y%m%d  %H:%M:%S"), ",5,1.5,2"),
        "date,open,high,low,close,volume,average,barCount",
        NY,
    ),
    "Yahoo by yfinance": Vendor(
        lambda t, o, h, lo, c: f"{t:{_ISO}}+00:00,{c!r},{h!r},{lo!r},{o!r},0",
        "Price,Close,High,Low,Open,Volume\nTicker,^GDAXI,^GDAXI,^GDAXI,^GDAXI,^GDAXI\nDatetime,,,,,",
    ),
    "pandas index": Vendor(
        fields(local("UTC", f"{_ISO}+00:00")), ",open,high,low,close"
    ),
    "Tiingo": Vendor(
        lambda t, o, h, lo, c: f"{t:{_ISO_T}}.000Z,dax,{o!r},{h!r},{lo!r},{c!r}",
        "date,ticker,open,high,low,close",
    ),
    "AmiBroker": Vendor(
        fields(local(NEW_YORK, "%Y-%m-%d,%H:%M:%S"), ",5,0", before="DAX,"),
        "Ticker,Date,Time,Open,High,Low,Close,Volume,OpenInt",
        NY,
        "Finam or Stooq",
    ),
    "Tickstory": Vendor(
        fields(local("UTC", "%Y%m%d,%H:%M:%S"), ",3"),
        f"Date,Timestamp,{_OHLCV}",
        {"timezone": "UTC"},
    ),
    "QuantConnect Lean": Vendor(
        lean, "", {"timezone": "UTC"}, "QuantConnect Lean", name="20240318_de30eur_minute_quote.csv"
    ),
    "cTrader": Vendor(
        fields(local("UTC", "%d/%m/%Y %H:%M:%S"), ",8"),
        f"Time,{_OHLCV}",
        {"timezone": "UTC"},
    ),
    "MOEX candles": Vendor(
        lambda t, o, h, lo, c: f"{o!r};{c!r};{h!r};{lo!r};1;1;{t:{_ISO}};{t:%Y-%m-%d %H:%M:59}",
        "open;close;high;low;value;volume;begin;end",
        {"timezone": "UTC"},
    ),
    "German Excel": Vendor(
        german, "Datum/Uhrzeit;Eröffnung;Hoch;Tief;Schlusskurs", {"timezone": "Europe/Berlin"}
    ),
    "English thousands": Vendor(
        english, "Date,Open,High,Low,Close", {"timezone": "Europe/London"}
    ),
    "American spreadsheet": Vendor(twelve_hours, "Date,Open,High,Low,Close", NY),
    "time of day without zeros": Vendor(
        without_zeros, "date,time,open,high,low,close", {"timezone": "UTC"}
    ),
    "Unix with decimals": Vendor(
        fields(lambda t: f"{int(t.timestamp())}.0"), "timestamp,open,high,low,close"
    ),
    "digits only": Vendor(
        fields(local("UTC", "%Y%m%d%H%M"), "|1", "|"),
        "Time|Open|High|Low|Close|Volume",
        {"timezone": "UTC"},
    ),
    "separated by blanks": Vendor(
        fields(local("UTC", "%Y.%m.%d %H:%M"), " 7", " "),
        "Date Time Open High Low Close Volume",
        {"timezone": "UTC"},
    ),
    "end of the bar by name": Vendor(
        fields(unix(0)), "close_time,open,high,low,close", labels="close"
    ),
    "months by name": Vendor(
        fields(local("Asia/Kolkata", "%d-%b-%Y %H:%M"), ",4"),
        f"Date & Time,{_OHLCV}".replace("&", "and"),
        {"timezone": "Asia/Kolkata"},
    ),
}  # fmt: skip


def text_of(vendor: Vendor, bars: Bars) -> str:
    """Return the file that a program writes of bars."""
    later = dt.timedelta(minutes=vendor.labels == "close")
    lines = [vendor.row(time + later, *prices) for time, *prices in rows_of(bars)]
    return "\n".join([*([vendor.header] if vendor.header else []), *lines]) + "\n" + vendor.end
