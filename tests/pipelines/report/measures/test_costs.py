"""The curve of cost counts the combinations that bear more than each extra cost."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from pipelines.report.html.figures import draw_figures
from tests.helpers.runs.reported_runs import MadeUpRun

MakeRun = Callable[..., MadeUpRun]


def test_every_step_counts_what_it_bears(make_run: MakeRun) -> None:
    run = make_run()
    found = run.report().cost
    values = run.rows["break_even_points"].to_numpy(np.float64)
    assert found is not None
    expected = [(values > extra).sum() for extra in found.extra_points]
    assert found.profitable.tolist() == expected
    assert expected[0] > 0


def test_the_page_marks_spread_and_selected_combination(make_run: MakeRun) -> None:
    report = make_run().report()
    (figure,) = draw_figures(report)["cost"]
    names = [trace["name"] for trace in figure.spec["data"]]
    notes = " ".join(note["text"] for note in figure.spec["layout"].get("annotations", ()))
    assert names[0] == "all combinations"
    assert "by score" in names[1]
    assert "spread doubled" in notes


def test_a_run_without_break_even_costs_has_no_curve(make_run: MakeRun) -> None:
    run = make_run()
    metrics = tuple(name for name in run.info.metrics if not name.endswith("break_even_points"))
    older = dataclasses.replace(run, info=dataclasses.replace(run.info, metrics=metrics))
    report = older.report()
    assert report.cost is None
    assert draw_figures(report)["cost"] == []
