"""Fuzz targets: each reads bytes as a file and accepts only the project's own errors."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from ib_grid.errors import InputError
from ib_grid.grid.columns import RESULT_COLUMNS, result_schema
from ib_grid.grid.filters.conditions import parse_condition
from ib_grid.grid.named_grids import grid_from_mapping
from ib_grid.grid.params import params_from_mapping
from ib_grid.market.csv import Options, read_csv_bars
from ib_grid.market.instrument_description import instrument_from_mapping
from ib_grid.market.instruments import GER40
from ib_grid.news.calendar_files import read_calendar
from ib_grid.storage.mapping_files import read_mapping
from pipelines.config.configuration import load_settings
from tests.helpers.input_files import bad_files, csv_files
from tests.helpers.paths import DATA
from tests.helpers.runs import small_runs

_FOLDER = Path(tempfile.mkdtemp(prefix="ib-grid-fuzz-"))
_DATA = DATA


def _file(data: bytes, name: str) -> Path:
    # One name for each process: workers of a fuzzer share the folder.
    path = _FOLDER / f"{os.getpid()}-{name}"
    path.write_bytes(data)
    return path


def bars(data: bytes) -> None:
    """Read bars of any dialect; accepted files make bars."""
    path = _file(data, "bars.csv")
    with contextlib.suppress(InputError):
        found, quality = read_csv_bars([path], GER40, Options(timezone="Europe/Berlin"))
        assert quality.n_bars == len(found) > 0
        assert (np.diff(found.minute) > 0).all()
        assert (found.low > 0).all()
        assert (found.low <= np.minimum(found.open, found.close)).all()
        assert (found.high >= np.maximum(found.open, found.close)).all()


def calendars(data: bytes) -> None:
    """Read a calendar of any format; accepted ones are sorted and fit in JSON."""
    path = _file(data, "calendar")
    with contextlib.suppress(InputError):
        calendar = read_calendar(path)
        assert list(calendar.events) == sorted(set(calendar.events))
        "".join(event.title for event in calendar.events).encode()


def mappings(data: bytes) -> None:
    """Read TOML or JSON, by the first byte, as configuration, grid, parameters and instrument."""
    path = _file(data[1:], "x.toml" if data[:1] < b"\x80" else "x.json")
    with contextlib.suppress(InputError):
        load_settings({}, path)
    with contextlib.suppress(InputError):
        values = read_mapping(path)
        for convert in _CONVERTERS:
            with contextlib.suppress(InputError):
                convert(values)


def conditions(data: bytes) -> None:
    """Parse a condition on result columns; accepted ones apply to an empty table."""
    with contextlib.suppress(InputError):
        condition = parse_condition(data.decode(errors="replace"))
        assert result_schema().empty_table().filter(condition.expression).num_rows == 0


def _grid(values: dict[str, object]) -> None:
    grid = grid_from_mapping(values, GER40, location="x")
    assert grid.params(len(grid) - 1) is not None
    json.dumps(grid.to_dict(), allow_nan=False)


_CONVERTERS: tuple[Callable[[dict[str, object]], object], ...] = (
    _grid,
    params_from_mapping,
    instrument_from_mapping,
)
_OPERATORS = ("<", "==", "in", "+", "and")
TARGETS: dict[str, Callable[[bytes], None]] = {
    "bars": bars,
    "calendars": calendars,
    "conditions": conditions,
    "mappings": mappings,
}


def seeds(name: str) -> Iterator[bytes]:
    """Return seed files: the corpus of bad input and valid ones."""
    if name == "bars":
        made_up = csv_files.made_up_bars(csv_files.START + np.arange(5))
        yield from (write(made_up).encode() for write, *_ in csv_files.DIALECTS.values())
        yield from (case.content for case in bad_files.cases("bars"))
    elif name == "calendars":
        yield from (path.read_bytes() for path in sorted((_DATA / "calendars").iterdir()))
        yield from (case.content for case in bad_files.cases("calendars"))
    elif name == "conditions":
        yield from (f"{column} {op} 1".encode() for column in RESULT_COLUMNS for op in _OPERATORS)
        yield b"not (0 < tsl_target <= 1 and stop_mode in ('eq', \"ib_start\")) or -winrate / 2 > 1"
    else:
        yield b"t" + small_runs.GRID_TOML.encode()
        yield b"\xff" + json.dumps(small_runs.GRID.params(0).to_dict()).encode()
        for kind in ("configurations", "grids", "parameters"):
            for case in bad_files.cases(kind):
                yield (b"t" if case.name.endswith("toml") else b"\xff") + case.content


def words(name: str) -> list[bytes]:
    """Return words that a fuzzer would hardly find by itself."""
    if name == "bars":
        return [
            b"<DATE>",
            b"Gmt time",
            b"Local time",
            b"\x1f\x8b",
            b"\xff\xfe",
            b"e400",
            b"GMT+0100",
        ]
    if name == "calendars":
        return [
            b"weeklyevents",
            b"datetime_utc",
            b"Non-Economic",
            b"All Day",
            b"<!DOCTYPE",
            b"12-31",
        ]
    if name == "conditions":
        return [b"and", b"or", b"not", b"in (", b"true", b"total_r", b"stop_mode", b"lambda x: x"]
    keys = tomllib.loads(small_runs.GRID_TOML)
    return [key.encode() for key in (*keys, "symbol", "GER40", "ranking")]
