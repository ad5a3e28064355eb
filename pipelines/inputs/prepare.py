"""Preparation of data files: CSV to bars, bars to levels."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ib_grid.errors import DataError, OutputError
from ib_grid.market.bars import Bars, file_sha256, read_bars, read_origin, write_bars
from ib_grid.market.instruments import Instrument, Session
from ib_grid.market.levels import SessionLevels, follows_clock, session_levels
from ib_grid.market.levels_file import read_levels, write_levels
from ib_grid.storage.atomic_files import is_file
from ib_grid.storage.mapping_files import as_declared

if TYPE_CHECKING:
    from ib_grid.market.csv import Earlier, Options, QualityReport
    from ib_grid.market.csv.quality import SourceFile


def prepare_bars(
    instrument: Instrument,
    csv_paths: Sequence[Path],
    output_path: Path,
    options: Options | None = None,
    *,
    replace: bool = False,
) -> QualityReport:
    """Write the bars of CSV files to a bars file; see `ib_grid.market.csv.read_csv_bars`.

    Bars that the file holds already stay in the minutes that the CSV files do not have, unless they
    are to be replaced.
    """
    from ib_grid.market.csv import read_csv_bars  # other commands need no CSV reader

    _check_not_a_source(output_path, csv_paths)
    earlier = None if replace else _earlier(instrument, output_path)
    bars, quality = read_csv_bars(csv_paths, instrument, options, earlier)
    write_bars(
        output_path,
        bars,
        symbol=instrument.symbol,
        quality=dataclasses.asdict(quality),
        trading_hours=instrument.trading_hours.to_dict(),
    )
    return quality


def _earlier(instrument: Instrument, path: Path) -> Earlier | None:
    """Return the bars that were prepared before, None if there are none."""
    from ib_grid.market.csv import Earlier

    if not is_file(path):
        return None  # what cannot be written over is refused then
    try:
        check_origin(path, instrument)
        bars = read_bars(path)
    except DataError as error:
        raise DataError(
            f"the bars prepared before cannot be kept: {error.message}",
            location=str(path),
            expected=error.expected,
            hint="start over with --replace, or choose another file with --data",
        ) from error
    if not len(bars):
        return None
    return Earlier(location=str(path), bars=bars, sources=_sources(path))


def _sources(path: Path) -> tuple[SourceFile, ...]:
    """Return the files that prepared bars came from; none if an older version prepared them."""
    from ib_grid.market.csv.quality import SourceFile

    try:
        quality = read_origin(path).quality or {}
        files = [*quality["earlier_sources"], *quality["sources"]]
        return as_declared(tuple[SourceFile, ...], files)
    except (DataError, KeyError, TypeError, ValueError):
        return ()


def _check_not_a_source(output_path: Path, csv_paths: Sequence[Path]) -> None:
    from ib_grid.market.csv.sources import find_files

    if output_path.resolve() in [file.path.resolve() for file in find_files(csv_paths)]:
        raise OutputError(
            "the output file is one of the CSV files",
            location=str(output_path),
            expected="another file for the prepared bars",
            hint="choose another file with --data, or omit --data",
        )


def prepare_levels(
    instrument: Instrument, bars_path: Path, levels_path: Path
) -> dict[Session, SessionLevels]:
    """Write the levels of a bars file in the instrument's sessions, and return them."""
    check_origin(bars_path, instrument)
    bars_sha256 = file_sha256(bars_path)
    levels = _computed(read_bars(bars_path), instrument.sessions)
    if not any(len(values.date) for values in levels.values()):
        spans = ", ".join(map(str, instrument.sessions))
        raise DataError(
            f"no bar lies in any of the sessions {spans}",
            location=str(bars_path),
            expected=f"bars at these clock times in {instrument.timezone}",
            hint="check the symbol and the time zone that the bars were prepared with",
        )
    write_levels(levels_path, levels, symbol=instrument.symbol, bars_sha256=bars_sha256)
    return levels


def check_origin(bars_path: Path, instrument: Instrument) -> None:
    """Refuse a bars file of another symbol or of other trading hours."""
    origin, hours = read_origin(bars_path), instrument.trading_hours.to_dict()
    if origin.symbol not in (None, instrument.symbol):
        raise DataError(
            f"the file holds bars of {origin.symbol}",
            location=str(bars_path),
            expected=f"bars of {instrument.symbol}",
            hint="give the file of this symbol, or the symbol of this file",
        )
    if origin.trading_hours not in (None, hours):
        raise DataError(
            f"the file was prepared with other trading hours: {_words(origin.trading_hours)}",
            location=str(bars_path),
            expected=f"the trading hours of {instrument.symbol}: {_words(hours)}",
            hint="prepare the bars again, or restore the trading hours",
        )


def _words(values: Mapping[str, object] | None) -> str:
    texts = (" ".join(v) if isinstance(v, list) else str(v) for v in (values or {}).values())
    return ", ".join(texts)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedLevels:
    """Levels of the bars, from a file or computed.

    The note tells why the levels were computed; None if the file was used.
    """

    levels: Mapping[Session, SessionLevels]
    note: str | None


def load_levels(
    levels_path: Path, bars: Bars, bars_sha256: str, sessions: Sequence[Session]
) -> LoadedLevels:
    """Return levels from their file, or computed from the bars if the file is unusable.

    A file that is missing, damaged or made from other bars is not used, and not replaced here.
    """
    known: dict[Session, SessionLevels] = {}
    note = None
    try:
        known = read_levels(levels_path, bars_sha256)
    except DataError as error:
        note = _why_computed(error, levels_path)
    moved = [s for s in sessions if s in known and not follows_clock(s, known[s])]
    missing = [session for session in sessions if session not in known or session in moved]
    if moved:
        names = ", ".join(map(str, moved))
        note = (
            f"The levels for {names} in {levels_path} are from other time zone data; computed from"
            " the bars."
        )
    elif known and missing:
        names = ", ".join(map(str, missing))
        note = f"No saved levels for {names} in {levels_path}; computed from the bars."
    levels = known | _computed(bars, missing)
    return LoadedLevels(levels={session: levels[session] for session in sessions}, note=note)


def _why_computed(error: DataError, path: Path) -> str:
    if not path.exists():
        return "No saved levels yet; computed from the bars."
    return f"Saved levels not used ({error.message}: {path}); computed from the bars."


def _computed(bars: Bars, sessions: Sequence[Session]) -> dict[Session, SessionLevels]:
    return {session: session_levels(bars, session) for session in sessions}
