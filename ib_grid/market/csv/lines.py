"""Lines of a file, and blocks of them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from ib_grid.market.csv.errors import BadRowError
from ib_grid.market.csv.layouts.dialects import FOOTER
from ib_grid.market.csv.sources import Source, blocks, line_location


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a file that is not empty."""

    number: int
    text: str
    source: Source

    @property
    def location(self) -> str:
        """The location of the line, for a message."""
        return line_location(self.source, self.number, self.text)


class Block(NamedTuple):
    """Whole lines of a file, without the header."""

    source: Source
    first_line: int
    data: bytes

    def lines(self) -> Iterator[Line]:
        """Yield each line that is not empty."""
        for number, line in enumerate(io.BytesIO(self.data), self.first_line):
            if line.strip(b"\r\n"):
                yield Line(number, line.rstrip(b"\r\n").decode("utf-8", "replace"), self.source)

    def line(self, row: int) -> Line:
        """Return the line of a row."""
        return next(islice(self.lines(), row, None))

    def bad_row(self, row: int, message: str, expected: str, hint: str = "") -> BadRowError:
        """Return the error of a row."""
        line = self.line(row)
        return BadRowError(
            message, location=line.location, expected=expected, hint=hint, line=line.number
        )

    def without(self, line: int) -> Block:
        """Return the block with an empty line in the place of this one."""
        lines = self.data.split(b"\n")
        lines[line - self.first_line] = b""
        return self._replace(data=b"\n".join(lines))

    def starting_at(self, line: int) -> Block:
        """Return the lines from this one on."""
        rest = self.data.split(b"\n", line - self.first_line)[-1]
        return self._replace(first_line=line, data=rest)


def blocks_of(source: Source) -> Iterator[Block]:
    """Yield the blocks of a file, without the lines that an exporter writes behind the bars."""
    for first_line, data in blocks(source):
        without = FOOTER.sub(b"", data) if b"Downloaded from" in data else data
        yield Block(source, first_line, without)
