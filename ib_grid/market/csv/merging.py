"""Rows of several files to one series: scale and step checks, duplicates, conflicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ib_grid.errors import DataError
from ib_grid.market.bar_checks import check_one_minute
from ib_grid.market.bars import Bars
from ib_grid.market.clock import MINUTES_PER_DAY
from ib_grid.market.csv.reading import FileRows, line_of_row

SCALE_FACTOR = 2.0
GROWTH_PER_YEAR = 1.25
_MINUTES_PER_YEAR = 365 * MINUTES_PER_DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """One series from the rows of several files.

    Attributes
    ----------
    n_duplicates : int
        Rows dropped because they equal an earlier row of the same minute.
    conflict_minutes : int64 array
        Minute of each row dropped because a later row of the same minute has other prices.
    """

    bars: Bars
    n_duplicates: int
    conflict_minutes: NDArray[np.int64]


def merge(files: Sequence[FileRows]) -> Merged:
    """Merge rows into one ascending series; the last row of a minute counts.

    The order is that of `files`, then of the rows in a file. A row with the prices of the previous
    row of its minute is a duplicate, a row with other prices a conflict.
    """
    for rows in files:
        check_one_minute(np.unique(rows.minute), str(rows.path))
    minute = np.concatenate([rows.minute for rows in files])
    prices = np.concatenate([rows.prices for rows in files])
    order = np.argsort(minute, kind="stable")
    minute, prices = minute[order], prices[order]
    _check_scale(files, order, minute, prices[:, 3])
    repeated = minute[1:] == minute[:-1]
    equal = (prices[1:] == prices[:-1]).all(axis=1)
    kept = np.append(~repeated, True)
    columns = np.ascontiguousarray(prices[kept].T)
    return Merged(
        bars=Bars(
            minute=minute[kept],
            open=columns[0],
            high=columns[1],
            low=columns[2],
            close=columns[3],
        ),
        n_duplicates=int((repeated & equal).sum()),
        conflict_minutes=minute[1:][repeated & ~equal],
    )


def _check_scale(
    files: Sequence[FileRows],
    order: NDArray[np.int64],
    minute: NDArray[np.int64],
    close: NDArray[np.float64],
) -> None:
    """Refuse a jump by more than a factor of 2, times 1.25 for each year without bars.

    Markets hardly ever move by a quarter a year for several years; an index and gold are a factor
    of 9 apart.
    """
    jump = np.abs(np.diff(np.log2(close)))
    years = np.diff(minute) / _MINUTES_PER_YEAR
    far = jump > np.log2(SCALE_FACTOR) + years * np.log2(GROWTH_PER_YEAR)
    if not far.any():
        return
    at = int(far.argmax())
    ends = np.cumsum([len(rows.minute) for rows in files])
    owners = np.searchsorted(ends, order[at : at + 2], side="right")
    locations = [
        line_of_row(files[owner], int(row - (ends[owner] - len(files[owner].minute))))
        for owner, row in zip(owners, order[at : at + 2], strict=True)
    ]
    raise DataError(
        f"the close jumps from {close[at]:.10g} to {close[at + 1]:.10g} between neighbouring bars",
        location=" and ".join(locations),
        expected="bars of one symbol, on one scale",
        hint="give files of one symbol only, or correct the wrong prices",
    )
