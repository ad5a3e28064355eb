from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from rich.console import Console

from pipelines.report.screen import show_report
from pipelines.report.write import write_report
from tests.helpers.runs.reported_runs import MadeUpRun


def printed(run: MadeUpRun, width: int, **options: object) -> str:
    console = Console(file=io.StringIO(), width=width, **options)
    show_report(console, run.report())
    return console.file.getvalue()


@pytest.mark.parametrize("width", [80, 124, 125, 200])
def test_the_ten_best_fit_the_width(make_run: Callable[..., MadeUpRun], width: int) -> None:
    run = make_run()
    lines = printed(run, width).splitlines()
    assert max(map(len, lines)) <= width
    assert "…" not in "".join(lines)
    rule = next(i for i, line in enumerate(lines) if line.startswith("─"))
    assert lines[rule - 1].split()[:2] == ["#", "id"]
    rows = [line.split() for line in lines[rule + 1 : rule + 11]]
    assert [row[0] for row in rows] == [str(rank) for rank in range(1, 11)]
    best = run.report().overall.best
    assert [row[2] for row in rows] == [f"{value:.1f}" for value in best["total_r"].head(10)]
    assert [row[8] for row in rows] == [f"{score:.4f}" for score in best["score"].head(10)]
    assert [row[1] for row in rows] == [str(combo_id) for combo_id in best["combo_id"][:10]]
    head = " ".join(" ".join(lines[1:rule]).split())
    assert all(heading in head for heading in ("RR", "stop", "trailing"))


def test_piped_there_is_no_colour(make_run: Callable[..., MadeUpRun]) -> None:
    run = make_run()
    console = Console(file=io.StringIO())
    show_report(console, run.report(), write_report(run.report(), run.run_dir))
    output = console.file.getvalue()
    assert "\x1b" not in output
    assert f"Files in {run.run_dir}:\n" in output
    assert "GER40_summary.txt" in output
    assert "\x1b" in printed(run, 80, force_terminal=True, color_system="standard")


def test_best_combination_is_listed_in_full(make_run: Callable[..., MadeUpRun]) -> None:
    run = make_run()
    output = " ".join(printed(run, 80).split())
    best = run.report().overall.best.iloc[0]
    assert f"rr_target {best['rr_target']}" in output
    assert f"max_distance_pct {best['max_distance_pct']}" in output
    assert f"rev_rb_enabled {str(best['rev_rb_enabled']).lower()}" in output


def test_nothing_ranked(make_run: Callable[..., MadeUpRun]) -> None:
    run = make_run(most_trades=9)
    output = " ".join(printed(run, 80).split())
    count = f"{len(run.rows):,}"
    assert f"Nothing is ranked: none of {count} combinations has 10 trades or more." in output


def test_partial_and_notes_come_first(make_run: Callable[..., MadeUpRun]) -> None:
    run = make_run(chunks=slice(0, 3), notes=("[bold] is no markup here",))
    lines = printed(run, 80).splitlines()
    share = run.report().grid_share_pct
    assert lines[0] == f"GER40, PARTIAL: {share}% of the grid has been computed"
    assert lines[2].startswith("VERDICT: ")
    assert lines.index("note: [bold] is no markup here") < 12
