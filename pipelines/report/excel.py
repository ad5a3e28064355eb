"""Excel workbook of a report."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd
import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from ib_grid.grid.columns import METRICS
from ib_grid.grid.glossary import PARAMETERS, SCALING
from ib_grid.grid.params import DOMAINS, PARAM_NAMES
from ib_grid.grid.variations import PREFIXES, VARIATIONS
from ib_grid.storage.atomic_files import cannot_write
from pipelines.render.numbers import COUNT_COLUMNS, Scalar
from pipelines.report import facts
from pipelines.report.report import TOP_ROWS, Report

SHEET_MAX_ROWS = 1_048_576  # Excel's limit, the header included

_LEAD = ("rank", "score", "combo_id")
_METRICS = {metric.name: metric for metric in METRICS}
_OVERALL = tuple(_METRICS)
_OF_VARIATIONS = tuple(
    p + name for p in PREFIXES for name in ("total_trades", "total_r", "winrate")
)
_GOOD_HIGH = ("score", "total_r", "winrate", "profit_factor", "sharpe_ratio")
_GOOD_LOW = ("max_drawdown",)
_RED, _WHITE, _GREEN = "#F4B6B0", "#FFFFFF", "#A9D8B8"
_NOTES = {
    "rank": "Rank by score, 1 is the best; equal scores are ordered by combo_id.",
    "score": f"Weighted sum of metrics, each {SCALING}; the formula is on the sheet Summary.",
    "combo_id": "Number of the combination in the grid, counted from 0.",
}

Formats = Mapping[str, Any]


def write_workbook(report: Report, file: BinaryIO) -> None:
    """Write the sheets Results, Top100, one per variation, and Summary.

    Results and Top100 show the parameters, the overall metrics and the main figures of each
    variation; the sheet of a variation shows all metrics of that variation. The CSV files have
    every column.
    """
    # Pack in memory: on a full disk the library would try again, and fail, when it is closed.
    content = io.BytesIO()
    try:
        # The library leaves temporary files behind if it fails.
        with tempfile.TemporaryDirectory(prefix="ib-grid-") as folder:
            _pack_workbook(report, content, folder)
    except (FileCreateError, OSError) as error:
        failed = error if isinstance(error, OSError) else error.args[0]
        raise cannot_write(
            "a temporary file of the workbook",
            Path(tempfile.gettempdir()),
            failed,
            other="folder with TMPDIR",
        ) from error
    file.write(content.getbuffer())


def _pack_workbook(report: Report, file: BinaryIO, folder: str) -> None:
    overall = [*_LEAD, *PARAM_NAMES, *_OVERALL, *_OF_VARIATIONS]
    best = report.overall.best[overall]
    options = {
        "constant_memory": True,
        "tmpdir": folder,
        "strings_to_formulas": False,
        "strings_to_urls": False,
    }
    with xlsxwriter.Workbook(file, options) as book:
        formats = _formats(book)
        _write_rows(book, "Results", best.head(results_rows(report)), formats)
        _write_rows(book, f"Top{TOP_ROWS}", best.head(TOP_ROWS), formats)
        for name, prefix in zip(VARIATIONS, PREFIXES, strict=True):
            of_variation = report.variations[name].selected.best
            columns = [*_LEAD, *PARAM_NAMES, *(prefix + metric for metric in _OVERALL)]
            kept = [column for column in columns if column in of_variation]
            _write_rows(book, name, of_variation[kept], formats)
        _write_summary(book, report, formats)


def results_rows(report: Report) -> int:
    """Return the number of rows of the sheet Results, within the limit of Excel."""
    return min(len(report.overall.best), report.settings.n_best, SHEET_MAX_ROWS - 1)


def _formats(book: xlsxwriter.Workbook) -> Formats:
    return {
        "header": book.add_format({"bold": True, "bg_color": "#DDE3EA", "bottom": 1}),
        "title": book.add_format({"bold": True, "font_size": 12}),
        "text": book.add_format({"align": "left"}),
        "wrap": book.add_format({"text_wrap": True, "valign": "top", "align": "left"}),
        "count": book.add_format({"num_format": "#,##0"}),
        "id": book.add_format({"num_format": "0"}),
        "score": book.add_format({"num_format": "0.0000"}),
        "metric": book.add_format({"num_format": "#,##0.00;[Red]-#,##0.00"}),
        "param": book.add_format({"num_format": "General"}),
    }


def _format_name(column: str) -> str:
    if column in PARAM_NAMES:
        numeric = column in DOMAINS and DOMAINS[column].kind in (int, float)
        return "param" if numeric else "text"
    if column in COUNT_COLUMNS:
        return "count"
    return {"rank": "id", "combo_id": "id", "score": "score"}.get(column, "metric")


def _write_rows(
    book: xlsxwriter.Workbook, name: str, frame: pd.DataFrame, formats: Formats
) -> None:
    sheet = book.add_worksheet(name)
    columns = list(frame.columns)
    sheet.freeze_panes(1, len(_LEAD))
    for i, column in enumerate(columns):
        sheet.set_column(i, i, max(9, len(column) + 3), formats[_format_name(column)])
        note = column_note(column)
        sheet.write_comment(0, i, note, {"x_scale": 2, "y_scale": 0.4 + len(note) / 120})
        sheet.write_string(0, i, column, formats["header"])
    for row, values in enumerate(frame.itertuples(index=False, name=None), 1):
        sheet.write_row(row, 0, values)
    last_row = max(len(frame), 1)
    sheet.autofilter(0, 0, last_row, len(columns) - 1)
    _colour_scales(sheet, columns, last_row)


def _colour_scales(sheet: Any, columns: Sequence[str], last_row: int) -> None:
    for i, column in enumerate(columns):
        name = _metric_name(column)
        if name in (*_GOOD_HIGH, *_GOOD_LOW):
            low, high = (_RED, _GREEN) if name in _GOOD_HIGH else (_GREEN, _RED)
            colours = {"min_color": low, "mid_color": _WHITE, "max_color": high}
            sheet.conditional_format(1, i, last_row, i, {"type": "3_color_scale", **colours})


def _metric_name(column: str) -> str:
    prefix = next((p for p in PREFIXES if column.startswith(p) and column not in DOMAINS), "")
    return column.removeprefix(prefix)


def column_note(column: str) -> str:
    """Return the meaning of a column, for the note of its header."""
    if column in _NOTES:
        return _NOTES[column]
    if column in PARAMETERS:
        return PARAMETERS[column]
    metric = _METRICS[_metric_name(column)]
    variation = next((v for v in VARIATIONS if column == f"{v.lower()}_{metric.name}"), "")
    of = f"{variation} trades only. " if variation else ""
    return f"[{metric.unit}] {of}{metric.meaning}"


def _write_summary(book: xlsxwriter.Workbook, report: Report, formats: Formats) -> None:
    sheet = book.add_worksheet("Summary")
    sheet.activate()  # the workbook opens at the verdict
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 48)
    sheet.set_column(2, 30, 18)
    first, *others = facts.sections(report)
    row = 0
    for heading, values in (first, facts.Section("Sheets", _sheets(report)), *others):
        row = _write_facts(sheet, row, heading, values, formats)
    sheet.write_string(row, 0, "Variations", formats["title"])
    frame = facts.variations_frame(report)
    sheet.write_row(row + 1, 0, frame.columns, formats["header"])
    for i, record in enumerate(frame.itertuples(index=False, name=None), row + 2):
        sheet.write_row(i, 0, record, formats["param"])


def _write_facts(
    sheet: Any, row: int, heading: str, values: Mapping[str, Scalar], formats: Formats
) -> int:
    """Write a section and return the row of the next one."""
    sheet.write_string(row, 0, heading, formats["title"])
    for i, (name, value) in enumerate(values.items(), row + 1):
        sheet.write_string(i, 0, name)
        cell_format = formats["wrap"] if isinstance(value, str) else formats["text"]
        sheet.write(i, 1, value, cell_format)
    return row + len(values) + 2


def _sheets(report: Report) -> dict[str, Scalar]:
    """Return the content of each sheet, and what was left out."""
    shown, eligible = results_rows(report), report.overall.extrema.n_rows
    limit = f"; Excel holds {SHEET_MAX_ROWS:,} rows" if shown == SHEET_MAX_ROWS - 1 else ""
    text = f"top {shown:,} of {eligible:,} ranked combinations{limit}"
    sheets: dict[str, Scalar] = {"Results": text, f"Top{TOP_ROWS}": f"top {TOP_ROWS}"}
    for name, variation in report.variations.items():
        ranked = f"top {len(variation.selected.best):,} of {variation.selected.extrema.n_rows:,}"
        sheets[name] = (
            f"{ranked}, ranked by the variation's own trades; {facts.filter_text(name, variation)}"
        )
    return sheets
