"""Sets of a run as points: one figure of a set against another."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd
import plotly.graph_objects as go

from ib_grid.analysis.plots import style
from ib_grid.analysis.plots.heat_maps import unit_of
from ib_grid.errors import ConfigError

MOST_POINTS = 20_000
_DIGITS = 7


def combinations_figure(
    frame: pd.DataFrame,
    x: str,
    y: str,
    *,
    marked: Collection[int] = (),
    axes: tuple[str, str] | None = None,
) -> go.Figure:
    """Sets as points by two columns; those marked stand out, and hovering gives the id.

    Parameters
    ----------
    frame : DataFrame, a row per set
        With ``combo_id`` and the two columns, numbers.
    x, y : str
    marked : collection of int
        Ids.
    axes : tuple of str, optional
        What the axes say; by default the columns' names, with the unit of a metric.

    Raises
    ------
    ConfigError
        If there is no such column, or there are more than 20,000 points: a figure has to stay
        small, so choose some of them first.
    """
    missing = [name for name in ("combo_id", x, y) if name not in frame]
    if missing:
        raise ConfigError(f"no column {', '.join(missing)}", expected=", ".join(map(str, frame)))
    if len(frame) > MOST_POINTS:
        raise ConfigError(f"a figure of {len(frame):,} points", expected=f"up to {MOST_POINTS:,}")
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
        x=[float(f"{value:.{_DIGITS}g}") for value in frame[x]],
        y=[float(f"{value:.{_DIGITS}g}") for value in frame[y]],
        mode="markers",
        marker={"color": colour, "size": size, "opacity": opacity, "line": {"width": 0}},
        customdata=frame["combo_id"].tolist(),
        hovertemplate="#%{customdata}: %{x}, %{y}<extra></extra>",
    )
