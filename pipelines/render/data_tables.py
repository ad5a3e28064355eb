"""Quality reports, levels and trades as tables on a terminal; readable at 80 columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ib_grid.market.bars import price_decimals
from ib_grid.market.clock import date_of, minute_text
from ib_grid.market.csv import QualityReport
from ib_grid.market.csv.quality import Gap, SessionYear, SourceFile, Suspicion
from ib_grid.market.instruments import Session
from ib_grid.market.levels import SessionLevels
from pipelines.render.formats import Format
from pipelines.render.tables import render, resolve_format

N_RUNS_SHOWN = 25
N_LARGEST_SHOWN = 2


def terminal() -> Console:
    """Where tables go; text is shown as it is, brackets included."""
    return Console(markup=False, highlight=False)


def show_quality(console: Console, quality: QualityReport, path: Path) -> None:
    """Print a quality report and where the bars were written to."""
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
    """Print what the levels of each session are like and where they were written to."""
    zones = ", ".join(dict.fromkeys(session.ib_timezone for session in levels))
    console.print(Text.assemble((symbol, "bold"), f": Initial Balance levels ({zones})"))
    table = _table("session", "dates", "first", "last", "bars", "range", "no range")
    for session, values in levels.items():
        table.add_row(str(session), *_level_cells(values))
    console.print(Padding(table, (0, 0, 0, 2), expand=False))
    console.print("  bars, range: medians a date, range in points; no range: cannot be traded")
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
    """Print trades: a line each, or as CSV or JSON in a pipe or when asked."""
    if resolve_format(console, asked) is Format.TABLE:
        print_trades(console, trades)
    else:
        render(console, trades, (), asked)


def print_trades(console: Console, trades: pd.DataFrame) -> None:
    """Print trades as a table, a line each."""
    table = _table("date", "variation", "side", "entry", "price", "exit", "price", "why", "R")
    table.padding = (0, 1, 0, 0)  # to fit 80 columns
    decimals = price_decimals(float(trades["entry_price"].median())) if len(trades) else 0
    for trade in trades.itertuples(index=False):
        table.add_row(
            f"{trade.date:%Y-%m-%d}",
            str(trade.variation),
            str(trade.direction),
            f"{trade.entry_time:%H:%M}",
            f"{trade.entry_price:.{decimals}f}",
            f"{trade.exit_time:%H:%M}",
            f"{trade.exit_price:.{decimals}f}",
            f"{trade.exit_reason}{'?' if trade.ambiguous else ''}",
            f"{trade.r:.2f}",
        )
    console.print(table)
    console.print(
        f"{len(trades):,} trades, total {trades['r'].sum():.2f} R; times UTC; ?: ambiguous"
    )


def show_candidates(
    console: Console, candidates: pd.DataFrame, asked: Format = Format.AUTO
) -> None:
    """Print candidates with their nearest event, or as CSV or JSON in a pipe or when asked."""
    if resolve_format(console, asked) is not Format.TABLE:
        render(console, candidates, (), asked)
        return
    table = _table("date", "variation", "side", "UTC", "", "min", "event")
    for row in candidates.to_dict("records"):
        has_event = row["event_title"] is not pd.NA
        table.add_row(
            f"{row['date']:%Y-%m-%d}",
            row["variation"],
            row["direction"],
            f"{row['news_time']:%H:%M}",
            "blocked" if row["blocked"] else "kept",
            f"{row['distance_minutes']:+,}" if has_event else "",
            f"{row['event_currency']} {row['event_title']}" if has_event else "",
        )
    console.print(table)


def _section(console: Console, title: str, content: RenderableType) -> None:
    console.print(
        Group(Text(f"\n{title}", style="bold"), Padding(content, (0, 0, 0, 2), expand=False))
    )


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for place, column in enumerate(columns):
        table.add_column(column, justify="left" if place == 0 else "right", overflow="fold")
    return table


def _rows(quality: QualityReport) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_column(overflow="fold")
    table.add_row("read", f"{quality.n_rows:,}", _sources(quality))
    table.add_row("equal duplicates", f"{quality.n_duplicates:,}", "dropped")
    table.add_row("conflicts", f"{quality.n_conflicts:,}", _conflicts(quality))
    table.add_row("outside trading hours", f"{quality.n_outside_hours:,}", "dropped")
    table.add_row("kept", f"{quality.n_bars:,}", "")
    return table


def _sources(quality: QualityReport) -> str:
    dialects = Counter(source.dialect for source in quality.sources)
    said = ", ".join(f"{count} {name} {_files(count)}" for name, count in dialects.items())
    return said + (f"; clock of {quality.timezone}" if quality.timezone else "")


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
    table = _table("year", "dates", "without a bar", "minutes", "missing", "share")
    for year in years:
        share = year.n_missing / year.n_minutes if year.n_minutes else 0.0
        table.add_row(
            str(year.year),
            f"{year.n_dates:,}",
            f"{year.n_empty_dates:,}",
            f"{year.n_minutes:,}",
            f"{year.n_missing:,}",
            f"{share:.2%}",
        )
    return table


def _gaps(gaps: tuple[Gap, ...]) -> RenderableType:
    if not gaps:
        return Text("none")
    table = _table("from", "to", "minutes", "bars expected")
    for gap in gaps:
        table.add_row(
            minute_text(gap.first_minute),
            minute_text(gap.end_minute),
            f"{gap.end_minute - gap.first_minute:,}",
            f"{gap.n_expected:,.0f}",
        )
    return table


def _dates(dates: tuple[int, ...]) -> Text:
    if not dates:
        return Text("none")
    runs = _runs(dates)
    shown = ", ".join(runs[:N_RUNS_SHOWN]) + (" ..." if len(runs) > N_RUNS_SHOWN else "")
    return Text(f"{len(dates):,}: {shown}")


def _runs(dates: tuple[int, ...]) -> list[str]:
    """The dates as texts, dates that follow each other as one."""
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
