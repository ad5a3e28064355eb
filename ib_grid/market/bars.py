"""One-minute bars, the input of every computation, and their Parquet file."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ib_grid.errors import DataError, first_line
from ib_grid.market import bar_checks
from ib_grid.market.bar_checks import FIRST_YEAR, LAST_YEAR, MINUTES, PRICES, REMEDY
from ib_grid.storage.atomic_files import is_file, whole_file

SYMBOL_KEY, QUALITY_KEY, HOURS_KEY = (
    b"ib_grid.symbol",
    b"ib_grid.quality",
    b"ib_grid.trading_hours",
)

# What pyarrow raises for damaged files: names that are not text, an unknown zone.
_UNREADABLE = (
    pa.ArrowException,
    OSError,
    ValueError,
    TypeError,
    KeyError,
    OverflowError,
    RecursionError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """One-minute bars in ascending order of time.

    Attributes
    ----------
    minute : int64 array, shape (n_bars,)
        Opening minute, minutes since 1970-01-01 00:00 UTC; strictly ascending.
    open, high, low, close : float64 array, shape (n_bars,)
        Mid prices in points; positive, ``low <= open, close <= high``.
    """

    minute: NDArray[np.int64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.minute)

    def between(self, first_minute: int, end_minute: int) -> Bars:
        """Return the bars with ``first_minute <= minute < end_minute``."""
        first, end = np.searchsorted(self.minute, [first_minute, end_minute])
        return self.take(slice(first, end))

    def take(self, rows: slice | NDArray[np.bool_] | NDArray[np.int64]) -> Bars:
        """Return the bars at these rows, given in ascending order."""
        return Bars(
            minute=self.minute[rows],
            open=self.open[rows],
            high=self.high[rows],
            low=self.low[rows],
            close=self.close[rows],
        )


def bars_from_frame(frame: pd.DataFrame, *, location: str = "the frame") -> Bars:
    """Return the bars of a frame with columns time (with a zone), open, high, low, close.

    Raises
    ------
    DataError
        If a column is missing or duplicated, a time has no zone, is not a whole minute, is out of
        the years or does not ascend, the bars are longer than a minute, or a price is not a
        positive number within its bar's low and high.
    """
    bar_checks.check_columns(list(frame.columns), location)
    minute = bar_checks.whole_minutes(frame["time"], location)
    prices = {name: bar_checks.price_column(frame[name], location) for name in PRICES}
    bar_checks.check_order(minute, location)
    bar_checks.check_prices(prices, location)
    bar_checks.check_one_minute(minute, location)
    return Bars(minute=minute, **prices)


def bars_to_frame(bars: Bars) -> pd.DataFrame:
    """Return a frame with columns time (datetime64[ms, UTC]), open, high, low, close."""
    time = pd.to_datetime(bars.minute * 60_000, unit="ms", utc=True).as_unit("ms")
    return pd.DataFrame({"time": time, **{name: getattr(bars, name) for name in PRICES}})


def read_bars(path: Path) -> Bars:
    """Read the bars of a Parquet file.

    Raises
    ------
    DataError
        If the file is missing, not Parquet, or does not hold valid bars.
    """
    _check_is_file(path)
    try:
        with pq.ParquetFile(path) as file:
            _check_size(file, path)
            names = [name for name in file.schema_arrow.names if name in ("time", *PRICES)]
            bar_checks.check_columns(names, str(path))
            # Other programs' notes on columns, such as an index, are ignored.
            frame = file.read(columns=names).replace_schema_metadata(None).to_pandas()
    except _UNREADABLE as error:
        raise _unreadable(path, error) from error
    return bars_from_frame(frame, location=str(path))


def _check_size(file: pq.ParquetFile, path: Path) -> None:
    """Refuse more rows than there are minutes: a small file can unpack to any number."""
    if file.metadata.num_rows > len(MINUTES):
        raise DataError(
            f"the file has {file.metadata.num_rows:,} rows",
            location=str(path),
            expected=f"one-minute bars, of which the years {FIRST_YEAR} to {LAST_YEAR} have fewer",
            hint=REMEDY,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BarsOrigin:
    """Origin of a bars file, from its metadata; None for what the file does not say.

    Attributes
    ----------
    quality : dict or None
        The quality report as plain values, see `ib_grid.market.csv.quality`.
    trading_hours : dict or None
        The hours outside of which bars were dropped, see `TradingHours.to_dict`.
    """

    symbol: str | None
    quality: dict[str, Any] | None
    trading_hours: dict[str, Any] | None = None


def write_bars(
    path: Path,
    bars: Bars,
    *,
    symbol: str,
    quality: Mapping[str, Any] | None = None,
    trading_hours: Mapping[str, Any] | None = None,
) -> None:
    """Write bars as snappy Parquet, with their origin (`BarsOrigin`) as metadata.

    The file is replaced as a whole, or left as it was.
    """
    metadata = {SYMBOL_KEY: symbol.encode()}
    for key, values in ((QUALITY_KEY, quality), (HOURS_KEY, trading_hours)):
        if values is not None:
            metadata[key] = json.dumps(values, allow_nan=False).encode()
    columns = {"time": pa.array(bars.minute * 60_000).cast(pa.timestamp("ms", "UTC"))}
    columns |= {name: pa.array(getattr(bars, name)) for name in PRICES}
    with whole_file(path) as file:
        pq.write_table(
            pa.table(columns).replace_schema_metadata(metadata), file, compression="snappy"
        )


def read_origin(path: Path) -> BarsOrigin:
    """Read the metadata of a bars file."""
    _check_is_file(path)
    try:
        metadata = pq.read_schema(path).metadata or {}
        symbol = metadata.get(SYMBOL_KEY)
        return BarsOrigin(
            symbol=None if symbol is None else symbol.decode(),
            quality=_values_of(metadata.get(QUALITY_KEY)),
            trading_hours=_values_of(metadata.get(HOURS_KEY)),
        )
    except _UNREADABLE as error:
        raise _unreadable(path, error) from error


def _values_of(text: bytes | None) -> dict[str, Any] | None:
    return None if text is None else dict(json.loads(text))


def _check_is_file(path: Path) -> None:
    if not is_file(path):
        there = os.path.lexists(path)
        raise DataError(
            "not a regular file" if there else "no such file",
            location=str(path),
            expected="one-minute bars as Parquet",
            hint=REMEDY,
        )


def _unreadable(path: Path, error: Exception) -> DataError:
    return DataError(
        f"not a readable Parquet file ({first_line(error)})",
        location=str(path),
        expected="one-minute bars as Parquet",
        hint=REMEDY,
    )


def price_decimals(price: float) -> int:
    """Return the decimals to show a price with: 2 from 1,000 up, 5 for one like 1.08."""
    return max(2, 5 - math.floor(math.log10(price))) if price > 0 else 2


def values_sha256(bars: Bars) -> str:
    """Return the SHA-256 of the minutes and prices of bars, whatever file holds them."""
    digest = hashlib.sha256(bars.minute.astype("<i8").tobytes())
    for name in PRICES:
        digest.update(getattr(bars, name).astype("<f8").tobytes())
    return digest.hexdigest()


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
