"""Output of the commands on combinations, parsed for the tests."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator

Command = Callable[..., tuple[int, str, str]]
PROVENANCE = (
    "realistic fills, spread 1.5 points, slippage 0, commission 0;"
    " bars 2024-02-15T06:00Z to 2024-11-19T21:58Z. News filter: off."
)


def lines(text: str) -> Iterator[dict[str, str]]:
    return csv.DictReader(io.StringIO(text))
