"""Synthetic bars, and the CSV files that each exporter would write for them."""

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np

from ib_grid.market.bars import Bars

UTC = dt.UTC
EPOCH = dt.datetime(1970, 1, 1, tzinfo=UTC)


def minute_of(year, month, day, hour=0, minute=0):
    """Return minutes since 1970-01-01 00:00 UTC."""
    return (
        int((dt.datetime(year, month, day, hour, minute, tzinfo=UTC) - EPOCH).total_seconds()) // 60
    )


START = minute_of(2024, 3, 5, 9)


def made_up_bars(minutes, seed=0, price=1000.0):
    """Return bars at these minutes, on ticks of 0.25."""
    rng = np.random.default_rng(seed)
    n = len(minutes)
    close = price + np.cumsum(rng.integers(-4, 5, n)) * 0.25
    open_ = close + rng.integers(-3, 4, n) * 0.25
    high = np.maximum(open_, close) + rng.integers(0, 5, n) * 0.25
    low = np.minimum(open_, close) - rng.integers(0, 5, n) * 0.25
    return Bars(
        minute=np.asarray(minutes, dtype=np.int64), open=open_, high=high, low=low, close=close
    )


def rows_of(bars):
    """(UTC datetime, open, high, low, close) of each bar, plain values."""
    return [
        (EPOCH + dt.timedelta(minutes=int(m)), float(o), float(h), float(lo), float(c))
        for m, o, h, lo, c in zip(
            bars.minute, bars.open, bars.high, bars.low, bars.close, strict=True
        )
    ]


def _lines(bars, form, header, delimiter, extra=""):
    lines = [] if header is None else [header]
    for time, *prices in rows_of(bars):
        lines.append(delimiter.join([form(time), *map(str, prices)]) + extra)
    return "\n".join(lines) + "\n"


def tradingview(bars, zone="Europe/Berlin"):
    return _lines(
        bars,
        lambda t: t.astimezone(ZoneInfo(zone)).isoformat(),
        "time,open,high,low,close,Volume",
        ",",
        ",17",
    )


def tradingview_z(bars):
    return _lines(bars, lambda t: t.strftime("%Y-%m-%dT%H:%M:%SZ"), "time,open,high,low,close", ",")


def tradingview_unix(bars):
    return _lines(
        bars,
        lambda t: str(int(t.timestamp())),
        "time,open,high,low,close,Plot,Plot,Upper Band",
        ",",
        ",NaN,,1.5",
    )


def metatrader(bars, zone="America/New_York", ahead_hours=7):
    def form(time):
        local = time.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        return (local + dt.timedelta(hours=ahead_hours)).strftime("%Y.%m.%d\t%H:%M:%S")

    header = "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>"
    return _lines(bars, form, header, "\t", "\t12\t0\t3")


def histdata(bars, zone="America/New_York"):
    return _lines(
        bars, lambda t: t.astimezone(ZoneInfo(zone)).strftime("%Y%m%d %H%M%S"), None, ";", ";0"
    )


def dukascopy(bars):
    header = "Gmt time,Open,High,Low,Close,Volume"
    return _lines(bars, lambda t: t.strftime("%d.%m.%Y %H:%M:%S.000"), header, ",", ",0.5")


def dukascopy_local(bars, zone="Europe/Berlin"):
    header = "Local time,Open,High,Low,Close,Volume"
    return _lines(
        bars,
        lambda t: t.astimezone(ZoneInfo(zone)).strftime("%d.%m.%Y %H:%M:%S.000 GMT%z"),
        header,
        ",",
        ",0.5",
    )


def jforex(bars):
    header = "Time (UTC),Open,High,Low,Close,Volume "
    return _lines(bars, lambda t: t.strftime("%Y.%m.%d %H:%M:%S"), header, ",", ",0.5")


def plain(bars, zone="UTC"):
    return _lines(
        bars,
        lambda t: t.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M"),
        "time,open,high,low,close",
        ",",
    )


def plain_aware(bars):
    return _lines(bars, lambda t: str(t), "time,open,high,low,close", ",")


# writer, name in the report, zone that its naive times need
DIALECTS = {
    "tradingview": (tradingview, "TradingView", None),
    "tradingview_z": (tradingview_z, "TradingView", None),
    "tradingview_unix": (tradingview_unix, "TradingView", None),
    "metatrader": (metatrader, "MetaTrader 5", "America/New_York+7"),
    "histdata": (histdata, "HistData or NinjaTrader", "America/New_York"),
    "dukascopy": (dukascopy, "Dukascopy", None),
    "dukascopy_local": (dukascopy_local, "Dukascopy", None),
    "jforex": (jforex, "Dukascopy", None),
    "plain": (plain, "plain", "UTC"),
    "plain_aware": (plain_aware, "plain", None),
}


def same_bars(one, other):
    """Return True if two series of bars are bitwise equal."""
    return all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in ("minute", "open", "high", "low", "close")
    )
