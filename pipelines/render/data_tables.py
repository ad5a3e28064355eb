"""Quality reports, levels and trades on a terminal; readable at 80 columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ib_grid.market.bars import price_decimals
from ib_grid.market.clock import date_of, minute_text
from ib_grid.market.instruments import Session
from ib_grid.market.levels import SessionLevels
from pipelines.render.formats import Format
from pipelines.render.tables import Column, render, resolve_format, table_of

if TYPE_CHECKING:
    from ib_grid.market.csv.quality import (
        Gap,
        QualityReport,
        SessionYear,
        SourceFile,
        Suspicion,
    )

N_RUNS_SHOWN = 25
N_LARGEST_SHOWN = 2
_CANDIDATE_COLUMNS = (
    Column("date", "date", "%Y-%m-%d"),
    Column("variation", "variation"),
    Column("side", "direction"),
    Column("UTC", "news_time", "%H:%M"),
    Column("", "blocked", lambda blocked: "blocked" if blocked else "kept"),
    Column("min", "distance_minutes", "+,"),
    Column("event", "event", left=True),
)


def show_quality(console: Console, quality: QualityReport, path: Path) -> None:
    """Print a quality report and the path of the bars."""
    first, last = minute_text(quality.first_minute), minute_text(quality.last_minute)
    title = Text.assemble(
        (quality.symbol, "bold"), f": {quality.n_bars:,} one-minute bars, {first} to {last} UTC"
    )
    console.print(title)
    _section(console, "Rows", _rows(quality))
    _section(console, "Session minutes", _years(quality.years))
    _section(console, "Longest gaps (UTC)", _gaps(quality.gaps))
    _section(console, "Weekdays without bars", _dates(quality.dates_without_bars))
    _section(console, "Suspicious bars (kept)", _suspicions(quality.suspicions))
    console.print(f"\nwritten: {path}", soft_wrap=True)


def show_levels(
    console: Console, levels: Mapping[Session, SessionLevels], symbol: str, path: Path
) -> None:
    """Print a summary of the levels of each session and the path of their file."""
    zones = ", ".join(dict.fromkeys(session.ib_timezone for session in levels))
    console.print(Text.assemble((symbol, "bold"), f": Initial Balance levels ({zones})"))
    rows = [[str(session), *_level_cells(values)] for session, values in levels.items()]
    table = _table(["session", "dates", "first", "last", "bars", "range", "no range"], rows)
    console.print(Padding(table, (0, 0, 0, 2), expand=False))
    console.print("  bars and range (points): medians per date; no range: dates not tradable")
    console.print(f"\nwritten: {path}", soft_wrap=True)


def _level_cells(values: SessionLevels) -> list[str]:
    if not len(values.date):
        return ["0", "", "", "", "", ""]
    spread = values.ib_high - values.ib_low
    return [
        f"{len(values.date):,}",
        str(date_of(values.date[0])),
        str(date_of(values.date[-1])),
        f"{np.median(values.n_bars):g}",
        f"{np.median(spread):.{price_decimals(float(np.median(values.ib_high)))}f}",
        f"{int((spread <= 0).sum()):,}",
    ]


def show_trades(console: Console, trades: pd.DataFrame, asked: Format = Format.AUTO) -> None:
    """Print trades: a line each on a terminal, else CSV or JSON."""
    if resolve_format(console, asked) is Format.TABLE:
        print_trades(console, trades)
    else:
        render(console, trades, (), asked)


def print_trades(console: Console, trades: pd.DataFrame) -> None:
    """Print trades as a table, a line each."""
    shown = trades.assign(
        why=trades["exit_reason"] + trades["ambiguous"].map({True: "?", False: ""})
    )
    console.print(table_of(shown, _trade_columns(trades), gap=1))
    console.print(
        f"{len(trades):,} trades, total {trades['r'].sum():.2f} R; times UTC; ?: ambiguous"
    )


def _trade_columns(trades: pd.DataFrame) -> list[Column]:
    price = f".{price_decimals(float(trades['entry_price'].median())) if len(trades) else 0}f"
    return [
        Column("date", "date", "%Y-%m-%d"),
        Column("variation", "variation"),
        Column("side", "direction"),
        Column("entry", "entry_time", "%H:%M"),
        Column("price", "entry_price", price),
        Column("exit", "exit_time", "%H:%M"),
        Column("price", "exit_price", price),
        Column("why", "why"),
        Column("R", "r", ".2f"),
    ]


def show_candidates(
    console: Console, candidates: pd.DataFrame, asked: Format = Format.AUTO
) -> None:
    """Print candidates with the nearest event: a line each on a terminal, else CSV or JSON."""
    if resolve_format(console, asked) is not Format.TABLE:
        render(console, candidates, (), asked)
        return
    event = candidates["event_currency"] + " " + candidates["event_title"]
    console.print(table_of(candidates.assign(event=event), _CANDIDATE_COLUMNS))


def _section(console: Console, title: str, content: RenderableType) -> None:
    console.print(
        Group(Text(f"\n{title}", style="bold"), Padding(content, (0, 0, 0, 2), expand=False))
    )


def _table(headings: list[str], rows: Iterable[list[str]]) -> Table:
    """Return texts as a table, the first column aligned to the left."""
    frame = pd.DataFrame(rows, columns=range(len(headings)))
    columns = [Column(heading, i, left=i == 0) for i, heading in enumerate(headings)]  # type: ignore[arg-type]
    return table_of(frame, columns)


def _rows(quality: QualityReport) -> Table:
    frame = pd.DataFrame(
        [
            ("read", quality.n_rows, _sources(quality)),
            ("equal duplicates", quality.n_duplicates, "dropped"),
            ("conflicts", quality.n_conflicts, _conflicts(quality)),
            ("outside trading hours", quality.n_outside_hours, "dropped"),
            ("kept", quality.n_bars, ""),
        ],
        columns=["rows", "n", "note"],
    )
    columns = (Column("", "rows", left=True), Column("", "n", ","), Column("", "note", left=True))
    return table_of(frame, columns)


def _sources(quality: QualityReport) -> str:
    dialects = Counter(source.dialect for source in quality.sources)
    files = ", ".join(f"{count} {name} {_files(count)}" for name, count in dialects.items())
    return files + (f"; clock of {quality.timezone}" if quality.timezone else "")


def _files(count: int) -> str:
    return "file" if count == 1 else "files"


def _conflicts(quality: QualityReport) -> str:
    if not quality.n_conflicts:
        return "none"
    minutes = ", ".join(minute_text(minute) for minute in quality.conflict_minutes)
    more = " ..." if quality.n_conflicts > len(quality.conflict_minutes) else ""
    return f"the last row counts ({_order(quality.sources)}): {minutes}{more}"


def _order(sources: tuple[SourceFile, ...]) -> str:
    if len(sources) == 1:
        return sources[0].name
    return f"{sources[-1].name} is the last of {len(sources)} files"


def _years(years: tuple[SessionYear, ...]) -> RenderableType:
    if not years:
        return Text("no bars on a date with a session", style="yellow")
    headings = ["year", "dates", "without a bar", "minutes", "missing", "share"]
    return _table(headings, map(_year_cells, years))


def _year_cells(year: SessionYear) -> list[str]:
    share = year.n_missing / year.n_minutes if year.n_minutes else 0.0
    counts = (year.n_dates, year.n_empty_dates, year.n_minutes, year.n_missing)
    return [str(year.year), *(f"{count:,}" for count in counts), f"{share:.2%}"]


def _gaps(gaps: tuple[Gap, ...]) -> RenderableType:
    if not gaps:
        return Text("none")
    return _table(["from", "to", "minutes", "bars expected"], map(_gap_cells, gaps))


def _gap_cells(gap: Gap) -> list[str]:
    minutes = gap.end_minute - gap.first_minute
    first, end = minute_text(gap.first_minute), minute_text(gap.end_minute)
    return [first, end, f"{minutes:,}", f"{gap.n_expected:,.0f}"]


def _dates(dates: tuple[int, ...]) -> Text:
    if not dates:
        return Text("none")
    runs = _runs(dates)
    shown = ", ".join(runs[:N_RUNS_SHOWN]) + (" ..." if len(runs) > N_RUNS_SHOWN else "")
    return Text(f"{len(dates):,}: {shown}")


def _runs(dates: tuple[int, ...]) -> list[str]:
    """Return dates as texts, consecutive dates as one span."""
    runs: list[list[int]] = []
    for date in dates:
        if runs and date == runs[-1][-1] + 1:
            runs[-1].append(date)
        else:
            runs.append([date])
    return [" to ".join(dict.fromkeys(str(date_of(run[i])) for i in (0, -1))) for run in runs]


def _suspicions(suspicions: tuple[Suspicion, ...]) -> Group:
    lines: list[RenderableType] = []
    for suspicion in suspicions:
        lines.append(Text(f"{suspicion.n_found:>6,}  {suspicion.rule}"))
        largest = ", ".join(
            f"{minute_text(bar.minute)} (size {bar.size:g})"
            for bar in suspicion.largest[:N_LARGEST_SHOWN]
        )
        lines += [Padding(Text(largest, style="dim"), (0, 0, 0, 8))] if largest else []
    return Group(*lines)
