"""Run directories that are invalid, were changed, or lead elsewhere."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ib_grid.runs.manifest import FORMAT, RUN_FILE, write_manifest
from tests.bad_input.test_corpus import Command, files_of
from tests.bad_input.test_made import refusal
from tests.helpers.input_files.bad_files import Case
from tests.helpers.runs.computed_runs import computed_run
from tests.ib_grid.runs.test_manifest import manifest

Content = dict[str, Any]


def changed(**changes: object) -> Callable[[Content], str]:
    """run.json with other values; None takes a name out."""
    return lambda content: json.dumps(
        {name: value for name, value in {**content, **changes}.items() if value is not None}
    )


def within(outer: str, **changes: object) -> Callable[[Content], str]:
    """run.json with other values in one of its objects."""
    return lambda content: json.dumps({**content, outer: {**content[outer], **changes}})


FINGERPRINT = "wrong fingerprint"
DAMAGED: dict[str, tuple[Callable[[Content], str], str]] = {
    "empty": (lambda _: "", "not JSON: «…»"),
    "cut off": (lambda content: json.dumps(content)[:-40], "not JSON: «…»"),
    "nested": (lambda _: "[" * 100_000, "not JSON: «…»"),
    "a number without end": (lambda _: '{"format": ' + "9" * 5000 + "}", "not JSON: «…»"),
    "a list": (lambda _: "[]", "format is missing"),
    "an older format": (changed(format=1), "format is 1"),
    "no symbol": (changed(symbol=None), "symbol is None"),
    "a symbol that is a path": (changed(symbol="../../GER40"), "«…»"),
    "a symbol of another run": (changed(symbol="XAUUSD"), "«…»"),
    "no data": (changed(data=None), "data is None"),
    "a file that is a number": (within("data", file=7), "data.file is 7"),
    "bars that are a text": (within("data", bars="5"), "data.bars is '5'"),
    "another hash": (within("data", sha256="b" * 64), FINGERPRINT),
    "a grid that is a list": (changed(grid=[]), "grid is []"),
    "a grid without an axis": (within("grid", rr_target=[]), "invalid «…»"),
    "a grid of another value": (within("grid", rr_target=[3.0]), FINGERPRINT),
    "a grid of text": (within("grid", rr_target=["1"]), "invalid «…»"),
    "a grid of NaN": (within("grid", rr_target=[float("nan")]), "invalid «…»"),
    "a grid of sessions without zones": (within("grid", ib_timezone=[]), "invalid «…»"),
    "a zone that is a path": (
        within("grid", ib_timezone=["../../etc/passwd"] * 2),
        "invalid «…»unknown time zone '../../etc/passwd'",
    ),
    "no chunks": (changed(chunks=0), "the chunks do not fit the grid"),
    "chunks of nothing": (changed(settings_per_chunk=0), "the chunks do not fit the grid"),
    "chunks of less than nothing": (
        changed(settings_per_chunk=-1),
        "the chunks do not fit the grid",
    ),
    "fewer combinations": (changed(combinations=1), "the chunks do not fit the grid"),
    "a state of its own": (changed(state="done"), "state is 'done'"),
    "a state of 5,000 letters": (changed(state="x" * 5000), f"state is '{'x' * 79}…"),
    "attempts that are an object": (changed(attempts={}), "attempts is {}"),
    "weights of another sum": (changed(ranking={"weights": {"total_r": 2}}), "invalid «…»"),
    "weights of NaN": (changed(ranking={"weights": {"total_r": float("nan")}}), "invalid «…»"),
    "a ranking of unknown names": (changed(ranking={"x": 1}), "invalid «…»"),
    "another model": (within("execution", model="original"), FINGERPRINT),
    "a news statement that is not complete": (
        changed(news_statement={"enabled": True}),
        "missing before_minutes in news_statement",
    ),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_run_json_that_was_changed_is_refused(name: str, ib_grid_command: Command) -> None:
    change, found = DAMAGED[name]
    write_manifest(Path("run"), manifest())
    file = Path("run") / RUN_FILE
    file.write_text(change(json.loads(file.read_text())))
    message = (
        f"run.json is damaged or foreign: {found}\n  in run/run.json\n"
        f"  expected: a file written by ib-grid, format {FORMAT}\n"
        "  to do: restore the file from a copy, or start over with --no-resume"
    )
    said = refusal(ib_grid_command, "report run")
    assert Case(name=name, content=b"", options="", message=message).is_said_in(said), said


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda file: None, "No such file or directory"),
        (os.mkfifo, "a pipe or a device, not a file"),
        (lambda file: file.mkdir(), "Is a directory"),
        (lambda file: file.symlink_to(file.name), "Too many levels of symbolic links"),
        (lambda file: file.symlink_to("/dev/zero"), "a pipe or a device, not a file"),
    ],
    ids=["nothing", "pipe", "folder", "link to itself", "device"],
)
def test_run_json_that_is_not_a_file(
    make: Callable[[Path], object], reason: str, ib_grid_command: Command
) -> None:
    Path("run").mkdir()
    make(Path("run") / RUN_FILE)
    assert refusal(ib_grid_command, "report run") == (
        f"error: run.json cannot be read ({reason})\n  in run\n  expected: a run directory\n"
    )


# --- links out of a run directory


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return computed_run(tmp_path_factory.mktemp("finished"))


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """Make a folder read-only."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


def part(results: Path) -> Path:
    return sorted(results.rglob("part-*.parquet"))[0]


def lead_out(path: Path, elsewhere: Path) -> Path:
    """Move a file or folder elsewhere and replace it by a link."""
    moved = elsewhere / path.name
    path.rename(moved)
    path.symlink_to(moved)
    return path


LINKS: dict[str, Callable[[Path], Path]] = {
    "the data set": lambda results: results,
    "the folder of a session": lambda results: part(results).parents[1],
    "the folder of a wait": lambda results: part(results).parent,
    "a partition": part,
}


@pytest.mark.parametrize("link", LINKS)
def test_a_link_out_of_the_run_directory_is_not_followed(
    link: str, finished: Path, elsewhere: Path, ib_grid_command: Command
) -> None:
    shutil.copytree(finished, "run")
    place = lead_out(LINKS[link](next(Path("run").glob("*.parquet"))), elsewhere)
    before = files_of(elsewhere)
    status, out, err = ib_grid_command("report", "run")
    assert (status, out) == (1, ""), err
    assert err == (
        f"error: a link leads out of the run directory\n  in {place}\n"
        "  expected: folders and files inside the run directory\n"
        "  to do: replace the link with the file or folder that it leads to\n"
    )
    assert files_of(elsewhere) == before


def go_on(finished: Path) -> str:
    """Return the command that resumes a run whose input lies beside its results."""
    folder = finished.parents[1]
    return (
        f"run --symbol GER40 --data {folder / 'bars.parquet'} --grid {folder / 'verified.toml'}"
        " --no-news --output . --run-dir run --workers 1"
    )


@pytest.mark.parametrize("link", ["the data set", "the folder of a session", "damaged"])
def test_resume_changes_nothing_elsewhere(
    link: str, finished: Path, elsewhere: Path, ib_grid_command: Command
) -> None:
    shutil.copytree(finished, "run")
    results = next(Path("run").glob("*.parquet"))
    if link == "damaged":
        part(results).write_bytes(b"damaged")
        (Path("run") / "damaged").symlink_to(elsewhere)
        place = Path("run/damaged")
    else:
        place = lead_out(LINKS[link](results), elsewhere)
        left = next(path.parent for path in elsewhere.rglob("part-*")) / ".part-1.partial"
        left.write_bytes(b"somebody's")
    before = files_of(elsewhere)
    status, _, err = ib_grid_command(*go_on(finished).split())
    assert status == 1
    assert f"error: a link leads out of the run directory\n  in {place.absolute()}\n" in err
    assert files_of(elsewhere) == before


def test_a_lock_that_is_a_link_empties_no_file(
    finished: Path, elsewhere: Path, ib_grid_command: Command
) -> None:
    shutil.copytree(finished, "run")
    (elsewhere / "letter").write_text("of somebody")
    (Path("run") / ".lock").unlink(missing_ok=True)
    (Path("run") / ".lock").symlink_to(elsewhere / "letter")
    status, _, err = ib_grid_command(*go_on(finished).split())
    assert status == 2
    assert err.splitlines()[0] == (
        "error: the folder cannot be written (Too many levels of symbolic links)"
    )
    assert (elsewhere / "letter").read_text() == "of somebody"


def test_a_lock_that_is_a_pipe_is_refused(finished: Path, ib_grid_command: Command) -> None:
    shutil.copytree(finished, "run")
    (Path("run") / ".lock").unlink(missing_ok=True)
    os.mkfifo(Path("run") / ".lock")
    status, _, err = ib_grid_command(*go_on(finished).split())
    assert status == 2
    assert err.splitlines()[0] == "error: the lock is not a regular file"


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.mkdir()], ids=["a pipe", "a folder"])
def test_partition_that_is_not_a_file_is_damaged(
    make: Callable[[Path], object], finished: Path, ib_grid_command: Command
) -> None:
    shutil.copytree(finished, "run")
    place = part(next(Path("run").glob("*.parquet")))
    place.unlink()
    make(place)
    status, out, err = ib_grid_command("report", "run")
    assert (status, out) == (1, "")
    assert err == (
        f"error: not a regular file\n  in {place}\n"
        "  expected: the file as the run wrote it\n"
        "  to do: repeat the `ib-grid run` of this directory, which recomputes such files\n"
    )
