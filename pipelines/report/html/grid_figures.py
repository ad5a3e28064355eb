"""Figures of the whole grid."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from ib_grid.analysis.axis_values import Value
from ib_grid.analysis.plots import style
from ib_grid.analysis.plots.style import rounded
from pipelines.render.html.figure import Figure, figure
from pipelines.render.numbers import shortest_decimals, significant
from pipelines.report.facts import BestRecord
from pipelines.report.measures.eligible import Density
from pipelines.report.measures.histograms import Histogram
from pipelines.report.measures.parameter_effects import Effect, Pair

_DIGITS = 7


def total_r_figure(histogram: Histogram, best: BestRecord | None) -> Figure:
    """Distribution of total R; what is profitable has its own colour."""
    edges = histogram.bins.edges
    colours = [style.GAIN if low >= 0 else style.LOSS for low in edges[:-1]]
    return _histogram_figure(
        "total_r",
        "Total R",
        "total R of a combination (R)",
        histogram,
        colours,
        None if best is None else (best["metrics"]["total_r"], 1, " R"),
    )


def score_figure(histogram: Histogram, best: BestRecord | None) -> Figure:
    """Distribution of the score over the eligible."""
    mark = None if best is None else (best["score"], 4, "")
    axis = "score of a combination (no unit)"
    return _histogram_figure("score", "Score", axis, histogram, style.BAND_OF_BEST, mark)


def _histogram_figure(
    name: str,
    heading: str,
    axis: str,
    histogram: Histogram,
    colours: Any,
    best: tuple[float, int, str] | None,
) -> Figure:
    bins = histogram.bins
    bars = go.Bar(
        x=_plain(bins.middles),
        y=histogram.counts.tolist(),
        width=bins.width,
        marker={"color": colours, "line": {"width": 0}},
        customdata=[_plain(ends) for ends in np.column_stack([bins.edges[:-1], bins.edges[1:]])],
        hovertemplate="%{customdata[0]} to %{customdata[1]}: %{y:,} combinations<extra></extra>",
    )
    layout: dict[str, Any] = {}
    if best:
        value, decimals, unit = best
        middle = (bins.edges[0] + bins.edges[-1]) / 2
        text = f"best set {rounded(value, decimals)}{unit}"
        layout = style.mark(value, text, left=value > middle)
    return figure(
        name,
        heading,
        f"Histogram of {axis}",
        [bars],
        height=280,
        xaxis={"title": {"text": axis}},
        yaxis={"title": {"text": "combinations"}, "tickformat": "~s"},
        **layout,
    )


def share_figure(effects: Sequence[Effect], *, is_exact: bool) -> Figure:
    """Share of the variance by parameter, and the interactions where the shares add up."""
    several = sorted((e for e in effects if len(e.factor.values) > 1), key=lambda e: e.share_pct)
    names = [effect.factor.name for effect in several]
    shares = [significant(effect.share_pct) for effect in several]
    if is_exact and several:
        names.insert(0, "interactions")
        shares.insert(0, significant(max(100 - math.fsum(shares), 0.0)))
    bars = go.Bar(
        x=shares,
        y=names,
        orientation="h",
        marker={"color": ["#b9c2cb" if n == "interactions" else style.GAIN for n in names]},
        text=[_percent(share) for share in shares],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{y}: %{x:.3~g} % of the variance<extra></extra>",
    )
    return figure(
        "shares",
        "Share of the variance of total R",
        "Bars: share of the variance of total R by parameter, percent",
        [bars],
        height=80 + 26 * len(names),
        xaxis={"title": {"text": "share (%)"}, "range": [0, _room(shares)]},
        yaxis={"ticks": "outside", "ticklen": 5, "tickcolor": "#ffffff"},
        margin={"l": 8, "r": 28, "t": 10, "b": 8},
    )


def _percent(share: float) -> str:
    return "< 0.1 %" if 0 < share < 0.05 else f"{rounded(share, 1)} %"


def _room(values: Sequence[float]) -> float:
    """The end of an axis that leaves room for a text beside the longest bar."""
    return max([*values, 1.0]) * 1.25


def effect_figure(effect: Effect, best_value: Value | None, limits: tuple[float, float]) -> Figure:
    """Median and 10–90 % band of total R at each value of a parameter."""
    factor, labels = effect.factor, list(effect.factor.labels)
    low, median, high = (effect.bands[:, i] for i in range(3))
    at_best = [value == best_value for value in factor.values]
    band = go.Bar(
        x=labels,
        y=_plain(high - low),
        base=_plain(low),
        marker={"color": [style.BAND_OF_BEST if b else style.BAND for b in at_best]},
        hoverinfo="skip",
    )
    texts = [
        [rounded(a, 1), rounded(b, 1), rounded(c, 1)] if a == a else ["–"] * 3
        for a, b, c in effect.bands
    ]
    points = go.Scatter(
        x=labels,
        y=_plain(median),
        mode="markers",
        marker={"color": style.BEST, "size": 16, "symbol": "line-ew-open", "line": {"width": 2}},
        customdata=texts,
        hovertemplate="%{x}: median %{customdata[1]} R, 10 % %{customdata[0]} R,"
        " 90 % %{customdata[2]} R<extra></extra>",
    )
    return figure(
        f"effect-{factor.name}",
        f"{factor.name}: {_percent(effect.share_pct)}",
        f"Median and 10 to 90 percent band of total R at each value of {factor.name}",
        [band, points],
        height=246,
        xaxis={"title": {"text": f"{factor.name}<br>{factor.unit}"}, "type": "category"},
        yaxis={"title": {"text": "total R (R)"}, "range": list(limits), "nticks": 6},
    )


def effect_limits(effects: Sequence[Effect]) -> tuple[float, float]:
    """Limits of total R that all effects have in common."""
    values = np.concatenate([effect.bands.ravel() for effect in effects])
    values = values[~np.isnan(values)]
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 0.0)
    room = 0.06 * (high - low) or 1.0
    return min(low - room, 0.0), max(high + room, 0.0)


def pair_limit(pairs: tuple[Pair, ...]) -> float:
    """The largest value, up or down, of all heat maps: the end of their common colour scale."""
    values = [np.abs(m[~np.isnan(m)]) for p in pairs for m in (p.median, p.tenth_percentile)]
    return max((float(v.max()) for v in values if len(v)), default=0.0) or 1.0


def pair_figure(pair: Pair, best: Mapping[str, Value], limit: float) -> Figure:
    """Heat map of two parameters: median first, 10th percentile for the switch; best set framed."""
    x, y = pair.x, pair.y
    maps = [
        go.Heatmap(
            x=list(x.labels),
            y=list(y.labels),
            z=[_plain(row) for row in values],
            text=[["" if v != v else rounded(v, _cell_decimals(v)) for v in row] for row in values],
            texttemplate="%{text}",
            textfont={"size": 10},
            xgap=1,
            ygap=1,
            visible=visible,
            hoverongaps=False,
            hovertemplate=f"{x.name} %{{x}}, {y.name} %{{y}}: {name} %{{z:.1f}} R<extra></extra>",
            **style.around_zero([limit]),
        )
        for values, name, visible in (
            (pair.median, "median", True),
            (pair.tenth_percentile, "10th percentile", False),
        )
    ]
    return figure(
        f"pair-{x.name}-{y.name}",
        f"{y.name} and {x.name}",
        f"Heat map of total R over all other parameters, by {y.name} and {x.name}",
        maps,
        height=112 + 30 * max(len(y.values), 5),
        shapes=_frame(pair, best),
        xaxis={"title": {"text": f"{x.name}<br>{x.unit}"}, "type": "category", "showgrid": False},
        yaxis={
            "title": {"text": f"{y.name}<br>{y.unit}"},
            "type": "category",
            "showgrid": False,
        },
    )


def _cell_decimals(value: float) -> int:
    return 1 if abs(value) < 10 else 0


def _frame(pair: Pair, best: Mapping[str, Value]) -> list[dict[str, Any]]:
    """A frame around the cell of the best set, if it has a value of both."""
    if best.get(pair.x.name) not in pair.x.values or best.get(pair.y.name) not in pair.y.values:
        return []
    i, j = pair.x.values.index(best[pair.x.name]), pair.y.values.index(best[pair.y.name])
    corners = {"x0": i - 0.5, "x1": i + 0.5, "y0": j - 0.5, "y1": j + 0.5}
    return [{"type": "rect", **corners, "line": {"color": style.BEST, "width": 2.5}}]


def density_figure(density: Density, best: BestRecord | None) -> Figure:
    """Total R against drawdown: how many combinations, the Pareto front, the best set."""
    shown = np.where(density.counts > 0, np.log10(np.maximum(density.counts, 1)), np.nan)
    top = math.ceil(max(float(np.nanmax(shown)), 1.0))
    traces = [
        go.Heatmap(
            x=_plain(density.drawdown.middles),
            y=_plain(density.total_r.middles),
            z=[_plain(row) for row in shown],
            customdata=density.counts.tolist(),
            colorscale=style.SEQUENTIAL,
            zmin=0,
            zmax=top,
            hoverongaps=False,
            hovertemplate="drawdown about %{x} R, total R about %{y}:"
            " %{customdata:,} combinations<extra></extra>",
            colorbar={
                "title": {"text": "combinations a cell", "side": "top"},
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
            },
        ),
        go.Scatter(
            x=shortest_decimals(density.front[:, 0]).tolist(),
            y=shortest_decimals(density.front[:, 1]).tolist(),
            mode="lines+markers",
            line={"color": style.LOSS, "width": 1.5, "shape": "hv"},
            marker={"size": 5},
            hovertemplate="Pareto front: drawdown %{x:.2f} R, total R %{y:.2f}<extra></extra>",
        ),
        *_best_point(best),
    ]
    return figure(
        "density",
        "Combinations by drawdown and total R",
        "Density of combinations by largest drawdown and total R, with the Pareto front",
        traces,
        height=460,
        xaxis={"title": {"text": "largest drawdown (R)"}},
        yaxis={"title": {"text": "total R (R)"}},
        annotations=_best_note(best),
        margin={"l": 8, "r": 10, "t": 56, "b": 8},
    )


def _best_point(best: BestRecord | None) -> list[Any]:
    if best is None:
        return []
    point = go.Scatter(
        x=[best["metrics"]["max_drawdown"]],
        y=[best["metrics"]["total_r"]],
        mode="markers",
        marker={
            "symbol": "circle",
            "size": 11,
            "color": "#ffffff",
            "line": {"color": style.BEST, "width": 2.5},
        },
        hovertemplate="best set: drawdown %{x} R, total R %{y}<extra></extra>",
    )
    return [point]


def _best_note(best: BestRecord | None) -> list[dict[str, Any]]:
    if best is None:
        return []
    place = {"x": best["metrics"]["max_drawdown"], "y": best["metrics"]["total_r"]}
    look = {"bgcolor": "rgba(255,255,255,0.85)", "font": {"color": style.BEST}, "arrowhead": 0}
    return [{**place, **look, "text": "best set", "ax": 44, "ay": -22, "standoff": 6}]


def _plain(values: NDArray[Any]) -> list[float | None]:
    """Numbers for the page, short; None where there is none."""
    return [None if v != v else float(f"{v:.{_DIGITS}g}") for v in values.tolist()]
