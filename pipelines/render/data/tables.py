"""Levels, trades and candidates on a terminal; readable at 80 columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ib_grid.market.bars import price_decimals
from ib_grid.market.clock import LocalClock, date_of, minute_text
from ib_grid.market.instruments import Session
from ib_grid.market.levels import SessionLevels
from pipelines.render.formats import Format
from pipelines.render.tables import Column, render, resolve_format, table_of

_CANDIDATE_COLUMNS = (
    Column("date", "date", "%Y-%m-%d"),
    Column("variation", "variation"),
    Column("side", "direction"),
    Column("UTC", "news_time", "%H:%M"),
    Column("", "blocked", lambda blocked: "blocked" if blocked else "kept"),
    Column("min", "distance_minutes", "+,"),
    Column("event", "event", left=True),
)


def show_levels(
    console: Console, levels: Mapping[Session, SessionLevels], symbol: str, path: Path
) -> None:
    """Print a summary of the levels of each session and the path of their file."""
    zones = ", ".join(dict.fromkeys(session.ib_timezone for session in levels))
    console.print(Text.assemble((symbol, "bold"), f": Initial Balance levels ({zones})"))
    rows = [[str(session), *_level_cells(values)] for session, values in levels.items()]
    table = text_table(["session", "dates", "first", "last", "bars", "range", "no range"], rows)
    console.print(Padding(table, (0, 0, 0, 2), expand=False))
    console.print(
        "  bars, range (points): median over the dates; no range: dates that cannot be traded"
    )
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


LOCAL_TIMES = ("entry_local", "exit_local")


def with_local_times(trades: pd.DataFrame, clock: LocalClock) -> pd.DataFrame:
    """Return trades with what the clock shows: `entry_local`, `exit_local`, as text."""
    names = []
    for name in trades.columns:
        names += [name, name.replace("_time", "_local")] if name.endswith("_time") else [name]
    local = {}
    for name in ("entry", "exit"):
        minutes = trades[f"{name}_time"].to_numpy("datetime64[m]").astype(np.int64)
        local[f"{name}_local"] = [minute_text(minute) for minute in clock.from_utc(minutes)]
    return trades.assign(**local)[names]


def show_trades(console: Console, trades: pd.DataFrame, asked: Format = Format.AUTO) -> None:
    """Print trades: a line each on a terminal, else CSV or JSON."""
    if resolve_format(console, asked) is Format.TABLE:
        print_trades(console, trades)
    else:
        render(console, trades, (), asked)


def print_trades(console: Console, trades: pd.DataFrame) -> None:
    """Print trades as a table, a line each."""
    shown = trades.assign(
        reason=trades["exit_reason"] + trades["ambiguous"].map({True: "?", False: ""})
    )
    for name in LOCAL_TIMES:
        if name in trades:
            shown[name] = trades[name].str[-len("HH:MM") :]
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
        *([Column("local", "entry_local")] if "entry_local" in trades else []),
        Column("price", "entry_price", price),
        Column("exit", "exit_time", "%H:%M"),
        *([Column("local", "exit_local")] if "exit_local" in trades else []),
        Column("price", "exit_price", price),
        Column("reason", "reason"),
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


def text_table(headings: list[str], rows: Iterable[list[str]]) -> Table:
    """Return texts as a table, the first column aligned to the left."""
    frame = pd.DataFrame(rows, columns=range(len(headings)))
    columns = [Column(heading, i, left=i == 0) for i, heading in enumerate(headings)]  # type: ignore[arg-type]
    return table_of(frame, columns)
