"""HTML page of charts only, for reading offline."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ib_grid.storage.atomic_files import whole_file
from pipelines.render.html.assembly import page_text
from pipelines.render.html.figure import Figure


def charts_html(title: str, figures: Sequence[Figure], notes: Sequence[str]) -> str:
    """Return an HTML page of the figures, one below the other, under a title and notes."""
    return page_text("charts.html", figures, title=title, notes=notes, figures=figures)


def write_charts(path: Path, title: str, figures: Sequence[Figure], notes: Sequence[str]) -> None:
    """Write the page of `charts_html` atomically."""
    with whole_file(path) as file:
        file.write(charts_html(title, figures, notes).encode())
