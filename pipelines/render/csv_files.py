"""Tables as CSV for a file or a pipe, safe to open in a spreadsheet."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from ib_grid.storage.atomic_files import whole_file

if TYPE_CHECKING:
    import pandas as pd

# Text from calendars, which anybody may have written; all other text is our own.
FOREIGN_COLUMNS = ("event_currency", "event_title")
# Formula characters at the start of a cell, full-width ones too. Spreadsheets with a decimal comma
# split cells at semicolons or tabs.
_FORMULA = re.compile(r"(^|[;\t])(?=\s*[=+\-@\t\r＝＋－＠])")


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame as CSV, atomically; the text is that of `csv_text`."""
    with whole_file(path) as file:
        file.write(csv_text(frame).encode())


def csv_text(frame: pd.DataFrame) -> str:
    """Return a frame as CSV text; times as ISO 8601 in UTC.

    Calendar text that a spreadsheet would run as a formula gets an apostrophe in front.
    """
    texts = moment_texts(frame)
    for name in FOREIGN_COLUMNS:
        if name in frame:
            texts[name] = frame[name].map(_no_formula, na_action="ignore")
    text: str = frame.assign(**texts).to_csv(index=False, lineterminator="\n")
    return text


def moment_texts(frame: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the time columns of a frame as texts: times in UTC, dates without a time."""
    texts = {}
    for name in frame.select_dtypes(["datetimetz", "datetime"]):
        form = "%Y-%m-%dT%H:%MZ" if frame[name].dt.tz is not None else "%Y-%m-%d"
        texts[str(name)] = frame[name].dt.strftime(form)
    return texts


def _no_formula(text: str) -> str:
    return _FORMULA.sub(r"\1'", text)
