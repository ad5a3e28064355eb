"""Rows of a block to opening minutes and prices; an exact line is located only for an error."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
from numpy.typing import NDArray

from ib_grid.errors import DataError
from ib_grid.market import clock
from ib_grid.market.bar_checks import HIGHEST_PRICE, LOWEST_PRICE, PRICES, PRICES_EXPECTED
from ib_grid.market.clock import LocalClock
from ib_grid.market.csv.decisions import Decisions
from ib_grid.market.csv.errors import BadRowError
from ib_grid.market.csv.layouts.recognition import Dialect, split, wrong_field_count
from ib_grid.market.csv.layouts.time_columns import expected_time, parse_times
from ib_grid.market.csv.lines import Block


class RowReader:
    """Reader of the blocks of one file, which remembers the symbol that its rows name."""

    def __init__(self, dialect: Dialect, decisions: Decisions) -> None:
        self.dialect, self.decisions, self.symbol = dialect, decisions, ""

    def read(self, block: Block) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the opening minutes (UTC) and the prices of a block; see `FileRows`."""
        try:
            table = _parse(block.data, self.dialect)
            prices = _prices(table, self.dialect)
        except pa.ArrowInvalid as error:
            raise _wrong_line(block, self.dialect, str(error)) from error
        minute = _minutes(block, self.dialect, _times(table, self.dialect))
        if self.decisions.local is not None:
            minute = _to_utc(block, minute, self.decisions.local)
        _check_prices(block, prices)
        self._check_symbol(block, table)
        return minute - (self.decisions.labels == "close"), prices

    def _check_symbol(self, block: Block, table: pa.Table) -> None:
        """Refuse a second symbol."""
        if self.dialect.symbol_column is None or not table.num_rows:
            return
        column = _column(table, str(self.dialect.symbol_column))
        self.symbol = self.symbol or column[0].as_py().decode("utf-8", "replace").strip()
        others = pc.unique(column).to_pylist()
        found = [name.decode("utf-8", "replace").strip() for name in others]
        other = next((i for i, name in enumerate(found) if name != self.symbol), None)
        if other is not None:
            row = pc.index(column, others[other]).as_py()
            raise DataError(
                f"the file holds bars of {self.symbol} and of {found[other]}",
                location=block.line(row).location,
                expected="bars of one symbol",
                hint="give a file for each symbol",
            )


def _parse(data: bytes, dialect: Dialect) -> pa.Table:
    """Return times as bytes and prices as float64; ArrowInvalid if a line is invalid."""
    names = [str(column) for column in range(dialect.n_columns)]
    texts = [*dialect.time_columns]
    texts += [] if dialect.symbol_column is None else [dialect.symbol_column]
    prices = [column for chosen in dialect.prices.columns for column in chosen]
    price_type = pa.float64() if dialect.marks.usual else pa.string()
    wanted = {**{names[c]: price_type for c in prices}, **{names[c]: pa.binary() for c in texts}}
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


def _prices(table: pa.Table, dialect: Dialect) -> NDArray[np.float64]:
    """Return open, high, low and close, shape (n, 4); of bid and ask the mean."""
    sides = []
    for chosen in dialect.prices.columns:
        columns = [_column(table, str(column)) for column in chosen]
        if not dialect.marks.usual:
            columns = [dialect.marks.numbers(column) for column in columns]
        sides.append(np.stack([column.to_numpy() for column in columns], axis=1))
    return sides[0] if len(sides) == 1 else (sides[0] + sides[1]) / 2


def _times(table: pa.Table, dialect: Dialect) -> pa.Array:
    columns = [_column(table, str(column)) for column in dialect.time_columns]
    if dialect.padded:
        columns = [pc.ascii_trim_whitespace(c.cast(pa.string())).cast(pa.binary()) for c in columns]
    return columns[0] if len(columns) == 1 else pc.binary_join_element_wise(*columns, b" ")


def _minutes(block: Block, dialect: Dialect, times: pa.Array) -> NDArray[np.int64]:
    """Return minutes in UTC, or in local time if the times name no clock."""
    seconds, valid = parse_times(times, dialect.form)
    if not valid.all():
        row = int(valid.argmin())
        text = times[row].as_py().decode("utf-8", "replace")
        expected = expected_time(text, dialect.form, dialect.example)
        raise block.bad_row(row, f"invalid time {text[:60]!r}", expected)
    minute, rest = np.divmod(seconds, 60)
    if rest.any():
        raise block.bad_row(
            int((rest != 0).argmax()),
            "the time is not a whole minute",
            "one-minute bars, labelled by their opening minute",
            "export one-minute bars (M1), not ticks or seconds",
        )
    return np.asarray(minute)


def _to_utc(block: Block, minute: NDArray[np.int64], local: LocalClock) -> NDArray[np.int64]:
    utc, n_minutes = local.to_utc(minute)
    if (n_minutes != 1).any():
        row = int((n_minutes != 1).argmax())
        verb = "repeats" if n_minutes[row] else "skips"
        raise block.bad_row(
            row,
            f"the clock change in {local.name} {verb} the local time"
            f" {clock.minute_text(minute[row])}",
            "local times that occur exactly once",
            "check `--timezone`, or export the bars in UTC",
        )
    return utc


def _check_prices(block: Block, prices: NDArray[np.float64]) -> None:
    low, high = prices[:, 2], prices[:, 1]
    positive = np.isfinite(prices).all(axis=1) & (prices > 0).all(axis=1)
    if not positive.all():
        raise block.bad_row(
            int(positive.argmin()),
            "a price is not a positive number",
            "open, high, low and close above 0",
        )
    quoted = ((prices >= LOWEST_PRICE) & (prices <= HIGHEST_PRICE)).all(axis=1)
    if not quoted.all():
        raise block.bad_row(
            int(quoted.argmin()),
            "implausible price",
            PRICES_EXPECTED,
            "check the order of the columns, or export the bars again",
        )
    makes_bar = (low <= prices.min(axis=1)) & (high >= prices.max(axis=1))
    if not makes_bar.all():
        row = int(makes_bar.argmin())
        raise block.bad_row(
            row,
            "high below low"
            if high[row] < low[row]
            else "open or close outside the range from low to high",
            "low <= open, close <= high",
            "check the order of the columns, or export the bars again",
        )


def _wrong_line(block: Block, dialect: Dialect, reason: str) -> DataError:
    """Return the error of the first line without the fields of the dialect."""
    for line in block.lines():
        fields = split(line.text, dialect.delimiter)
        if len(fields) != dialect.n_columns:
            return wrong_field_count(len(fields), dialect.n_columns, line)
        for chosen in dialect.prices.columns:
            for name, column in zip(PRICES, chosen, strict=True):
                if not _is_number(dialect.marks.plain(fields[column])):
                    return BadRowError(
                        f"{name} is {fields[column][:40]!r}, not a number",
                        location=line.location,
                        expected=f"a number with a {dialect.marks}",
                        line=line.number,
                    )
    return DataError(
        f"unreadable lines ({reason.splitlines()[0][:200]})",
        location=f"{block.source}, from line {block.first_line}",
        expected=f"{dialect.n_columns} fields per line, separated by {dialect.delimiter!r}",
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text
