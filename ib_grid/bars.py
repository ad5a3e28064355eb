"""One-minute bars: the value that everything is computed from, and its Parquet file."""

from __future__ import annotations

import hashlib
import json
import math
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
from ib_grid.files import is_file, whole_file

PRICES = ("open", "high", "low", "close")
SYMBOL_KEY, QUALITY_KEY, HOURS_KEY = (
    b"ib_grid.symbol",
    b"ib_grid.quality",
    b"ib_grid.trading_hours",
)
_REMEDY = "write the file with `ib-grid prepare`"


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
        """The bars with ``first_minute <= minute < end_minute``."""
        first, end = np.searchsorted(self.minute, [first_minute, end_minute])
        return self.take(slice(first, end))

    def take(self, rows: slice | NDArray[np.bool_] | NDArray[np.int64]) -> Bars:
        """The bars at these rows, given in ascending order."""
        return Bars(
            minute=self.minute[rows],
            open=self.open[rows],
            high=self.high[rows],
            low=self.low[rows],
            close=self.close[rows],
        )


def bars_from_frame(frame: pd.DataFrame, *, where: str = "the frame") -> Bars:
    """Bars from a frame with the columns time (with a zone), open, high, low and close.

    Raises
    ------
    DataError
        If a column is missing, a time has no zone, is no whole minute or does not ascend, or a
        price is not a positive number within its bar's low and high.
    """
    missing = [name for name in ("time", *PRICES) if name not in frame.columns]
    if missing:
        raise DataError(
            f"no column {', '.join(missing)}",
            where=where,
            expected="columns time, open, high, low, close",
            remedy=_REMEDY,
        )
    bars = Bars(
        minute=_whole_minutes(frame["time"], where),
        **{name: _price_column(frame[name], where) for name in PRICES},
    )
    _check_order(bars, where)
    _check_prices(bars, where)
    return bars


def bars_to_frame(bars: Bars) -> pd.DataFrame:
    """Frame with the columns time (datetime64[ms, UTC]), open, high, low and close."""
    time = pd.to_datetime(bars.minute * 60_000, unit="ms", utc=True).as_unit("ms")
    return pd.DataFrame({"time": time, **{name: getattr(bars, name) for name in PRICES}})


def read_bars(path: Path) -> Bars:
    """Bars of a Parquet file.

    Raises
    ------
    DataError
        If there is no such file, it is no Parquet file, or its content is not one of valid bars.
    """
    _check_is_file(path)
    try:
        frame = pq.read_table(path).to_pandas()
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(path, error) from error
    return bars_from_frame(frame, where=str(path))


@dataclass(frozen=True, slots=True, kw_only=True)
class BarsOrigin:
    """What a bars file says about itself.

    Attributes
    ----------
    symbol : str or None
        None if the file does not say.
    quality : dict or None
        The quality report as plain values, see `ingest.quality_from_dict`; None if there is none.
    trading_hours : dict or None
        The hours outside of which bars were dropped, see `TradingHours.to_dict`; None if the file
        does not say.
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
    """Write bars as snappy Parquet; the metadata say what is known of them.

    Parameters
    ----------
    path : Path
        Replaced as a whole, or left as it was.
    bars : Bars
    symbol : str
    quality : mapping, optional
        The quality report as plain values.
    trading_hours : mapping, optional
        The hours outside of which bars were dropped, as plain values.

    Raises
    ------
    OutputError
        If the place cannot be written.
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
    """What a bars file says about itself.

    Raises
    ------
    DataError
        If there is no such file, or it is no Parquet file.
    """
    _check_is_file(path)
    try:
        metadata = pq.read_schema(path).metadata or {}
        symbol = metadata.get(SYMBOL_KEY)
        return BarsOrigin(
            symbol=None if symbol is None else symbol.decode(),
            quality=_values_of(metadata.get(QUALITY_KEY)),
            trading_hours=_values_of(metadata.get(HOURS_KEY)),
        )
    except (pa.ArrowException, OSError, ValueError, TypeError) as error:
        raise _unreadable(path, error) from error


def _values_of(text: bytes | None) -> dict[str, Any] | None:
    return None if text is None else dict(json.loads(text))


def _check_is_file(path: Path) -> None:
    if not is_file(path):
        raise DataError("there is no such file", where=str(path), remedy=_REMEDY)


def _unreadable(path: Path, error: Exception) -> DataError:
    return DataError(
        f"not a readable Parquet file ({first_line(error)})",
        where=str(path),
        expected="one-minute bars as Parquet",
        remedy=_REMEDY,
    )


def price_decimals(price: float) -> int:
    """Decimals that a price of this size is shown with: 2 from 1,000 up, 5 for one like 1.08."""
    return max(2, 5 - math.floor(math.log10(price))) if price > 0 else 2


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _whole_minutes(time: pd.Series, where: str) -> NDArray[np.int64]:
    if not isinstance(time.dtype, pd.DatetimeTZDtype):
        raise DataError(
            f"the column time holds {time.dtype}",
            where=where,
            expected="timestamps with a zone",
            remedy=_REMEDY,
        )
    if time.isna().any():
        raise DataError("a time is missing", where=f"{where}, row {int(time.isna().argmax())}")
    moments = time.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
    minutes = moments.astype("datetime64[m]")
    odd = moments != minutes
    if odd.any():
        row = int(odd.argmax())
        raise DataError(
            f"the time {moments[row]} is not a whole minute",
            where=f"{where}, row {row}",
            expected="one-minute bars, labelled by their opening minute",
        )
    return minutes.astype(np.int64)


def _price_column(values: pd.Series, where: str) -> NDArray[np.float64]:
    try:
        return np.ascontiguousarray(values.to_numpy(dtype=np.float64, na_value=np.nan))
    except (TypeError, ValueError) as error:
        raise DataError(
            f"the column {values.name} holds {values.dtype}", where=where, expected="numbers"
        ) from error


def _check_order(bars: Bars, where: str) -> None:
    wrong = np.flatnonzero(np.diff(bars.minute) <= 0)
    if len(wrong):
        row = int(wrong[0]) + 1
        moment = bars.minute[row].astype("datetime64[m]")
        raise DataError(
            f"the time {moment} does not come after the one before it",
            where=f"{where}, row {row}",
            expected="each minute once, in ascending order",
            remedy=_REMEDY,
        )


def _check_prices(bars: Bars, where: str) -> None:
    low, high = bars.low, bars.high
    inside = (low <= bars.open) & (bars.open <= high) & (low <= bars.close) & (bars.close <= high)
    wrong = np.flatnonzero(~(inside & (low > 0) & np.isfinite(high)))
    if len(wrong):
        row = int(wrong[0])
        prices = ", ".join(f"{name} {getattr(bars, name)[row]:.10g}" for name in PRICES)
        raise DataError(
            f"the prices {prices} do not make a bar",
            where=f"{where}, row {row}",
            expected="positive numbers with low <= open, close <= high",
            remedy=_REMEDY,
        )
