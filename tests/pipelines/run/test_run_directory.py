"""Choice of the run directory."""

from __future__ import annotations

import dataclasses
import errno
import os
import re
from pathlib import Path

import pytest

from ib_grid.errors import DiskError, InputError, OutputError, RunMismatchError
from ib_grid.runs.fingerprint import fingerprint
from ib_grid.runs.manifest import Manifest, write_manifest
from ib_grid.storage.lock import sole_writer
from pipelines.run.run_directory import ChosenDirectory, choose_directory
from tests.helpers.runs.small_runs import GRID
from tests.ib_grid.runs.test_manifest import manifest

MINE = manifest().identity


def other_run() -> Manifest:
    execution = {**manifest().execution, "spread_points": 9.0}
    changed = dataclasses.replace(manifest(), execution=execution)
    return dataclasses.replace(changed, fingerprint=fingerprint(changed.identity))


def run_at(folder: Path, of: Manifest | None = None, created: str = "2024-05-01") -> Path:
    folder.mkdir(parents=True)
    run = dataclasses.replace(of or manifest(), created_utc=f"{created}T00:00:00+00:00")
    write_manifest(folder, run)
    return folder


def choose(output: Path, name: str | None = None, *, resume: bool = True) -> ChosenDirectory:
    return choose_directory(output, name, MINE, len(GRID), resume=resume)


def test_a_new_run_is_named_by_symbol_size_and_time(tmp_path: Path) -> None:
    place = choose(tmp_path / "deep" / "results")
    assert re.fullmatch(rf"GER40_{len(GRID)}combos_\d{{8}}_\d{{6}}", place.folder.name)
    assert place.folder.is_dir()


def test_two_new_runs_of_one_second_get_two_names(tmp_path: Path) -> None:
    folders = {choose(tmp_path, resume=False).folder for _ in range(5)}
    assert len(folders) == 5


def test_the_newest_run_of_the_same_input_goes_on(tmp_path: Path) -> None:
    run_at(tmp_path / f"GER40_{len(GRID)}combos_20240501_000000")
    newest = run_at(tmp_path / f"GER40_{len(GRID)}combos_20240601_000000", created="2024-06-01")
    run_at(tmp_path / f"GER40_{len(GRID)}combos_20240701_000000", other_run(), "2024-07-01")
    assert choose(tmp_path) == ChosenDirectory(folder=newest)


def test_no_resume_starts_a_new_run(tmp_path: Path) -> None:
    old = run_at(tmp_path / f"GER40_{len(GRID)}combos_20240501_000000")
    place = choose(tmp_path, resume=False)
    assert place.folder != old


def test_only_other_runs_there(tmp_path: Path) -> None:
    other = run_at(tmp_path / f"GER40_{len(GRID)}combos_20240701_000000", other_run())
    assert choose(tmp_path).folder != other


def test_unfinished_run_with_other_input_is_noted(tmp_path: Path) -> None:
    running = dataclasses.replace(other_run(), state="running")
    other = run_at(tmp_path / f"GER40_{len(GRID)}combos_20240701_000000", running)
    (note,) = choose(tmp_path).notes
    assert note == (
        f"a new run begins; {other} is not finished, but was begun with other input"
        " (execution.spread_points: 1.5 here, 9.0 in the run)"
    )


def test_damaged_run_is_skipped_with_a_note(tmp_path: Path) -> None:
    damaged = run_at(tmp_path / f"GER40_{len(GRID)}combos_20240501_000000")
    (damaged / "run.json").write_text("{")
    place = choose(tmp_path)
    assert place.folder != damaged
    assert str(damaged) in place.notes[0]


def test_a_named_run(tmp_path: Path) -> None:
    assert choose(tmp_path, "mine") == ChosenDirectory(folder=tmp_path / "mine")
    write_manifest(tmp_path / "mine", manifest())
    assert choose(tmp_path, "mine") == ChosenDirectory(folder=tmp_path / "mine")


def test_a_named_directory_with_a_lock_only_is_new(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    with sole_writer(tmp_path / "mine"):
        pass
    assert choose(tmp_path, "mine").notes == ()


def test_a_named_directory_of_another_run_is_refused(tmp_path: Path) -> None:
    run_at(tmp_path / "theirs", other_run())
    with pytest.raises(RunMismatchError, match=r"spread_points: 1\.5 here, 9\.0 in the run"):
        choose(tmp_path, "theirs")


def test_directory_of_another_run_is_set_aside_on_request(tmp_path: Path) -> None:
    for n in (1, 2):
        run_at(tmp_path / "mine", other_run())
        place = choose(tmp_path, "mine", resume=False)
        assert place.folder == tmp_path / "mine"
        assert (tmp_path / f"mine.old-{n}" / "run.json").is_file()
        assert f"mine.old-{n}" in place.notes[0]
        place.folder.rmdir()


def test_a_run_in_use_is_not_set_aside(tmp_path: Path) -> None:
    run = run_at(tmp_path / "mine")
    with sole_writer(run), pytest.raises(OutputError, match="another run is writing here"):
        choose(tmp_path, "mine", resume=False)
    assert (run / "run.json").is_file()


@pytest.mark.parametrize("resume", [True, False])
def test_a_directory_with_other_things_is_left_alone(tmp_path: Path, resume: bool) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_text("meow")
    with pytest.raises(InputError, match="something other than a run"):
        choose(tmp_path, "photos", resume=resume)
    assert (tmp_path / "photos" / "cat.jpg").read_text() == "meow"


def test_an_output_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("")
    for name in (None, "mine"):
        with pytest.raises(OutputError):
            choose(tmp_path / "results", name)
    with pytest.raises(OutputError):
        choose(tmp_path, "results")


def test_an_output_that_cannot_be_written() -> None:
    for name in (None, "mine"):
        with pytest.raises(OutputError, match=r"cannot be (written|read)"):
            choose(Path("/proc/none"), name)


@pytest.mark.parametrize("name", [None, "mine"])
def test_full_disk_is_not_invalid_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str | None
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "mkdir", full)
    with pytest.raises(DiskError, match="output folder cannot be written") as caught:
        choose(tmp_path, name)
    assert caught.value.hint == "make room, or choose another --output"
