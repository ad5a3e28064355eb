"""A figure of the page: its traces and layout as data, and the words around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Figure:
    """A figure of the page.

    Attributes
    ----------
    name : str
        Its id in the page.
    heading : str
    label : str
        What it shows, for those who do not see it.
    height : int
        Pixels.
    spec : dict
        Data and layout, as plotly.js takes them; the template is the page's.
    """

    name: str
    heading: str
    label: str
    height: int
    spec: dict[str, Any]


def figure(
    name: str,
    heading: str,
    label: str,
    traces: Sequence[Any],
    *,
    height: int = 300,
    **layout: Any,
) -> Figure:
    """A figure of these traces; plotly checks the names and values of all properties."""
    spec = {
        "data": [trace.to_plotly_json() for trace in traces],
        "layout": go.Layout(**layout).to_plotly_json(),
    }
    return Figure(name=name, heading=heading, label=label, height=height, spec=spec)


def of_page(name: str, heading: str, label: str, drawn: go.Figure) -> Figure:
    """A figure of the library as one of the page, which has the template and sets the height."""
    layout = drawn.layout.to_plotly_json()
    height = layout.pop("height")
    del layout["template"]
    spec = {"data": [trace.to_plotly_json() for trace in drawn.data], "layout": layout}
    return Figure(name=name, heading=heading, label=label, height=height, spec=spec)
