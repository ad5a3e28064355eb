"""Near-identical combinations have one representative in the top table."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from ib_grid.analysis import RunSource
from ib_grid.engine import reference
from pipelines.report import facts
from pipelines.report.measures.alike import SAME_DATES, representatives
from pipelines.report.measures.replay import Replay
from pipelines.report.screen import show_report
from tests.helpers.html_page import top_of
from tests.helpers.runs.reported_runs import MadeUpRun


def by_hand(trades: list[pd.DataFrame]) -> list[int]:
    """Return the representative of each combination, in plain Python."""
    entries = [
        dict(zip(t["date"], zip(t["entry_time"], t["direction"], strict=True), strict=True))
        for t in trades
    ]
    found: list[int] = []
    for i, own in enumerate(entries):
        for j in sorted(set(found)):
            either = set(own) | set(entries[j])
            same = sum(own.get(date) == entries[j].get(date) for date in either)
            if same >= SAME_DATES * len(either):
                found.append(j)
                break
        else:
            found.append(i)
    return found


def test_representatives_share_nine_entries_of_ten(traded: tuple[MadeUpRun, RunSource]) -> None:
    run, source = traded
    ids = [int(row["combo_id"]) for row in top_of(run)[::5]]
    expected = by_hand([reference.trades(source.context, source.params(one)) for one in ids])
    assert representatives(np.array(ids), source).tolist() == expected
    assert 1 < len(set(expected)) < len(expected)


def test_the_top_counts_whom_each_row_represents(traded: tuple[MadeUpRun, RunSource]) -> None:
    run, source = traded
    report = run.report(source)
    rows = pd.DataFrame(top_of(run)).astype({"rank": int, "represented_by": int})
    counts = rows["represented_by"].value_counts().sort_index().head(20)
    assert report.top["rank"].tolist() == counts.index.tolist()
    assert report.top["alike"].tolist() == counts.tolist()
    assert "alike" not in run.report().top


def test_80_columns_have_room_for_alike_and_sharpe(traded: tuple[MadeUpRun, RunSource]) -> None:
    run, source = traded
    console = Console(file=io.StringIO(), width=80)
    show_report(console, run.report(source))
    lines = console.file.getvalue().splitlines()
    rule = next(i for i, line in enumerate(lines) if line.startswith("─"))
    headings = lines[rule - 2].split() + lines[rule - 1].split()
    assert {"alike", "Sharpe", "DD", "session", "RR", "stop", "trailing"} <= set(headings)


@pytest.mark.parametrize(
    ("r", "text"),
    [
        ([5.0, -1.0, 3.0, -1.0], "The selected combination ends 1.0 R below its peak."),
        ([5.0, -2.0, 4.0], ""),
        (
            [5.0, -2.0, 1.0, -0.2],
            "The selected combination ends 1.2 R below its peak and lost 1.2 R in the last year.",
        ),
        ([-1.0, 2.0, 0.01], ""),
    ],
)
def test_the_end_of_the_bars_is_told(make_run, r: list[float], text: str) -> None:
    report = make_run(last_bar_utc="2024-12-31T21:59Z").report()
    dates = pd.to_datetime(["2022-01-03", "2024-02-01", "2024-03-01", "2024-12-02"][: len(r)])
    trades = pd.DataFrame({"date": dates, "r": r})
    best = report.overall.best.assign(total_r=1.0)
    replay = Replay(
        represented_by=np.zeros(1, np.int64),
        trades=(trades,),
        other_model="original",
        other=pd.DataFrame(),
    )
    overall = dataclasses.replace(report.overall, best=best)
    assert facts.now_text(dataclasses.replace(report, overall=overall, replay=replay)) == text
