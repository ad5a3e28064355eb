"""Pages from their templates, with plotly.js and data for the scripts; a page of charts only."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from ib_grid.analysis.plots import style
from ib_grid.errors.validation import points
from ib_grid.storage.atomic_files import whole_file
from pipelines.render.html.figure import Figure
from pipelines.render.html.words import breakable, code, named, number, percent, plural, prose


def script_json(content: object) -> Markup:
    """Return JSON for a script element."""
    dumped = json.dumps(content, separators=(",", ":"), allow_nan=False)
    escaped = dumped.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    return Markup(escaped)  # noqa: S704 - no text in the JSON can end the element


@cache
def plotly_base64() -> str:
    """Return plotly.js, gzipped, as base64: 2 MB instead of 5."""
    packed = gzip.compress(get_plotlyjs().encode(), 6, mtime=0)
    return base64.b64encode(packed).decode("ascii")


def page_text(template: str, drawn: Iterable[Figure], /, **values: Any) -> str:
    """Return a page from its template, with the data of all its figures and plotly.js."""
    return (
        _environment()
        .get_template(template)
        .render(
            figures_json=script_json({figure.name: figure.spec for figure in drawn}),
            template_json=script_json(style.TEMPLATE.to_plotly_json()),
            plotly=plotly_base64(),
            **values,
        )
    )


def charts_html(title: str, figures: Sequence[Figure], notes: Sequence[str]) -> str:
    """Return an HTML page of the figures, one below the other, under a title and notes."""
    return page_text("charts.html", figures, title=title, notes=notes, figures=figures)


def write_charts(path: Path, title: str, figures: Sequence[Figure], notes: Sequence[str]) -> None:
    """Write the page of `charts_html` atomically."""
    with whole_file(path) as file:
        file.write(charts_html(title, figures, notes).encode())


@cache
def _environment() -> jinja2.Environment:
    """Return the templates, with filters for numbers and names."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("pipelines.render.html"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        number=number,
        percent=percent,
        plural=plural,
        named=named,
        breakable=breakable,
        code=code,
        prose=prose,
        points=points,
    )
    return environment
