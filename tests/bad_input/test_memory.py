"""A line of a gigabyte costs each reader only a few megabytes."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.paths import ROOT

GIGABYTE = 1 << 30
MOST_GROWTH = 100 << 20
HEAD = b"time,open,high,low,close\n"
ROW = b"2024-03-05T09:00:00+01:00,17000.0,17002.5,16999.0,17001.0\n"

# Its peak of memory grows by what a reading takes; imports and a small reading come before.
READER = """
import json, resource, sys
from pathlib import Path
from ib_grid.errors import InputError
from ib_grid.market.csv import read_csv_bars
from ib_grid.market.instruments import GER40
from ib_grid.runs.manifest import read_manifest
from ib_grid.news.calendar_files import read_calendar
from pipelines.config.configuration import load_grid, load_settings
from pipelines.inputs.combination import read_params

readers = {
    "bars": lambda path: read_csv_bars([path], GER40),
    "calendars": read_calendar,
    "configuration": lambda path: load_settings({}, path),
    "grid": lambda path: load_grid(str(path), GER40),
    "parameters": read_params,
    "run": lambda path: read_manifest(path.parent),
}

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

read_csv_bars([Path("good.csv")], GER40)
before, found = peak(), {}
for file, reader in json.loads(sys.argv[1]).items():
    try:
        readers[reader](Path(file))
    except InputError as error:
        found[file] = [error.message, peak() - before]
print(json.dumps(found))
"""


def endless(beginning: bytes) -> Callable[[Path], None]:
    """Write a sparse file of a gigabyte without a line end."""

    def write(path: Path) -> None:
        with path.open("wb") as file:
            file.write(beginning)
            for _ in range(16):
                file.write(b"x" * (1 << 20))
            file.truncate(GIGABYTE)

    return write


def endless_gzip(path: Path) -> None:
    """Write the same file as gzip."""
    path.write_bytes(gzip.compress(HEAD + ROW) + gzip.compress(b"x" * (16 << 20)) * 64)


LONGER = "a line is longer than 65,536 bytes"
FILES: dict[str, tuple[str, Callable[[Path], None], str]] = {
    # file: reader, how it is made, what is found
    "line.csv": ("bars", endless(HEAD + ROW), LONGER),
    "first_line.csv": ("bars", endless(b""), LONGER),
    "open_quote.csv": ("bars", endless(HEAD + ROW + b'"'), LONGER),
    "line.csv.gz": ("bars", endless_gzip, LONGER),
    "calendar.csv": (
        "calendars",
        endless(b"time,currency,impact,title\n2031-01-02 13:30Z,USD,High,"),
        "the calendar cannot be read (larger than 8,388,608 bytes)",
    ),
    "calendar.json": (
        "calendars",
        endless(b'{"events": ["'),
        "the calendar cannot be read (larger than 8,388,608 bytes)",
    ),
    "calendar.xml": (
        "calendars",
        endless(b"<weeklyevents><event><title>"),
        "the calendar cannot be read (larger than 8,388,608 bytes)",
    ),
    "settings.toml": (
        "configuration",
        endless(b'symbol = "'),
        "the file cannot be read (larger than 1,048,576 bytes)",
    ),
    "settings.json": (
        "configuration",
        endless(b'{"symbol": "'),
        "the file cannot be read (larger than 16,777,216 bytes)",
    ),
    "grid.toml": (
        "grid",
        endless(b"rr_target = ["),
        "the file cannot be read (larger than 1,048,576 bytes)",
    ),
    "parameters.json": (
        "parameters",
        endless(b'{"rr_target": "'),
        "the file cannot be read (larger than 16,777,216 bytes)",
    ),
    "run.json": (
        "run",
        endless(b'{"symbol": "'),
        "run.json cannot be read (larger than 16,777,216 bytes)",
    ),
}


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is in other units elsewhere")
def test_a_line_of_a_gigabyte_is_refused_in_little_memory(tmp_path: Path) -> None:
    for name, (_, make, _) in FILES.items():
        make(tmp_path / name)
    (tmp_path / "good.csv").write_bytes(HEAD + ROW)
    asked = json.dumps({name: reader for name, (reader, _, _) in FILES.items()})
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        [sys.executable, "-c", READER, asked],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(ended.stdout)
    assert {name: said for name, (said, _) in found.items()} == {
        name: said for name, (_, _, said) in FILES.items()
    }
    growth = {name: bytes_ for name, (_, bytes_) in found.items()}
    assert max(growth.values()) < MOST_GROWTH, growth
