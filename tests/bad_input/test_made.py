"""Bad input that is generated: pipes, links, large or deeply nested files, Parquet, folders."""

from __future__ import annotations

import gzip
import json
import os
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bad_input.test_corpus import COMMANDS, Command, files_of
from tests.helpers.input_files.bad_files import Case
from tests.helpers.runs.small_runs import GRID

PARAMS = GRID.params(0).to_dict()


def refusal(command: Command, arguments: str) -> str:
    """Return the message of a command that refuses its input and changes no file."""
    before = files_of(Path.cwd())
    status, out, err = command(*shlex.split(arguments))
    assert (status, out) == (2, ""), err
    assert files_of(Path.cwd()) == before
    return err


# --- no files at all

NO_CSV = "CSV files, or a folder of them"
NO_CALENDAR = "JSON of events, ForexFactory's weekly feed (XML), or CSV of events"
NO_GRID = "standard, expanded or a TOML file of axes"
NO_PARAMS = "a JSON file of the 14 parameter names, such as a run's _best_params.json"
NAMES = {
    "bars": "x",
    "calendars": "x",
    "configurations": "x.toml",
    "grids": "x.toml",
    "parameters": "x.json",
}
EXPECTED = {
    "bars": NO_CSV,
    "calendars": NO_CALENDAR,
    "configurations": "a TOML or JSON file",
    "grids": NO_GRID,
    "parameters": NO_PARAMS,
}
NO_FILE = {
    "bars": "not a regular file",
    "calendars": "the calendar cannot be read ({})",
    "configurations": "the file cannot be read ({})",
    "grids": "the file cannot be read ({})",
    "parameters": "the file cannot be read ({})",
}
MAKERS: dict[str, tuple[Callable[[Path], None], str]] = {
    "pipe": (os.mkfifo, "a pipe or a device, not a file"),
    "link to itself": (lambda path: path.symlink_to(path), "Too many levels of symbolic links"),
    "link to a device": (
        lambda path: path.symlink_to("/dev/zero"),
        "a pipe or a device, not a file",
    ),
}


@pytest.mark.parametrize("made", MAKERS)
@pytest.mark.parametrize("kind", COMMANDS)
def test_non_file_is_not_waited_for(kind: str, made: str, ib_grid_command: Command) -> None:
    make, reason = MAKERS[made]
    make(Path(NAMES[kind]))
    assert refusal(ib_grid_command, f"{COMMANDS[kind]} {NAMES[kind]}") == (
        f"error: {NO_FILE[kind].format(reason)}\n  in {NAMES[kind]}\n  expected: {EXPECTED[kind]}\n"
    )


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("bars", "no such file or folder"),
        ("calendars", "no such file or folder"),
        ("configurations", "the file cannot be read (No such file or directory)"),
        ("grids", "the file cannot be read (No such file or directory)"),
        ("parameters", "the file cannot be read (No such file or directory)"),
    ],
)
def test_missing_file(kind: str, found: str, ib_grid_command: Command) -> None:
    assert refusal(ib_grid_command, f"{COMMANDS[kind]} {NAMES[kind]}") == (
        f"error: {found}\n  in {NAMES[kind]}\n  expected: {EXPECTED[kind]}\n"
    )


@pytest.mark.parametrize(
    ("kind", "found", "expected"),
    [
        ("bars", "the folder contains no files", "CSV files"),
        ("calendars", "the folder contains no files", NO_CALENDAR),
        ("configurations", "the file cannot be read (Is a directory)", "a TOML or JSON file"),
        ("grids", "the file cannot be read (Is a directory)", NO_GRID),
        ("parameters", "the file cannot be read (Is a directory)", NO_PARAMS),
    ],
)
def test_a_folder_in_place_of_a_file(
    kind: str, found: str, expected: str, ib_grid_command: Command
) -> None:
    Path(NAMES[kind]).mkdir()
    assert refusal(ib_grid_command, f"{COMMANDS[kind]} {NAMES[kind]}") == (
        f"error: {found}\n  in {NAMES[kind]}\n  expected: {expected}\n"
    )


@pytest.mark.parametrize("kind", COMMANDS)
def test_unreadable_permissions(
    kind: str, ib_grid_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: object, *rest: object, **named: object) -> int:
        if str(path) == NAMES[kind]:
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *rest, **named)  # type: ignore[arg-type]

    opened, path_open = os.open, Path.open
    Path(NAMES[kind]).write_text("x")
    before = files_of(Path.cwd())
    with monkeypatch.context() as patched:  # the administrator may read everything
        patched.setattr(os, "open", refuse)
        patched.setattr(
            Path, "open", lambda p, *a, **k: refuse(p) if str(p) == "x" else path_open(p, *a, **k)
        )
        status, out, err = ib_grid_command(*shlex.split(f"{COMMANDS[kind]} {NAMES[kind]}"))
    what = "calendar" if kind == "calendars" else "file"
    assert err.startswith(f"error: the {what} cannot be read (Permission denied)\n  in x")
    assert (status, out) == (2, "")
    assert files_of(Path.cwd()) == before


# --- large and deep

ROW = "2024-03-05T09:00:00+01:00,17000.0,17002.5,16999.0,17001.0\n"
HEAD = "time,open,high,low,close\n"
EVENT = "2031-01-02 13:30Z,USD,High,x\n"
EVENTS = "time,currency,impact,title\n"
FEWER = [str(round(1 + i / 100, 2)) for i in range(300)]
LARGE: dict[str, tuple[str, str, bytes, str]] = {
    # kind, file, content, message
    "a line of 200,000 characters": (
        "bars",
        "x",
        f"{HEAD}{ROW}{'x' * 200_000}\n".encode(),
        f"the line has 1 field\n  in x:3: '{'x' * 117}...'\n"
        "  expected: 5 fields, as in the first line\n"
        "  to do: if the file is cut off here, export it again",
    ),
    "a line of 60,000 characters": (
        "bars",
        "x",
        f"{HEAD}{ROW}{'x' * 60_000}\n".encode(),
        f"the line has 1 field\n  in x:3: '{'x' * 117}...'\n"
        "  expected: 5 fields, as in the first line\n"
        "  to do: if the file is cut off here, export it again",
    ),
    "a quote that is not closed for 5,000 lines": (
        "bars",
        "x",
        f'{HEAD}"{ROW * 5000}'.encode(),
        "the line has 1 field\n"
        "  in x:2: '\"2024-03-05T09:00:00+01:00,17000.0,17002.5,16999.0,17001.0'\n"
        "  expected: 5 fields, as in the first line\n"
        "  to do: if the file is cut off here, export it again",
    ),
    "gzip that unpacks to 115 MB": (
        "bars",
        "x",
        gzip.compress(HEAD.encode() + ROW.encode() * 2_000_000, 9, mtime=0),
        "the file unpacks to more than 50 times its size\n"
        "  in x\n  expected: CSV, which gzip compresses 5 to 20 times\n"
        "  to do: download it again",
    ),
    "JSON nested 100,000 deep": (
        "calendars",
        "x",
        b'{"events": ' + b"[" * 100_000,
        "invalid JSON: nested too deeply\n  in x\n  expected: a list of events",
    ),
    "a year of 9,999 digits": (
        "calendars",
        "x",
        b'{"year": ' + b"9" * 9999 + b"}",
        "invalid JSON: a number has too many digits\n  in x\n  expected: a list of events",
    ),
    "a title of 200,000 characters": (
        "calendars",
        "x",
        f"{EVENTS}{EVENT}{EVENT.replace('x', 'x' * 200_000)}".encode(),
        "invalid CSV: field larger than field limit (131072)\n"
        "  in x, line 3\n  expected: CSV with a header that names time, currency, impact, title",
    ),
    "XML nested 100,000 deep": (
        "calendars",
        "x",
        b"<weeklyevents>" + b"<a>" * 100_000 + b"</a>" * 100_000 + b"</weeklyevents>",
        "unexpected element <a>\n  in x\n  expected: <weeklyevents> with one <event> per event",
    ),
    "XML that is not closed 100,000 times": (
        "calendars",
        "x",
        b"<weeklyevents>" + b"<a>" * 100_000,
        "invalid XML: «…»\n  in x\n  expected: <weeklyevents> with one <event> per event",
    ),
    "a calendar of 9 MB": (
        "calendars",
        "x",
        (EVENTS + EVENT * 320_000).encode(),
        "the calendar cannot be read (larger than 8,388,608 bytes)\n"
        f"  in x\n  expected: {NO_CALENDAR}",
    ),
    "TOML nested 100,000 deep": (
        "configurations",
        "x.toml",
        b"a = " + b"[" * 100_000,
        "not a TOML file (nested too deeply)\n  in x.toml\n  expected: TOML in UTF-8",
    ),
    "JSON of a configuration nested 100,000 deep": (
        "configurations",
        "x.json",
        b'{"a": ' * 100_000,
        "not a JSON file (nested too deeply)\n  in x.json\n  expected: JSON in UTF-8",
    ),
    "a key of 30,000 parts": (
        "configurations",
        "x.toml",
        b"a." * 30_000 + b"b = 1",
        "not a TOML file (a key has more than 32 parts)\n  in x.toml\n  expected: TOML in UTF-8",
    ),
    "TOML of 2 MB": (
        "configurations",
        "x.toml",
        b"# a comment\n" * 200_000,
        "the file cannot be read (larger than 1,048,576 bytes)\n"
        "  in x.toml\n  expected: a TOML or JSON file",
    ),
    "workers of 6,000 digits in hexadecimal": (
        "configurations",
        "x.toml",
        b'symbol = "GER40"\nworkers = 0x' + b"f" * 5000,
        "workers is an infinite number\n  in x.toml, workers\n"
        "  expected: a whole number from 1 to 1,000",
    ),
    "workers of 5,000 digits": (
        "configurations",
        "x.json",
        b'{"symbol": "GER40", "workers": ' + b"9" * 5000 + b"}",
        "not a JSON file (a number has too many digits)\n  in x.json\n  expected: JSON in UTF-8",
    ),
    "a value of 3,000 characters": (
        "configurations",
        "x.json",
        b'{"symbol": "GER40", "execution": "' + b"x" * 3000 + b'"}',
        f"execution is '{'x' * 79}…\n  in x.json, execution\n"
        "  expected: one of realistic, original",
    ),
    "an unknown name of 3,000 characters": (
        "configurations",
        "x.toml",
        b"x" * 3000 + b" = 1",
        f"unknown key {'x' * 80}…\n  in x.toml\n  expected: symbol, «…»\n  to do: remove the key",
    ),
    "minutes of 6,000 digits in hexadecimal": (
        "grids",
        "x.toml",
        b"trade_window_minutes = [0x" + b"f" * 5000 + b"]",
        "trade_window_minutes is an infinite number\n  in x.toml, trade_window_minutes\n"
        "  expected: whole minutes from 1 to 1440",
    ),
    "a stop_mode of 5,000 characters": (
        "grids",
        "x.toml",
        b'stop_mode = ["' + b"x" * 5000 + b'"]',
        f"stop_mode is '{'x' * 79}…\n  in x.toml, stop_mode\n  expected: one of ib_start, eq",
    ),
    "a grid of more than 64 bits": (
        "grids",
        "x.toml",
        "\n".join(
            [
                *(f"{name} = [{', '.join(FEWER)}]" for name in ("rr_target", "rev_rb_pct")),
                *(
                    f"{name} = [{', '.join(FEWER)}]"
                    for name in ("ib_buffer_pct", "max_distance_pct")
                ),
                f"ib_wait_minutes = {list(range(1441))}",
                f"trade_window_minutes = {list(range(1, 1441))}",
                f"min_sl_pct = [{', '.join(f'0.{i:04}' for i in range(9999))}]",
            ]
        ).encode(),
        "the grid has 6,070,378,930,197,120,000,000 combinations\n"
        "  in x.toml\n  expected: at most 10,000,000,000\n"
        "  to do: remove values from its axes, or split it into several grids",
    ),
    "a million exits of a setting": (
        "grids",
        "x.toml",
        "\n".join(
            f"{name} = [{', '.join(FEWER[:100])}]" for name in ("rr_target", "tsl_target", "tsl_sl")
        ).encode(),
        "the axes make 1,000,000 exits\n  in x.toml, rr_target, tsl_target, tsl_sl\n"
        "  expected: at most 250,000: those of a setting are computed together\n"
        "  to do: remove values from these axes",
    ),
    "an rr_target of 5,000 digits": (
        "parameters",
        "x.json",
        json.dumps({**PARAMS, "rr_target": 5}).replace(": 5,", f": {'5' * 5000},").encode(),
        f"not a JSON file (a number has too many digits)\n  in x.json\n  expected: {NO_PARAMS}",
    ),
    "parameters under 3,000 more names": (
        "parameters",
        "x.json",
        json.dumps({**PARAMS, **{f"n{i}": 1 for i in range(3000)}}).encode(),
        f"unknown name {', '.join(f'n{i}' for i in range(100))[:80]}…\n"
        "  in x.json\n  expected: the names ib_start, ib_end, «…»",
    ),
}


@pytest.mark.parametrize("name", LARGE)
def test_large_or_deep_input_is_refused_briefly(name: str, ib_grid_command: Command) -> None:
    kind, file, content, message = LARGE[name]
    Path(file).write_bytes(content)
    said = refusal(ib_grid_command, f"{COMMANDS[kind]} {file}")
    case = Case(name=file, content=content, options="", message=message)
    assert case.is_said_in(said), said


def test_output_with_a_long_name(ib_grid_command: Command) -> None:
    before = files_of(Path.cwd())
    status, out, err = ib_grid_command(
        *shlex.split(f"{COMMANDS['calendars'].removesuffix(' --news')} --no-news"),
        *("--output", "x" * 300),
    )
    assert (status, out) == (2, "")
    assert err == (
        "error: the output folder cannot be written (File name too long)\n"
        f"  in {Path.cwd() / ('x' * 300)}\n"
        "  expected: a writable folder\n"
        "  to do: give write permission, or choose another --output\n"
    )
    assert files_of(Path.cwd()) == before
