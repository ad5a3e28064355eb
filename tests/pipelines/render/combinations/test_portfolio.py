"""`ib-grid portfolio`: several combinations together, by day."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from ib_grid import analysis
from ib_grid.runs.run import Run, load_run
from pipelines.render.combinations.portfolio import combination_names
from pipelines.render.combinations.selected import select, select_by_text
from pipelines.render.formats import Format
from tests.helpers.runs.computed_runs import computed_run
from tests.pipelines.render.combinations.said import PROVENANCE, Command


def test_portfolio_in_a_pipe(ib_grid_command: Command, folder: Path, run: Run) -> None:
    sets = (f"{folder}:3", f"{folder}:5")
    weights = ("--weight", 1, "--weight", 0.5)
    status, out, said = ib_grid_command("portfolio", *sets, *weights)
    assert (status, said) == (0, f"GER40 #3, GER40 #5: {PROVENANCE}\n")
    found = pd.read_csv(io.StringIO(out))
    assert list(found) == [
        "date", "GER40 #3", "GER40 #5", "r", "cumulative_r", "drawdown_r",
    ]  # fmt: skip
    totals = [analysis.trades(run, combo_id)["r"].sum() for combo_id in (3, 5)]
    assert found["cumulative_r"].iloc[-1] == pytest.approx(totals[0] + 0.5 * totals[1])


def test_portfolio_of_two_symbols(
    ib_grid_command: Command, folder: Path, run: Run, tmp_path: Path
) -> None:
    gold = computed_run(tmp_path, "XAUUSD")
    status, out, said = ib_grid_command("portfolio", f"{folder}:3", f"{gold}:3", "--format", "json")
    assert (status, said) == (0, "")
    content = json.loads(out)
    sources = {"GER40 #3": run, "XAUUSD #3": load_run(gold)}
    by_date: dict[str, float] = {}
    for source in sources.values():
        for date in analysis.session_dates(source, 3):
            by_date.setdefault(f"{date:%Y-%m-%d}", 0.0)
        for trade in analysis.trades(source, 3).itertuples():
            by_date[f"{trade.date:%Y-%m-%d}"] += trade.r
    assert {row["date"]: row["r"] for row in content["daily"]} == pytest.approx(by_date)
    low = peak = total = 0.0
    for date in sorted(by_date):
        total += by_date[date]
        peak = max(peak, total)
        low = max(low, peak - total)
    assert content["combinations"][-1]["max_drawdown_r"] == pytest.approx(low)
    assert [row["combination"] for row in content["combinations"]] == [*sources, "portfolio"]
    assert [note.split(":")[0] for note in content["notes"]][:2] == list(sources)
    common = set.intersection(*(set(analysis.session_dates(s, 3)) for s in sources.values()))
    assert content["correlations"][0]["common_dates"] == len(common)
    n, alone = len(by_date), len(by_date) - len(common)
    said = f"{len(common)} of {n} dates are common to all combinations, {alone} belong to only one"
    assert (said in content["notes"][-1]) == (alone > 0)


def test_portfolio_as_files_and_tables(ib_grid_command: Command, folder: Path, run: Run) -> None:
    sets = (f"{folder}@1", f"{folder}@2")
    files = ("--out", "p.csv", "--chart", "p.html")
    status, out, said = ib_grid_command("portfolio", *sets, *files, "--format", "table")
    assert status == 0
    assert "portfolio" in out
    assert "Correlation of daily R" in out
    assert said.count("written: ") == 2
    of_both = [
        set(analysis.session_dates(run, select(str(folder), rank=n).combo_id)) for n in (1, 2)
    ]
    assert len(pd.read_csv("p.csv")) == len(set.union(*of_both))
    assert "Cumulative R and drawdown" in Path("p.html").read_text()
    assert PROVENANCE in " ".join(out.split())
    assert f": {PROVENANCE}</p>" in Path("p.html").read_text()
    status, out, _ = ib_grid_command("portfolio", *sets, "--format", "json")
    content = json.loads(out)
    assert [row["combination"] for row in content["combinations"]][-1] == "portfolio"
    assert len(content["correlations"]) == 1


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["{run}:3", "{run}:3"], "is given twice"),
        (["{run}", "--weight", "1", "--weight", "2"], "2 weights for 1 combinations"),
        (["{run}:99"], "unknown combination 99"),
        (["absent"], "cannot be read"),
        (["{run}:abc"], "invalid combo_id 'abc'"),
        (["{run}@x"], "such as results/run@2"),
        (["{run}", "--weight", "-1"], "a positive number"),
    ],
)
def test_invalid_portfolios(
    ib_grid_command: Command, folder: Path, words: list[str], found: str
) -> None:
    status, out, said = ib_grid_command("portfolio", *(w.format(run=folder) for w in words))
    assert (status, out) == (2, "")
    assert found in said


def test_runs_in_folders_of_one_name_are_told_apart_by_path(folder: Path, tmp_path: Path) -> None:
    other = shutil.copytree(folder, tmp_path / "other" / folder.name)
    selected = [select_by_text(f"{run}:3") for run in (folder, other)]
    assert combination_names(selected) == [f"GER40 #3 {run}" for run in (folder, other)]


def test_a_narrow_terminal_breaks_no_date(folder: Path) -> None:
    from rich.console import Console

    from pipelines.render.combinations.portfolio import build_portfolio, show_portfolio

    found = build_portfolio([select_by_text(f"{folder}:{n}") for n in (3, 5)], [])
    for width in (40, 60):
        file = io.StringIO()
        show_portfolio(Console(file=file, width=width), found, [], Format.TABLE)
        out = file.getvalue()
        assert max(map(len, out.splitlines())) <= width
        dates = [f"{found.worst_day[0]}" in out, "worst_date" in out]
        assert dates == ([True, False] if width == 60 else [False, True])


def test_combinations_of_other_years_are_distinct() -> None:
    from pipelines.render.combinations.portfolio import _apart

    dates = pd.date_range("2024-01-01", periods=4, name="date")
    r = pd.Series([1.0, 2.0, 3.0, 4.0], index=dates)
    found = analysis.portfolio_of({"a": r.iloc[:3], "b": r.iloc[2:]})
    (said,) = _apart(found)
    assert "1 of 4 dates are common to all combinations, 3 belong to only one" in said
    assert "a 2024-01-01 to 2024-01-03, b 2024-01-03 to 2024-01-04" in said
    assert _apart(analysis.portfolio_of({"a": r, "b": r})) == []
