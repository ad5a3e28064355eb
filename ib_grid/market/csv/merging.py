"""Rows of several files to one series: conflicts, scale and step checks, duplicates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ib_grid.errors import DataError
from ib_grid.market.bar_checks import check_one_minute
from ib_grid.market.bars import Bars
from ib_grid.market.clock import MINUTES_PER_DAY, minute_text
from ib_grid.market.csv.quality import SourceFile
from ib_grid.market.csv.reading import FileRows, line_of_row

CONFLICT_SHARE = 0.01
SCALE_FACTOR = 2.0
GROWTH_PER_YEAR = 1.25
_MINUTES_PER_YEAR = 365 * MINUTES_PER_DAY
_ONE_SERIES = "bars of one symbol and one side, on one scale"


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


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of all files by minute, with the file of each and its row there."""

    files: Sequence[FileRows]
    minute: NDArray[np.int64]
    prices: NDArray[np.float64]
    owner: NDArray[np.int64]
    row: NDArray[np.int64]

    def location(self, place: int) -> str:
        """Return the location of a row, for a message."""
        return line_of_row(self.files[self.owner[place]], int(self.row[place]))


def merge(files: Sequence[FileRows]) -> Merged:
    """Merge rows into one ascending series; the last row of a minute counts.

    The order is that of `files`, then of the rows in a file. A row with the prices of the previous
    row of its minute is a duplicate, a row with other prices a conflict. Files that disagree on
    more than 1% of the minutes that they share are not one series and refused, as are jumps of
    scale.
    """
    for file in files:
        check_one_minute(np.unique(file.minute), str(file.source))
    rows = _by_minute(files)
    repeated = rows.minute[1:] == rows.minute[:-1]
    equal = (rows.prices[1:] == rows.prices[:-1]).all(axis=1)
    _check_conflicts(rows, repeated, equal)
    _check_symbols(files)
    _check_scale(rows)
    kept = np.append(~repeated, True)
    return Merged(
        bars=_bars(rows.minute[kept], rows.prices[kept]),
        n_duplicates=int((repeated & equal).sum()),
        conflict_minutes=rows.minute[1:][repeated & ~equal],
    )


def _by_minute(files: Sequence[FileRows]) -> _Rows:
    minute = np.concatenate([rows.minute for rows in files])
    prices = np.concatenate([rows.prices for rows in files])
    lengths = [len(rows.minute) for rows in files]
    owner = np.repeat(np.arange(len(files)), lengths)
    row = np.concatenate([np.arange(length) for length in lengths])
    order = np.argsort(minute, kind="stable")
    return _Rows(files, minute[order], prices[order], owner[order], row[order])


def _bars(minute: NDArray[np.int64], prices: NDArray[np.float64]) -> Bars:
    columns = np.ascontiguousarray(prices.T)
    return Bars(minute=minute, open=columns[0], high=columns[1], low=columns[2], close=columns[3])


def _check_symbols(files: Sequence[FileRows]) -> None:
    """Refuse files that name different symbols, in a column or in their own names."""
    in_rows = [(rows.symbol, rows) for rows in files if rows.symbol]
    in_names = [(rows.source.symbol, rows) for rows in files if rows.source.symbol]
    for named in (in_rows, in_names):
        other = next((pair for pair in named if pair[0] != named[0][0]), None)
        if other is not None:
            raise DataError(
                f"the files hold bars of {named[0][0]} and of {other[0]}",
                location=f"{named[0][1].source} and {other[1].source}",
                expected="bars of one symbol",
                hint="give the files of one symbol only",
            )


def _check_conflicts(rows: _Rows, repeated: NDArray[np.bool_], equal: NDArray[np.bool_]) -> None:
    """Refuse two files that disagree on more than 1% of their shared minutes.

    In one file, conflicts count against its rows. The last bar of a file may have been unfinished
    when the file was written; it does not count.
    """
    places = np.flatnonzero(repeated)
    if not len(places):
        return
    first, second = rows.owner[places], rows.owner[places + 1]
    last_minute = np.array([file.minute.max() for file in rows.files])
    minute = rows.minute[places]
    at_end = (minute == last_minute[first]) | (minute == last_minute[second])
    conflict = ~equal[places] & ~(at_end & (first != second))
    pair = first * len(rows.files) + second
    pairs, of_pair = np.unique(pair, return_inverse=True)
    n_rows = np.array([len(file.minute) for file in rows.files])
    same_file = pairs % (len(rows.files) + 1) == 0
    n_shared = np.where(same_file, n_rows[pairs % len(rows.files)], np.bincount(of_pair))
    n_conflicts = np.bincount(of_pair, weights=conflict)
    apart = np.flatnonzero(n_conflicts > CONFLICT_SHARE * n_shared)
    if not len(apart):
        return
    worst = int(apart[0])
    place = int(places[np.flatnonzero(conflict & (pair == pairs[worst]))[0]])
    count = f"{int(n_conflicts[worst]):,} of {int(n_shared[worst]):,}"
    a, b = (rows.files[rows.owner[place + i]].source.name for i in (0, 1))
    said = f"{a} and {b} disagree in {count} minutes that both have"
    raise DataError(
        said if a != b else f"{a} has another bar of the same minute in {count} rows",
        location=f"{rows.location(place)} and {rows.location(place + 1)}",
        expected=f"{_ONE_SERIES}; more than 1% is another series",
        hint="give the files of one symbol, and of bid or ask, only",
    )


def _check_scale(rows: _Rows) -> None:
    """Refuse a jump by more than a factor of 2, times 1.25 for each year without bars.

    Markets hardly ever move by a quarter a year for several years; an index and gold are a factor
    of 9 apart.
    """
    close = rows.prices[:, 3]
    far = _jumps(rows.minute, close)
    if not far.any():
        return
    at = int(far.argmax())
    raise DataError(
        f"the close jumps from {close[at]:.10g} to {close[at + 1]:.10g} between neighbouring bars",
        location=f"{rows.location(at)} and {rows.location(at + 1)}",
        expected="bars of one symbol, on one scale",
        hint="give files of one symbol only, or correct the wrong prices",
    )


def _jumps(minute: NDArray[np.int64], close: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which bars are too far from the one before in price."""
    years = np.diff(minute) / _MINUTES_PER_YEAR
    far = np.abs(np.diff(np.log2(close))) > np.log2(SCALE_FACTOR) + years * np.log2(GROWTH_PER_YEAR)
    return np.asarray(far)


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """Bars that were prepared before, their file, and the files they came from."""

    location: str
    bars: Bars
    sources: tuple[SourceFile, ...] = ()


def with_earlier(bars: Bars, earlier: Earlier) -> tuple[Bars, int]:
    """Return bars with those prepared before in other minutes, and the number of the latter."""
    old = earlier.bars
    place = np.minimum(np.searchsorted(bars.minute, old.minute), len(bars) - 1)
    shared = bars.minute[place] == old.minute
    differs = np.array(
        [
            getattr(bars, name)[place] != getattr(old, name)
            for name in ("open", "high", "low", "close")
        ]
    ).any(axis=0)
    conflict = differs & shared & (old.minute != old.minute[-1])
    if conflict.sum() > CONFLICT_SHARE * shared.sum():
        raise _other_series(
            bars,
            earlier,
            f"the files differ from the bars prepared before in {int(conflict.sum()):,} of"
            f" {int(shared.sum()):,} minutes that both have",
        )
    kept = old.take(~shared)
    minute = np.concatenate([kept.minute, bars.minute])
    order = np.argsort(minute)
    is_new = np.repeat([False, True], [len(kept), len(bars)])[order]
    prices = np.concatenate([_prices(kept), _prices(bars)])[order]
    minute = minute[order]
    if (_jumps(minute, prices[:, 3]) & (is_new[1:] != is_new[:-1])).any():
        raise _other_series(
            bars, earlier, "the files are on another scale than the bars prepared before"
        )
    return _bars(minute, prices), len(kept)


def _prices(bars: Bars) -> NDArray[np.float64]:
    return np.stack([bars.open, bars.high, bars.low, bars.close], axis=1)


def _other_series(bars: Bars, earlier: Earlier, message: str) -> DataError:
    return DataError(
        f"{message} (files: {_span(bars)}; prepared before: {_span(earlier.bars)})",
        location=earlier.location,
        expected=f"{_ONE_SERIES}, on one clock",
        hint="check symbol and time zone, or start over with --replace",
    )


def _span(bars: Bars) -> str:
    return f"{minute_text(int(bars.minute[0]))} to {minute_text(int(bars.minute[-1]))}"
