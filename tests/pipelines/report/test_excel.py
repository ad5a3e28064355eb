from __future__ import annotations

import errno
import os
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import openpyxl
import pytest

from ib_grid.errors import DiskError
from ib_grid.grid.columns import METRIC_COLUMNS, METRICS
from ib_grid.grid.params import PARAM_NAMES
from ib_grid.grid.variations import VARIATIONS
from pipelines.report import excel
from pipelines.report.excel import column_note, write_workbook
from pipelines.report.write import write_report
from tests.helpers.runs.reported_runs import MadeUpRun

SHEETS = ["Results", "Top100", *VARIATIONS, "Summary"]


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., openpyxl.Workbook]:
    def write_and_read(run: MadeUpRun, **settings: object) -> openpyxl.Workbook:
        with (tmp_path / "book.xlsx").open("wb") as file:
            write_workbook(run.report(**settings), file)
        return openpyxl.load_workbook(tmp_path / "book.xlsx")

    return write_and_read


def test_sheets(
    make_run: Callable[..., MadeUpRun], write: Callable[..., openpyxl.Workbook]
) -> None:
    run = make_run()
    book = write(run, n_best=120)
    assert book.sheetnames == SHEETS
    report = run.report(n_best=120)
    assert book["Results"].max_row == 121
    assert book["Top100"].max_row == 101
    for name in VARIATIONS:
        assert book[name].max_row == len(report.variations[name].selected.best) + 1


def test_cells_are_the_ranking(written: MadeUpRun, workbook: openpyxl.Workbook) -> None:
    sheet = workbook["Results"]
    best = written.report().overall.best
    rows = sheet.iter_rows(values_only=True)
    header = list(next(rows))
    assert header[:17] == ["rank", "score", "combo_id", *PARAM_NAMES]
    assert [list(row) for row in rows] == best[header].to_numpy().tolist()


def test_looks(workbook: openpyxl.Workbook) -> None:
    for name in SHEETS[:-1]:
        sheet = workbook[name]
        header = {item.value: item for item in sheet[1]}
        prefix = f"{name.lower()}_" if name in VARIATIONS else ""
        assert sheet.freeze_panes == "D2"
        assert sheet.auto_filter.ref == sheet.dimensions
        total_r = sheet.cell(2, header[f"{prefix}total_r"].column)
        assert "0.00" in total_r.number_format
        assert sheet.cell(2, header[f"{prefix}total_trades"].column).number_format == "#,##0"
        scaled = {str(area.sqref).split(":")[0] for area in sheet.conditional_formatting}
        assert total_r.coordinate in scaled
        assert sheet.cell(2, header["score"].column).coordinate in scaled
        for column, item in header.items():
            assert item.comment.text == column_note(column)


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_notes_say_the_meaning(metric: object) -> None:
    assert metric.meaning in column_note(metric.name)
    assert metric.meaning in column_note(f"rev_rb_{metric.name}")
    assert "REV_RB trades only" in column_note(f"rev_rb_{metric.name}")
    assert "only" not in column_note(metric.name)


def test_every_column_has_a_note() -> None:
    for column in ("rank", "score", "combo_id", *PARAM_NAMES, *METRIC_COLUMNS):
        assert len(column_note(column)) > 10


def test_strings_stay_strings(
    make_run: Callable[..., MadeUpRun], write: Callable[..., openpyxl.Workbook]
) -> None:
    notes = ('=HYPERLINK("http://example.org")', "https://example.org", "{=1+1}", "007")
    book = write(make_run(notes=notes))
    cells = {item.value: item for row in book["Summary"].iter_rows() for item in row}
    for note in notes:
        assert cells[note].data_type == "s"
        assert cells[note].hyperlink is None
    results = book["Results"]
    kinds = {item.value: results.cell(2, item.column).data_type for item in results[1]}
    assert kinds["ib_start"] == kinds["stop_mode"] == "s"
    assert kinds["rev_rb_enabled"] == "b"
    assert kinds["combo_id"] == kinds["rr_target"] == kinds["total_r"] == "n"


def test_never_past_the_row_limit(
    make_run: Callable[..., MadeUpRun],
    write: Callable[..., openpyxl.Workbook],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert excel.SHEET_MAX_ROWS == 2**20
    monkeypatch.setattr(excel, "SHEET_MAX_ROWS", 31)
    run = make_run()
    book = write(run)
    assert book["Results"].max_row == 31
    (said,) = [row[1].value for row in book["Summary"].iter_rows() if row[0].value == "Results"]
    eligible = run.report().overall.extrema.n_rows
    assert said == f"top 30 of {eligible} ranked combinations; Excel holds 31 rows"


def test_nothing_ranked(
    make_run: Callable[..., MadeUpRun], write: Callable[..., openpyxl.Workbook]
) -> None:
    book = write(make_run(most_trades=9))
    assert book.sheetnames == SHEETS
    assert book["Results"].max_row == 1
    values = [item.value for row in book["Summary"].iter_rows() for item in row]
    assert "no combination has enough trades to be ranked" in values


def test_every_part_is_xml_without_repeated_cells(written: MadeUpRun) -> None:
    with zipfile.ZipFile(written.run_dir / "GER40_results.xlsx") as archive:
        assert archive.testzip() is None
        roots = {name: ET.fromstring(archive.read(name)) for name in archive.namelist()}
    sheets = [root for name, root in roots.items() if name.startswith("xl/worksheets/sheet")]
    assert len(sheets) == len(SHEETS)
    for sheet in sheets:
        places = [item.get("r") for item in sheet.iter() if item.tag.endswith("}c")]
        assert len(places) == len(set(places)) > 0
        assert not [item for item in sheet.iter() if item.tag.endswith("}f")]


def test_full_temporary_folder_is_named(
    make_run: Callable[..., MadeUpRun], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(excel, "_pack_workbook", fail)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    run = make_run()
    with pytest.raises(DiskError, match="a temporary file of the workbook cannot be written") as e:
        write_report(run.report(), run.run_dir, excel=True)
    assert e.value.location == str(tmp_path)
    assert "TMPDIR" in e.value.hint
