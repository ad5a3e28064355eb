"""Figures of trades: cumulative R, and total R by month, weekday, hour and variation."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from ib_grid.analysis import combination
from ib_grid.analysis.plots import style
from ib_grid.analysis.plots.style import rounded
from ib_grid.grid.variations import VARIATIONS

_MOST_YEARS_WITH_TEXT = 9


def equity_figure(trades: Mapping[str, pd.DataFrame], span: tuple[str, str]) -> go.Figure:
    """Draw cumulative R and the drawdown by date; the first combination is on top.

    Parameters
    ----------
    trades : mapping of str to DataFrame
        Trades by name of the combination.
    span : tuple of str
        First and last date, ``YYYY-MM-DD``.
    """
    daily = {name: frame.groupby("date")["r"].sum() for name, frame in trades.items()}
    return curves_figure(daily, span)


def curves_figure(
    daily: Mapping[str, pd.Series], span: tuple[str, str], *, own_colours: bool = False
) -> go.Figure:
    """Draw cumulative R and the drawdown of daily results by name; the first is on top.

    Dates without a result may be left out; `span` is the first and last date, ``YYYY-MM-DD``. Own
    colours come with a legend.
    """
    traces = []
    for i, (name, r) in reversed(list(enumerate(daily.items()))):
        dates, cumulative = _steps(r, span)
        under = cumulative - np.maximum.accumulate(cumulative)
        others = style.OF_VARIATIONS[1:] if own_colours else (style.OTHER,)
        name = html.escape(name)  # plotly takes markup in names
        colour = others[(i - 1) % len(others)] if i else style.GAIN
        for axis, values in (("y", cumulative), ("y2", under)):
            traces.append(_line(dates, values, name, axis, colour, is_first=i == 0))
    above = {**style.LEGEND_ABOVE["legend"], "traceorder": "reversed"}
    return style.figure(
        traces,
        height=460,
        xaxis={"title": {"text": "Date"}, "anchor": "y2", "range": list(span), "type": "date"},
        yaxis={"title": {"text": "Cumulative R"}, "domain": [0.36, 1]},
        yaxis2={"title": {"text": "Drawdown (R)"}, "domain": [0, 0.3], "anchor": "x"},
        **({**style.LEGEND_ABOVE, "legend": above} if own_colours else {}),
    )


def _steps(r: pd.Series, span: tuple[str, str]) -> tuple[list[str], NDArray[np.float64]]:
    """Return dates and cumulative R, from 0 at the first date of the span to the last."""
    dates = [span[0], *pd.DatetimeIndex(r.index).strftime("%Y-%m-%d"), span[1]]
    cumulative = np.concatenate([[0.0], np.cumsum(r.to_numpy(np.float64))])
    return dates, np.append(cumulative, cumulative[-1])


def _line(
    dates: list[str],
    values: NDArray[np.float64],
    name: str,
    axis: str,
    colour: str,
    *,
    is_first: bool,
) -> go.Scatter:
    fill = {"fill": "tozeroy", "fillcolor": "rgba(43,108,163,0.16)"}
    return go.Scatter(
        x=dates,
        y=style.to_4_decimals(values),
        yaxis=axis,
        mode="lines",
        name=name,
        line={"shape": "hv", "width": 2 if is_first else 1, "color": colour},
        showlegend=axis == "y",
        hovertemplate=f"{name}: %{{y:.1f}} R on %{{x|%Y-%m-%d}}<extra></extra>",
        **(fill if is_first and axis == "y2" else {}),
    )


def variation_curves(trades: pd.DataFrame, span: tuple[str, str]) -> go.Figure:
    """Draw cumulative R of each variation of a combination, by date."""
    lines = []
    for name, colour in zip(VARIATIONS, style.OF_VARIATIONS, strict=True):
        own = trades[trades["variation"] == name]
        if own.empty:
            continue
        dates, cumulative = _steps(own.groupby("date")["r"].sum(), span)
        lines.append(_line(dates, cumulative, name, "y", colour, is_first=True))
    return style.figure(
        lines,
        height=320,
        xaxis={"title": {"text": "Date"}, "range": list(span), "type": "date"},
        yaxis={"title": {"text": "Cumulative R"}},
        **style.LEGEND_ABOVE,
    )


def calendar_figure(trades: pd.DataFrame, years: Sequence[int] | None = None) -> go.Figure:
    """Draw a heat map of total R by year and month.

    `years` are the columns; by default from the first trade's year to the last one's.
    """
    sums = combination.calendar_table(trades, years)
    shown = [int(str(year)) for year in sums]
    counts = combination.calendar_table(trades, shown, "size").fillna(0).astype(int)
    cells = sums.round(4).astype(object).where(sums.notna(), None).to_numpy().tolist()
    texts = [["" if v is None else rounded(v, 1) for v in row] for row in cells]
    heat = style.cells(
        [str(year) for year in shown],
        combination.MONTHS,
        cells,
        texts,
        texttemplate="%{text}" if len(shown) <= _MOST_YEARS_WITH_TEXT else "",
        customdata=counts.to_numpy().tolist(),
        hovertemplate="%{y} %{x}: %{z:.1f} R in %{customdata} trades<extra></extra>",
    )
    return style.figure(
        [heat],
        height=380,
        xaxis={"title": {"text": "Year"}, "type": "category", "showgrid": False},
        yaxis={
            "title": {"text": "Month (cells: total R)"},
            "type": "category",
            "autorange": "reversed",
            "showgrid": False,
        },
    )


def sums_figure(sums: pd.DataFrame, axis: str, height: int = 260) -> go.Figure:
    """Draw bars of total R.

    Parameters
    ----------
    sums : DataFrame
        As returned by `by_year`, `by_weekday`, `by_hour` or `by_variation`.
    axis : str
        Title of the x axis.
    height : int
        Pixels.
    """
    r = style.to_4_decimals(sums["total_r"].to_numpy())
    n = sums["trades"].tolist()
    bars = style.bars(
        [str(key) for key in sums.index],
        r,
        [rounded(value, 1) if count else "" for value, count in zip(r, n, strict=True)],
        style.by_sign(r),
        width=min(0.2 + 0.1 * len(r), 0.7),
        customdata=n,
        hovertemplate="%{x}: %{y:.1f} R in %{customdata} trades<extra></extra>",
    )
    return style.figure(
        [bars],
        height=height,
        xaxis={"title": {"text": axis}, "type": "category"},
        yaxis={"title": {"text": "Total R"}, "range": style.with_room(r)},
    )


def year_figure(trades: pd.DataFrame, years: Sequence[int] | None = None) -> go.Figure:
    """Draw total R by year of the session date.

    `years` are the bars; by default from the first trade's year to the last one's.
    """
    return sums_figure(combination.by_year(trades, years), "Year", 380)


def weekday_figure(trades: pd.DataFrame) -> go.Figure:
    """Draw total R by weekday of the session date."""
    return sums_figure(combination.by_weekday(trades), "Weekday")


def hour_figure(trades: pd.DataFrame, timezone: str) -> go.Figure:
    """Draw total R by the local clock hour of the entry."""
    sums = combination.by_hour(trades, timezone)
    return sums_figure(
        sums.set_axis([f"{hour:02d}:00" for hour in sums.index]),
        f"Entry hour ({city(timezone)} time)",
    )


def variation_figure(trades: pd.DataFrame) -> go.Figure:
    """Draw total R by variation."""
    return sums_figure(combination.by_variation(trades), "Variation")


def city(timezone: str) -> str:
    """Return the city of a time zone: Berlin of Europe/Berlin."""
    return timezone.rpartition("/")[2].replace("_", " ")
