"""CSV files of a broker or data vendor to checked bars and a quality report.

The recognised layouts are the tables in `layouts`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ib_grid.errors import DataError
from ib_grid.market.bars import Bars
from ib_grid.market.clock import local_clock
from ib_grid.market.csv import measures
from ib_grid.market.csv.decisions import Options
from ib_grid.market.csv.errors import NotBarsError
from ib_grid.market.csv.layouts.symbols import symbol_in
from ib_grid.market.csv.merging import Earlier, Merged, merge, with_earlier
from ib_grid.market.csv.quality import QualityReport, SourceFile
from ib_grid.market.csv.reading import BadRows, FileRows, read_file
from ib_grid.market.csv.sources import Source, find_files
from ib_grid.market.instruments import Instrument

__all__ = ["Earlier", "Options", "QualityReport", "read_csv_bars"]

N_CONFLICT_MINUTES = 5
LARGEST_SPREAD = 0.05  # of the price


def read_csv_bars(
    paths: Sequence[Path],
    instrument: Instrument,
    options: Options | None = None,
    earlier: Earlier | None = None,
) -> tuple[Bars, QualityReport]:
    """Read one symbol's bars from CSV files and folders, with a report on the quality of the data.

    The files may overlap and have different layouts (`layouts.dialects.LAYOUTS`), each recognised
    by its content, gzip and ZIP archives included. If several rows have the same minute, the last
    one counts: paths in the order given, files of a folder in the natural order of their names,
    rows in the order of the file. Bars that fill closed time with one price, and bars outside the
    instrument's trading hours, are dropped. `earlier` are bars that stay in other minutes.

    Raises
    ------
    DataError
        If a file is not recognised, is ambiguous and `options` do not resolve it, has more bad rows
        than may be skipped, or if the files are not one series.
    """
    options = options or Options()
    if options.timezone is not None:
        local_clock(options.timezone, "--timezone")
    files, passed_over = _read_files(find_files(paths), options)
    _check_symbol(files, instrument)
    merged = merge(files)
    flat = measures.fills_closed_time(merged.bars, instrument) & (not options.keep_flat)
    moving = merged.bars.take(~flat)
    bars = moving.take(instrument.trading_hours.contain(moving.minute))
    if not len(bars):
        raise _nothing_left(len(merged.bars), int(flat.sum()), instrument, paths)
    _check_spread(bars, instrument, paths)
    losses = _Losses(merged=merged, n_flat=int(flat.sum()), n_outside_hours=len(moving) - len(bars))
    n_earlier = 0
    if earlier is not None:
        bars, n_earlier = with_earlier(bars, earlier)
    report = _report(instrument, options.timezone, files, losses, bars)
    sources = dict.fromkeys(earlier.sources if earlier and n_earlier else ())
    return bars, replace(
        report,
        n_earlier=n_earlier,
        earlier_sources=tuple(source for source in sources if source not in report.sources),
        passed_over=tuple(_printable(source.name) for source in passed_over),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Losses:
    merged: Merged
    n_flat: int
    n_outside_hours: int


def _read_files(sources: Sequence[Source], options: Options) -> tuple[list[FileRows], list[Source]]:
    """Read files; also return those of folders and archives that hold no bars."""
    files, passed_over = [], []
    bad_rows = BadRows(options.skip_bad_rows)
    for source in sources:
        try:
            files.append(read_file(source, options, bad_rows))
        except NotBarsError as error:
            if not source.optional:
                raise
            passed_over.append(source)
            reason = error
    if not files:
        raise reason
    return files, passed_over


def _check_symbol(files: Sequence[FileRows], instrument: Instrument) -> None:
    """Refuse files that name another well-known symbol than the instrument does."""
    symbol = symbol_in(instrument.symbol)
    for rows in files:
        found = symbol_in(rows.symbol) or rows.source.symbol
        if symbol and found and found != symbol:
            raise DataError(
                f"the file holds bars of {found}",
                location=str(rows.source),
                expected=f"bars of {instrument.symbol}",
                hint="give the file of this symbol, or the symbol of this file",
            )


def _check_spread(bars: Bars, instrument: Instrument, paths: Sequence[Path]) -> None:
    """Refuse prices that a spread of this many points cannot have: 16.710 is 16,710 points."""
    price = float(np.median(bars.close))
    if instrument.spread_points > LARGEST_SPREAD * price:
        raise DataError(
            f"prices around {price:.10g} are too low for {instrument.symbol}, which has a spread of"
            f" {instrument.spread_points:g}",
            location=", ".join(str(path) for path in paths),
            expected=f"a spread of at most {100 * LARGEST_SPREAD:g}% of the price",
            hint="check the symbol, and the marks of decimals and thousands: a file of 16.710 and"
            " 16.715 alone is read as having decimals",
        )


def _nothing_left(
    n_bars: int, n_flat: int, instrument: Instrument, paths: Sequence[Path]
) -> DataError:
    location = ", ".join(str(path) for path in paths)
    if n_flat == n_bars:
        return DataError(
            f"all of the {n_bars:,} bars have one price for as long as a session",
            location=location,
            expected="bars of a market that is open",
            hint="keep the bars with --keep-flat",
        )
    hours = instrument.trading_hours
    return DataError(
        f"none of the {n_bars:,} bars is within the trading hours of {instrument.symbol}",
        location=location,
        expected=f"bars from {hours.start} to {hours.end}, {hours.timezone}",
        hint="check the symbol and the time zone",
    )


def _report(
    instrument: Instrument,
    timezone: str | None,
    files: Sequence[FileRows],
    losses: _Losses,
    bars: Bars,
) -> QualityReport:
    conflicts = losses.merged.conflict_minutes
    sessions = measures.session_dates(bars, instrument)
    naive = any(rows.decisions.naive for rows in files)
    return QualityReport(
        symbol=instrument.symbol,
        timezone=timezone if naive else None,
        sources=tuple(map(_source_file, files)),
        earlier_sources=(),
        n_rows=sum(len(rows.minute) for rows in files),
        n_duplicates=losses.merged.n_duplicates,
        n_conflicts=len(conflicts),
        conflict_minutes=tuple(int(m) for m in conflicts[:N_CONFLICT_MINUTES]),
        n_flat=losses.n_flat,
        n_outside_hours=losses.n_outside_hours,
        n_earlier=0,
        n_bars=len(bars),
        first_minute=int(bars.minute[0]),
        last_minute=int(bars.minute[-1]),
        years=measures.session_years(sessions),
        dates_without_session=sessions.without_bar,
        gaps=measures.longest_gaps(bars, instrument.trading_hours.timezone),
        suspicions=measures.suspicions(bars),
        bad_rows=tuple(
            f"{_printable(rows.source.name)}:{error.line}: {error.message}"
            for rows in files
            for error in rows.bad_rows
        ),
        passed_over=(),
    )


def _source_file(rows: FileRows) -> SourceFile:
    symbol = ("symbol", f"{rows.symbol} in every row" if rows.symbol else "not in the file")
    return SourceFile(
        name=_printable(rows.source.name),
        dialect=rows.dialect.layout.name,
        n_rows=len(rows.minute),
        naive=rows.decisions.naive,
        labels=rows.decisions.labels,
        symbol=rows.symbol,
        decisions=(*rows.decisions.reasons, symbol),
    )


def _printable(name: str) -> str:
    """Return a file name, which may hold any bytes on disk, as printable text."""
    return name.encode("utf-8", "replace").decode()
