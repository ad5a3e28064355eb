"""Figure of a page: data and layout for plotly.js, with a heading and a description."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Figure:
    """Figure of a page.

    `label` is for screen readers. `spec` is data and layout for plotly.js, without the template,
    which the page holds once.
    """

    name: str
    heading: str
    label: str
    height: int
    spec: dict[str, Any]


def page_figure(name: str, heading: str, label: str, drawn: go.Figure) -> Figure:
    """Return a plotly figure as a figure of a page."""
    layout = drawn.layout.to_plotly_json()
    height = layout.pop("height")
    del layout["template"]
    spec = {"data": [trace.to_plotly_json() for trace in drawn.data], "layout": layout}
    return Figure(name=name, heading=heading, label=label, height=height, spec=spec)
