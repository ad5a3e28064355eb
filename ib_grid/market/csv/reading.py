"""One file to checked rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ib_grid.market.csv.decisions import Decisions, Options, check_short_years, decide, decide_form
from ib_grid.market.csv.errors import BadRowError, NotBarsError
from ib_grid.market.csv.layouts.recognition import N_SAMPLE_LINES, Dialect, recognise, split
from ib_grid.market.csv.lines import Block, blocks_of
from ib_grid.market.csv.rows import RowReader
from ib_grid.market.csv.sources import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRows:
    """The rows of one file, in its order; prices are open to close, shape (n, 4).

    `bad_rows` are the errors of the lines that were skipped; `symbol` is empty if the file
    names none.
    """

    source: Source
    dialect: Dialect
    decisions: Decisions
    minute: NDArray[np.int64]
    prices: NDArray[np.float64]
    symbol: str
    bad_rows: tuple[BadRowError, ...]


@dataclass(slots=True)
class BadRows:
    """Bad rows that may be skipped, and those that were."""

    most: int
    found: list[BadRowError] = field(default_factory=list)

    def pass_over(self, error: BadRowError) -> None:
        """Count a bad row; raise its error if no more may be skipped."""
        if len(self.found) >= self.most:
            raise error
        self.found.append(error)


def read_file(source: Source, options: Options, bad_rows: BadRows) -> FileRows:
    """Read the rows of a file."""
    n_before = len(bad_rows.found)
    reader: RowReader | None = None
    parts = []
    for block in blocks_of(source):
        if reader is None:
            reader, block = _open(block, options, bad_rows)
        parts.append(_read(reader, block, bad_rows))
    if reader is None:
        raise NotBarsError(
            "the file is empty", location=str(source), expected="CSV with one bar per line"
        )
    minute = np.concatenate([minute for minute, _ in parts])
    check_short_years(reader.dialect, options, minute, str(source))
    return FileRows(
        source=source,
        dialect=reader.dialect,
        decisions=reader.decisions,
        minute=minute,
        prices=np.concatenate([prices for _, prices in parts]),
        symbol=reader.symbol,
        bad_rows=tuple(bad_rows.found[n_before:]),
    )


def line_of_row(rows: FileRows, row: int) -> str:
    """Return the location of a row of a file, for a message."""
    passed_over = {error.line for error in rows.bad_rows}
    lines = (line for block in blocks_of(rows.source) for line in block.lines())
    own = (
        line
        for line in lines
        if line.number >= rows.dialect.first_line and line.number not in passed_over
    )
    return next(islice(own, row, None)).location


def _open(block: Block, options: Options, bad_rows: BadRows) -> tuple[RowReader, Block]:
    """Return a reader for the dialect of a file, and its first block without the header."""
    while True:
        lines = list(islice(block.lines(), N_SAMPLE_LINES))
        if not lines:
            raise NotBarsError("the file contains only empty lines", location=str(block.source))
        try:
            dialect = recognise(lines, block.source.name, options.date_order)
            break
        except BadRowError as error:
            bad_rows.pass_over(error)
            block = block.without(error.line)
    block = block.starting_at(dialect.first_line)
    location = block.line(0).location
    if len(dialect.forms) > 1:
        dialect = decide_form(dialect, _times(dialect, block.source), location)
    return RowReader(dialect, decide(dialect, options, location)), block


def _read(
    reader: RowReader, block: Block, bad_rows: BadRows
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Read a block, without the bad rows that may be skipped."""
    while True:
        try:
            return reader.read(block)
        except BadRowError as error:
            bad_rows.pass_over(error)
            block = block.without(error.line)


def _times(dialect: Dialect, source: Source) -> Iterator[pa.Array]:
    """Yield the times of each block of a file, as far as its lines can be read."""
    for block in blocks_of(source):
        rows = (
            split(line.text, dialect.delimiter)
            for line in block.lines()
            if line.number >= dialect.first_line
        )
        times = (
            " ".join(row[column].strip() for column in dialect.time_columns)
            for row in rows
            if len(row) == dialect.n_columns
        )
        yield pa.array([time.encode() for time in times], pa.binary())
