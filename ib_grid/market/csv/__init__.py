"""CSV files of a broker or data vendor to checked bars and a quality report.

The recognised layouts are the table in `dialects`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ib_grid.errors import DataError
from ib_grid.market.bars import Bars
from ib_grid.market.csv.measures import dates_without_bars, longest_gaps, session_years, suspicions
from ib_grid.market.csv.merging import Merged, merge
from ib_grid.market.csv.quality import QualityReport, SourceFile, quality_from_dict
from ib_grid.market.csv.reading import FileRows, read_file
from ib_grid.market.csv.sources import find_files
from ib_grid.market.csv.times import local_clock
from ib_grid.market.instruments import Instrument

__all__ = ["QualityReport", "quality_from_dict", "read_csv_bars"]

N_CONFLICT_MINUTES = 5


def read_csv_bars(
    paths: Sequence[Path], instrument: Instrument, timezone: str | None = None
) -> tuple[Bars, QualityReport]:
    """Read one symbol's bars from CSV files and folders, with a report on the quality of the data.

    The files may overlap and have different layouts (`dialects.LAYOUTS`), each recognised by its
    content, gzip included. If several rows have the same minute, the last one counts: paths in the
    order given, files of a folder in the natural order of their names, rows in the order of the
    file. Bars outside the instrument's trading hours are dropped. `timezone` is the clock of times
    without an offset (`times.local_clock`).
    """
    local = None if timezone is None else local_clock(timezone)
    files = [read_file(path, local) for path in find_files(paths)]
    merged = merge(files)
    bars = merged.bars.take(instrument.trading_hours.contain(merged.bars.minute))
    if not len(bars):
        hours = instrument.trading_hours
        raise DataError(
            f"none of the {len(merged.bars):,} bars is within the trading hours of"
            f" {instrument.symbol}",
            location=", ".join(str(path) for path in paths),
            expected=f"bars from {hours.start} to {hours.end}, {hours.timezone}",
            hint="check the symbol and the time zone",
        )
    return bars, _report(instrument, timezone, files, merged, bars)


def _report(
    instrument: Instrument,
    timezone: str | None,
    files: Sequence[FileRows],
    merged: Merged,
    bars: Bars,
) -> QualityReport:
    zone = instrument.trading_hours.timezone
    naive = any(rows.dialect.naive for rows in files)
    return QualityReport(
        symbol=instrument.symbol,
        timezone=timezone if naive else None,
        sources=tuple(
            SourceFile(
                name=_printable(rows.path.name),
                dialect=rows.dialect.name,
                n_rows=len(rows.minute),
                naive=rows.dialect.naive,
            )
            for rows in files
        ),
        n_rows=sum(len(rows.minute) for rows in files),
        n_duplicates=merged.n_duplicates,
        n_conflicts=len(merged.conflict_minutes),
        conflict_minutes=tuple(int(m) for m in merged.conflict_minutes[:N_CONFLICT_MINUTES]),
        n_outside_hours=len(merged.bars) - len(bars),
        n_bars=len(bars),
        first_minute=int(bars.minute[0]),
        last_minute=int(bars.minute[-1]),
        years=session_years(bars, instrument),
        dates_without_bars=dates_without_bars(bars, zone),
        gaps=longest_gaps(bars, zone),
        suspicions=suspicions(bars),
    )


def _printable(name: str) -> str:
    """Return a file name, which may hold any bytes on disk, as printable text."""
    return name.encode("utf-8", "replace").decode()
