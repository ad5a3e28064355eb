"""Trade charts: the bars of a day with levels, signal, entry, stop, target and exit."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from ib_grid.analysis.plots import style
from ib_grid.analysis.plots.style import rounded
from ib_grid.analysis.trade_days import Date, TradeDay, trade_day
from ib_grid.engine.reference.engine import Trade
from ib_grid.grid.params import Params
from ib_grid.market import clock
from ib_grid.market.bars import price_decimals
from ib_grid.runs.source import HasSource, RunSource, source_of

# A UTC minute, or a part of one, by the session's clock.
Text = Callable[[float], str]

_STOP, _TARGET, _NEWS = "#b3520f", "#123f68", "#7b4b94"
_UP, _DOWN = "#8fb6d6", "#eba768"
_WINDOW = "rgba(29,39,51,0.05)"
_BLOCKED = "rgba(123,75,148,0.13)"


def trade_chart(of: RunSource | HasSource, combination: Params | int, date: Date) -> go.Figure:
    """Draw one date of a combination, traded or not.

    Candles of mid prices by the clock of the session, the Initial Balance as a box and its levels
    through the trade window (grey ground), the bar of the signal, entry and exit, stop and target
    as they stepped, and the events of the calendar with the minutes they block. In `realistic` a
    position is closed on the other side of the book, half a spread from the candles.

    Raises
    ------
    GridError
        If there is no such combination, or the market does not serve it.
    InputError
        If the date is invalid or has no bar in its Initial Balance.
    DataError
        If a run's bars or calendars are missing, have changed or cannot be read.
    """
    source = source_of(of)
    day = trade_day(source, combination, date)
    news = source.context.news
    return day_chart(day, news.before_minutes, news.after_minutes)


def day_chart(day: TradeDay, before_minutes: int = 0, after_minutes: int = 0) -> go.Figure:
    """Draw a followed date; `minutes` are blocked around each event."""
    at = _clock(day)
    traces = [_candles(day, at), *_levels(day, at), *_signal(day, at), *_path(day, at)]
    if day.trade is not None:
        traces += _entry_and_exit(day.trade, at)
    traces += _news(day, at)
    return style.figure(
        traces,
        height=560,
        title={
            "text": _title(day),
            "font": {"size": 14},
            # plotly puts the foot of the first line at the pad
            **{"x": 0.01, "xanchor": "left", "y": 1, "yanchor": "top", "pad": {"t": 20}},
        },
        margin={"l": 8, "r": 10, "t": 56, "b": 8},
        xaxis={
            "title": {"text": f"Time ({day.params.ib_timezone})"},
            "type": "date",
            "tickformat": "%H:%M",
            "rangeslider": {"visible": False},
            "range": [at(day.ib_start - 3), at(day.window_end + 3)],
        },
        yaxis={"title": {"text": "Mid price (points)"}, "tickformat": ",.6~f"},
        showlegend=True,
        legend={"orientation": "h", "y": -0.17, "yanchor": "top", "x": 0, "font": {"size": 11}},
        shapes=_grounds(day, at, before_minutes, after_minutes),
    )


def _clock(day: TradeDay) -> Text:
    """Return UTC minutes as texts on the session's clock, all with the offset at `ib_start`."""
    start = np.array([day.ib_start], np.int64)
    offset = int(clock.utc_offset_minutes(start, day.params.ib_timezone)[0])

    def text(minute: float) -> str:
        return str(np.datetime64(round((minute + offset) * 60), "s")).replace("T", " ")

    return text


def _title(day: TradeDay) -> str:
    head = f"{html.escape(day.symbol)} {day.date}"
    if day.trade is None:
        return f"{head}<br>no trade"
    t = day.trade
    sign = "+" if t.r > 0 else ""
    return f"{head}<br>{t.variation} {t.direction}, {sign}{rounded(t.r, 2)} R ({t.exit_reason})"


def _candles(day: TradeDay, at: Text) -> go.Candlestick:
    bars = day.bars
    return go.Candlestick(
        x=[at(minute) for minute in bars.minute.tolist()],
        open=bars.open.tolist(),
        high=bars.high.tolist(),
        low=bars.low.tolist(),
        close=bars.close.tolist(),
        increasing={"line": {"color": style.GAIN, "width": 1}, "fillcolor": _UP},
        decreasing={"line": {"color": style.LOSS, "width": 1}, "fillcolor": _DOWN},
        name="M1 bars",
        showlegend=False,
    )


def _price(price: float) -> str:
    return rounded(price, price_decimals(price))


def _levels(day: TradeDay, at: Text) -> list[go.Scatter]:
    middle = (day.ib_high + day.ib_low) / 2
    levels = (
        ("IB high", day.ib_high, "solid"),
        ("EQ", middle, "dot"),
        ("IB low", day.ib_low, "solid"),
    )
    span = [at(day.ib_start - 0.5), at(day.window_end)]
    return [
        go.Scatter(
            x=span,
            y=[price, price],
            mode="lines",
            line={"color": style.MUTED, "width": 1, "dash": dash},
            name=name if name == "EQ" else "IB high and low",
            showlegend=name != "IB low",
            legendgroup=dash,
            hovertemplate=f"{name} {_price(price)}<extra></extra>",
        )
        for name, price, dash in levels
    ]


def _signal(day: TradeDay, at: Text) -> list[go.Scatter]:
    if day.signal is None:
        return []
    bar = day.bars.between(*day.signal)
    low, high = float(bar.low.min()), float(bar.high.max())
    left, right = at(day.signal[0] - 0.5), at(day.signal[1] - 0.5)
    armed = day.trade is not None and day.trade.variation == "REV_RB"
    return [
        go.Scatter(
            x=[left, right, right, left, left],
            y=[low, low, high, high, low],
            mode="lines",
            line={"color": style.BEST, "width": 1.5},
            name="arming bar" if armed else "signal bar",
            hoverinfo="name",
        )
    ]


def _path(day: TradeDay, at: Text) -> list[go.Scatter]:
    if day.path.empty:
        return []
    minutes = (day.path["time"].astype("int64") // 60_000).tolist()
    # A step is made within its bar; the last one holds to that bar's end.
    x = [at(minute) for minute in [*minutes, minutes[-1] + 1]]
    lines = []
    for name, colour, dash in (("stop", _STOP, "solid"), ("target", _TARGET, "dash")):
        prices = day.path[name].tolist()
        lines.append(
            go.Scatter(
                x=x,
                y=[*prices, prices[-1]],
                mode="lines",
                line={"shape": "hv", "color": colour, "width": 2, "dash": dash},
                name=name,
                hovertemplate=f"{name} %{{y:,.2f}} at %{{x|%H:%M}}<extra></extra>",
            )
        )
    return lines


def _entry_and_exit(trade: Trade, at: Text) -> list[go.Scatter]:
    arrow = "triangle-up" if trade.direction == "long" else "triangle-down"
    points = (
        ("entry", trade.entry_minute, trade.entry_price, arrow, ""),
        ("exit", trade.exit_minute, trade.exit_price, "x", f" ({trade.exit_reason})"),
    )
    return [
        go.Scatter(
            x=[at(minute)],
            y=[price],
            mode="markers",
            marker={
                "symbol": symbol,
                "size": 12,
                "color": style.BEST,
                "line": {"color": "#ffffff", "width": 1.5},
            },
            name=name,
            hovertemplate=f"{name}{note} {_price(price)} at %{{x|%H:%M}}<extra></extra>",
        )
        for name, minute, price, symbol, note in points
    ]


def _news(day: TradeDay, at: Text) -> list[go.Scatter]:
    """Return a mark for each minute with events; hovering shows their titles."""
    if not day.events:
        return []
    titles: dict[int, list[str]] = {}
    for event in day.events:
        said = f"{event.currency} {event.title}"
        titles.setdefault(event.minute, []).append(html.escape(said))
    foot = float(day.bars.low.min())
    return [
        go.Scatter(
            x=[at(minute) for minute in titles],
            y=[foot] * len(titles),
            mode="markers",
            marker={"symbol": "diamond", "size": 9, "color": _NEWS},
            name="news",
            customdata=["<br>".join(said) for said in titles.values()],
            hovertemplate="%{x|%H:%M} %{customdata}<extra></extra>",
        )
    ]


def _grounds(
    day: TradeDay, at: Text, before_minutes: int, after_minutes: int
) -> Sequence[dict[str, Any]]:
    """Return shapes for the trade window, the Initial Balance and the blocked minutes."""
    below = {"type": "rect", "layer": "below", "line": {"width": 0}}
    whole = {**below, "yref": "paper", "y0": 0, "y1": 1}
    window = {
        "x0": at(day.window_start - 0.5),
        "x1": at(day.window_end - 0.5),
        "fillcolor": _WINDOW,
        "name": "trade window",
        "showlegend": True,
    }
    box = {
        "x0": at(day.ib_start - 0.5),
        "x1": at(day.ib_end - 0.5),
        "y0": day.ib_low,
        "y1": day.ib_high,
        "fillcolor": style.BAND,
        "opacity": 0.35,
        "name": "Initial Balance",
        "showlegend": True,
    }
    blocked = [
        {
            "x0": at(event.minute - before_minutes - 0.5),
            "x1": at(event.minute + after_minutes + 0.5),
        }
        for event in day.events
    ]
    return [
        {**whole, **window},
        {**below, **box},
        *({**whole, **span, "fillcolor": _BLOCKED} for span in blocked),
    ]
