"""One way to give a table out: for reading on a terminal, as CSV or JSON in a pipe or when asked.

On a terminal a table has the columns and the rounding that suit the eye. CSV and JSON have every
column and every digit, no colours and no words besides, so that another program can take them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from rich import box
from rich.table import Table

from pipelines.render.csv_files import csv_text, moment_texts
from pipelines.render.formats import Format
from pipelines.render.numbers import published_rows

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table on a terminal.

    Attributes
    ----------
    heading : str
    name : str
        Of the frame's column.
    spec : str or callable
        How a value is written: a format specification such as ``.2f``, or a function to text.
    justify : {"left", "right"}
    """

    heading: str
    name: str
    spec: str | Callable[[Any], str] = ""
    justify: Literal["left", "right"] = "right"

    def text(self, value: Any) -> str:
        """A value as the terminal shows it; nothing where there is none."""
        if value is None or value is pd.NA or value != value:
            return ""
        return self.spec(value) if callable(self.spec) else format(value, self.spec)


def resolve_format(console: Console, asked: Format) -> Format:
    """The format asked for, ``auto`` decided."""
    if asked is Format.AUTO:
        return Format.TABLE if console.is_terminal else Format.CSV
    return asked


def render(
    console: Console, frame: pd.DataFrame, columns: Sequence[Column], asked: Format = Format.AUTO
) -> None:
    """Print a frame: `columns` of it as a table, or all of it as CSV or JSON.

    Parameters
    ----------
    console : Console
    frame : DataFrame
        Its index is not printed.
    columns : sequence of Column
        For the terminal, from left to right.
    asked : Format
    """
    format_ = resolve_format(console, asked)
    if format_ is Format.TABLE:
        console.print(table_of(frame, columns))
    elif format_ is Format.CSV:
        console.file.write(csv_text(published_rows(frame)))
    else:
        console.file.write(json_text(records(frame)))


def table_of(frame: pd.DataFrame, columns: Sequence[Column]) -> Table:
    """Columns of a frame as a table for a terminal."""
    has_headings = any(column.heading for column in columns)
    table = Table(
        box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, show_header=has_headings
    )
    for column in columns:
        table.add_column(column.heading, justify=column.justify, overflow="fold")
    for row in frame.to_dict("records"):
        table.add_row(*(column.text(row[column.name]) for column in columns))
    return table


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame as JSON values: moments as ISO 8601 in UTC, null for what is none."""
    plain = published_rows(frame).assign(**moment_texts(frame)).astype(object)
    rows = plain.where(plain.notna(), None).to_dict("records")
    return [{str(name): _plain(value) for name, value in row.items()} for row in rows]


def json_text(content: Sequence[Any] | Mapping[str, Any]) -> str:
    """JSON for people and programs, with a newline at its end."""
    return json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    return value
