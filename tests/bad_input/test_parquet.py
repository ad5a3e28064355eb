"""Invalid Parquet bars, and folders of CSV files that do not belong together."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import pickle
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_grid.errors import DataError
from ib_grid.market.bars import read_bars, read_origin, write_bars
from tests.bad_input.test_corpus import Command
from tests.bad_input.test_made import refusal
from tests.helpers.input_files import csv_files
from tests.helpers.input_files.bad_files import Case
from tests.helpers.input_files.csv_files import START, made_up_bars, minute_of

BARS = made_up_bars(START + np.arange(20), price=17000.0)
PREPARE = "to do: write the file with `ib-grid prepare`"
NO_COLUMNS = f"\n  in FILE\n  expected: columns time, open, high, low, close\n  {PREPARE}"
NO_TIMES = f"\n  in FILE\n  expected: timestamps with a zone\n  {PREPARE}"
NO_NUMBERS = f"\n  in FILE\n  expected: numbers, as float or integer\n  {PREPARE}"
ODD = f"  expected: one-minute bars, labelled by their opening minute\n  {PREPARE}"
NO_BAR = (
    "do not make a bar\n  in FILE, row {}\n"
    "  expected: prices from 0.000001 to 1,000,000,000 with low <= open, close <= high\n  "
    + PREPARE
)
YEARS = "expected: a time of the years 1970 to 2099\n  " + PREPARE


def table(**changes: pa.Array | None) -> pa.Table:
    """Return the bars as a table with some columns replaced; None removes a column."""
    columns = {"time": pa.array(BARS.minute * 60_000).cast(pa.timestamp("ms", "UTC"))}
    columns |= {name: pa.array(getattr(BARS, name)) for name in ("open", "high", "low", "close")}
    columns |= changes
    return pa.table({name: column for name, column in columns.items() if column is not None})


def times(minutes: object, unit: str = "ms", zone: str | None = "UTC") -> pa.Array:
    factor = {"s": 60, "ms": 60_000, "us": 60_000_000, "ns": 60_000_000_000}[unit]
    return pa.array(np.asarray(minutes, np.int64) * factor).cast(pa.timestamp(unit, zone))


def prices(row: int, price: float | None) -> pa.Array:
    values: list[float | None] = list(BARS.high)
    values[row] = price
    return pa.array(values, pa.float64())


def of_rows(n_rows: int) -> pa.Table:
    return pa.table(dict.fromkeys(("time", "open", "high", "low", "close"), pa.nulls(n_rows)))


STEP_5 = made_up_bars(START + 5 * np.arange(20))
MIXED = np.concatenate([START + np.arange(600), START + 1000 + 5 * np.arange(1200)])
CASES: dict[str, tuple[Callable[[], pa.Table], str]] = {
    # what the file holds, and the message with the file's name in place of FILE
    "no bar": (lambda: table().slice(0, 0),
        "no bar lies in any of the sessions 08:00-08:30, 08:00-09:00, 09:00-09:30\n  in FILE\n"
        "  expected: bars at these clock times in Europe/Berlin\n"
        "  to do: check the symbol and the time zone that the bars were prepared with"),
    "no column": (lambda: pa.table({}), f"no column time, open, high, low, close{NO_COLUMNS}"),
    "no column low": (lambda: table(low=None), f"no column low{NO_COLUMNS}"),
    "names in capitals": (
        lambda: table().rename_columns(["Time", "Open", "High", "Low", "Close"]),
        f"no column time, open, high, low, close{NO_COLUMNS}",
    ),
    "a column twice": (
        lambda: pa.Table.from_arrays(
            [*table().columns, table()["low"]], [*table().column_names, "low"]
        ),
        f"more than one column low{NO_COLUMNS}",
    ),
    "times without a zone": (
        lambda: table(time=times(BARS.minute, zone=None)),
        f"the column time holds datetime64[ms]{NO_TIMES}",
    ),
    "times of an unknown zone": (
        lambda: table(time=times(BARS.minute, zone="Mars/Base")),
        f"not a readable Parquet file ('Mars/Base')\n  in FILE\n"
        f"  expected: one-minute bars as Parquet\n  {PREPARE}",
    ),
    "times as text": (
        lambda: table(time=pa.array(["2024-03-05T09:00Z"] * 20)),
        f"the column time holds «…»{NO_TIMES}",
    ),
    "times as seconds": (
        lambda: table(time=pa.array(BARS.minute * 60)),
        f"the column time holds int64{NO_TIMES}",
    ),
    "dates": (
        lambda: table(time=pa.array([dt.date(2024, 3, 5)] * 20)),
        f"the column time holds object{NO_TIMES}",
    ),
    "a time is missing": (
        lambda: table(
            time=pa.array([None, *BARS.minute[1:].tolist()]).cast(pa.timestamp("ms", "UTC"))
        ),
        f"a time is missing\n  in FILE, row 0\n  expected: a time in every row\n  {PREPARE}",
    ),
    "nanoseconds that are no whole minute": (
        lambda: table(
            time=pa.array(BARS.minute * 60_000_000_000 + 1).cast(pa.timestamp("ns", "UTC"))
        ),
        "the time 2024-03-05T09:00:00.000000001 is not a whole minute\n  in FILE, row 0\n"
        + ODD,
    ),
    "half a minute": (
        lambda: table(time=pa.array(BARS.minute * 60 + 30).cast(pa.timestamp("s", "Asia/Tokyo"))),
        "the time 2024-03-05T09:00:30«…» is not a whole minute\n  in FILE, row 0\n"
        + ODD,
    ),
    "year 9999": (
        lambda: table(time=times([*BARS.minute[:-1], minute_of(9999, 12, 31)])),
        f"the time is 9999-12-31T00:00\n  in FILE, row 19\n  {YEARS}",
    ),
    "year 1": (
        lambda: table(time=times([minute_of(1, 1, 1), *BARS.minute[1:]], "us")),
        f"the time is 0001-01-01T00:00\n  in FILE, row 0\n  {YEARS}",
    ),
    "the last second of 64 bits": (
        lambda: table(
            time=pa.array([2**63 // 1000 // 60 * 60] * 20).cast(pa.timestamp("ms", "UTC"))
        ),
        "the time «…» is not a whole minute\n  in FILE, row 0\n"
        + ODD,
    ),
    "descending": (
        lambda: table(time=times(BARS.minute[::-1])),
        "the time 2024-03-05T09:18 does not come after the one before it\n  in FILE, row 1\n"
        f"  expected: each minute once, in ascending order\n  {PREPARE}",
    ),
    "a minute twice": (
        lambda: table(time=times([*BARS.minute[:10], *BARS.minute[9:19]])),
        "the time 2024-03-05T09:09 does not come after the one before it\n  in FILE, row 10\n"
        f"  expected: each minute once, in ascending order\n  {PREPARE}",
    ),
    "a price is missing": (
        lambda: table(high=prices(3, None)),
        f"the prices open «…», high nan, low «…», close «…» {NO_BAR.format(3)}",
    ),
    "a price is infinite": (
        lambda: table(high=prices(3, np.inf)),
        f"the prices open «…», high inf, low «…» {NO_BAR.format(3)}",
    ),
    "high below low": (
        lambda: table(high=prices(19, 5.0)),
        f"the prices open «…», high 5, low «…» {NO_BAR.format(19)}",
    ),
    "prices below zero": (
        lambda: table(**dict.fromkeys(("open", "high", "low", "close"), pa.array([-5.0] * 20))),
        f"the prices open -5, high -5, low -5, close -5 {NO_BAR.format(0)}",
    ),
    "prices of 1e300": (
        lambda: table(**dict.fromkeys(("open", "high", "low", "close"), pa.array([1e300] * 20))),
        f"the prices open 1e+300, «…» {NO_BAR.format(0)}",
    ),
    "prices as text": (
        lambda: table(open=pa.array([str(price) for price in BARS.open])),
        f"the column open holds «…»{NO_NUMBERS}",
    ),
    "prices as decimals": (
        lambda: table(open=pa.array([Decimal("17000.5")] * 20)),
        f"the column open holds object{NO_NUMBERS}",
    ),
    "prices as true and false": (
        lambda: table(open=pa.array([True] * 20)),
        f"the column open holds bool{NO_NUMBERS}",
    ),
    "prices in lists": (
        lambda: table(open=pa.array([[1.0]] * 20)),
        f"the column open holds object{NO_NUMBERS}",
    ),
    "five-minute bars": (
        lambda: table(time=times(STEP_5.minute)),
        "the bars are 5 minutes apart\n  in FILE, from 2024-03-05T09:00Z on\n"
        "  expected: one-minute bars\n  to do: export bars of one minute (M1)",
    ),
    "five-minute bars behind those of one minute": (
        lambda: table(
            time=times(MIXED),
            **dict.fromkeys(("open", "high", "low", "close"), pa.array(np.full(len(MIXED), 5.0))),
        ),
        "the bars are 5 minutes apart\n  in FILE, from «…»Z on\n"
        "  expected: one-minute bars\n  to do: export bars of one minute (M1)",
    ),
    "more rows than minutes": (
        lambda: of_rows(70_000_000),
        "the file has 70,000,000 rows\n  in FILE\n"
        f"  expected: one-minute bars, of which the years 1970 to 2099 have fewer\n  {PREPARE}",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_invalid_parquet_bars(name: str, ib_grid_command: Command) -> None:
    make, message = CASES[name]
    pq.write_table(make(), "FILE")
    said = refusal(ib_grid_command, "levels --symbol GER40 --data FILE")
    case = Case(name=name, content=b"", options="", message=message)
    assert case.is_said_in(said), said


@pytest.mark.parametrize(
    ("make", "found"),
    [
        (lambda path: None, "no such file"),
        (os.mkfifo, "not a regular file"),
        (lambda path: path.mkdir(), "not a regular file"),
        (lambda path: path.symlink_to(path), "not a regular file"),
        (lambda path: path.symlink_to("/dev/zero"), "not a regular file"),
    ],
    ids=["nothing", "pipe", "folder", "link to itself", "device"],
)
@pytest.mark.parametrize("command", ["levels --data", "run --no-news --data"])
def test_bars_path_is_not_a_file(
    make: Callable[[Path], object], found: str, command: str, ib_grid_command: Command
) -> None:
    make(Path("FILE"))
    assert refusal(ib_grid_command, f"{command} FILE --symbol GER40") == (
        f"error: {found}\n  in FILE\n  expected: one-minute bars as Parquet\n  {PREPARE}\n"
    )


def test_bars_of_another_symbol(ib_grid_command: Command) -> None:
    write_bars(Path("FILE"), BARS, symbol="XAUUSD")
    assert refusal(ib_grid_command, "levels --symbol GER40 --data FILE") == (
        "error: the file holds bars of XAUUSD\n  in FILE\n  expected: bars of GER40\n"
        "  to do: give the file of this symbol, or the symbol of this file\n"
    )


@pytest.mark.parametrize(
    "write",
    [
        lambda path: pq.write_table(table().select(["close", "low", "time", "high", "open"]), path),
        lambda path: pq.write_table(table(time=times(BARS.minute, "ns", "Asia/Tokyo")), path),
        lambda path: pq.write_table(table(time=times(BARS.minute, "us", "+02:00")), path),
        lambda path: pq.write_table(table(volume=pa.array([{"a": [1]}] * 20)), path),
        lambda path: table().to_pandas().set_index("time").to_parquet(path),
    ],
    ids=["other order", "nanoseconds of Tokyo", "microseconds", "one column more", "an index"],
)
def test_bars_written_differently_are_equal(write: Callable[[Path], None], tmp_path: Path) -> None:
    write(tmp_path / "FILE")
    assert csv_files.same_bars(read_bars(tmp_path / "FILE"), BARS)


@given(
    changes=st.lists(st.tuples(st.integers(0, 1500), st.integers(0, 255)), min_size=1, max_size=4),
    at_the_end=st.booleans(),
)
def test_a_parquet_file_with_flipped_bytes_is_read_or_refused(
    changes: list[tuple[int, int]], at_the_end: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("flipped") / "FILE"
    write_bars(path, BARS, symbol="GER40", quality={"n": 1})
    content = bytearray(path.read_bytes())
    for place, value in changes:
        place %= len(content)
        content[-1 - place if at_the_end else place] = value
    path.write_bytes(content)
    for read in (read_origin, read_bars):
        with contextlib.suppress(DataError):
            read(path)


class Payload:
    """Create a file, as a malicious pickle could."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("name", ["arrow.py_extension_type", "ib_grid.made_up"])
def test_nothing_in_a_parquet_file_is_unpickled(name: str, tmp_path: Path) -> None:
    field = pa.field("close", pa.float64()).with_metadata(
        {
            "ARROW:extension:name": name,
            "ARROW:extension:metadata": pickle.dumps(Payload(tmp_path / "done"), protocol=0),
        }
    )
    schema = table().schema.remove(4).append(field)
    schema = schema.with_metadata({"pandas": pickle.dumps(Payload(tmp_path / "done"), protocol=0)})
    with pq.ParquetWriter(tmp_path / "FILE", schema) as writer:
        writer.write_table(pa.Table.from_arrays(table().columns, schema=schema))
    read_bars(tmp_path / "FILE")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["FILE"]


# --- files that do not belong together

GOLD = 1250.0
INDEX = 11_000.0
PER_YEAR = 365 * 1440


def write_csv(name: str, years_later: float, price: float) -> None:
    minutes = START + int(years_later * PER_YEAR) // 1440 * 1440 + np.arange(30)
    Path(name).write_text(csv_files.tradingview_z(made_up_bars(minutes, price=price)))


@pytest.mark.parametrize("years_later", [0.01, 1, 3, 6])
def test_two_symbols_of_different_years_are_refused(
    years_later: float, ib_grid_command: Command
) -> None:
    Path("bars").mkdir()
    write_csv("bars/a.csv", 0, INDEX)
    write_csv("bars/b.csv", years_later, GOLD)
    said = refusal(ib_grid_command, "prepare --symbol GER40 --csv bars")
    first, second = Path("bars/a.csv").read_text(), Path("bars/b.csv").read_text()
    last_close = float(first.splitlines()[-1].split(",")[4])
    next_close = float(second.splitlines()[1].split(",")[4])
    assert said == (
        f"error: the close jumps from {last_close:.10g} to {next_close:.10g} between"
        " neighbouring bars\n"
        f"  in bars/a.csv:31: {first.splitlines()[-1]!r} and"
        f" bars/b.csv:2: {second.splitlines()[1]!r}\n"
        "  expected: bars of one symbol, on one scale\n"
        "  to do: give files of one symbol only, or correct the wrong prices\n"
    )


# Between the years, what an index and gold have gone through without a bar of it to be seen.
@pytest.mark.parametrize(
    ("years", "first", "last"),
    [
        (6, 3_600, 12_000),
        (10, 260, 1_900),
        (15, 4_000, 20_000),
        (19, 800, 16_000),
        (0.5, 1_000, 1_900),
    ],
)
def test_one_symbol_of_different_years_is_taken(
    years: float, first: float, last: float, ib_grid_command: Command
) -> None:
    write_csv("a.csv", 0, first)
    write_csv("b.csv", years, last)
    status, _, err = ib_grid_command("prepare", "--symbol", "GER40", "--csv", "a.csv", "b.csv")
    assert (status, err) == (0, "")


def test_five_minute_bars_in_a_file_are_found(ib_grid_command: Command) -> None:
    minutes = np.concatenate([START + np.arange(500), START + 1000 + 5 * np.arange(1000)])
    Path("x.csv").write_text(csv_files.tradingview_z(made_up_bars(minutes, price=INDEX)))
    said = refusal(ib_grid_command, "prepare --symbol GER40 --csv x.csv")
    assert said.startswith("error: the bars are 5 minutes apart\n  in x.csv, from 2024-03-0")


def test_linked_and_hidden_folders_are_not_entered(
    tmp_path: Path, ib_grid_command: Command
) -> None:
    Path("bars/.hidden").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    write_csv(str(tmp_path / "elsewhere" / "b.csv"), 0.1, GOLD)
    write_csv("bars/.hidden/c.csv", 0.1, GOLD)
    write_csv("bars/a.csv", 0, INDEX)
    Path("bars/link").symlink_to(tmp_path / "elsewhere")
    Path("bars/loop").symlink_to("../bars")
    status, out, _ = ib_grid_command("prepare", "--symbol", "GER40", "--csv", "bars")
    assert status == 0
    assert "files   a.csv" in out
