"""Calendars that change between the attempts of a run."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from ib_grid.account.stress import scenarios
from ib_grid.errors import DataError, RunMismatchError
from ib_grid.runs.fingerprint import LATE_MINUTES, check_same_run, fingerprint
from ib_grid.runs.manifest import Manifest, read_manifest, write_manifest
from ib_grid.runs.source import load_source
from pipelines.inputs.inputs import RunInputs, read_inputs
from pipelines.run.run_directory import choose_directory
from tests.helpers.faults.serial_runs import SerialRun
from tests.helpers.runs.computed_runs import files
from tests.helpers.runs.small_runs import settings

# The sessions begin at 07:00 and 08:00 UTC, and the last trade window ends at 09:30; entries may
# be five minutes later in stress tests, and news block two minutes before and after.
EVENTS = "time,currency,impact,title\n2024-03-06 08:15Z,EUR,High,A\n"
IN_REACH = {
    "first minute": "2024-03-06 06:58Z",
    "in a window": "2024-03-06 08:40Z",
    "last minute": "2024-03-06 09:37Z",
}
OUT_OF_REACH = {
    "the evening": "2024-03-06 19:00Z",
    "the night": "2024-03-07 02:00Z",
    "the weekend": "2024-03-09 08:40Z",
    "just before": "2024-03-06 06:57Z",
    "just after": "2024-03-06 09:38Z",
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> SerialRun:
    return SerialRun(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("with_news")


@pytest.fixture
def calendar(folder: Path) -> Path:
    path = folder / "calendar.csv"
    path.write_text(EVENTS)
    return path


@pytest.fixture(scope="module")
def run(runs: SerialRun, folder: Path) -> Path:
    path = folder / "calendar.csv"
    path.write_text(EVENTS)
    return runs.run(folder, read(runs, path))


def read(runs: SerialRun, calendar: Path, **changes: object) -> RunInputs:
    news = {"news_filter": True, "news": (calendar,), "news_coverage": "partial"}
    return read_inputs(runs.settings(calendar.parent, **news, **changes))


def add(calendar: Path, time: str) -> None:
    calendar.write_text(f"{EVENTS}{time},EUR,High,B\n")


def as_of_an_earlier_version(run: Path, inputs: RunInputs) -> Manifest:
    """Record all events near the bars, as versions before this rule did."""
    older = dataclasses.replace(read_manifest(run), news=inputs.context.news.to_dict())
    return dataclasses.replace(older, fingerprint=fingerprint(older.identity))


@pytest.mark.parametrize("time", OUT_OF_REACH.values(), ids=OUT_OF_REACH.keys())
def test_event_that_can_block_no_entry_is_accepted(
    runs: SerialRun, run: Path, calendar: Path, time: str
) -> None:
    add(calendar, time)
    now, manifest = read(runs, calendar), read_manifest(run)
    assert len(now.context.news.events) == 2
    check_same_run(now.identity, manifest.identity, run)
    assert len(load_source(manifest).events) == 2


def test_run_resumes_after_an_event_at_night(runs: SerialRun, run: Path, calendar: Path) -> None:
    before, (lost, *rest) = read_manifest(run), files(run)
    lost.unlink()
    times = [path.stat().st_mtime_ns for path in rest]
    add(calendar, OUT_OF_REACH["the night"])
    assert runs.run(calendar.parent, read(runs, calendar)) == run
    assert [path.stat().st_mtime_ns for path in rest] == times
    assert lost.exists()
    assert read_manifest(run).fingerprint == before.fingerprint


@pytest.mark.parametrize("time", IN_REACH.values(), ids=IN_REACH.keys())
def test_event_that_can_block_an_entry_is_refused(
    runs: SerialRun, run: Path, calendar: Path, time: str
) -> None:
    add(calendar, time)
    with pytest.raises(RunMismatchError, match=r"news\.n_events: 2 here, 1 in the run"):
        runs.run(calendar.parent, read(runs, calendar))
    with pytest.raises(DataError, match="the calendars have changed since this run"):
        load_source(read_manifest(run))


def test_late_entries_reach_later_events(runs: SerialRun, calendar: Path) -> None:
    inputs = read(runs, calendar, delay_minutes=1)
    add(calendar, OUT_OF_REACH["just after"])
    later = read(runs, calendar, delay_minutes=1)
    assert later.news["n_events"] == inputs.news["n_events"] + 1  # type: ignore[operator]


def test_stress_tests_enter_no_later_than_is_recorded(runs: SerialRun) -> None:
    execution = runs.inputs.context.execution
    late = [scenario.execution.delay_minutes for scenario in scenarios(execution)]
    assert max(late) - execution.delay_minutes == LATE_MINUTES


def test_run_of_an_earlier_version_resumes(runs: SerialRun, run: Path, calendar: Path) -> None:
    add(calendar, OUT_OF_REACH["the night"])
    inputs = read(runs, calendar)
    older = as_of_an_earlier_version(run, inputs)
    assert older.fingerprint != read_manifest(run).fingerprint
    named = calendar.parent / f"GER40_{older.combinations}combos_20240501_000000"
    named.mkdir()
    write_manifest(named, older)
    found = choose_directory(named.parent, None, inputs.identity, older.combinations, resume=True)
    assert found.folder == named
    check_same_run(inputs.identity, read_manifest(named).identity, named)
    assert load_source(older).span
    calendar.write_text(EVENTS)
    with pytest.raises(RunMismatchError, match=r"news\.n_events: 1 here, 2 in the run"):
        check_same_run(read(runs, calendar).identity, older.identity, named)


def test_runs_without_news_record_what_they_did(tmp_path: Path) -> None:
    inputs = read_inputs(settings(tmp_path))
    assert inputs.news == inputs.identity["news"] == inputs.context.news.to_dict()
    assert "former_news" not in inputs.identity
