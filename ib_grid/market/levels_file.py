"""Initial Balance levels as a Parquet file, tied to the bars that they were computed from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ib_grid.errors import DataError, InputError, first_line
from ib_grid.market.instruments import Session
from ib_grid.market.levels import SessionLevels
from ib_grid.storage.atomic_files import is_file, whole_file

LEVELS_SCHEMA = pa.schema(
    [
        ("date", pa.date32()),
        ("ib_start", pa.string()),
        ("ib_end", pa.string()),
        ("ib_timezone", pa.string()),
        ("ib_start_utc", pa.timestamp("ms", "UTC")),
        ("ib_end_utc", pa.timestamp("ms", "UTC")),
        ("ib_high", pa.float64()),
        ("ib_low", pa.float64()),
        ("eq", pa.float64()),
        ("range_points", pa.float64()),
        ("n_bars", pa.int64()),
    ]
)
_FORMAT_KEY, _FORMAT = b"ib_grid.levels_format", b"1"
_BARS_KEY, _CONTENT_KEY = b"ib_grid.bars_sha256", b"ib_grid.levels_sha256"
_SYMBOL_KEY, _SESSIONS_KEY = b"ib_grid.symbol", b"ib_grid.sessions"
_MOST_ROWS = 10_000_000
_REMEDY = "write the file again with `ib-grid levels`"


def write_levels(
    path: Path, levels: Mapping[Session, SessionLevels], *, symbol: str, bars_sha256: str
) -> None:
    """Write levels as Parquet, a row for each session and date.

    The file is replaced as a whole, or left as it was; `bars_sha256` is the checksum of the file of
    bars that the levels were computed from.
    """
    sessions = [(s.ib_start, s.ib_end, s.ib_timezone) for s in levels]
    metadata = {
        _FORMAT_KEY: _FORMAT,
        _SYMBOL_KEY: symbol.encode(),
        _BARS_KEY: bars_sha256.encode(),
        _CONTENT_KEY: _content_sha256(levels),
        _SESSIONS_KEY: json.dumps(sessions).encode(),
    }
    schema = LEVELS_SCHEMA.with_metadata(metadata)
    tables = [_table(session, levels[session], schema) for session in levels]
    table = pa.concat_tables([schema.empty_table(), *tables])
    with whole_file(path) as file:
        pq.write_table(table, file, compression="snappy")


def _table(session: Session, levels: SessionLevels, schema: pa.Schema) -> pa.Table:
    n = len(levels.date)
    columns = {
        "date": levels.date.astype("datetime64[D]"),
        "ib_start": [session.ib_start] * n,
        "ib_end": [session.ib_end] * n,
        "ib_timezone": [session.ib_timezone] * n,
        "ib_start_utc": levels.ib_start * 60_000,
        "ib_end_utc": levels.ib_end * 60_000,
        "ib_high": levels.ib_high,
        "ib_low": levels.ib_low,
        "eq": (levels.ib_high + levels.ib_low) / 2,
        "range_points": levels.ib_high - levels.ib_low,
        "n_bars": levels.n_bars,
    }
    arrays = [pa.array(columns[field.name]).cast(field.type) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def read_levels(path: Path, bars_sha256: str) -> dict[Session, SessionLevels]:
    """Read the levels of each session, exactly as they were written for a file of bars."""
    if not is_file(path):
        raise DataError("no such file", location=str(path), hint=_REMEDY)
    try:
        with pq.ParquetFile(path) as file:
            metadata = file.schema_arrow.metadata or {}
            _check_origin(path, metadata, bars_sha256)
            if file.metadata.num_rows > _MOST_ROWS:  # a small file can unpack to any number
                raise ValueError(f"it has {file.metadata.num_rows:,} rows")
            table = file.read()
        sessions = [Session(**_named(triple)) for triple in json.loads(metadata[_SESSIONS_KEY])]
        levels = {session: _levels_of(table, session) for session in sessions}
        if metadata[_CONTENT_KEY] != _content_sha256(levels):
            raise ValueError("its content has changed since it was written")
    except DataError:
        raise
    except (pa.ArrowException, OSError, ValueError, TypeError, KeyError, InputError) as error:
        raise DataError(
            f"the levels cannot be read ({first_line(error)})",
            location=str(path),
            expected="levels as `ib-grid levels` writes them",
            hint=_REMEDY,
        ) from error
    return levels


def _content_sha256(levels: Mapping[Session, SessionLevels]) -> bytes:
    digest = hashlib.sha256()
    for session, values in levels.items():
        digest.update(f"{session} {session.ib_timezone} {len(values.date)}".encode())
        for array in values:
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest().encode()


def _named(triple: list[str]) -> dict[str, str]:
    return dict(zip(("ib_start", "ib_end", "ib_timezone"), triple, strict=True))


def _check_origin(path: Path, metadata: Mapping[bytes, bytes], bars_sha256: str) -> None:
    if metadata.get(_FORMAT_KEY) != _FORMAT:
        raise DataError(
            "the levels are not from this version of ib-grid",
            location=str(path),
            expected=f"format {_FORMAT.decode()}",
            hint=_REMEDY,
        )
    found = metadata.get(_BARS_KEY, b"").decode("ascii", "replace")
    if found != bars_sha256:
        raise DataError(
            f"the levels belong to other bars (SHA-256 {found[:12]}...)",
            location=str(path),
            expected=f"levels of the bars with SHA-256 {bars_sha256[:12]}...",
            hint=_REMEDY,
        )


def _levels_of(table: pa.Table, session: Session) -> SessionLevels:
    of_session = np.ones(len(table), bool)
    for name in ("ib_start", "ib_end", "ib_timezone"):
        of_session &= table[name].to_numpy().astype(str) == getattr(session, name)
    rows = table.filter(pa.array(of_session))
    return SessionLevels(
        date=_numbers(rows, "date", "datetime64[D]"),
        ib_start=_numbers(rows, "ib_start_utc", "datetime64[m]"),
        ib_end=_numbers(rows, "ib_end_utc", "datetime64[m]"),
        ib_high=rows["ib_high"].to_numpy(),
        ib_low=rows["ib_low"].to_numpy(),
        n_bars=rows["n_bars"].to_numpy(),
    )


def _numbers(rows: pa.Table, name: str, unit: str) -> NDArray[np.int64]:
    return np.asarray(rows[name].to_numpy().astype(unit).astype(np.int64))
