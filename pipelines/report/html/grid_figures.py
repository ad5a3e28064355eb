"""Figures of the whole grid: distributions, and total R against drawdown."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import plotly.graph_objects as go

from ib_grid.analysis.plots import style
from ib_grid.analysis.plots.costs import break_even_figure, still_profitable
from ib_grid.analysis.plots.style import rounded
from pipelines.render.html.figure import Figure, page_figure
from pipelines.render.numbers import shortest_decimals
from pipelines.report import facts
from pipelines.report.facts import BestRecord
from pipelines.report.measures.eligible import Density
from pipelines.report.measures.histograms import Histogram
from pipelines.report.report import Report

_BEST_BY_SCORE = 100


def distribution(report: Report) -> Iterator[Figure]:
    """Draw the distributions of total R, in blue if profitable, and of the score."""
    total_r, score = report.parameter_effects.total_r_histogram, report.eligible.score_histogram
    best = facts.best_record(report.overall)
    colours = [style.GAIN if low >= 0 else style.LOSS for low in total_r.bins.edges[:-1]]
    mark = best and (best["metrics"]["total_r"], 1, " R")
    drawn = _histogram(total_r, "Total R per combination", colours, mark)
    yield page_figure("total_r", "Total R", "Histogram of total R per combination", drawn)
    if score:
        mark = best and (best["score"], 4, "")
        drawn = _histogram(score, "Score per combination", style.BAND_OF_BEST, mark)
        yield page_figure("score", "Score", "Histogram of the score per combination", drawn)


def _histogram(
    histogram: Histogram, axis: str, colours: Any, best: tuple[float, int, str] | None
) -> go.Figure:
    bins = histogram.bins
    ends = np.column_stack([bins.edges[:-1], bins.edges[1:]])
    bars = go.Bar(
        x=style.short(bins.middles),
        y=histogram.counts.tolist(),
        width=bins.width,
        marker={"color": colours, "line": {"width": 0}},
        customdata=[style.short(pair) for pair in ends],
        hovertemplate="%{customdata[0]} to %{customdata[1]}: %{y:,} combinations<extra></extra>",
    )
    layout: dict[str, Any] = {}
    if best:
        value, decimals, unit = best
        middle = (bins.edges[0] + bins.edges[-1]) / 2
        text = f"selected: {rounded(value, decimals)}{unit}"
        layout = style.mark(value, text, left=value > middle)
    return style.figure(
        [bars],
        height=280,
        xaxis={"title": {"text": axis}},
        yaxis={"title": {"text": "Combinations"}, "tickformat": "~s"},
        **layout,
    )


def cost(report: Report) -> Iterator[Figure]:
    """Draw how many combinations stay profitable at a higher cost per round trip."""
    found, best = report.cost, report.overall.best
    if found is None or not found.profitable[0]:
        return
    extra, groups = found.extra_points, {"all combinations": found.profitable}
    marks = {"spread doubled": float(report.info.execution["spread_points"])}
    if len(best):
        top = best["break_even_points"].head(_BEST_BY_SCORE).to_numpy()
        groups[f"highest {len(top)} by score"] = still_profitable(extra, top)
        marks[f"{report.attribute} combination"] = float(top[0])
    label = "Lines: combinations still profitable over the extra cost per round trip, log scale"
    drawn = break_even_figure(extra, groups, marks)
    yield page_figure("cost", "Combinations still profitable at higher cost", label, drawn)


def density(report: Report) -> Iterator[Figure]:
    """Draw total R against drawdown: density, Pareto front and selected combination."""
    found, best = report.eligible.density, facts.best_record(report.overall)
    if not found or not best:
        return
    drawn = style.figure(
        [_cells(found), _front(found), _best_point(best)],
        height=460,
        xaxis={"title": {"text": "Maximum drawdown (R)"}},
        yaxis={"title": {"text": "Total R"}},
        annotations=[_best_note(best)],
        margin={"l": 8, "r": 10, "t": 56, "b": 8},
    )
    yield page_figure(
        "density",
        "Drawdown and total R of the ranked combinations",
        "Density of the combinations by maximum drawdown and total R, with the Pareto front",
        drawn,
    )


def _cells(density: Density) -> go.Heatmap:
    shown = np.where(density.counts > 0, np.log10(np.maximum(density.counts, 1)), np.nan)
    top = math.ceil(max(float(np.nanmax(shown)), 1.0))
    return go.Heatmap(
        x=style.short(density.drawdown.middles),
        y=style.short(density.total_r.middles),
        z=[style.short(row) for row in shown],
        customdata=density.counts.tolist(),
        colorscale=style.SEQUENTIAL,
        zmin=0,
        zmax=top,
        hoverongaps=False,
        hovertemplate="drawdown about %{x} R, total R about %{y}:"
        " %{customdata:,} combinations<extra></extra>",
        colorbar=_colour_bar(top),
    )


def _colour_bar(top: int) -> dict[str, Any]:
    return {
        "title": {"text": "Combinations per cell", "side": "top"},
        "orientation": "h",
        "thickness": 8,
        "outlinewidth": 0,
        "len": 0.6,
        "x": 1,
        "xanchor": "right",
        "y": 1.01,
        "yanchor": "bottom",
        "ypad": 0,
        "tickvals": list(range(top + 1)),
        "ticktext": [f"{10**k:,}" for k in range(top + 1)],
    }


def _front(density: Density) -> go.Scatter:
    return go.Scatter(
        x=shortest_decimals(density.front[:, 0]).tolist(),
        y=shortest_decimals(density.front[:, 1]).tolist(),
        mode="lines+markers",
        line={"color": style.LOSS, "width": 1.5, "shape": "hv"},
        marker={"size": 5},
        customdata=density.front_ids.tolist(),
        hovertemplate="Pareto front: combination %{customdata}, drawdown %{x:.2f} R,"
        " total R %{y:.2f}<extra></extra>",
    )


def _best_point(best: BestRecord) -> go.Scatter:
    return go.Scatter(
        x=[best["metrics"]["max_drawdown"]],
        y=[best["metrics"]["total_r"]],
        mode="markers",
        marker={
            "symbol": "circle",
            "size": 11,
            "color": "#ffffff",
            "line": {"color": style.BEST, "width": 2.5},
        },
        hovertemplate="selected: drawdown %{x} R, total R %{y}<extra></extra>",
    )


def _best_note(best: BestRecord) -> dict[str, Any]:
    point = {"x": best["metrics"]["max_drawdown"], "y": best["metrics"]["total_r"]}
    look = {"bgcolor": "rgba(255,255,255,0.85)", "font": {"color": style.BEST}, "arrowhead": 0}
    return {**point, **look, "text": "selected", "ax": 44, "ay": -22, "standoff": 6}
