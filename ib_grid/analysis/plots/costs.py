"""Figure of cost: how many combinations stay profitable at a higher cost per round trip."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from ib_grid.analysis.plots import style

N_STEPS = 240


def break_even_figure(
    break_even_points: NDArray[np.float32],
    *,
    selected: float | None = None,
    best: NDArray[np.float32] | None = None,
    spread_points: float | None = None,
) -> go.Figure:
    """Draw how many combinations still have a total R above 0 over extra cost.

    Parameters
    ----------
    break_even_points : float array, shape (n_combinations,)
        Extra points per round trip at which total R is 0.
    selected : float, optional
        Break-even of the selected combination.
    best : float array, optional
        Those of the combinations with the best scores.
    spread_points : float, optional
        Spread that the run already pays.
    """
    everything = np.sort(break_even_points)
    top = max(float(everything[-1]) if len(everything) else 0.0, spread_points or 0.0, 0.5)
    x = np.linspace(0, top, N_STEPS)
    lines = [_counted(x, everything, "all combinations", style.GAIN)]
    if best is not None and len(best):
        lines.append(_counted(x, np.sort(best), f"best {len(best):,} by score", style.LOSS))
    marks = [(selected, "best combination"), (spread_points, "spread of the run, once more")]
    shown = [(value, text) for value, text in marks if value is not None and value >= 0]
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
        legend={"x": 1, "xanchor": "right", "y": 1, "yanchor": "top"},
        shapes=[_vertical(value) for value, _ in shown],
        annotations=[_note(value, text, top, row) for row, (value, text) in enumerate(shown)],
        margin={"l": 8, "r": 10, "t": 44, "b": 8},
    )


def still_profitable(
    extra_points: NDArray[np.float64], ascending: NDArray[np.float32]
) -> NDArray[np.int64]:
    """Return how many break-even costs lie above each extra cost, shape of `extra_points`."""
    return len(ascending) - np.searchsorted(ascending, extra_points, side="right")


def _counted(
    x: NDArray[np.float64], ascending: NDArray[np.float32], name: str, colour: str
) -> go.Scatter:
    counts = still_profitable(x, ascending)
    there = counts > 0  # a logarithm has no zero
    return go.Scatter(
        x=np.round(x[there], 3).tolist(),
        y=counts[there].tolist(),
        name=name,
        mode="lines",
        line={"color": colour, "width": 2, "shape": "hv"},
        hovertemplate=f"{name}: %{{y:,}} at %{{x:.2f}} points more<extra></extra>",
    )


def _vertical(x: float) -> dict[str, object]:
    line = {"color": style.BEST, "width": 1.5, "dash": "dot"}
    return {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper", "line": line}


def _note(x: float, text: str, top: float, row: int) -> dict[str, object]:
    return {
        "x": x,
        "y": 1,
        "yref": "paper",
        "yanchor": "bottom",
        "yshift": 14 * row,
        "xanchor": "right" if x > top / 2 else "left",
        "text": f"{text}: {x:.2g}",
        "showarrow": False,
        "font": {"color": style.BEST},
    }
