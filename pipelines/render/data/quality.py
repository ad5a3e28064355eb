"""Quality report of prepared bars on a terminal; readable at 80 columns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ib_grid.market.clock import date_of, minute_text
from ib_grid.market.csv.quality import (
    Gap,
    QualityReport,
    SessionYear,
    SourceFile,
    Suspicion,
    clock_in,
)
from pipelines.render.data.tables import text_table
from pipelines.render.numbers import plural
from pipelines.render.tables import Column, table_of

N_RUNS_SHOWN = 25
N_LARGEST_SHOWN = 2
N_ROWS_SHOWN = 10


def show_quality(console: Console, quality: QualityReport, path: Path) -> None:
    """Print a quality report and the path of the bars."""
    first, last = minute_text(quality.first_minute), minute_text(quality.last_minute)
    title = Text.assemble(
        (quality.symbol, "bold"), f": {quality.n_bars:,} one-minute bars, {first} to {last} UTC"
    )
    console.print(title)
    _section(console, "Recognised", _decisions(quality.sources))
    _section(console, "Rows", _rows(quality))
    if quality.bad_rows:
        _section(console, "Bad rows (skipped)", _first_lines(quality.bad_rows))
    if quality.passed_over:
        _section(console, "Skipped files without bars", _first_lines(quality.passed_over))
    _section(console, "Session minutes", _years(quality.years))
    _section(console, "Longest gaps (UTC)", _gaps(quality.gaps))
    _section(console, "Weekdays without a session bar", _dates(quality.dates_without_session))
    _section(console, "Suspicious bars (kept)", _suspicions(quality.suspicions))
    for warning in _merged_unlike(quality):
        console.print(f"\n{warning}", soft_wrap=True, style="yellow")
    console.print(f"\nwritten: {path}", soft_wrap=True)


def _section(console: Console, title: str, content: RenderableType) -> None:
    console.print(
        Group(Text(f"\n{title}", style="bold"), Padding(content, (0, 0, 0, 2), expand=False))
    )


def _decisions(sources: tuple[SourceFile, ...]) -> Group:
    """Return what was decided for the files, once for those that are alike."""
    groups: dict[tuple[tuple[str, str], ...], list[SourceFile]] = {}
    for source in sources:
        groups.setdefault(_alike(source), []).append(source)
    return Group(*(_decision_table(files) for files in groups.values()))


def _alike(source: SourceFile) -> tuple[tuple[str, str], ...]:
    """Return the decisions without the example, which differs from file to file."""
    return tuple((k, v.split(", such as ")[0]) for k, v in source.decisions)


def _decision_table(files: list[SourceFile]) -> Table:
    grid = Table.grid(padding=(0, 2))
    names = files[0].name if len(files) == 1 else f"{files[0].name} and {len(files) - 1} more"
    grid.add_row("files", Text(names))
    for aspect, decided in files[0].decisions:
        grid.add_row(aspect, Text(decided))
    return grid


def _first_lines(lines: tuple[str, ...]) -> Text:
    more = [f"and {len(lines) - N_ROWS_SHOWN:,} more"] if len(lines) > N_ROWS_SHOWN else []
    return Text("\n".join([*lines[:N_ROWS_SHOWN], *more]))


def _rows(quality: QualityReport) -> Table:
    rows = [
        ("read", quality.n_rows, plural(len(quality.sources), "file")),
        ("equal duplicates", quality.n_duplicates, "dropped"),
        ("conflicts", quality.n_conflicts, _conflicts(quality)),
        ("flat while closed", quality.n_flat, "dropped (--keep-flat keeps them)"),
        ("outside trading hours", quality.n_outside_hours, "dropped"),
        ("prepared before", quality.n_earlier, "merged (--replace starts over)"),
        ("kept", quality.n_bars, ""),
    ]
    always = ("read", "kept", "equal duplicates", "conflicts", "outside trading hours")
    shown = [row for row in rows if row[1] or row[0] in always]
    columns = (Column("", "rows", left=True), Column("", "n", ","), Column("", "note", left=True))
    return table_of(pd.DataFrame(shown, columns=["rows", "n", "note"]), columns)


def _merged_unlike(quality: QualityReport) -> Iterator[str]:
    """Yield a warning for a clock or bar labels that the bars prepared before did not have.

    Files whose every time is a moment cannot be on a wrong clock, but those beside them can.
    """
    new, old = quality.sources, quality.earlier_sources
    if not quality.n_earlier or not old:
        return
    clocks = [dict.fromkeys(clock_in(s.decisions) for s in sources) for sources in (new, old)]
    if any(source.naive for source in (*new, *old)) and clocks[0].keys() != clocks[1].keys():
        yield _unlike("clock", clocks, "--timezone")
    labels = [dict.fromkeys(source.labels for source in sources) for sources in (new, old)]
    if labels[0].keys() != labels[1].keys():
        yield _unlike("bar labels", labels, "--bar-labels")


def _unlike(aspect: str, values: list[dict[str, None]], option: str) -> str:
    new, old = map(" and ".join, values)
    return (
        f"warning: {aspect} {new}, but {old} in the files of the bars prepared before; if one of"
        f" them is wrong, start over with --replace and the right {option}"
    )


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
    return text_table(headings, map(_year_cells, years))


def _year_cells(year: SessionYear) -> list[str]:
    share = year.n_missing / year.n_minutes if year.n_minutes else 0.0
    counts = (year.n_dates, year.n_empty_dates, year.n_minutes, year.n_missing)
    return [str(year.year), *(f"{count:,}" for count in counts), f"{share:.2%}"]


def _gaps(gaps: tuple[Gap, ...]) -> RenderableType:
    if not gaps:
        return Text("none")
    return text_table(["from", "to", "minutes", "bars expected"], map(_gap_cells, gaps))


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
    runs = np.split(dates, np.flatnonzero(np.diff(dates) != 1) + 1)
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
