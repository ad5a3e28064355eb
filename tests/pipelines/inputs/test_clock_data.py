"""Time zone data that changes between the attempts of a run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ib_grid.errors import DataError, RunMismatchError
from ib_grid.market import clock
from ib_grid.market.bars import file_sha256, read_bars
from ib_grid.market.instruments import GER40
from ib_grid.runs.fingerprint import check_same_run, fingerprint
from ib_grid.runs.manifest import read_manifest
from ib_grid.runs.source import load_source
from pipelines.config import default_paths
from pipelines.inputs import prepare
from pipelines.inputs.inputs import read_inputs
from pipelines.run.run_directory import choose_directory
from tests.helpers.runs.computed_runs import change_manifest, computed_run
from tests.helpers.runs.small_runs import BARS, GRID, settings

_true_offsets = clock._offsets


def change_clock(monkeypatch: pytest.MonkeyPatch, first: str, end: str) -> None:
    """Let the clocks of every zone go another hour ahead between two dates."""
    first_minute, end_minute = (np.datetime64(day, "m").astype(np.int64) for day in (first, end))

    def offsets(minutes: np.ndarray, tz: object) -> np.ndarray:
        within = (minutes >= first_minute) & (minutes < end_minute)
        return _true_offsets(minutes, tz) + 60 * within

    monkeypatch.setattr(clock, "_offsets", offsets)


def test_another_minute_of_a_session_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = computed_run(tmp_path)
    asked = settings(tmp_path, data=tmp_path / "bars.parquet", grid=str(tmp_path / "verified.toml"))
    manifest = read_manifest(run)
    check_same_run(read_inputs(asked).identity, manifest.identity, run)
    change_clock(monkeypatch, "2024-03-05", "2024-03-08")
    with pytest.raises(RunMismatchError, match="the time zone data has changed") as caught:
        check_same_run(read_inputs(asked).identity, manifest.identity, run)
    assert "clock.09:00-09:30 Europe/Berlin: " in caught.value.message
    with pytest.raises(DataError, match="the time zone data has changed since this run"):
        load_source(manifest)


def test_other_time_zone_data_with_equal_minutes_is_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = read_inputs(settings(tmp_path)).identity
    change_clock(monkeypatch, "2019-03-05", "2019-04-08")
    assert read_inputs(settings(tmp_path)).identity == before


def test_run_of_an_earlier_version_resumes(tmp_path: Path) -> None:
    run = computed_run(tmp_path)
    asked = settings(tmp_path, data=tmp_path / "bars.parquet", grid=str(tmp_path / "verified.toml"))
    identity = read_inputs(asked).identity
    older = {name: value for name, value in identity.items() if name != "clock"}
    manifest = change_manifest(run, clock={}, fingerprint=fingerprint(older))
    name = f"GER40_{manifest.combinations}combos_20240501_000000"
    run.rename(run.with_name(name))
    found = choose_directory(run.parent, None, identity, manifest.combinations, resume=True)
    assert found.folder.name == name
    check_same_run(identity, read_manifest(found.folder).identity, found.folder)
    assert load_source(manifest).span


def test_saved_levels_of_another_clock_are_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = default_paths.levels_file("GER40", tmp_path)
    prepare.prepare_levels(GER40, BARS, path)
    bars, sha256 = read_bars(BARS), file_sha256(BARS)
    assert prepare.load_levels(path, bars, sha256, GRID.sessions).note is None
    change_clock(monkeypatch, "2024-03-05", "2024-03-08")
    loaded = prepare.load_levels(path, bars, sha256, GRID.sessions)
    assert loaded.note
    assert "are from other time zone data; computed from the bars" in loaded.note
    computed = prepare.load_levels(tmp_path / "missing", bars, sha256, GRID.sessions)
    for session in GRID.sessions:
        for own, other in zip(loaded.levels[session], computed.levels[session], strict=True):
            assert np.array_equal(own, other)
