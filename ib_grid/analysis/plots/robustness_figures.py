"""Figures of the robustness tests: luck, walk-forward, cross-validation, years, trades."""

from __future__ import annotations

import calendar
import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray

from ib_grid.analysis.plots import style
from ib_grid.analysis.plots.style import rounded
from ib_grid.errors import InputError
from ib_grid.robustness.results import Years
from ib_grid.robustness.statistics.cscv import Cscv
from ib_grid.robustness.statistics.random_direction import NullComparison
from ib_grid.robustness.statistics.walk_forward import SelectionRule, WalkForward

_BINS = 40
_MOST_POINTS = 3_000
_R_PER_BIN = 0.25
_MOST_TRADE_BINS = 120
_LUCK = "rgba(180, 190, 200, 0.35)"


def luck_figure(comparison: NullComparison, axis: str = "Total R", unit: str = " R") -> go.Figure:
    """Draw the histogram of a figure under coin-flipped directions, and where the run lies.

    Parameters
    ----------
    comparison : NullComparison
    axis : str
        Name of the figure.
    unit : str
        Text after its values.
    """
    counts, edges = np.histogram(comparison.null, _bins(comparison))
    middles, width = (edges[:-1] + edges[1:]) / 2, edges[1] - edges[0]
    bars = go.Bar(
        x=style.short(middles),
        y=counts.tolist(),
        width=float(width),
        marker={"color": style.OTHER, "line": {"width": 0}},
        hovertemplate=f"about %{{x}}{unit}: %{{y}} repeats<extra></extra>",
    )
    is_right = comparison.observed > comparison.null_95
    observed, bar = (rounded(v, 1) for v in (comparison.observed, comparison.null_95))
    exceeded, own = f"one in 20 exceeds {bar}{unit}", f"this run: {observed}{unit}"
    return style.figure(
        [bars],
        height=320,
        xaxis={"title": {"text": f"{axis} with coin-flipped directions"}},
        yaxis={"title": {"text": "Repeats"}},
        shapes=[
            style.vertical(comparison.null_95, style.LOSS, "dash"),
            style.vertical(comparison.observed),
        ],
        annotations=[
            style.note(comparison.null_95, exceeded, style.LOSS, left=is_right),
            style.note(comparison.observed, own, left=not is_right, y=1.08),
        ],
        margin={"l": 8, "r": 10, "t": 48, "b": 8},
    )


def _bins(comparison: NullComparison) -> NDArray[np.float64]:
    """Return the edges of bins over all draws and the observed figure."""
    values = [*comparison.null, comparison.observed, comparison.null_95]
    low, high = min(values), max(values)
    room = 0.02 * (high - low) or 0.5
    return np.linspace(low - room, high + room, _BINS + 1)


def walk_forward_figure(walk_forward: WalkForward) -> go.Figure:
    """Draw cumulative R out of sample over the band that coin-flipped directions reach."""
    dates, r = walk_forward.daily.dates, np.asarray(walk_forward.daily.r)
    start = f"{walk_forward.folds[0].out_of_sample_first}-01"
    curve = go.Scatter(
        x=[start, *dates],
        y=[0.0, *style.to_4_decimals(np.cumsum(r))],
        mode="lines",
        name="selected on past months",
        line={"shape": "hv", "width": 2, "color": style.GAIN},
        hovertemplate="%{y:.1f} R on %{x|%Y-%m-%d}<extra></extra>",
    )
    return style.figure(
        [*_band(walk_forward, start), curve],
        height=360,
        xaxis={"title": {"text": "Date"}, "type": "date"},
        yaxis={"title": {"text": "Cumulative R out of sample"}},
        **style.LEGEND_ABOVE,
    )


def _band(walk_forward: WalkForward, start: str) -> list[go.Scatter]:
    """Return the band of the coin at the end of each fold, and its median; none without a coin."""
    band = walk_forward.coin_band
    if band is None:
        return []
    ends = [start, *(_end_of_month(fold.out_of_sample_last) for fold in walk_forward.folds)]
    traces = []
    for name, values in (("low", band.low), ("high", band.high), ("median", band.median)):
        edge = {"width": 1 if name == "median" else 0, "color": style.MUTED, "dash": "dot"}
        traces.append(
            go.Scatter(
                x=ends,
                y=[0.0, *style.to_4_decimals(np.asarray(values))],
                mode="lines",
                name={"high": "90% of coins", "median": "median coin"}.get(name, ""),
                showlegend=name != "low",
                line=edge,
                hoverinfo="skip",
                **({"fill": "tonexty", "fillcolor": _LUCK} if name == "high" else {}),
            )
        )
    return traces


def _end_of_month(month: str) -> str:
    year, number = map(int, month.split("-"))
    return f"{month}-{calendar.monthrange(year, number)[1]}"


def cross_validation_figure(cscv: Cscv) -> go.Figure:
    """Draw R out of sample against R in sample of what each split selected; losses are shaded.

    Of more than 3,000 splits, every second, third, … is drawn.
    """
    step = math.ceil(cscv.splits / _MOST_POINTS)
    before, after = (
        np.asarray(values)[::step]
        for values in (cscv.in_sample_total_r, cscv.out_of_sample_total_r)
    )
    points = go.Scatter(
        x=style.to_4_decimals(before),
        y=style.to_4_decimals(after),
        mode="markers",
        marker={"size": 5, "opacity": 0.45, "color": style.by_sign(after.tolist())},
        hovertemplate="selected with %{x:.1f} R, then %{y:.1f} R<extra></extra>",
    )
    lost = f"{rounded(100 * cscv.share_lost, 0)}% lost"
    at_zero = {"xref": "paper", "y": 0, "yref": "y", "yanchor": "top"}
    low = min(float(after.min()), 0.0)
    losses = {
        "type": "rect",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": 1.08 * low,
        "y1": 0,
        "fillcolor": style.LOSS,
        "opacity": 0.1,
        "line": {"width": 0},
        "layer": "below",
    }
    return style.figure(
        [points],
        height=360,
        xaxis={"title": {"text": "Total R in the half that selected"}},
        yaxis={"title": {"text": "Total R in the other half"}},
        shapes=[losses],
        annotations=[style.note(1, lost, style.LOSS, left=True, **at_zero)],
    )


def years_figure(years: Years) -> go.Figure:
    """Draw the rank correlation of all combinations' total R between years."""
    names = [str(year) for year in years.years]
    cells = [
        [None if i == j else value for j, value in enumerate(row)]
        for i, row in enumerate(years.rank_correlation)
    ]
    texts = [["" if v is None else rounded(v, 2) for v in row] for row in cells]
    heat = style.cells(
        names,
        names,
        cells,
        texts,
        zmin=-1,
        zmax=1,
        hovertemplate="%{y} and %{x}: %{z:.2f}<extra></extra>",
    )
    return style.figure(
        [heat],
        height=320,
        xaxis={"title": {"text": "Year (cells: rank correlation)"}, "type": "category"},
        yaxis={"title": {"text": "Year"}, "type": "category", "autorange": "reversed"},
    )


def trade_r_figure(r: ArrayLike) -> go.Figure:
    """Draw the histogram of trades by R.

    Parameters
    ----------
    r : float array, shape (n_trades,)
        R of each trade; at least one.

    Raises
    ------
    InputError
        If `r` is empty.
    """
    values = np.asarray(r, np.float64)
    if not len(values):
        raise InputError("no trades to draw", expected="R of at least one trade")
    edges = _trade_bins(values)
    counts, _ = np.histogram(values, edges)
    middles = (edges[:-1] + edges[1:]) / 2
    bars = go.Bar(
        x=style.short(middles),
        y=counts.tolist(),
        width=float(edges[1] - edges[0]),
        marker={"color": style.by_sign(middles.tolist()), "line": {"width": 0}},
        customdata=[style.short(pair) for pair in np.column_stack([edges[:-1], edges[1:]])],
        hovertemplate="%{customdata[0]} to %{customdata[1]} R: %{y} trades<extra></extra>",
    )
    mean = float(values.mean())
    return style.figure(
        [bars],
        height=300,
        xaxis={"title": {"text": "R of a trade"}},
        yaxis={"title": {"text": "Trades"}},
        **style.mark(mean, f"average: {rounded(mean, 3)} R", left=False),
    )


def _trade_bins(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return edges with 0 among them, so that no bin has both gains and losses."""
    low, high = float(values.min()), float(values.max())
    width = _R_PER_BIN * max(1, math.ceil((high - low) / _R_PER_BIN / _MOST_TRADE_BINS))
    first = math.floor(low / width)
    last = max(math.floor(high / width) + 1, first + 1)
    return np.asarray(width * np.arange(first, last + 1), np.float64)


def rules_table(rules: Sequence[SelectionRule]) -> pd.DataFrame:
    """Return the walk-forward of each selection rule, a row each; see `Robustness`."""
    names = ("name", "out_of_sample_total_r", "t", "difference_total_r", "difference_t")
    return pd.DataFrame([{name: getattr(rule, name) for name in names} for rule in rules])
