"""`ib-grid show`: metrics, years and trades of a combination as text, JSON, tables and charts."""

from __future__ import annotations

import dataclasses
import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from ib_grid import analysis
from ib_grid.engine import reference
from ib_grid.engine.execution_settings import Execution
from ib_grid.grid.params import PARAM_NAMES
from ib_grid.grid.variations import VARIATIONS
from ib_grid.robustness.conclusion.facts import facts_of
from ib_grid.robustness.conclusion.robustness_file import write_robustness
from ib_grid.robustness.conclusion.verdict import verdict
from ib_grid.runs.manifest import read_manifest
from ib_grid.runs.run import Run
from pipelines.render.combinations.selected import select, select_by_text
from pipelines.render.provenance import provenance
from tests.helpers.paths import ROOT
from tests.helpers.runs.computed_runs import computed_run
from tests.helpers.runs.random_runs import write_run
from tests.helpers.runs.tested_runs import robustness
from tests.pipelines.render.combinations.said import PROVENANCE, Command, lines


def test_a_pipe_gets_a_line_per_value(
    ib_grid_command: Command, folder: Path, run: Run, best: int
) -> None:
    status, out, said = ib_grid_command("show", folder)
    assert (status, said) == (0, f"{PROVENANCE}\n")
    found = {(row["part"], row["of"], row["name"]): row["value"] for row in lines(out)}
    assert found["combination", "", "combo_id"] == str(best)
    assert found["combination", "", "rank"] == "1"
    row = run.row(best)
    assert float(found["metrics", "", "total_r"]) == pytest.approx(row["total_r"], rel=1e-7)
    assert found["params", "", "rr_target"] == str(run.grid.params(best).rr_target)
    for name in VARIATIONS:
        expected = row[f"{name.lower()}_total_trades"]
        assert float(found["variation", name, "total_trades"]) == expected
    years = [row for row in lines(out) if row["part"] == "year" and row["name"] == "trades"]
    assert sum(int(row["value"]) for row in years) == row["total_trades"]


def test_json_is_complete(ib_grid_command: Command, folder: Path, run: Run, best: int) -> None:
    status, out, _ = ib_grid_command("show", folder, "--id", best, "--format", "json", "--trades")
    content = json.loads(out)
    assert status == 0
    assert content["rank"] is None
    assert content["provenance"] == PROVENANCE
    assert content["verdict"] is None
    assert content["execution"] == run.source.context.execution.to_dict()
    assert content["params"] == run.grid.params(best).to_dict()
    trades = analysis.trades(run, best)
    assert [t["r"] for t in content["trades"]] == trades["r"].tolist()
    assert sum(v["total_trades"] for v in content["variations"]) == len(trades)
    assert content["metrics"]["total_trades"] == len(trades)


def test_the_verdict_on_the_run_is_told(tmp_path: Path, ib_grid_command: Command) -> None:
    folder = computed_run(tmp_path)
    _, out, _ = ib_grid_command("show", folder, "--format", "table")
    told = f"Not tested for luck; to test: ib-grid robustness {folder}"
    assert told.replace(" ", "") in "".join(out.split())
    manifest, tests = read_manifest(folder), robustness(p=0.3)
    facts = facts_of(manifest, str(folder), tests, None)
    write_robustness(folder, manifest, tests, verdict(facts, tests))
    _, out, _ = ib_grid_command("show", folder, "--format", "table")
    assert "Verdict on the run: cannot be told from luck. Do not trade this" in " ".join(
        out.split()
    )
    _, out, _ = ib_grid_command("show", folder, "--format", "json")
    assert json.loads(out)["verdict"]["level"] == "cannot be told from luck"


def test_table_is_rounded(ib_grid_command: Command, folder: Path, run: Run, best: int) -> None:
    status, out, _ = ib_grid_command("show", folder, "--format", "table", "--trades")
    assert status == 0
    for word in (f"GER40 #{best}, rank 1", "By variation", "By year", "rr_target", "Trades"):
        assert word in out
    assert PROVENANCE in " ".join(out.split())
    assert max(map(len, out.splitlines())) <= 80
    assert "\x1b" not in out
    for name, value in run.row(best)[["total_r", "sharpe_ratio", "avg_trade_r"]].items():
        shown = re.search(rf"^{name} \([^)]+\) +(\S+)", out, re.MULTILINE)
        assert shown is not None
        assert float(shown[1]) == float(f"{value:.4g}")


def test_trades_alone_in_a_pipe(
    ib_grid_command: Command, folder: Path, run: Run, best: int
) -> None:
    status, out, _ = ib_grid_command("show", folder, "--trades")
    assert status == 0
    expected = reference.trades(run.source.context, run.grid.params(best))
    found = pd.read_csv(io.StringIO(out))
    assert found["date"].tolist() == expected["date"].dt.strftime("%Y-%m-%d").tolist()
    assert found["r"].tolist() == pytest.approx(expected["r"].tolist())
    local = expected["exit_time"].dt.tz_convert(run.grid.params(best).ib_timezone)
    assert found["exit_local"].str[-5:].tolist() == local.dt.strftime("%H:%M").tolist()


def test_charts(ib_grid_command: Command, folder: Path, run: Run, best: int) -> None:
    status, _, said = ib_grid_command("show", folder, "--chart", "best.html")
    assert (status, "written: best.html, 5 figures" in said) == (0, True)
    page = Path("best.html").read_text()
    assert f'<p class="meta">{PROVENANCE}</p>' in page
    days = analysis.extreme_dates(analysis.trades(run, best), 2)
    assert all(f"GER40 {day:%Y-%m-%d}" in page for day in days)
    date = f"{days[0]:%Y-%m-%d}"
    status, _, said = ib_grid_command("show", folder, "--chart", "day.html", "--date", date)
    assert (status, "1 figures" in said or "1 figure" in said) == (0, True)
    assert "http" not in page.split('id="plotly"')[0].replace("http-equiv", "")


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--rank", "0"], "invalid rank 0"),
        (["--rank", "1000"], "there is no rank 1000"),
        (["--id", "1000"], "unknown combination 1000"),
        (["--id", "-1"], "unknown combination -1"),
        (["--rank", "1", "--id", "1"], "a rank and an id were both given"),
        (["--date", "2024-03-01"], "--date is given without --chart"),
        (["--chart", "c.html", "--date", "March"], "'March' is not a date"),
        (["--chart", "c.html", "--date", "1999-01-01"], "is not a session date"),
        (["--chart", "/proc/none/c.html"], "cannot be written"),
        (["--data", "absent.parquet"], "are missing"),
    ],
)
def test_unshowable_combinations(
    ib_grid_command: Command, folder: Path, words: list[str], found: str
) -> None:
    status, out, said = ib_grid_command("show", folder, *words)
    assert (status, out) == (2, "")
    assert found in said
    assert "Traceback" not in said


def test_without_the_bars(ib_grid_command: Command, tmp_path: Path) -> None:
    run_dir = computed_run(tmp_path)
    bars = (tmp_path / "bars.parquet").rename(tmp_path / "moved.parquet")
    status, out, said = ib_grid_command("show", run_dir)
    assert status == 0
    assert "no results by year: " in said
    assert not [row for row in lines(out) if row["part"] == "year"]
    assert [row for row in lines(out) if row["part"] == "metrics"]
    status, _, said = ib_grid_command("show", run_dir, "--trades")
    assert (status, "are missing" in said) == (2, True)
    status, out, _ = ib_grid_command("show", run_dir, "--trades", "--data", bars)
    assert (status, len(out.splitlines()) > 5) == (0, True)


def test_row_contradicts_its_trades(run: Run) -> None:
    from dataclasses import replace

    from ib_grid.errors import DataError

    selected = select(str(run.path))
    wrong = replace(selected, row={**selected.row, "total_r": float(selected.row["total_r"]) + 1})
    assert len(selected.trades(selected.source())) == selected.row["total_trades"]
    with pytest.raises(DataError, match="but the run has"):
        wrong.trades(selected.source())


def test_combinations_by_text(run: Run) -> None:
    path = str(run.path)
    assert select_by_text(path).rank == 1
    assert select_by_text(f"{path}@2").combo_id == select(path, rank=2).combo_id
    assert select_by_text(f"{path}:3").combo_id == 3


def test_other_fills_are_named(run: Run) -> None:
    original = Execution(model="original", spread_points=0.00008).to_dict()
    found = provenance(dataclasses.replace(run.manifest, execution=original))
    assert found.startswith("original fills, spread 0.00008 points (without slippage and")


def test_a_run_with_few_columns(ib_grid_command: Command, tmp_path: Path) -> None:
    kept = ("combo_id", *PARAM_NAMES, "total_r", "total_trades")
    write_run(tmp_path / "run", columns=kept)
    status, out, said = ib_grid_command("show", tmp_path / "run", "--format", "json")
    content = json.loads(out)
    assert (status, "no results by year: " in said) == (0, True)
    assert set(content["metrics"]) == {"total_r", "total_trades"}
    assert (content["variations"], content["years"]) == ([], None)
    for words in ((), ("--format", "table")):
        status, out, _ = ib_grid_command("show", tmp_path / "run", *words)
        assert status == 0
        assert "total_r" in out


def test_closed_pipe_is_silent(folder: Path) -> None:
    command = f"{sys.executable} -m pipelines.cli.main show {folder} --trades | head -n 1"
    done = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("date,variation")
    lines = [line for line in done.stderr.splitlines() if "note: compiling" not in line]
    assert len(lines) == 1  # how the numbers were made
    assert "fills, spread" in done.stderr
