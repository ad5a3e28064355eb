"""Figures of the trades of the best combinations."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd
import plotly.graph_objects as go

from ib_grid.analysis.plots import curves, style
from ib_grid.grid.columns import PREFIXES, VARIATIONS
from pipelines.render.html.figure import Figure, figure, of_page
from pipelines.report.facts import BestRecord


def equity_figure(trades: Sequence[pd.DataFrame], span: tuple[str, str]) -> Figure:
    """Cumulative R and its fall below the peak of the best sets, best first."""
    return of_page(
        "equity",
        "Cumulative R and drawdown, by date of the trade",
        "Lines: cumulative R of the best ten sets, below it the distance from its peak",
        curves.equity_figure({f"rank {i}": t for i, t in enumerate(trades, 1)}, span),
    )


def calendar_figures(trades: pd.DataFrame, span: tuple[str, str], timezone: str) -> list[Figure]:
    """R of the best set by year, month, weekday and hour of entry."""
    years = range(int(span[0][:4]), int(span[1][:4]) + 1)
    months = of_page(
        "months",
        "R by year and month",
        "Heat map of R by year and month of the best set",
        curves.calendar_figure(trades, years),
    )
    return [
        _bars("years", "R by year", curves.year_figure(trades, years)),
        months,
        _bars("weekdays", "R by weekday", curves.weekday_figure(trades)),
        _bars("hours", "R by hour of entry", curves.hour_figure(trades, timezone)),
    ]


def _bars(name: str, heading: str, drawn: go.Figure) -> Figure:
    return of_page(name, heading, f"Bars: {heading} of the best set", drawn)


def variation_curves(trades: pd.DataFrame, span: tuple[str, str]) -> Figure:
    """Cumulative R of each variation of the best set, by date."""
    return of_page(
        "variation-curves",
        "Cumulative R of each variation",
        "Lines: cumulative R of each variation of the best set, by date",
        curves.variation_curves(trades, span),
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
        yaxis={"title": {"text": axis}, "range": style.with_room(there)},
    )
