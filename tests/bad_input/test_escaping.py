"""Text from data files stays text in HTML, Excel, CSV and on a terminal."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_grid.news.calendar_files import read_calendar
from pipelines.render.csv_files import csv_text
from pipelines.report.report_run import report_run
from tests.bad_input.test_corpus import Command
from tests.helpers.html_page import read_page
from tests.helpers.runs import small_runs
from tests.helpers.runs.computed_runs import computed_run
from tests.pipelines.render.test_csv_files import events

TITLES = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    '=HYPERLINK("http://127.0.0.1/"&A1,"CPI")',
    "+1+1",
    "@SUM(1+1)",
    "-2+3",
    "CPI;=1+1",
    "https://example.org/",
    "{{ 7 * 7 }} {% raw %}",
    "\u001b[2J\u001b]0;title\u0007 cleared",
    "[red]CPI[/red]",
    "\u202eIPC",
]
NAME = "=1+1 <script>alert(2)<&script>.json"
FORMULA_BEGINS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def calendar(folder: Path) -> Path:
    """Return events with these titles, with and without a time."""
    folder.mkdir()
    days = [f"2024-03-{4 + i % 5:02}T0{8 + i % 2}:0{i % 10}:00" for i in range(len(TITLES))]
    entries = [
        {"title": title, "country": "EUR", "datetime_utc": day, "impact": "High"}
        for title, day in zip(TITLES, days, strict=True)
    ]
    (folder / NAME).write_text(json.dumps({"events": entries}))
    return folder


def test_titles_lose_terminal_control_characters(tmp_path: Path) -> None:
    found = {event.title for event in read_calendar(calendar(tmp_path / "news")).events}
    assert "?[2J?]0;title? cleared" in found
    assert "?IPC" in found
    assert all(title.isprintable() for title in found)


def weekly(folder: Path) -> Path:
    """Return the same titles without a time, which a report must name."""
    rows = "".join(
        f"<event><title>{escape(title)}</title><country>EUR</country><date>03-0{4 + i % 5}-2024"
        "</date><time>All Day</time><impact>High</impact></event>"
        for i, title in enumerate(title for title in TITLES if "\u001b" not in title)
    )
    (folder / NAME.replace(".json", ".xml")).write_text(f"<weeklyevents>{rows}</weeklyevents>")
    return folder


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run with calendars of these titles, its reports and its workbook."""
    folder = tmp_path_factory.mktemp("hostile")
    news = weekly(calendar(folder / "news"))
    changes = {"news": [news], "news_filter": True, "news_coverage": "partial"}
    run_dir = computed_run(folder, **changes)
    report_run(run_dir, excel=True)
    return run_dir


def one(run_dir: Path, ending: str) -> Path:
    (found,) = run_dir.glob(f"*{ending}")
    return found


def test_html_shows_titles_as_text(reported: Path) -> None:
    text = one(reported, ".html").read_text()
    page = read_page(text)
    shown = page.text
    for title in ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7 * 7 }}"):
        assert title in shown
    assert "alert(2)" in shown
    for markup in ("<script>alert", "<img src=x", "\u202e"):
        assert markup not in text
    assert not [e for e in page.all() if any(name.startswith("on") for name in e.attributes)]


def test_a_workbook_has_no_formula_and_no_link(reported: Path) -> None:
    with zipfile.ZipFile(one(reported, ".xlsx")) as book:
        parts = {name: book.read(name).decode("utf-8", "replace") for name in book.namelist()}
    sheets = [text for name, text in parts.items() if name.startswith("xl/worksheets/sheet")]
    assert sheets
    assert not any(re.search("<f[ >]|<hyperlink", sheet) for sheet in sheets)
    everything = "".join(parts.values())
    assert escape('=HYPERLINK("http://127.0.0.1/"&A1,"CPI")') in everything.replace("&quot;", '"')
    assert "<script>" not in everything


def cells_of(text: str, delimiter: str) -> list[str]:
    return [cell for row in csv.reader(io.StringIO(text), delimiter=delimiter) for cell in row]


def is_number(text: str) -> bool:
    return re.fullmatch(r"[+-]?\d+(\.\d*)?(e[+-]?\d+)?", text) is not None


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_has_no_formula_for_any_separator(
    delimiter: str, reported: Path, ib_grid_command: Command
) -> None:
    folder = reported.parents[1]
    Path("p.json").write_text(json.dumps(small_runs.GRID.params(0).to_dict()))
    status, out, _ = ib_grid_command(
        *("news", "check", "--symbol", "GER40", "--data", folder / "bars.parquet"),
        *("--params", "p.json", "--news", folder / "news", "--news-coverage", "partial"),
    )
    assert status == 0
    assert "HYPERLINK" in out
    texts = [out, *(path.read_text() for path in reported.glob("*.csv"))]
    cells = [cell.strip() for text in texts for cell in cells_of(text, delimiter)]
    assert [c for c in cells if c.startswith(FORMULA_BEGINS) and not is_number(c)] == []


# A title is one line: see `Entry.text`.
@given(st.text(st.sampled_from("=+-@;\t ,\"'aＡ＝"), max_size=12))
def test_no_text_becomes_a_formula(title: str) -> None:
    text = csv_text(events([title]))
    (cell,) = [row["event_title"] for row in csv.DictReader(io.StringIO(text, newline=""))]
    for part in re.split("[;\t]", cell):
        assert not part.strip().startswith(FORMULA_BEGINS)
    assert cell.replace("'", "") == title.replace("'", "")
