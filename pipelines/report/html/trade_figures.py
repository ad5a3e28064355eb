"""Figures of the trades of the best combinations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from ib_grid import clock
from ib_grid.analysis import style
from ib_grid.analysis.style import rounded
from ib_grid.results import PREFIXES, VARIATIONS
from pipelines.report.facts import BestRecord
from pipelines.report.html.figure import Figure, figure

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WORKDAYS = 5
_MOST_YEARS_WITH_TEXT = 9
_DECIMALS = 4


def equity_figure(trades: Sequence[pd.DataFrame], span: tuple[str, str]) -> Figure:
    """Cumulative R and its fall below the peak, by date; the best set last and strongest.

    Parameters
    ----------
    trades : sequence of DataFrame
        Best first.
    span : tuple of str
        First and last date of the bars.
    """
    traces = []
    for rank in range(len(trades), 0, -1):
        dates, equity = _curve(trades[rank - 1], span)
        under = equity - np.maximum.accumulate(equity)
        for axis, values in (("y", equity), ("y2", under)):
            traces.append(_line(dates, values, rank, axis))
    return figure(
        "equity",
        "Cumulative R and drawdown, by date of the trade",
        "Lines: cumulative R of the best ten sets, below it the distance from its peak",
        traces,
        height=460,
        xaxis={"title": {"text": "date"}, "anchor": "y2", "range": list(span), "type": "date"},
        yaxis={"title": {"text": "cumulative R (R)"}, "domain": [0.36, 1]},
        yaxis2={"title": {"text": "below the peak (R)"}, "domain": [0, 0.3], "anchor": "x"},
    )


def _curve(trades: pd.DataFrame, span: tuple[str, str]) -> tuple[list[str], NDArray[np.float64]]:
    """Dates and cumulative R, from 0 at the first date of the bars to the last."""
    dates = [span[0], *trades["date"].dt.strftime("%Y-%m-%d"), span[1]]
    equity = np.concatenate([[0.0], np.cumsum(trades["r"].to_numpy(np.float64))])
    return dates, np.append(equity, equity[-1])


def _line(dates: list[str], values: NDArray[np.float64], rank: int, axis: str) -> Any:
    is_best = rank == 1
    fill = {"fill": "tozeroy", "fillcolor": "rgba(43,108,163,0.16)"}
    return go.Scatter(
        x=dates,
        y=_short(values),
        yaxis=axis,
        mode="lines",
        name=f"rank {rank}",
        line={
            "shape": "hv",
            "width": 2 if is_best else 1,
            "color": style.GAIN if is_best else "#b4bec8",
        },
        hovertemplate=f"rank {rank}: %{{y:.1f}} R on %{{x|%Y-%m-%d}}<extra></extra>",
        **(fill if is_best and axis == "y2" else {}),
    )


def year_figure(trades: pd.DataFrame, span: tuple[str, str]) -> Figure:
    """R by year of the session date."""
    sums = _sums(trades, [trades["date"].dt.year])
    years = range(int(span[0][:4]), int(span[1][:4]) + 1)
    return _sums_figure("years", "R by year", "year", {str(y): sums.get((y,)) for y in years}, 380)


def month_figure(trades: pd.DataFrame, span: tuple[str, str]) -> Figure:
    """R by year and month."""
    sums = _sums(trades, [trades["date"].dt.month, trades["date"].dt.year])
    years = range(int(span[0][:4]), int(span[1][:4]) + 1)
    cells = [[sums.get((month, year)) for year in years] for month in range(1, 13)]
    z = [[None if c is None else round(c[0], _DECIMALS) for c in row] for row in cells]
    texts = [["" if v is None else rounded(v, 1) for v in row] for row in z]
    heat = go.Heatmap(
        x=[str(year) for year in years],
        y=list(MONTHS),
        z=z,
        text=texts,
        texttemplate="%{text}" if len(years) <= _MOST_YEARS_WITH_TEXT else "",
        textfont={"size": 10},
        customdata=[[0 if c is None else c[1] for c in row] for row in cells],
        xgap=1,
        ygap=1,
        hoverongaps=False,
        hovertemplate="%{y} %{x}: %{z:.1f} R in %{customdata} trades<extra></extra>",
        **style.around_zero([v for row in z for v in row if v is not None]),
    )
    return figure(
        "months",
        "R by year and month",
        "Heat map of R by year and month of the best set",
        [heat],
        height=380,
        xaxis={"title": {"text": "year"}, "type": "category", "showgrid": False},
        yaxis={
            "title": {"text": "month; cells: sum of R (R)"},
            "type": "category",
            "autorange": "reversed",
            "showgrid": False,
        },
    )


def weekday_figure(trades: pd.DataFrame) -> Figure:
    """R by weekday of the session date."""
    sums = _sums(trades, [trades["date"].dt.day_of_week])
    last = max([_WORKDAYS - 1, *(day for (day,) in sums)])
    return _sums_figure(
        "weekdays",
        "R by weekday",
        "weekday",
        {WEEKDAYS[d]: sums.get((d,)) for d in range(last + 1)},
    )


def hour_figure(trades: pd.DataFrame, timezone: str) -> Figure:
    """R by clock hour of the entry, local time."""
    minutes = trades["entry_time"].to_numpy("datetime64[m]").astype(np.int64)
    local = minutes + clock.utc_offset_minutes(minutes, timezone)
    hours = pd.Series(local % clock.MINUTES_PER_DAY // 60, index=trades.index)
    sums = _sums(trades, [hours])
    span = range(hours.min(), hours.max() + 1) if len(hours) else range(0)
    return _sums_figure(
        "hours",
        "R by hour of entry",
        f"hour of entry, from ({timezone})",
        {f"{hour:02d}:00": sums.get((hour,)) for hour in span},
    )


def _sums(trades: pd.DataFrame, keys: list[pd.Series]) -> dict[tuple[int, ...], tuple[float, int]]:
    """Sum of R and number of trades for each key."""
    names = [f"key{i}" for i in range(len(keys))]
    frame = pd.DataFrame({**dict(zip(names, keys, strict=True)), "r": trades["r"]})
    table = frame.groupby(names)["r"].agg(["sum", "size"]).reset_index()
    return {
        tuple(int(row[n]) for n in names): (float(row["sum"]), int(row["size"]))
        for row in table.to_dict("records")
    }


def _sums_figure(
    name: str,
    heading: str,
    axis: str,
    sums: dict[str, tuple[float, int] | None],
    height: int = 260,
) -> Figure:
    r = [round(found[0], _DECIMALS) if found else 0.0 for found in sums.values()]
    n = [found[1] if found else 0 for found in sums.values()]
    bars = go.Bar(
        x=list(sums),
        y=r,
        width=min(0.2 + 0.1 * len(r), 0.7),
        marker={"color": style.by_sign(r)},
        text=[rounded(value, 1) if count else "" for value, count in zip(r, n, strict=True)],
        textposition="outside",
        cliponaxis=False,
        customdata=n,
        hovertemplate="%{x}: %{y:.1f} R in %{customdata} trades<extra></extra>",
    )
    return figure(
        name,
        heading,
        f"Bars: {heading} of the best set",
        [bars],
        height=height,
        xaxis={"title": {"text": axis}, "type": "category"},
        yaxis={"title": {"text": "sum of R (R)"}, "range": _with_room(r)},
    )


def _with_room(values: Sequence[float]) -> list[float]:
    """Limits of an axis with room for texts beyond the bars."""
    low, high = min([*values, 0.0]), max([*values, 0.0])
    room = 0.14 * ((high - low) or 1.0)
    return [low - room if low < 0 else 0.0, high + room if high > 0 else 0.0]


def variation_curves(trades: pd.DataFrame, span: tuple[str, str]) -> Figure:
    """Cumulative R of each variation of the best set, by date."""
    lines = []
    for name, colour in zip(VARIATIONS, style.OF_VARIATIONS, strict=True):
        own = trades[trades["variation"] == name]
        if own.empty:
            continue
        dates, equity = _curve(own, span)
        lines.append(
            go.Scatter(
                x=dates,
                y=_short(equity),
                mode="lines",
                name=name,
                line={"shape": "hv", "width": 2, "color": colour},
                hovertemplate=f"{name}: %{{y:.1f}} R on %{{x|%Y-%m-%d}}<extra></extra>",
            )
        )
    return figure(
        "variation-curves",
        "Cumulative R of each variation",
        "Lines: cumulative R of each variation of the best set, by date",
        lines,
        height=320,
        xaxis={"title": {"text": "date"}, "range": list(span), "type": "date"},
        yaxis={"title": {"text": "cumulative R (R)"}},
        showlegend=True,
        legend={"orientation": "h", "y": 1, "yanchor": "bottom", "x": 0, "xanchor": "left"},
    )


def variation_bars(
    best: BestRecord, metric: str, heading: str, axis: str, shown: Callable[[float], str]
) -> Figure:
    """A metric of each variation of the best set; no bar without trades."""
    metrics = best["metrics"]
    values = [
        metrics[prefix + metric] if metrics[f"{prefix}total_trades"] else None
        for prefix in PREFIXES
    ]
    there = [v for v in values if v is not None]
    bars = go.Bar(
        x=list(VARIATIONS),
        y=values,
        marker={"color": list(style.OF_VARIATIONS)},
        text=["no trade" if v is None else shown(v) for v in values],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{x}: %{y}<extra></extra>",
    )
    return figure(
        f"variation-{metric}",
        heading,
        f"Bars: {heading} of each variation of the best set",
        [bars],
        height=240,
        xaxis={"title": {"text": "variation"}, "type": "category"},
        yaxis={"title": {"text": axis}, "range": _with_room(there)},
    )


def _short(values: NDArray[np.float64]) -> list[float]:
    return [round(value, _DECIMALS) for value in values.tolist()]
