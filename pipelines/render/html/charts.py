"""HTML page of charts only, for reading offline."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ib_grid.analysis.plots import style
from ib_grid.storage.atomic_files import whole_file
from pipelines.render.html.assembly import environment, plotly_base64, script_json
from pipelines.render.html.figure import Figure


def charts_html(title: str, figures: Sequence[Figure], notes: Sequence[str]) -> str:
    """Return an HTML page of the figures, one below the other, under a title and notes."""
    return (
        environment()
        .get_template("charts.html")
        .render(
            title=title,
            notes=notes,
            figures=figures,
            figures_json=script_json({figure.name: figure.spec for figure in figures}),
            template_json=script_json(style.TEMPLATE.to_plotly_json()),
            plotly=plotly_base64(),
        )
    )


def write_charts(path: Path, title: str, figures: Sequence[Figure], notes: Sequence[str]) -> None:
    """Write the page of `charts_html` atomically."""
    with whole_file(path) as file:
        file.write(charts_html(title, figures, notes).encode())
