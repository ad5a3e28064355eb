"""Chart pages in a real browser: drawn without errors, legible wide and narrow, offline."""

from __future__ import annotations

from pathlib import Path

import plotly.graph_objects as go
import pytest

from ib_grid import analysis
from pipelines.render.html.assembly import charts_html
from pipelines.render.html.figure import page_figure
from tests.helpers.machines.browser import MISPLACED, Page
from tests.helpers.runs.random_runs import write_run
from tests.helpers.runs.sources import source_of_golden_bars

WIDE, NARROW = 1400, 390
COMBO, OTHER = 4321, 17_000

pytestmark = pytest.mark.browser

# Titles of a figure and of its axes and entries of its legend that lie over one another.
OVERLAID = """
[...document.querySelectorAll(".plot")].flatMap((plot) => {
  const all = [...plot.querySelectorAll(".gtitle, .xtitle, .ytitle, .y2title, .legendtext")]
    .map((text) => [text.textContent, text.getBoundingClientRect()]);
  const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 &&
    a.top < b.bottom - 1 && b.top < a.bottom - 1;
  return all.flatMap(([text, a], i) => all.slice(i + 1)
    .filter(([, b]) => meet(a, b)).map(([other]) => plot.id + ": " + text + " / " + other));
})
"""


def drawn() -> dict[str, go.Figure]:
    """Draw a chart of each kind of day, and the other figures of trades."""
    source = source_of_golden_bars(with_news=True)
    trades = analysis.trades(source, COMBO)
    traded = set(trades["date"])
    first = analysis.session_dates(source, COMBO)[0]
    without = next(d for d in analysis.session_dates(source, COMBO) if d not in traded)
    best, worst = analysis.extreme_dates(trades)
    days = {"best": best, "worst": worst, "news": first, "none": without}
    figures = {name: analysis.trade_chart(source, COMBO, date) for name, date in days.items()}
    sets = {f"GER40 #{combo_id}": (source, combo_id) for combo_id in (COMBO, OTHER)}
    return {
        **figures,
        "portfolio": analysis.portfolio_figure(analysis.portfolio(sets)),
        "variations": analysis.variation_figure(trades),
        "sets": analysis.combinations_figure(
            trades.assign(combo_id=range(len(trades))), "entry_price", "r", marked=[3]
        ),
    }


def drawn_of_grid(folder: Path) -> dict[str, go.Figure]:
    """Draw the figures of a whole grid."""
    write_run(folder)
    run = analysis.load_run(folder)
    many = ("rr_target", "stop_mode", "trailing"), ("ib_buffer_pct", "rebound")
    return {
        "heat-map": analysis.heat_map(analysis.pivot(run, "rr_target", "trailing")),
        "counts": analysis.heat_map(analysis.pivot(run, *many, reduction="count")),
        "many": analysis.heat_map(analysis.pivot(run, (*many[0], "session"), many[1])),
        "slices": analysis.slice_figure(analysis.slices(run, 317)),
    }


@pytest.fixture(scope="module")
def charts_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("charts") / "charts.html"
    every = {**drawn(), **drawn_of_grid(path.with_name("run"))}
    figures = [page_figure(name, name, name, figure) for name, figure in every.items()]
    path.write_text(charts_html("A <b>title</b>", figures, ()), encoding="utf-8")
    return path


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_charts_are_drawn_and_legible(browser: Page, charts_file: Path, width: int) -> None:
    browser.size(width, 900)
    browser.open(charts_file)
    browser.wait_until("document.documentElement.dataset.figures")
    assert browser.run("document.documentElement.dataset.figures") == "drawn"
    assert browser.run("document.querySelector('h1').textContent") == "A <b>title</b>"
    assert browser.run("document.querySelectorAll('.plot svg .trace').length") > 20
    assert browser.complaints() == []
    fetched = [r for r in browser.requests() if not r.startswith("data:")]
    assert fetched == [charts_file.as_uri()]
    assert browser.run("document.documentElement.scrollWidth <= innerWidth")
    assert browser.run(MISPLACED) == []
    assert browser.run(OVERLAID) == []
