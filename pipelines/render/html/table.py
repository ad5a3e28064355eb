"""Table of a page: headings and cells, which the macro of `table.html` turns into HTML."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from pipelines.render.numbers import Scalar


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """Heading of a column; `group` joins neighbouring columns under a common heading."""

    name: str
    text: Markup | str
    group: str = ""
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """Cell of a table: what it shows, and the value it is sorted by."""

    text: Markup | str
    sort: Scalar = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Row of a table; `notes` are small lines under its first cell."""

    cells: tuple[Cell, ...]
    name: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Table of a page.

    `label` is for screen readers; a click on a heading sorts if `sorted_by` names the column that
    the rows are sorted by.
    """

    name: str
    label: str
    headings: tuple[Heading, ...]
    rows: tuple[Row, ...]
    sorted_by: str = ""

    @property
    def groups(self) -> list[tuple[str, int]]:
        """Common headings with the number of columns of each; empty without any."""
        grouped = groupby(heading.group for heading in self.headings)
        found = [(group, len(list(same))) for group, same in grouped]
        return found if any(group for group, _ in found) else []


def plain_table(
    name: str, label: str, headings: Iterable[str], rows: Iterable[Iterable[Markup | str]]
) -> Table:
    """Return a table of texts that is not sorted."""
    return Table(
        name=name,
        label=label,
        headings=tuple(Heading(name=text, text=text) for text in headings),
        rows=tuple(Row(cells=tuple(map(Cell, texts))) for texts in rows),
    )
