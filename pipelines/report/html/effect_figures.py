"""Figures of the parameters: shares of the spread, effects one by one, and heat maps of pairs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from ib_grid.analysis.axis_values import Value, values_of
from ib_grid.analysis.plots import style
from ib_grid.analysis.plots.style import rounded
from pipelines.render.html.figure import Figure, page_figure
from pipelines.render.numbers import significant
from pipelines.report import facts
from pipelines.report.measures.parameter_effects import Effect, Pair
from pipelines.report.report import Report

_INTERACTIONS = "interactions"
_GREY = "#b9c2cb"


def _best_values(report: Report) -> Mapping[str, Value]:
    """Return the parameter values of the selected combination; empty if nothing is ranked."""
    best = facts.best_record(report.overall)
    return values_of(report.info.grid.params(best["combo_id"])) if best else {}


def _varied(effects: Sequence[Effect]) -> list[Effect]:
    """Return the effects of parameters with several values, the largest share first."""
    several = (effect for effect in effects if len(effect.factor.values) > 1)
    return sorted(several, key=lambda effect: -effect.share_pct)


def shares(report: Report) -> Iterator[Figure]:
    """Draw the share of the variance by parameter; interactions where the shares add up."""
    several = _varied(report.parameter_effects.effects)[::-1]
    names = [effect.factor.name for effect in several]
    values = [significant(effect.share_pct) for effect in several]
    if several and not report.has_gaps:
        names.insert(0, _INTERACTIONS)
        values.insert(0, significant(max(100 - math.fsum(values), 0.0)))
    end = 1.25 * max([*values, 1.0])  # room for a text beside the longest bar
    bars = style.bars(
        values,
        names,
        [_percent(share) for share in values],
        [_GREY if name == _INTERACTIONS else style.GAIN for name in names],
        orientation="h",
        hovertemplate="%{y}: %{x:.3~g}% of the variance<extra></extra>",
    )
    drawn = style.figure(
        [bars],
        height=80 + 26 * len(names),
        xaxis={"title": {"text": "Share of variance (%)"}, "range": [0, end]},
        yaxis={"ticks": "outside", "ticklen": 5, "tickcolor": "#ffffff"},
        margin={"l": 8, "r": 28, "t": 10, "b": 8},
    )
    label = "Bars: share of the variance of total R by parameter, percent"
    yield page_figure("shares", "Share of the spread in total R", label, drawn)


def _percent(share: float) -> str:
    return "< 0.1%" if 0 < share < 0.05 else f"{rounded(share, 1)}%"


def effects(report: Report) -> Iterator[Figure]:
    """Draw median and 10–90% band of total R at each value of each parameter."""
    best, limits = _best_values(report), _effect_limits(report.parameter_effects.effects)
    for effect in _varied(report.parameter_effects.effects):
        name = effect.factor.name
        yield page_figure(
            f"effect-{name}",
            f"{name}: {_percent(effect.share_pct)}",
            f"Median and 10 to 90 percent band of total R at each value of {name}",
            _effect(effect, best.get(name), limits),
        )


def _effect_limits(effects: Sequence[Effect]) -> tuple[float, float]:
    """Return limits of total R that suit the bands of all effects."""
    values = np.concatenate([effect.bands.ravel() for effect in effects])
    values = values[~np.isnan(values)]
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 0.0)
    room = 0.06 * (high - low) or 1.0
    return min(low - room, 0.0), max(high + room, 0.0)


def _effect(effect: Effect, best: Value | None, limits: tuple[float, float]) -> go.Figure:
    factor = effect.factor
    low, median, high = (effect.bands[:, i] for i in range(3))
    colours = [style.BAND_OF_BEST if value == best else style.BAND for value in factor.values]
    band = go.Bar(
        x=list(factor.labels),
        y=style.short(high - low),
        base=style.short(low),
        marker={"color": colours},
        hoverinfo="skip",
    )
    medians = go.Scatter(
        x=list(factor.labels),
        y=style.short(median),
        mode="markers",
        marker={"color": style.BEST, "size": 16, "symbol": "line-ew-open", "line": {"width": 2}},
        customdata=[["–" if v != v else rounded(v, 1) for v in row] for row in effect.bands],
        hovertemplate="%{x}: median %{customdata[1]} R, 10% %{customdata[0]} R,"
        " 90% %{customdata[2]} R<extra></extra>",
    )
    return style.figure(
        [band, medians],
        height=246,
        xaxis={"title": {"text": f"{factor.name}<br>{factor.unit}"}, "type": "category"},
        yaxis={"title": {"text": "Total R"}, "range": list(limits), "nticks": 6},
    )


def pair_limit(pairs: Sequence[Pair]) -> float:
    """Return the end of the colour scale of all heat maps: their largest value, up or down."""
    values = [np.abs(m[~np.isnan(m)]) for p in pairs for m in (p.median, p.tenth_percentile)]
    return max((float(v.max()) for v in values if len(v)), default=0.0) or 1.0


def pairs(report: Report) -> Iterator[Figure]:
    """Draw a heat map of each pair: the median, and behind it the 10th percentile."""
    best, limit = _best_values(report), pair_limit(report.parameter_effects.pairs)
    for pair in report.parameter_effects.pairs:
        x, y = pair.x, pair.y
        maps = [
            _pair_map(pair, pair.median, "median", limit, visible=True),
            _pair_map(pair, pair.tenth_percentile, "10th percentile", limit, visible=False),
        ]
        axis = {"type": "category", "showgrid": False}
        drawn = style.figure(
            maps,
            height=112 + 30 * max(len(y.values), 5),
            shapes=_frame(pair, best),
            xaxis={"title": {"text": f"{x.name}<br>{x.unit}"}, **axis},
            yaxis={"title": {"text": f"{y.name}<br>{y.unit}"}, **axis},
        )
        label = f"Heat map of total R across all other parameters, by {y.name} and {x.name}"
        yield page_figure(f"pair-{x.name}-{y.name}", f"{y.name} and {x.name}", label, drawn)


def _pair_map(pair: Pair, values: Any, name: str, limit: float, *, visible: bool) -> go.Heatmap:
    x, y = pair.x, pair.y
    return style.cells(
        x.labels,
        y.labels,
        [style.short(row) for row in values],
        [["" if v != v else _cell_text(v) for v in row] for row in values],
        visible=visible,
        hovertemplate=f"{x.name} %{{x}}, {y.name} %{{y}}: {name} %{{z:.1f}} R<extra></extra>",
        **style.around_zero([limit]),
    )


def _cell_text(r: float) -> str:
    """Return total R with two digits or more.

    >>> _cell_text(-9.94), _cell_text(-9.96), _cell_text(10.2)
    ('−9.9', '−10', '10')
    """
    return rounded(r, 1 if abs(r) < 9.95 else 0)


def _frame(pair: Pair, best: Mapping[str, Value]) -> list[dict[str, Any]]:
    """Return a frame around the cell of the selected combination, if both axes have its values."""
    if best.get(pair.x.name) not in pair.x.values or best.get(pair.y.name) not in pair.y.values:
        return []
    i, j = pair.x.values.index(best[pair.x.name]), pair.y.values.index(best[pair.y.name])
    corners = {"x0": i - 0.5, "x1": i + 0.5, "y0": j - 0.5, "y1": j + 0.5}
    return [{"type": "rect", **corners, "line": {"color": style.BEST, "width": 2.5}}]
