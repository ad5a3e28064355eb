"""Figures of a grid: heat maps of pivots, slices through a combination."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from ib_grid.analysis.axis_values import UNITS, value_text
from ib_grid.analysis.plots import style
from ib_grid.errors import ConfigError
from ib_grid.grid.columns import METRICS
from ib_grid.grid.params import NUMERIC
from ib_grid.grid.variations import PREFIXES

MAX_CELLS = 60_000
_CELLS_WITH_TEXT = 200
_COLUMNS_WITH_TEXT = 10  # more of them run into each other on a phone
_DIGITS = 4
_TITLE_CHARACTERS = 22
_LONG_LABEL = 18
_UNIT_OF = {metric.name: metric.unit for metric in METRICS}


def heat_map(frame: pd.DataFrame, title: str = "") -> go.Figure:
    """Draw a pivot as a heat map, the first row at the bottom.

    If a value is negative, colours diverge at 0: gains blue, losses orange. Small maps show the
    number in each cell.

    Parameters
    ----------
    frame : frame
        As `ib_grid.analysis.pivot` returns it; at most 60,000 cells.
    title : str, optional
        By default a description of the pivot.

    Returns
    -------
    plotly.graph_objects.Figure

    Raises
    ------
    ConfigError
        If the frame has no cell, or too many for a figure.
    """
    if not 0 < frame.size <= MAX_CELLS:
        raise ConfigError(f"the heat map has {frame.size:,} cells", expected=f"1 to {MAX_CELLS:,}")
    values = frame.to_numpy(np.float64)
    shows = _shows(frame)
    figure = go.Figure(_heat(frame, values, shows))
    figure.update_layout(
        template=style.TEMPLATE,
        title={"text": title or shows, "font": {"size": 14}, "x": 0.02},
        margin={"l": 8, "r": 10, "t": 44, "b": 8},
        height=150 + min(max(26 * len(frame), 150), 650),
        xaxis=_axis(frame.columns),
        yaxis=_axis(frame.index),
    )
    return figure


def _axis(index: pd.Index) -> dict[str, Any]:
    longest = max(map(len, _labels(index)))
    return {
        "title": {"text": _names(index)},
        "type": "category",
        "showgrid": False,
        "tickfont": {"size": 9 if longest > _LONG_LABEL else 11},
    }


def _heat(frame: pd.DataFrame, values: NDArray[np.float64], shows: str) -> go.Heatmap:
    few = frame.size <= _CELLS_WITH_TEXT and frame.shape[1] <= _COLUMNS_WITH_TEXT
    gaps = {"xgap": 1, "ygap": 1} if few else {}
    return go.Heatmap(
        x=_labels(frame.columns),
        y=_labels(frame.index),
        z=[style.short(row, _DIGITS) for row in values],
        hoverongaps=False,
        hovertemplate=f"%{{y}}<br>%{{x}}<br>{shows}: %{{z:,.4~g}}<extra></extra>",
        colorbar={"thickness": 10, "outlinewidth": 0, "title": {"text": ""}},
        **({"texttemplate": "%{z:,.3~g}", "textfont": {"size": 10}} if few else {}),
        **gaps,
        **_colours(values),
    )


def _colours(values: NDArray[np.float64]) -> dict[str, Any]:
    there = values[np.isfinite(values)]
    if len(there) and there.min() < 0:
        return {**style.around_zero(there.tolist()), "showscale": True}
    return {"colorscale": style.SEQUENTIAL, "showscale": True}


def _shows(frame: pd.DataFrame) -> str:
    metric = str(frame.attrs.get("metric", "value"))
    reduction = str(frame.attrs.get("reduction", ""))
    if reduction == "count":
        return "Number of combinations"
    if reduction == "share_above_0":
        return f"Share of combinations with {metric} above 0 (%)"
    return f"{reduction} of {metric} ({unit_of(metric)})".removeprefix(" of ")


def unit_of(metric: str) -> str:
    """Return the unit of a metric column; empty for other columns."""
    prefix = next((p for p in PREFIXES if metric.startswith(p)), "")
    return _UNIT_OF.get(metric.removeprefix(prefix), "")


def _names(index: pd.Index) -> str:
    """Return the parameter names of an axis, in lines that fit a phone."""
    lines = [""]
    for name in map(str, index.names):
        joined = f"{lines[-1]} · {name}" if lines[-1] else name
        fits = len(joined) <= _TITLE_CHARACTERS or not lines[-1]
        lines = [*lines[:-1], joined] if fits else [*lines, name]
    return "<br>".join(lines)


def _labels(index: pd.Index) -> list[str]:
    keys = (key if isinstance(key, tuple) else (key,) for key in index)
    return [" · ".join(_label(value) for value in key) for key in keys]


def _label(value: Any) -> str:
    if isinstance(value, (float, np.floating)) and math.isnan(value):
        return "–"
    return value_text(value.item() if isinstance(value, np.generic) else value)


def slice_figure(frame: pd.DataFrame, columns: int = 2) -> go.Figure:
    """Draw slices through a combination as small figures on one scale, with a mark on its values.

    Parameters
    ----------
    frame : frame
        As `ib_grid.analysis.slices` returns it.
    columns : int
        Small figures side by side; 1 for a narrow screen.

    Returns
    -------
    plotly.graph_objects.Figure
        A small figure for each parameter with two values or more; a note if there is none.
    """
    metric = str(frame.columns[3])
    parts = frame.groupby("parameter", sort=False)
    shown = {str(name): part for name, part in parts if len(part) > 1}
    if not shown:
        note = {"text": "No parameter has a second value.", "showarrow": False}
        return go.Figure(layout={"template": style.TEMPLATE, "annotations": [note]})
    n_rows = -(-len(shown) // columns)
    figure = make_subplots(
        rows=n_rows,
        cols=columns,
        shared_yaxes="all",
        subplot_titles=[_title(name) for name in shown],
        vertical_spacing=0.5 / n_rows,
        horizontal_spacing=0.03,
    )
    for i, part in enumerate(shown.values()):
        at = {"row": i // columns + 1, "col": i % columns + 1}
        figure.add_traces(_slice(part, metric), rows=at["row"], cols=at["col"])
        # as much room at the ends as between: labels stay below their own small figure
        figure.update_xaxes(range=[-0.5, len(part) - 0.5], **at)
    figure.update_layout(
        template=style.TEMPLATE,
        height=60 + 185 * n_rows,
        margin={"l": 8, "r": 14, "t": 52, "b": 8},
    )
    figure.update_annotations(font={"size": 12, "color": style.INK}, yshift=2)
    figure.update_xaxes(type="category", showgrid=False)
    figure.update_yaxes(title={"text": f"{metric}<br>({unit_of(metric)})"}, col=1)
    return figure


def _title(parameter: str) -> str:
    """Return a title with the unit on a second line: two fit side by side on a phone."""
    unit = UNITS.get(parameter, " ")
    return f'{parameter}<br><span style="font-size:10px;color:{style.MUTED}">{unit}</span>'


def _slice(part: pd.DataFrame, metric: str) -> Sequence[go.Scatter]:
    labels = [_label(value).replace("–", "–<br>") for value in part["value"]]  # sessions
    values = style.short(part[metric].to_numpy(np.float64), _DIGITS)
    own, has_order = part["is_own"].tolist(), part["parameter"].iloc[0] in NUMERIC
    hover = f"%{{x}}: {metric} %{{y}}<extra></extra>"
    line = go.Scatter(
        x=labels,
        y=values,
        mode="lines+markers" if has_order else "markers",  # sessions are not connected
        line={"color": style.BAND_OF_BEST, "width": 1.5},
        marker={"size": 6, "color": style.GAIN},
        hovertemplate=hover,
    )
    mark = go.Scatter(
        x=[label for label, is_own in zip(labels, own, strict=True) if is_own],
        y=[value for value, is_own in zip(values, own, strict=True) if is_own],
        mode="markers",
        marker={"size": 10, "color": "#ffffff", "line": {"color": style.BEST, "width": 2.5}},
        hovertemplate=hover,
    )
    return [line, mark]
