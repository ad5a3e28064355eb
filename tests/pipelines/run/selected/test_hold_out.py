"""`ib-grid holdout`: opened once, for the selected combination, and recorded."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ib_grid.analysis import load_run, top
from ib_grid.engine import reference
from ib_grid.errors import DataError, InputError
from ib_grid.market.bars import read_bars
from ib_grid.market.market import build_market
from ib_grid.runs.manifest import read_manifest
from pipelines.run.selected.hold_out import open_hold_out
from tests.helpers.runs.computed_runs import change_manifest, computed_run
from tests.helpers.runs.small_runs import BARS

HOLD_OUT = "2024-10-14"
Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    return computed_run(tmp_path, hold_out=HOLD_OUT)


def test_the_selected_combination_is_traded_on_held_out_dates(run_dir: Path) -> None:
    opened = open_hold_out(run_dir)
    run = load_run(run_dir)
    selected = int(top(run, n=1)["combo_id"].iloc[0])
    whole = build_market(read_bars(BARS), run.grid.sessions, run.grid.horizon_minutes)
    context = dataclasses.replace(run.source.context, market=whole)
    expected = reference.trades(context, run.grid.params(selected))
    expected = expected[expected["date"] >= HOLD_OUT]
    outcome = opened.outcome
    assert (opened.is_new, outcome.combo_id) == (True, selected)
    assert outcome.total_trades == len(expected) > 0
    assert outcome.total_r == pytest.approx(expected["r"].sum(), rel=1e-6)
    assert outcome.first >= HOLD_OUT > run.source.span[1]
    assert outcome.passed == (outcome.total_r > 0)
    assert outcome.text.startswith(f"Hold-out {'passed' if outcome.passed else 'failed'}: #")


def test_the_first_outcome_is_kept(run_dir: Path, ib_grid_command: Command) -> None:
    status, first, said = ib_grid_command("holdout", run_dir, "--format", "json")
    assert (status, "Opened on" in said) == (0, True)
    assert said.splitlines()[0].startswith(("Hold-out passed: GER40 #", "Hold-out failed: GER40 #"))
    assert f"ib-grid report {run_dir}" in said
    recorded = read_manifest(run_dir).hold_out
    other = {"weights": {"total_trades": 1.0}, "min_trades": 1}
    change_manifest(run_dir, ranking=other)  # another ranking would select another combination
    status, second, said = ib_grid_command("holdout", run_dir, "--format", "json")
    assert (status, "Opened before, on" in said) == (0, True)
    assert json.loads(first) == json.loads(second)
    assert read_manifest(run_dir).hold_out == recorded
    assert recorded.items() <= json.loads(first).items()


def test_a_run_without_a_hold_out_is_refused(tmp_path: Path, ib_grid_command: Command) -> None:
    status, out, said = ib_grid_command("holdout", computed_run(tmp_path))
    assert (status, out) == (2, "")
    assert "the run holds out no session dates" in said
    assert "ib-grid run --hold-out 20%" in said


def test_an_unfinished_run_is_refused(run_dir: Path) -> None:
    change_manifest(run_dir, state="interrupted")
    with pytest.raises(InputError, match="selected combination can still change"):
        open_hold_out(run_dir)


def test_nothing_is_recorded_without_the_bars(run_dir: Path) -> None:
    bars = Path(str(read_manifest(run_dir).data["file"]))
    moved = bars.rename(bars.with_name("moved.parquet"))
    with pytest.raises(DataError, match="bars of this run are missing"):
        open_hold_out(run_dir)
    assert read_manifest(run_dir).hold_out == {}
    assert open_hold_out(run_dir, moved).is_new
