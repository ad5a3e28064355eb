"""One CSV file to checked rows; an exact line is located only for an error."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
from numpy.typing import NDArray

from ib_grid.errors import DataError
from ib_grid.market import clock
from ib_grid.market.bar_checks import HIGHEST_PRICE, LOWEST_PRICE, PRICES, PRICES_EXPECTED
from ib_grid.market.csv.recognition import Dialect, recognise, split, wrong_field_count
from ib_grid.market.csv.sources import blocks, line_location
from ib_grid.market.csv.times import LocalClock, parse_times, wrong_time


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRows:
    """The rows of one file, in its order; prices are open to close, shape (n, 4)."""

    path: Path
    dialect: Dialect
    minute: NDArray[np.int64]
    prices: NDArray[np.float64]


class _Block(NamedTuple):
    """Whole lines of a file, without the header."""

    path: Path
    first_line: int
    data: bytes

    def lines(self) -> Iterator[tuple[int, str]]:
        """Yield number and text of each line that is not empty."""
        for number, line in enumerate(self.data.split(b"\n"), self.first_line):
            if line.strip(b"\r"):
                yield number, line.rstrip(b"\r").decode("utf-8", "replace")

    def at(self, row: int) -> str:
        """Return the location of a row, for a message."""
        for i, (number, text) in enumerate(self.lines()):
            if i == row:
                return line_location(self.path, number, text)
        raise IndexError(row)


def read_file(path: Path, local: LocalClock | None) -> FileRows:
    """Read the rows of a CSV file; `local` is the clock of times without an offset."""
    dialect: Dialect | None = None
    parts = []
    for first_line, data in blocks(path):
        block = _Block(path, first_line, data)
        if dialect is None:
            dialect, block = _recognise(block)
            _check_clock(dialect, local, block)
        parts.append(_read_block(block, dialect, local))
    if dialect is None:
        raise DataError(
            "the file is empty", location=str(path), expected="CSV with one bar per line"
        )
    return FileRows(
        path=path,
        dialect=dialect,
        minute=np.concatenate([minute for minute, _ in parts]),
        prices=np.concatenate([prices for _, prices in parts]),
    )


def line_of_row(rows: FileRows, row: int) -> str:
    """Return the location of a row of a file, for a message."""
    row += rows.dialect.has_header
    for first_line, data in blocks(rows.path):
        block = _Block(rows.path, first_line, data)
        n_rows = sum(1 for _ in block.lines())
        if row < n_rows:
            return block.at(row)
        row -= n_rows
    raise IndexError(row)


def _recognise(block: _Block) -> tuple[Dialect, _Block]:
    """Return the dialect, and the first block without its header."""
    lines = block.lines()
    number, first = next(lines, (0, ""))
    if not number:
        raise DataError("the file contains only empty lines", location=str(block.path))
    next_number, second = next(lines, (number, ""))
    dialect = recognise(
        first,
        second,
        line_location(block.path, number, first),
        line_location(block.path, next_number, second),
    )
    if not dialect.has_header:
        return dialect, block
    rest = block.data.split(b"\n", number - block.first_line + 1)[-1]
    return dialect, _Block(block.path, number + 1, rest)


def _check_clock(dialect: Dialect, local: LocalClock | None, block: _Block) -> None:
    if dialect.naive and local is None:
        raise DataError(
            f"the time {dialect.layout.example!r} has no time zone ({dialect.name})",
            location=block.at(0),
            expected="times with an offset, or the time zone of the clock that wrote them",
            hint="give the time zone, such as --timezone America/New_York",
        )


def _read_block(
    block: _Block, dialect: Dialect, local: LocalClock | None
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    try:
        table = _parse(block.data, dialect)
    except pa.ArrowInvalid as error:
        raise _wrong_line(block, dialect, str(error)) from error
    minute = _minutes(block, dialect, _time_column(table, dialect))
    if dialect.naive and local is not None:
        minute = _to_utc(block, minute, local)
    prices = np.stack([_column(table, name).to_numpy() for name in PRICES], axis=1)
    _check_prices(block, prices)
    return minute, prices


def _parse(data: bytes, dialect: Dialect) -> pa.Table:
    """Return times as bytes and prices as float64; ArrowInvalid if a line is invalid."""
    names = [str(column) for column in range(dialect.n_columns)]
    for name, column in zip(PRICES, dialect.price_columns, strict=True):
        names[column] = name
    times = [names[column] for column in dialect.time_columns]
    wanted = {**dict.fromkeys(times, pa.binary()), **dict.fromkeys(PRICES, pa.float64())}
    if not data.strip():
        return pa.table({name: pa.array([], kind) for name, kind in wanted.items()})
    return pa_csv.read_csv(
        pa.BufferReader(data),
        pa_csv.ReadOptions(column_names=names, use_threads=False, block_size=len(data) + 1),
        pa_csv.ParseOptions(delimiter=dialect.delimiter),
        pa_csv.ConvertOptions(
            column_types=wanted, include_columns=list(wanted), null_values=[], check_utf8=False
        ),
    )


def _column(table: pa.Table, name: str) -> pa.Array:
    chunks = table.column(name).chunks
    return chunks[0] if len(chunks) == 1 else pa.concat_arrays(chunks)


def _time_column(table: pa.Table, dialect: Dialect) -> pa.Array:
    columns = [_column(table, name) for name in table.column_names[: len(dialect.time_columns)]]
    return columns[0] if len(columns) == 1 else pc.binary_join_element_wise(*columns, b" ")


def _minutes(block: _Block, dialect: Dialect, times: pa.Array) -> NDArray[np.int64]:
    """Return minutes in UTC, or in local time if the dialect is naive."""
    seconds, valid = parse_times(times, dialect.layout)
    if not valid.all():
        row = int(valid.argmin())
        text = times[row].as_py().decode("utf-8", "replace")
        raise wrong_time(text, dialect.layout, block.at(row))
    minute, rest = np.divmod(seconds, 60)
    if rest.any():
        raise DataError(
            "the time is not a whole minute",
            location=block.at(int((rest != 0).argmax())),
            expected="one-minute bars, labelled by their opening minute",
            hint="export one-minute bars (M1), not ticks or seconds",
        )
    return np.asarray(minute)


def _to_utc(block: _Block, minute: NDArray[np.int64], local: LocalClock) -> NDArray[np.int64]:
    utc, n_minutes = local.to_utc(minute)
    if (n_minutes != 1).any():
        row = int((n_minutes != 1).argmax())
        raise _unclear_time(block, row, clock.minute_text(minute[row]), int(n_minutes[row]), local)
    return utc


def _unclear_time(
    block: _Block, row: int, time: str, n_minutes: int, local: LocalClock
) -> DataError:
    verb = "repeats" if n_minutes else "skips"
    return DataError(
        f"the clock change in {local.name} {verb} the local time {time}",
        location=block.at(row),
        expected="local times that occur exactly once",
        hint="check `--timezone`, or export the bars in UTC",
    )


def _check_prices(block: _Block, prices: NDArray[np.float64]) -> None:
    low, high = prices[:, 2], prices[:, 1]
    positive = np.isfinite(prices).all(axis=1) & (prices > 0).all(axis=1)
    if not positive.all():
        raise DataError(
            "a price is not a positive number",
            location=block.at(int(positive.argmin())),
            expected="open, high, low and close above 0",
        )
    quoted = ((prices >= LOWEST_PRICE) & (prices <= HIGHEST_PRICE)).all(axis=1)
    if not quoted.all():
        raise DataError(
            "implausible price",
            location=block.at(int(quoted.argmin())),
            expected=PRICES_EXPECTED,
            hint="check the order of the columns, or export the bars again",
        )
    makes_bar = (low <= prices.min(axis=1)) & (high >= prices.max(axis=1))
    if not makes_bar.all():
        row = int(makes_bar.argmin())
        raise DataError(
            "high below low"
            if high[row] < low[row]
            else "open or close outside the range from low to high",
            location=block.at(row),
            expected="low <= open, close <= high",
            hint="check the order of the columns, or export the bars again",
        )


def _wrong_line(block: _Block, dialect: Dialect, reason: str) -> DataError:
    """Return the error of the first line without the fields of the dialect."""
    for number, text in block.lines():
        where = line_location(block.path, number, text)
        fields = split(text, dialect.delimiter)
        if len(fields) != dialect.n_columns:
            return wrong_field_count(len(fields), dialect.n_columns, where)
        for name, column in zip(PRICES, dialect.price_columns, strict=True):
            if not _is_number(fields[column]):
                return DataError(
                    f"{name} is {fields[column][:40]!r}, not a number",
                    location=where,
                    expected="a number with a decimal point",
                )
    return DataError(
        f"unreadable lines ({reason.splitlines()[0][:200]})",
        location=f"{block.path}, from line {block.first_line}",
        expected=f"{dialect.n_columns} fields per line, separated by {dialect.delimiter!r}",
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text
