"""Results on a terminal: short headings, fitting decimals, and as many columns as there is room."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.text import Text

from ib_grid.analysis.axis_values import value_text
from ib_grid.grid.columns import METRICS
from ib_grid.grid.params import DOMAINS
from ib_grid.grid.variations import PREFIXES
from pipelines.render.formats import Format
from pipelines.render.tables import Column, json_text, records, render, resolve_format

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

N_NAMES = 5
_GAP = 2
_SHORT = {
    "rank": "#",
    "combo_id": "id",
    "total_r": "total R",
    "total_trades": "trades",
    "winrate": "win %",
    "sharpe_ratio": "Sharpe",
    "max_drawdown": "max DD",
    "ib_wait_minutes": "wait",
    "trade_window_minutes": "window",
    "rr_target": "RR",
    "stop_mode": "stop",
    "ib_buffer_pct": "buffer",
    "max_distance_pct": "reach",
    "rev_rb": "REV_RB",
}
_SPECS = {"rank": "d", "combo_id": "d", "score": ".4f", "total_r": ".1f", "max_drawdown": ".1f"}
_OF_UNIT = {"count": ",.0f", "%": ".1f", "R": ".2f"}
_UNITS = {prefix + m.name: m.unit for prefix in ("", *PREFIXES) for m in METRICS}


def column(name: str) -> Column:
    """How a column of results looks on a terminal."""
    heading = _SHORT.get(name, name.replace("_", " "))
    if name in _SPECS:
        return Column(heading, name, _SPECS[name])
    if name in _UNITS:
        return Column(heading, name, _OF_UNIT.get(_UNITS[name], ".2f"))
    return Column(heading, name, value_text if name in DOMAINS else "")


def render_results(
    console: Console,
    frame: pd.DataFrame,
    columns: Sequence[Column],
    asked: Format = Format.AUTO,
    *,
    notes: Sequence[str] = (),
    summary: Mapping[str, Any] | None = None,
) -> None:
    """Print results: the columns that there is room for as a table, or all as CSV or JSON.

    Parameters
    ----------
    console : Console
    frame : DataFrame
    columns : sequence of Column
        Of the frame or of `with_joined`; most important first, the last ones are left out first.
    asked : Format
    notes : sequence of str
        Under a table; otherwise on standard error, so that the output holds nothing else.
    summary : mapping, optional
        JSON is then an object with these and the ``rows``.
    """
    selected = resolve_format(console, asked)
    if frame.empty:
        notes = ["Nothing qualifies.", *notes]
    if selected is not Format.TABLE:
        render_notes(console, notes, selected)
        if selected is Format.JSON and summary is not None:
            console.file.write(json_text({**summary, "rows": records(frame)}))
        else:
            render(console, frame, columns, selected)
        return
    if not frame.empty:
        print_fitted(console, frame, columns)
    render_notes(console, notes, selected)


def render_notes(console: Console, notes: Sequence[str], selected: Format) -> None:
    """Print notes where a table is printed, else on standard error."""
    if selected is not Format.TABLE:
        sys.stderr.writelines(f"{note}\n" for note in notes)
        return
    for note in notes:
        console.print(Text(note))


def print_fitted(console: Console, frame: pd.DataFrame, columns: Sequence[Column]) -> None:
    """Print the first columns that there is room for, and name those that are left out."""
    joined = with_joined(frame)
    shown = fitted(joined, columns, console.width)
    render(console, joined, shown, Format.TABLE)
    left_out = [one.name for one in columns[len(shown) :]]
    if left_out:
        console.print(Text(f"No room for {_first_of(left_out)}: --format csv has all."))


def _first_of(names: Sequence[str]) -> str:
    more = f" and {len(names) - N_NAMES} more" if len(names) > N_NAMES else ""
    return ", ".join(names[:N_NAMES]) + more


def fitted(frame: pd.DataFrame, columns: Sequence[Column], width: int) -> list[Column]:
    """The first columns that fit into a width, one at least; headings in lines if they must."""
    texts = ([c.text(value) for value in frame[c.name].tolist()] for c in columns)
    cells = [max(map(len, own), default=0) for own in texts]
    if sum(map(max, cells, [len(c.heading) for c in columns])) + _GAP * len(columns) - 1 <= width:
        return list(columns)
    shown: list[Column] = []
    used = -1  # the last has half a gap
    for one, longest in zip(columns, cells, strict=True):
        own = max([longest, *map(len, one.heading.split())])
        used += own + _GAP
        if shown and used > width:
            break
        heading = one.heading if len(one.heading) <= own else "\n".join(one.heading.split())
        shown.append(dataclasses.replace(one, heading=heading))
    return shown


def with_joined(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with what a table shows as one: session, trailing, rev_rb, where it can be told."""
    rows: list[dict[Any, Any]] = frame.to_dict("records")
    joined: dict[str, list[str]] = {}
    if {"ib_start", "ib_end"} <= set(frame):
        joined["session"] = [f"{row['ib_start']}-{row['ib_end']}" for row in rows]
    if {"tsl_target", "tsl_sl"} <= set(frame):
        pairs = [(row["tsl_target"], row["tsl_sl"]) for row in rows]
        joined["trailing"] = [f"{first:g}/{step:g}" if first else "off" for first, step in pairs]
    if {"rev_rb_enabled", "rev_rb_pct"} <= set(frame):
        joined["rev_rb"] = [f"{r['rev_rb_pct']:g}" if r["rev_rb_enabled"] else "off" for r in rows]
    return frame.assign(**joined)
