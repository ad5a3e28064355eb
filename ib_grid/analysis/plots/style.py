"""Common style of all figures: colour-blind-safe colours, one template, helpers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
from numpy.typing import NDArray

from ib_grid.grid.variations import VARIATIONS

INK, MUTED, RULE, PALE = "#1d2733", "#5d6b7a", "#d9dfe5", "#eef1f4"
GAIN, LOSS = "#2b6ca3", "#c8691c"
BEST = "#111820"
OTHER = "#b4bec8"
BAND, BAND_OF_BEST = "#bccbd9", "#7f9cb8"
# Okabe and Ito's colours, in the order of `VARIATIONS`.
_PALETTE = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442")
OF_VARIATIONS = _PALETTE[: len(VARIATIONS)]
DIVERGING: tuple[tuple[float, str], ...] = (
    (0.0, "#b3520f"),
    (0.25, "#eba768"),
    (0.5, "#fbfaf8"),
    (0.75, "#8fb6d6"),
    (1.0, GAIN),
)
SEQUENTIAL = [[0.0, "#e6edf4"], [0.5, "#7ba3c6"], [1.0, "#123f68"]]
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

_LEGEND = {"orientation": "h", "y": 1, "yanchor": "bottom", "x": 0, "xanchor": "left"}
LEGEND_ABOVE: dict[str, Any] = {"showlegend": True, "legend": _LEGEND}
_AXIS = {
    "automargin": True,
    "fixedrange": True,
    "gridcolor": PALE,
    "linecolor": RULE,
    "tickcolor": RULE,
    "zerolinecolor": "#9aa7b4",
    "zerolinewidth": 1,
    "title": {"standoff": 8},
    "tickfont": {"size": 11},
    "hoverformat": ",.6~g",
}
TEMPLATE = go.layout.Template(
    layout={
        "font": {"family": FONT, "size": 12, "color": INK},
        "paper_bgcolor": "#ffffff",
        "plot_bgcolor": "#ffffff",
        "margin": {"l": 8, "r": 10, "t": 10, "b": 8},
        "showlegend": False,
        "dragmode": False,
        "bargap": 0.25,
        "xaxis": _AXIS,
        "yaxis": _AXIS,
        "separators": ".,",
        "hoverlabel": {"bgcolor": "#ffffff", "bordercolor": RULE, "font": {"color": INK}},
    }
)


def figure(traces: Sequence[Any], *, height: int = 300, **layout: Any) -> go.Figure:
    """Return a figure of traces in the common style; plotly checks all names and values.

    The figure takes the width of its container.
    """
    return go.Figure(data=list(traces), layout={"template": TEMPLATE, "height": height, **layout})


def mark(x: float, text: str, *, left: bool) -> dict[str, Any]:
    """Return the layout of a vertical line at x, with a text above it to the left or the right."""
    return {
        "shapes": [vertical(x)],
        "annotations": [note(x, text, left=left)],
        "margin": {"l": 8, "r": 10, "t": 26, "b": 8},
    }


def vertical(x: float, colour: str = BEST, dash: str = "solid") -> dict[str, Any]:
    """Return a vertical line at x through the whole figure."""
    line = {"color": colour, "width": 1.5, "dash": dash}
    return {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper", "line": line}


def note(x: float, text: str, colour: str = BEST, *, left: bool, **more: Any) -> dict[str, Any]:
    """Return a text above the figure, to the left or the right of x."""
    return {
        "x": x,
        "y": 1,
        "yref": "paper",
        "yanchor": "bottom",
        "xanchor": "right" if left else "left",
        "text": text,
        "showarrow": False,
        "font": {"color": colour},
        **more,
    }


def around_zero(values: Sequence[float]) -> dict[str, Any]:
    """Return the limits of a diverging colour scale centred on 0."""
    limit = max((abs(v) for v in values), default=0.0) or 1.0
    return {
        "colorscale": [list(stop) for stop in DIVERGING],
        "zmin": -limit,
        "zmax": limit,
        "zmid": 0,
        "showscale": False,
    }


def cells(
    x: Sequence[str],
    y: Sequence[str],
    z: Sequence[Sequence[float | None]],
    texts: Sequence[Sequence[str]],
    **more: Any,
) -> go.Heatmap:
    """Return a heat map with a text in each cell and gaps between them, coloured around zero."""
    return go.Heatmap(
        x=list(x),
        y=list(y),
        z=z,
        text=texts,
        **{
            "texttemplate": "%{text}",
            "textfont": {"size": 10},
            "xgap": 1,
            "ygap": 1,
            "hoverongaps": False,
            **around_zero([value for row in z for value in row if value is not None]),
            **more,
        },
    )


def bars(
    x: Sequence[Any],
    y: Sequence[Any],
    texts: Sequence[str],
    colours: Sequence[str],
    **more: Any,
) -> go.Bar:
    """Return bars with a text at the end of each; an axis `with_room` holds the texts."""
    return go.Bar(
        x=list(x),
        y=list(y),
        text=list(texts),
        textposition="outside",
        cliponaxis=False,
        marker={"color": list(colours)},
        **more,
    )


def short(values: NDArray[Any], digits: int = 7) -> list[float | None]:
    """Return numbers with few significant digits for a figure; None for those not finite."""
    return [float(f"{v:.{digits}g}") if math.isfinite(v) else None for v in values.tolist()]


def to_4_decimals(values: NDArray[Any]) -> list[float]:
    """Return finite numbers with four decimals for a figure."""
    return [round(value, 4) for value in values.tolist()]


def with_room(values: Sequence[float]) -> list[float]:
    """Return the limits of an axis with room for texts beyond the bars."""
    low, high = min([*values, 0.0]), max([*values, 0.0])
    room = 0.14 * ((high - low) or 1.0)
    return [low - room if low < 0 else 0.0, high + room if high > 0 else 0.0]


def by_sign(values: Sequence[float]) -> list[str]:
    """Return a colour for each value."""
    return [GAIN if value >= 0 else LOSS for value in values]


def rounded(value: float, decimals: int) -> str:
    """Return a readable number: fixed decimals, thousands separators, a true minus sign."""
    text = f"{value:,.{decimals}f}"
    is_zero = not text.strip("-0.,")
    return text.lstrip("-") if is_zero else text.replace("-", "−")
