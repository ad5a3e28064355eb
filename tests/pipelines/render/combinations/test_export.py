"""`ib-grid export`: a combination as JSON, MT5 .set or Python; never over a file of a run."""

from __future__ import annotations

import ast
import datetime as dt
import json
import runpy
import types
from pathlib import Path

import pytest

from ib_grid.market.clock import local_clock
from ib_grid.runs.run import Run
from pipelines.render.combinations.broker_clock import broker_times
from pipelines.render.combinations.export import export_bytes
from pipelines.render.combinations.selected import select
from pipelines.render.formats import ExportFormat
from tests.pipelines.render.combinations.said import PROVENANCE, Command


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


@pytest.mark.parametrize("format_", ["json", "py"])
def test_export_without_a_file_is_printed(
    ib_grid_command: Command, folder: Path, tmp_path: Path, format_: str
) -> None:
    file, words = tmp_path / "file", ("export", folder, "--id", 3, "--format", format_)
    assert ib_grid_command(*words, "--out", file)[0] == 0
    assert ib_grid_command(*words) == (0, file.read_text(), "")


def test_a_set_file_is_not_printed(ib_grid_command: Command, folder: Path) -> None:
    status, out, said = ib_grid_command("export", folder, "--format", "set")
    assert (status, out) == (2, "")
    assert "expected: --out FILE.set, or --format json or py" in said


def test_export_as_set_is_as_mt5_writes_it(
    ib_grid_command: Command, folder: Path, run: Run
) -> None:
    status, _, _ = ib_grid_command("export", folder, "--id", 3, "--format", "set", "--out", "a.set")
    content = Path("a.set").read_bytes()
    assert status == 0
    assert content[:2] == b"\xff\xfe"
    text = content[2:].decode("utf-16-le")
    assert text.count("\r\n") == text.count("\n")
    assert f"; Results with {PROVENANCE}\r\n" in text
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


def test_export_as_python_is_a_frozen_value(
    ib_grid_command: Command, folder: Path, run: Run
) -> None:
    status, _, _ = ib_grid_command("export", folder, "--id", 3, "--format", "py", "--out", "bot.py")
    assert status == 0
    module = types.SimpleNamespace(**runpy.run_path("bot.py"))
    params = run.grid.params(3).to_dict()
    assert {name: getattr(module.PARAMS, name) for name in params} == params
    assert module.SYMBOL == "GER40"
    assert PROVENANCE in module.__doc__
    with pytest.raises(AttributeError):
        module.PARAMS.rr_target = 9.0


def test_run_texts_do_not_control_the_terminal(run: Run) -> None:
    from dataclasses import replace

    hostile = {**run.manifest.data, "last": 'x"""\nimport os\n\x1b[2J\\'}
    manifest = replace(run.manifest, data=hostile)
    selected = select(str(run.path))
    selected = replace(selected, run=replace(run, manifest=manifest))
    assert "\x1b" not in selected.provenance
    assert len(selected.provenance.splitlines()) == 1
    source = export_bytes(selected, ExportFormat.PY).decode()
    assert 'x"""import os' in (ast.get_docstring(ast.parse(source)) or "")
    assert len(ast.parse(source).body) == 5


def test_run_is_not_overwritten(ib_grid_command: Command, folder: Path, run: Run) -> None:
    bars = Path(run.manifest.data["file"])
    partition = next(iter(run.files.values()))
    for path in (folder / "run.json", bars, partition, partition.with_name("a.csv")):
        before = path.read_bytes() if path.exists() else None
        for words in (
            ("export", folder, "--out", path),
            ("show", folder, "--chart", path),
            ("portfolio", folder, "--out", path),
            ("portfolio", folder, "--chart", path),
            ("account", folder, "--out", path),
            ("account", folder, "--chart", path),
            ("challenge", folder, "--rules", "ftmo_2step", "--chart", path),
        ):
            status, out, said = ib_grid_command(*words)
            assert (status, out) == (2, "")
            assert said.startswith("error: the output file ")
        assert (path.read_bytes() if path.exists() else None) == before


def test_set_on_the_clock_of_a_broker(ib_grid_command: Command, folder: Path) -> None:
    given = ("export", folder, "--id", 3, "--out", "a.set", "--clock")
    assert ib_grid_command(*given, "America/New_York+7")[0] == 0
    text = Path("a.set").read_bytes()[2:].decode("utf-16-le")
    assert "ib_start=09:00\r\nib_end=09:30\r\nib_timezone=America/New_York+7\r\n" in text
    assert "; Times are on the clock America/New_York+7; in Europe/Berlin" in text
    assert text.count(": 10:00-10:30") == 2  # weeks in spring and autumn
    for unknown in ("America/Nowhere", "UTC+99", ""):
        status, _, said = ib_grid_command(*given, unknown)
        assert (status, "--clock" in said) == (2, True)
    status, _, said = ib_grid_command(*given, "UTC", "--format", "json")
    assert (status, "--format set or py" in said) == (2, True)


def test_times_of_a_broker_follow_both_clocks(run: Run) -> None:
    params = run.grid.params(3)  # 08:00 to 08:30 in Berlin
    found = broker_times(params, local_clock("America/New_York+7"), dt.date(2023, 1, 1))
    assert (found.ib_start, found.ib_end) == ("09:00", "09:30")
    assert found.exceptions == (
        "2023-03-12 to 2023-03-25: 10:00-10:30",
        "2023-10-29 to 2023-11-04: 10:00-10:30",
    )
    utc = broker_times(params, local_clock("UTC"), dt.date(2023, 1, 1))
    assert (utc.ib_start, len(utc.exceptions)) == ("06:00", 2)
