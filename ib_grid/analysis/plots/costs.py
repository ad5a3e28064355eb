"""Figure of cost: how many combinations stay profitable at a higher cost per round trip."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import cycle

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray

from ib_grid.analysis.plots import style

_COLOURS = (style.GAIN, style.LOSS, style.OTHER)


def break_even_figure(
    extra_points: NDArray[np.float64],
    profitable: Mapping[str, NDArray[np.int64]],
    marks: Mapping[str, float],
) -> go.Figure:
    """Draw how many combinations still have a total R above 0 over extra cost.

    Parameters
    ----------
    extra_points : float64 array, shape (n,)
        Extra cost per round trip, ascending from 0.
    profitable : mapping of str to int64 array, shape (n,)
        Combinations that are still profitable, by the name of the group; see `still_profitable`.
    marks : mapping of str to float
        Costs to mark, by name, such as the spread of the run. Those outside are left out.

    Examples
    --------
    >>> found = break_even_figure(np.array([0.0, 1.0]), {"all": np.array([9, 2])}, {"spread": 0.5})
    >>> len(found.data)
    1
    """
    top = float(extra_points[-1])
    inside = [(value, name) for name, value in marks.items() if 0 <= value <= top]
    lines = [
        _line(extra_points, counts, name, colour)
        for (name, counts), colour in zip(profitable.items(), cycle(_COLOURS), strict=False)
    ]
    return style.figure(
        lines,
        height=340,
        xaxis={"title": {"text": "Extra cost per round trip (points)"}, "range": [0, top]},
        yaxis={
            "title": {"text": "Combinations still profitable"},
            "type": "log",
            "tickformat": "~s",
            "dtick": 1,
        },
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": -0.25, "yanchor": "top"},
        shapes=[style.vertical(value, dash="dot") for value, _ in inside],
        annotations=[
            style.note(value, f"{name}: {value:.2g}", left=value > top / 2, yshift=14 * row)
            for row, (value, name) in enumerate(inside)
        ],
        margin={"l": 8, "r": 10, "t": 44, "b": 8},
    )


def still_profitable(
    extra_points: NDArray[np.float64], break_even_points: ArrayLike
) -> NDArray[np.int64]:
    """Return how many combinations stay profitable at each extra cost, shape of `extra_points`.

    Examples
    --------
    >>> still_profitable(np.array([0.0, 1.0]), [-2.0, 0.5, 1.0, 3.0])
    array([3, 1])
    """
    ascending = np.sort(np.asarray(break_even_points, np.float64))
    return len(ascending) - np.searchsorted(ascending, extra_points, side="right")


def _line(x: NDArray[np.float64], counts: NDArray[np.int64], name: str, colour: str) -> go.Scatter:
    there = counts > 0  # a logarithm has no zero
    return go.Scatter(
        x=style.short(x[there]),
        y=counts[there].tolist(),
        name=name,
        mode="lines",
        line={"color": colour, "width": 2, "shape": "hv"},
        hovertemplate=f"{name}: %{{y:,}} at %{{x:.3g}} points more<extra></extra>",
    )
