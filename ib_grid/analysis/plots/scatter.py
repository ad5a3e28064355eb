"""Scatter plots of combinations: one column against another."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd
import plotly.graph_objects as go

from ib_grid.analysis.plots import style
from ib_grid.analysis.plots.heat_maps import unit_of
from ib_grid.errors import ConfigError

MOST_POINTS = 20_000


def combinations_figure(
    frame: pd.DataFrame,
    x: str,
    y: str,
    *,
    marked: Collection[int] = (),
    axes: tuple[str, str] | None = None,
) -> go.Figure:
    """Draw combinations as points by two columns; marked ones stand out, hovering shows the id.

    Parameters
    ----------
    frame : DataFrame, a row per combination
        With ``combo_id`` and the two numeric columns.
    x, y : str
    marked : collection of int
        Ids.
    axes : tuple of str, optional
        Axis titles; by default the column names, with the unit of a metric.

    Raises
    ------
    ConfigError
        If a column is unknown, or there are more than 20,000 points: select some of them first, to
        keep the figure small.
    """
    missing = [name for name in ("combo_id", x, y) if name not in frame]
    if missing:
        raise ConfigError(
            f"unknown column {', '.join(missing)}", expected=", ".join(map(str, frame))
        )
    if len(frame) > MOST_POINTS:
        raise ConfigError(
            f"the figure has {len(frame):,} points", expected=f"up to {MOST_POINTS:,}"
        )
    is_marked = frame["combo_id"].isin(list(marked))
    titles = axes or (_title(x), _title(y))
    return style.figure(
        [
            _points(frame[~is_marked], x, y, style.GAIN, 6, 0.55),
            _points(frame[is_marked], x, y, style.LOSS, 13, 1.0),
        ],
        height=380,
        xaxis={"title": {"text": titles[0]}},
        yaxis={"title": {"text": titles[1]}},
    )


def _title(name: str) -> str:
    unit = unit_of(name)
    return f"{name} ({unit})" if unit else name


def _points(
    frame: pd.DataFrame, x: str, y: str, colour: str, size: int, opacity: float
) -> go.Scatter:
    return go.Scatter(
        x=style.short(frame[x].to_numpy()),
        y=style.short(frame[y].to_numpy()),
        mode="markers",
        marker={"color": colour, "size": size, "opacity": opacity, "line": {"width": 0}},
        customdata=frame["combo_id"].tolist(),
        hovertemplate="#%{customdata}: %{x}, %{y}<extra></extra>",
    )
