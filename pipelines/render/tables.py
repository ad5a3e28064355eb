"""Tables for a terminal, as CSV or as JSON.

A terminal gets the most useful columns, rounded for reading. CSV and JSON have every column and
every digit and nothing else, so that another program can read them.
"""

from __future__ import annotations

import dataclasses
import io
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines.render.csv_files import csv_text, moment_texts
from pipelines.render.formats import Format
from pipelines.render.numbers import published_rows, row_values

if TYPE_CHECKING:
    from rich.console import RenderableType

N_NAMES = 5
ALL_COLUMNS = "Use --format csv for all columns."
_WIDE, _TIGHT = 2, 1  # spaces between columns


@dataclass(frozen=True, slots=True)
class Column:
    """Column of a table on a terminal.

    `spec` is a format specification such as ``.2f``, or a function from a value to its text. A
    narrow terminal shows essential columns before all others.
    """

    heading: str
    name: str
    spec: str | Callable[[Any], str | Text] = ""
    left: bool = False
    essential: bool = False

    def text(self, value: Any) -> str | Text:
        """Return a value as the terminal shows it; an empty text for a missing value."""
        if value is None or value is pd.NA or value != value:
            return ""
        return self.spec(value) if callable(self.spec) else format(value, self.spec)


def terminal() -> Console:
    """Return the console for tables; text is shown as is, brackets included."""
    return Console(markup=False, highlight=False)


def resolve_format(console: Console, asked: Format) -> Format:
    """Return the format asked for; ``auto`` is a table on a terminal, else CSV."""
    if asked is Format.AUTO:
        return Format.TABLE if console.is_terminal else Format.CSV
    return asked


def render(
    console: Console,
    frame: pd.DataFrame,
    columns: Sequence[Column],
    asked: Format = Format.AUTO,
    *,
    notes: Sequence[str] = (),
    summary: Mapping[str, Any] | None = None,
) -> None:
    """Print a frame: `columns` of it as a table, or all of it as CSV or JSON.

    Columns are those of the frame or of `with_joined`, from left to right; a narrow terminal shows
    the essential ones first. Notes go under a table, otherwise to standard error, so that the
    output holds only data. With a summary, JSON is an object of its values and the ``rows``.
    """
    format_ = resolve_format(console, asked)
    if frame.empty:
        notes = ["No rows match.", *notes]
    if format_ is Format.TABLE and not frame.empty:
        print_table(console, frame, columns)
    render_notes(console, notes, format_)
    if format_ is Format.CSV:
        console.file.write(csv_text(published_rows(frame)))
    elif format_ is Format.JSON:
        rows = records(frame)
        console.file.write(json_text(rows if summary is None else {**summary, "rows": rows}))


def render_notes(console: Console, notes: Sequence[str], format_: Format) -> None:
    """Print notes under a table, or on standard error beside CSV and JSON."""
    if format_ is not Format.TABLE:
        sys.stderr.writelines(f"{note}\n" for note in notes)
        return
    for note in notes:
        console.print(Text(note))


def print_table(
    console: Console, frame: pd.DataFrame, columns: Sequence[Column], *, hint: str = ALL_COLUMNS
) -> None:
    """Print the columns that fit the terminal, and name the hidden ones, followed by a hint."""
    joined = with_joined(frame)
    shown, gap = fit(joined, columns, console.width)
    console.print(table_of(joined, shown, gap))
    names = {column.name for column in shown}
    hidden = [column.name for column in columns if column.name not in names]
    if hidden:
        console.print(Text(f"Hidden for lack of room: {_first_of(hidden)}. {hint}"))


def _first_of(names: Sequence[str]) -> str:
    more = f" and {len(names) - N_NAMES} more" if len(names) > N_NAMES else ""
    return ", ".join(names[:N_NAMES]) + more


def fit(frame: pd.DataFrame, columns: Sequence[Column], width: int) -> tuple[list[Column], int]:
    """Return the columns that fit a width, one at least, and the gap between them.

    Headings are wrapped before the gap shrinks, and the gap shrinks before a column is hidden.
    """
    cells = [max((len(c.text(v)) for v in frame[c.name].tolist()), default=0) for c in columns]
    for wrap, gap in ((False, _WIDE), (True, _WIDE)):
        widths = [max(n, _heading_width(c, wrap=wrap)) for n, c in zip(cells, columns, strict=True)]
        if sum(widths) + gap * len(columns) - 1 <= width:
            return [_wrapped(c, n) for c, n in zip(columns, widths, strict=True)], gap
    shown = _choose(columns, widths, width)
    return [_wrapped(columns[i], widths[i]) for i in shown], _TIGHT


def _choose(columns: Sequence[Column], widths: Sequence[int], width: int) -> list[int]:
    """Return the places of the columns to show: the essential ones, then from the left."""
    order = sorted(range(len(columns)), key=lambda i: not columns[i].essential)
    shown: list[int] = []
    used = -_TIGHT
    for i in order:
        used += widths[i] + _TIGHT
        if shown and used > width:
            break
        shown.append(i)
    return sorted(shown)


def _heading_width(column: Column, *, wrap: bool) -> int:
    return max(map(len, column.heading.split()), default=0) if wrap else len(column.heading)


def _wrapped(column: Column, width: int) -> Column:
    if len(column.heading) <= width:
        return column
    return dataclasses.replace(column, heading="\n".join(column.heading.split()))


def table_of(
    frame: pd.DataFrame, columns: Sequence[Column], gap: int = _WIDE, *, rule: bool = True
) -> Table:
    """Return columns of a frame as a table; without a head if no column has a heading."""
    table = Table(
        box=box.SIMPLE_HEAD if rule else None,
        padding=(0, gap - rule, 0, 0),
        show_edge=False,
        show_header=any(column.heading for column in columns),
    )
    for column in columns:
        side = "left" if column.left else "right"
        table.add_column(column.heading, justify=side, overflow="fold")  # type: ignore[arg-type]
    for row in frame.to_dict("records"):
        table.add_row(*(column.text(row[column.name]) for column in columns))
    return table


def plain_text(content: RenderableType) -> str:
    """Return a table as plain text of any width, for a file."""
    file = io.StringIO()
    Console(file=file, width=10_000, color_system=None).print(content)
    return "".join(f"{line.rstrip()}\n" for line in file.getvalue().splitlines())


def with_joined(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with session, trailing and rev_rb, each joined from its columns."""
    rows: list[dict[Any, Any]] = frame.to_dict("records")
    joined: dict[str, list[str]] = {}
    if {"ib_start", "ib_end"} <= set(frame):
        joined["session"] = [f"{row['ib_start']}-{row['ib_end']}" for row in rows]
    if {"tsl_target", "tsl_sl"} <= set(frame):
        pairs = [(row["tsl_target"], row["tsl_sl"]) for row in rows]
        joined["trailing"] = [f"{first:g}/{step:g}" if first else "off" for first, step in pairs]
    if {"rev_rb_enabled", "rev_rb_pct"} <= set(frame):
        joined["rev_rb"] = [f"{r['rev_rb_pct']:g}" if r["rev_rb_enabled"] else "off" for r in rows]
    return frame.assign(**joined)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a frame as JSON values: times as ISO 8601 in UTC, null if missing."""
    plain = published_rows(frame).assign(**moment_texts(frame)).astype(object)
    rows = plain.where(plain.notna(), None).to_dict("records")
    return [row_values(row) for row in rows]


def json_text(content: Sequence[Any] | Mapping[str, Any]) -> str:
    """Return JSON for people and programs, with a newline at the end."""
    return json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False) + "\n"
