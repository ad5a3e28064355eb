"""The HTML report in a real browser: drawn without errors, sortable, printable, offline."""

from __future__ import annotations

from pathlib import Path

import pytest

from ib_grid.grid.grid import Grid
from pipelines.report.html.page import html_text
from tests.helpers.html_page import figures, read_page
from tests.helpers.machines.browser import MISPLACED, Page
from tests.helpers.runs.traded_runs import traded_run

WIDE, NARROW = 1280, 390

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def report_file(tmp_path_factory: pytest.TempPathFactory, grid: Grid) -> Path:
    folder = tmp_path_factory.mktemp("a place with spaces & signs")
    run, source = traded_run(folder, grid, notes=("News filter: off.",))
    path = folder / "GER40_report.html"
    path.write_text(html_text(run.report(source)), encoding="utf-8")
    return path


@pytest.fixture(scope="module", params=[WIDE, NARROW], ids=["wide", "narrow"])
def page(browser: Page, report_file: Path, request: pytest.FixtureRequest) -> Page:
    browser.size(request.param, 900)
    browser.open(report_file)
    browser.wait_until("document.documentElement.dataset.figures")
    return browser


def test_every_figure_is_drawn(page: Page, report_file: Path) -> None:
    assert page.run("document.documentElement.dataset.figures") == "drawn"
    drawn = """[...document.querySelectorAll(".plot")].filter((plot) => {
        const svg = plot.querySelector("svg.main-svg");
        return svg && svg.getBoundingClientRect().width > 200 && svg.querySelector(".trace, .hm");
    }).map((plot) => plot.id)"""
    assert sorted(page.run(drawn)) == sorted(figures(read_page(report_file.read_text())))


def test_no_console_errors_or_requests(page: Page, report_file: Path) -> None:
    assert page.complaints() == []
    assert [r for r in page.requests() if not r.startswith("data:")] == [report_file.as_uri()]


def test_the_page_does_not_scroll_sideways(page: Page) -> None:
    assert page.run("document.documentElement.scrollWidth <= innerWidth")
    assert page.run("document.querySelector('#top .scroll').scrollWidth > 0")


# Median brightness, 0 to 255, of the last column of pixels of an image in base64: its ground.
GROUND = """(async () => {
  const image = new Image();
  image.src = "data:image/png;base64,%s";
  await image.decode();
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: image.width, height: image.height });
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(image.width - 1, 0, 1, image.height);
  const greens = [...data].filter((_, i) => i %% 4 === 1).sort((a, b) => a - b);
  return greens[greens.length >> 1];
})()"""


def test_shadow_marks_a_scrollable_table(page: Page) -> None:
    def ground() -> int:
        box = page.run(f"""(() => {{ const box = {table}.getBoundingClientRect();
            return [box.left + scrollX, box.top + scrollY, box.width, box.height] }})()""")
        clip = dict(zip(("x", "y", "width", "height"), map(round, box), strict=True))
        shot = page.send("Page.captureScreenshot", clip={**clip, "scale": 1})
        return page.run(GROUND % shot["data"])

    table = "document.querySelector('#top .scroll')"
    page.run(f"{table}.scrollIntoView({{ behavior: 'instant' }})")
    assert page.run(f"{table}.scrollWidth > {table}.clientWidth")
    assert ground() < 245
    page.run(f"{table}.scrollLeft = {table}.scrollWidth")
    assert ground() == 255
    page.run(f"{table}.scrollLeft = 0")


def test_figure_texts_fit(page: Page) -> None:
    assert page.run(MISPLACED) == []


def test_a_click_sorts_the_table(page: Page) -> None:
    column = """[...document.querySelector("#top-table").tBodies[0].rows].map(
        (row) => Number(row.querySelectorAll("td")[%d].dataset.sort))"""
    head = "document.querySelector('#top-table th[data-column=\"%s\"]')"
    drawdown = page.run(f"{head % 'max_drawdown'}.cellIndex")
    ranks, before = page.run(column % 0), page.run(column % drawdown)
    assert len(before) > 5
    assert before != sorted(before)
    for order, descending in (("ascending", False), ("descending", True)):
        page.run(f"{head % 'max_drawdown'}.querySelector('button').click()")
        assert page.run(column % drawdown) == sorted(before, reverse=descending)
        assert page.run(f"{head % 'max_drawdown'}.getAttribute('aria-sort')") == order
    assert page.run(f"{head % 'rank'}.hasAttribute('aria-sort')") is False
    page.run(f"{head % 'rank'}.querySelector('button').click()")
    assert page.run(column % 0) == ranks == sorted(ranks)


def test_the_switch_shows_the_tenth_percentile(page: Page) -> None:
    shown = """[...document.querySelectorAll("#pair-maps .plot")].map(
        (plot) => [plot.data[0].visible, plot.data[1].visible])"""
    assert page.run(shown) == [[True, False]] * 6
    page.run("document.querySelector('#statistic input[value=\"1\"]').click()")
    assert page.run(shown) == [[False, True]] * 6
    page.run("document.querySelector('#statistic input[value=\"0\"]').click()")
    assert page.run(shown) == [[True, False]] * 6


def test_link_shows_the_command(page: Page) -> None:
    visible = """[...document.querySelectorAll(".command")].filter(
        (section) => section.getBoundingClientRect().height > 0).map((section) => section.id)"""
    links = page.run("[...document.querySelectorAll('#top-table td a')].map((a) => a.hash)")
    assert page.run(visible) == [links[0][1:]]
    page.run("document.querySelectorAll('#top-table td a')[3].click()")
    assert page.run(visible) == [links[3][1:]]
    page.run("location.hash = ''")


def test_printing_restores_the_page(page: Page) -> None:
    width = "document.querySelector('#total_r svg.main-svg').getBoundingClientRect().width"
    on_screen = page.run(width)
    page.run("addEventListener('afterprint', () => { window.printed = true; }); 1")
    assert page.pdf().startswith(b"%PDF-")
    page.wait_until("window.printed")
    page.wait_until(f"Math.abs({width} - {on_screen}) < 1")
    assert page.complaints() == []


def test_tables_fit_the_paper(page: Page) -> None:
    width = page.run("innerWidth")
    page.size(690, 900)  # A4 less the margins
    page.send("Emulation.setEmulatedMedia", media="print")
    tables = "[...document.querySelectorAll('table')].map((table) => table.scrollWidth)"
    widths = page.run(tables)
    page.send("Emulation.setEmulatedMedia", media="")
    page.size(width, 900)
    assert max(widths) <= 690
