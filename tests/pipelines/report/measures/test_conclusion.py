"""The verdict of a report, in each of its files."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import openpyxl
import pytest

from ib_grid.grid.grid import Grid
from ib_grid.grid.scoring import RankingSettings
from pipelines.report.html.page import html_text
from pipelines.report.report import Report
from pipelines.report.text_files import summary_text
from pipelines.report.write import write_report
from tests.helpers.html_page import figures, read_page
from tests.helpers.runs.reported_runs import MadeUpRun, write_rows
from tests.helpers.runs.tested_runs import hold_out, robustness

MakeRun = Callable[..., MadeUpRun]


def profitable(run: MadeUpRun) -> MadeUpRun:
    """Return the run with a profit where the score is highest."""
    best = int(run.report().overall.best["combo_id"].iloc[0])
    run.rows.loc[best, "total_r"] = np.float32(40)
    write_rows(run.run_dir, run.info.grid, run.rows, 128)
    return run


@pytest.fixture
def lucky(make_run: MakeRun) -> Report:
    return profitable(make_run()).report(robustness=robustness(p=0.3))


@pytest.fixture
def skilled(make_run: MakeRun) -> Report:
    return profitable(make_run()).report(robustness=robustness(p=0.01))


def test_the_same_words_open_page_summary_and_workbook(lucky: Report, make_run: MakeRun) -> None:
    run_dir = make_run().run_dir
    write_report(lucky, run_dir, excel=True)
    texts = [lucky.verdict.text, *map(str, lucky.verdict.reasons)]
    box = read_page((run_dir / "GER40_report.html").read_text()).by_id("verdict")
    summary = (run_dir / "GER40_summary.txt").read_text()
    book = openpyxl.load_workbook(run_dir / "GER40_results.xlsx")
    sheet = book["Summary"]
    assert book.active is sheet
    assert [sheet.cell(row, 1).value for row in (1, 2, 3)] == ["Verdict", "verdict", "in words"]
    assert [sheet.cell(row, 2).value for row in (3, 4, 5, 6)] == texts
    assert summary.splitlines()[3] == "Verdict"
    assert "cannot be told from luck" in summary.splitlines()[5]
    assert box.text.startswith("Cannot be told from luck")
    for text in texts:
        assert text in summary
        assert text.replace("`", "") in box.text.replace("\u00a0", " ").replace("\u2212", "-")


def test_best_is_called_best_only_if_the_verdict_allows(lucky: Report, skilled: Report) -> None:
    for report, word, other in ((lucky, "selected", "best"), (skilled, "best", "selected")):
        assert report.attribute == word
        text = read_page(html_text(report)).text
        assert f"The line marks the {word} combination." in text
        assert f"the {other} combination" not in text.split("Glossary")[0].lower().split("apply")[0]


def test_nothing_profitable_is_said_first(make_run: MakeRun, grid: Grid) -> None:
    run = make_run()
    run.rows["total_r"] = -np.abs(run.rows["total_r"]) - np.float32(1)
    write_rows(run.run_dir, grid, run.rows, 128)
    report = run.report()
    assert report.verdict.level == "do not trade"
    page = read_page(html_text(report))
    assert "None of the 512 combinations makes money" in page.by_id("verdict").text
    ids = {element.attributes.get("id") for element in page.all("section")}
    assert not ids & {"risk", "curves", "calendar"}
    assert {"distribution", "parameters", "top"} <= ids
    for word in ("made money", "Pareto", "Equity"):
        assert word not in page.text.split("Glossary")[0]


def test_without_tests_the_page_names_the_command(make_run: MakeRun) -> None:
    report = profitable(make_run(run="my results/r")).report()
    assert report.verdict.level == "not tested"
    page = read_page(html_text(report))
    for section in ("verdict", "luck"):
        (command,) = page.by_id(section).all("code")
        assert command.text == "ib-grid robustness 'my results/r'"


def test_tests_of_another_ranking_are_left_out(make_run: MakeRun) -> None:
    run = profitable(make_run())
    tests = dataclasses.replace(robustness(), min_trades=11)
    assert run.report(robustness=tests).robustness is None
    same = RankingSettings(min_trades=11)
    assert run.report(robustness=tests, ranking=same).robustness == tests


def test_a_part_of_the_grid_is_called_so(make_run: MakeRun, grid: Grid) -> None:
    run = make_run(chunks=slice(0, 2))
    run.rows["total_r"] = np.float32(-1)
    write_rows(run.run_dir, grid, run.rows, 128, slice(0, 2))
    assert "None of the 256 combinations computed so far makes" in run.report().verdict.text


def test_an_opened_hold_out_is_a_finding(make_run: MakeRun) -> None:
    report = profitable(make_run(holds_out=True, hold_out=hold_out(6.1))).report(
        robustness=robustness(p=0.01)
    )
    assert report.verdict.level == "held up"
    assert "Hold-out passed: #7 made" in read_page(html_text(report)).by_id("findings").text


def test_the_summary_names_the_combination_by_the_verdict(skilled: Report, make_run) -> None:
    assert "\nBest combination\n" in summary_text(skilled, make_run().run_dir)


def test_the_page_shows_every_test(lucky: Report) -> None:
    page = read_page(html_text(lucky))
    tests = robustness(p=0.3)
    section = page.by_id("luck")
    rows = [[cell.text for cell in row.all("td")] for row in page.by_id("luck-table").all("tr")]
    assert rows[1][0] == "total R of the selected combination"
    found = tests.random_direction
    p = [of.p for of in (found.selected_total_r, found.selected_sharpe_ratio, found.best_total_r)]
    p += [found.best_sharpe_ratio.p, found.share_profitable.p, tests.walk_forward.p]
    assert [row[-1] for row in rows[1:]] == [f"{value:.3f}" for value in p]
    assert len(list(page.by_id("rules-table").all("tr"))) == 1 + len(tests.selection_rules)
    for text in ("White's reality check: p = 0.630", "In 30.0% of 924 splits", "Probability 97.0%"):
        assert text in section.text
    after = tests.walk_forward.coin_band.median[-1]
    assert f"search, and {after:.1f} R or more in the walk-forward" in section.text.replace(
        "−", "-"
    )
    names = {"luck-histogram", "walk-forward", "cross-validation", "years-agreement"}
    assert names <= set(figures(page))
