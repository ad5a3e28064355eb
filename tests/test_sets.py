"""`ib-grid show`, `export` and `portfolio` on a small run that is computed for it."""

from __future__ import annotations

import ast
import csv
import io
import json
import runpy
import subprocess
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from ib_grid import analysis, reference
from ib_grid.analysis.runs import Run, load_run
from ib_grid.execution import Execution
from ib_grid.params import PARAM_NAMES
from ib_grid.results import VARIATIONS
from pipelines.chosen import choose, choose_by_text
from pipelines.export import export_bytes
from pipelines.made_with import made_with
from pipelines.options import ExportFormat, Format
from tests.analysis.made_up import write_run
from tests.verify.runs import computed_run

ROOT = Path(__file__).parent.parent
Command = Callable[..., tuple[int, str, str]]
MADE_WITH = (
    "realistic fills, spread 1.5 points, slippage 0, commission 0;"
    " bars 2024-02-15T06:00Z to 2024-11-19T21:58Z. News filter: off."
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return computed_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def run(folder: Path) -> Run:
    return load_run(folder)


@pytest.fixture(scope="module")
def best(run: Run) -> int:
    """The id of the best set, by the ranking's plain definition."""
    rows = run.frame()
    rows = rows[rows["total_trades"] >= run.manifest.ranking["min_trades"]]
    score = 0.0
    for name, weight in run.manifest.ranking["weights"].items():
        values = rows[name].astype(float)
        score += weight * (values - values.min()) / (values.max() - values.min())
    return int(rows["combo_id"].iloc[score.to_numpy().argmax()])


def lines(text: str) -> Iterator[dict[str, str]]:
    return csv.DictReader(io.StringIO(text))


# show


def test_a_pipe_gets_a_line_per_value(
    ib_grid_command: Command, folder: Path, run: Run, best: int
) -> None:
    status, out, said = ib_grid_command("show", folder)
    assert (status, said) == (0, f"{MADE_WITH}\n")
    found = {(row["part"], row["of"], row["name"]): row["value"] for row in lines(out)}
    assert found["set", "", "combo_id"] == str(best)
    assert found["set", "", "rank"] == "1"
    row = run.row(best)
    assert float(found["metrics", "", "total_r"]) == pytest.approx(row["total_r"], rel=1e-7)
    assert found["params", "", "rr_target"] == str(run.grid.params(best).rr_target)
    for name in VARIATIONS:
        expected = row[f"{name.lower()}_total_trades"]
        assert float(found["variation", name, "total_trades"]) == expected
    years = [row for row in lines(out) if row["part"] == "year" and row["name"] == "trades"]
    assert sum(int(row["value"]) for row in years) == row["total_trades"]


def test_json_has_it_all(ib_grid_command: Command, folder: Path, run: Run, best: int) -> None:
    status, out, _ = ib_grid_command("show", folder, "--id", best, "--format", "json", "--trades")
    content = json.loads(out)
    assert status == 0
    assert content["rank"] is None
    assert content["made_with"] == MADE_WITH
    assert content["execution"] == run.source.execution.to_dict()
    assert content["params"] == run.grid.params(best).to_dict()
    trades = analysis.trades(run, best)
    assert [t["r"] for t in content["trades"]] == trades["r"].tolist()
    assert sum(v["total_trades"] for v in content["variations"]) == len(trades)
    assert content["metrics"]["total_trades"] == len(trades)


def test_a_table_is_for_reading(ib_grid_command: Command, folder: Path, best: int) -> None:
    status, out, _ = ib_grid_command("show", folder, "--format", "table", "--trades")
    assert status == 0
    for word in (f"GER40 #{best}, rank 1", "By variation", "By year", "rr_target", "Trades"):
        assert word in out
    assert MADE_WITH in " ".join(out.split())
    assert max(map(len, out.splitlines())) <= 80
    assert "\x1b" not in out


def test_trades_alone_in_a_pipe(
    ib_grid_command: Command, folder: Path, run: Run, best: int
) -> None:
    status, out, _ = ib_grid_command("show", folder, "--trades")
    assert status == 0
    expected = reference.trades(run.source.market, run.grid.params(best), run.source.execution)
    found = pd.read_csv(io.StringIO(out))
    assert found["date"].tolist() == expected["date"].dt.strftime("%Y-%m-%d").tolist()
    assert found["r"].tolist() == pytest.approx(expected["r"].tolist())


def test_charts(ib_grid_command: Command, folder: Path, run: Run, best: int) -> None:
    status, _, said = ib_grid_command("show", folder, "--chart", "best.html")
    assert (status, "written: best.html, 5 figures" in said) == (0, True)
    page = Path("best.html").read_text()
    assert f'<p class="meta">{MADE_WITH}</p>' in page
    days = analysis.extreme_dates(analysis.trades(run, best), 2)
    assert all(f"GER40 {day:%Y-%m-%d}" in page for day in days)
    date = f"{days[0]:%Y-%m-%d}"
    status, _, said = ib_grid_command("show", folder, "--chart", "day.html", "--date", date)
    assert (status, "1 figures" in said or "1 figure" in said) == (0, True)
    assert "http" not in page.split('id="plotly"')[0].replace("http-equiv", "")


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--rank", "0"], "the rank is 0"),
        (["--rank", "1000"], "there is no rank 1000"),
        (["--id", "1000"], "no combination 1000"),
        (["--id", "-1"], "no combination -1"),
        (["--rank", "1", "--id", "1"], "a rank and an id"),
        (["--date", "2024-03-01"], "a date without a chart"),
        (["--chart", "c.html", "--date", "March"], "'March' is not a date"),
        (["--chart", "c.html", "--date", "1999-01-01"], "is no session date"),
        (["--chart", "/proc/none/c.html"], "cannot be written"),
        (["--data", "absent.parquet"], "not there any more"),
    ],
)
def test_what_cannot_be_shown(
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
    assert "results by year are left out: the bars of this run are not there any more" in said
    assert not [row for row in lines(out) if row["part"] == "year"]
    assert [row for row in lines(out) if row["part"] == "metrics"]
    status, _, said = ib_grid_command("show", run_dir, "--trades")
    assert (status, "not there any more" in said) == (2, True)
    status, out, _ = ib_grid_command("show", run_dir, "--trades", "--data", bars)
    assert (status, len(out.splitlines()) > 5) == (0, True)


def test_a_row_that_the_trades_do_not_bear_out(run: Run) -> None:
    from dataclasses import replace

    from ib_grid.errors import DataError

    chosen = choose(str(run.path))
    wrong = replace(chosen, row={**chosen.row, "total_r": float(chosen.row["total_r"]) + 1})
    assert len(chosen.trades(chosen.source())) == chosen.row["total_trades"]
    with pytest.raises(DataError, match="R now"):
        wrong.trades(chosen.source())


def test_sets_by_text(run: Run) -> None:
    path = str(run.path)
    assert choose_by_text(path).rank == 1
    assert choose_by_text(f"{path}@2").combo_id == choose(path, rank=2).combo_id
    assert choose_by_text(f"{path}:3").combo_id == 3


# export


def test_export_as_json_is_what_trades_takes(
    ib_grid_command: Command, folder: Path, run: Run, best: int
) -> None:
    status, out, said = ib_grid_command("export", folder, "--out", "set.json")
    assert (status, out, "written: set.json" in said) == (0, "", True)
    assert json.loads(Path("set.json").read_text()) == run.grid.params(best).to_dict()
    data = run.manifest.data["file"]
    given = ("--symbol", "GER40", "--data", data, "--no-news", "--params", "set.json")
    status, out, _ = ib_grid_command("trades", *given)
    assert len(out.splitlines()) - 1 == run.row(best)["total_trades"]


def test_export_as_set_is_as_mt5_writes_it(
    ib_grid_command: Command, folder: Path, run: Run
) -> None:
    status, _, _ = ib_grid_command("export", folder, "--id", 3, "--format", "set", "--out", "a.set")
    content = Path("a.set").read_bytes()
    assert status == 0
    assert content[:2] == b"\xff\xfe"
    text = content[2:].decode("utf-16-le")
    assert text.count("\r\n") == text.count("\n")
    assert f"; Chosen with {MADE_WITH}\r\n" in text
    inputs = dict(
        line.split("=") for line in text.splitlines() if line and not line.startswith(";")
    )
    params = run.grid.params(3).to_dict()
    assert list(inputs) == list(params)
    assert inputs["ib_start"] == params["ib_start"]
    assert inputs["rev_rb_enabled"] == "true"
    assert float(inputs["rr_target"]) == params["rr_target"]
    assert "||" not in text


def test_export_goes_by_the_name_of_the_file(ib_grid_command: Command, folder: Path) -> None:
    begins = {"a.SET": b"\xff\xfe;", "a.py": b'"""GER40', "a.json": b"{", "a.txt": b"{"}
    for name, first in begins.items():
        assert ib_grid_command("export", folder, "--out", name)[0] == 0
        assert Path(name).read_bytes().startswith(first)
    assert ib_grid_command("export", folder, "--format", "json", "--out", "b.set")[0] == 0
    assert Path("b.set").read_bytes().startswith(b"{")


def test_nothing_is_written_over_a_run(ib_grid_command: Command, folder: Path, run: Run) -> None:
    bars = Path(run.manifest.data["file"])
    partition = next(iter(run.files.values()))
    for path in (folder / "run.json", bars, partition, partition.with_name("a.csv")):
        before = path.read_bytes() if path.exists() else None
        for words in (
            ("export", folder, "--out", path),
            ("show", folder, "--chart", path),
            ("portfolio", folder, "--out", path),
            ("portfolio", folder, "--chart", path),
        ):
            status, out, said = ib_grid_command(*words)
            assert (status, out) == (2, "")
            assert said.startswith("error: the file to write is ")
        assert (path.read_bytes() if path.exists() else None) == before


def test_export_as_python_is_a_frozen_value(
    ib_grid_command: Command, folder: Path, run: Run
) -> None:
    status, _, _ = ib_grid_command("export", folder, "--id", 3, "--format", "py", "--out", "bot.py")
    assert status == 0
    module = types.SimpleNamespace(**runpy.run_path("bot.py"))
    params = run.grid.params(3).to_dict()
    assert {name: getattr(module.PARAMS, name) for name in params} == params
    assert module.SYMBOL == "GER40"
    assert MADE_WITH in module.__doc__
    with pytest.raises(AttributeError):
        module.PARAMS.rr_target = 9.0


# portfolio


def test_portfolio_in_a_pipe(ib_grid_command: Command, folder: Path, run: Run) -> None:
    sets = (f"{folder}:3", f"{folder}:5")
    weights = ("--weight", 1, "--weight", 0.5)
    status, out, said = ib_grid_command("portfolio", *sets, *weights)
    assert (status, said) == (0, f"GER40 #3, GER40 #5: {MADE_WITH}\n")
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
    assert content["sets"][-1]["max_drawdown_r"] == pytest.approx(low)
    assert [row["set"] for row in content["sets"]] == [*sources, "portfolio"]
    assert [note.split(":")[0] for note in content["notes"]][:2] == list(sources)
    common = set.intersection(*(set(analysis.session_dates(s, 3)) for s in sources.values()))
    assert content["correlations"][0]["common_dates"] == len(common)
    n, alone = len(by_date), len(by_date) - len(common)
    said = f"of {n} dates {len(common)} are common to all sets and {alone} are in only one"
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
        set(analysis.session_dates(run, choose(str(folder), rank=n).combo_id)) for n in (1, 2)
    ]
    assert len(pd.read_csv("p.csv")) == len(set.union(*of_both))
    assert "Cumulative R and drawdown" in Path("p.html").read_text()
    assert MADE_WITH in " ".join(out.split())
    assert f": {MADE_WITH}</p>" in Path("p.html").read_text()
    status, out, _ = ib_grid_command("portfolio", *sets, "--format", "json")
    content = json.loads(out)
    assert [row["set"] for row in content["sets"]][-1] == "portfolio"
    assert len(content["correlations"]) == 1


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["{run}:3", "{run}:3"], "is named twice"),
        (["{run}", "--weight", "1", "--weight", "2"], "2 weights for 1 sets"),
        (["{run}:99"], "no combination 99"),
        (["absent"], "cannot be read"),
        (["{run}:abc"], "'abc' is no combo_id"),
        (["{run}@x"], "such as results/run@2"),
        (["{run}", "--weight", "-1"], "a finite number above 0"),
    ],
)
def test_portfolios_that_are_none(
    ib_grid_command: Command, folder: Path, words: list[str], found: str
) -> None:
    status, out, said = ib_grid_command("portfolio", *(w.format(run=folder) for w in words))
    assert (status, out) == (2, "")
    assert found in said


def test_a_narrow_terminal_breaks_no_date(folder: Path) -> None:
    from rich.console import Console

    from pipelines.show_portfolio import portfolio_of_sets, show_portfolio

    found = portfolio_of_sets([choose_by_text(f"{folder}:{n}") for n in (3, 5)], [])
    for width in (40, 60):
        file = io.StringIO()
        show_portfolio(Console(file=file, width=width), found, [], Format.TABLE)
        out = file.getvalue()
        assert max(map(len, out.splitlines())) <= width
        dates = [f"{found.worst_day[0]}" in out, "worst_date" in out]
        assert dates == ([True, False] if width == 60 else [False, True])


def test_sets_of_other_years_are_told_apart() -> None:
    from pipelines.show_portfolio import _apart

    dates = pd.date_range("2024-01-01", periods=4, name="date")
    r = pd.Series([1.0, 2.0, 3.0, 4.0], index=dates)
    found = analysis.portfolio_of({"a": r.iloc[:3], "b": r.iloc[2:]})
    (said,) = _apart(found)
    assert "of 4 dates 1 are common to all sets and 3 are in only one" in said
    assert "a 2024-01-01 to 2024-01-03, b 2024-01-03 to 2024-01-04" in said
    assert _apart(analysis.portfolio_of({"a": r, "b": r})) == []


def test_what_a_run_says_steers_nothing(run: Run) -> None:
    from dataclasses import replace

    hostile = {**run.manifest.data, "last": 'x"""\nimport os\n\x1b[2J\\'}
    manifest = replace(run.manifest, data=hostile)
    chosen = choose(str(run.path))
    chosen = replace(chosen, run=replace(run, manifest=manifest))
    assert "\x1b" not in chosen.made_with
    assert len(chosen.made_with.splitlines()) == 1
    source = export_bytes(chosen, ExportFormat.PY).decode()
    assert 'x"""import os' in (ast.get_docstring(ast.parse(source)) or "")
    assert len(ast.parse(source).body) == 5


def test_other_fills_are_said(run: Run) -> None:
    from dataclasses import replace

    from ib_grid.errors import InputError

    original = Execution(model="original", spread_points=0.00008).to_dict()
    found = made_with(replace(run.manifest, execution=original))
    assert found.startswith("original fills, spread 0.00008 points (slippage and commission not")
    with pytest.raises(InputError, match="fills or news are none"):
        made_with(replace(run.manifest, execution={"cost": 1}))


# runs that have kept only some


def test_a_run_with_few_columns(ib_grid_command: Command, tmp_path: Path) -> None:
    kept = ("combo_id", *PARAM_NAMES, "total_r", "total_trades")
    write_run(tmp_path / "run", columns=kept)
    status, out, said = ib_grid_command("show", tmp_path / "run", "--format", "json")
    content = json.loads(out)
    assert (status, "left out" in said) == (0, True)
    assert set(content["metrics"]) == {"total_r", "total_trades"}
    assert (content["variations"], content["years"]) == ([], None)
    for words in ((), ("--format", "table")):
        status, out, _ = ib_grid_command("show", tmp_path / "run", *words)
        assert status == 0
        assert "total_r" in out


def test_a_reader_that_has_had_enough(folder: Path) -> None:
    command = f"{sys.executable} -m pipelines.cli show {folder} --trades | head -n 1"
    done = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("date,variation")
    assert len(done.stderr.splitlines()) == 1  # how the numbers were made
    assert "fills, spread" in done.stderr
