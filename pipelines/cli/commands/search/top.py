"""The best combinations of a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli import arguments
from pipelines.render import formats

if TYPE_CHECKING:
    import pandas as pd

DEFAULT_COLUMNS = (
    "total_r",
    "total_trades",
    "winrate",
    "sharpe_ratio",
    "max_drawdown",
    "session",
    "ib_wait_minutes",
    "trade_window_minutes",
    "rr_target",
    "trailing",
    "stop_mode",
    "ib_buffer_pct",
    "max_distance_pct",
    "rev_rb",
)

_ALIKE = (
    "Neighbouring rows are often near-identical; the report's table shows one row for all of these."
)


def top(
    run: arguments.Run,
    by: arguments.SortColumn = "score",
    ascending: arguments.Ascending = False,
    n: Annotated[int, typer.Option("-n", min=1, help="Number of combinations.")] = 20,
    where: arguments.Where = None,
    columns: Annotated[
        str | None,
        typer.Option(
            help="Columns to show, separated by commas: those of --by, and session, stop_mode,"
            " trailing, rev_rb. [default: the most useful ones]"
        ),
    ] = None,
    min_trades: arguments.MinTrades = None,
    table_format: arguments.TableFormat = formats.Format.AUTO,
) -> None:
    """Show the best combinations of a run."""
    from ib_grid.analysis.selection.top import ranking_of
    from ib_grid.analysis.selection.top import top as best_of
    from ib_grid.grid.filters.conditions import parse_condition
    from ib_grid.runs.run import load_run
    from pipelines.render.columns import column, units
    from pipelines.render.provenance import run_note
    from pipelines.render.tables import render, resolve_format, terminal, with_joined

    loaded = load_run(run)
    ranking = ranking_of(loaded, min_trades)
    condition = None if where is None else parse_condition(where, location="--where")
    found = best_of(loaded, by, n, ascending=ascending, where=condition, ranking=ranking)
    asked = _names(columns)
    loaded.check_columns([name for name in asked if name not in found])
    shown = _shown(asked, by, with_joined(found))
    if asked:
        found = found[list(dict.fromkeys(("rank", "combo_id", by, *asked)))]
    console = terminal()
    is_table = resolve_format(console, table_format) is formats.Format.TABLE
    notes = [
        *_order_note(by, ascending=ascending),
        *(units(shown) if is_table else []),
        _ALIKE,
        run_note(loaded, ranking.min_trades),
    ]
    render(console, found, [column(name) for name in shown], table_format, notes=notes)


def _names(columns: str | None) -> list[str]:
    return [name.strip() for name in (columns or "").split(",") if name.strip()]


def _shown(asked: Sequence[str], by: str, found: pd.DataFrame) -> list[str]:
    """Return the columns for a terminal, the most important first."""
    wanted = ("rank", "combo_id", by, *(asked or DEFAULT_COLUMNS))
    return [name for name in dict.fromkeys(wanted) if name in found]


def _order_note(by: str, *, ascending: bool) -> list[str]:
    """Return a line that says how the rows are sorted; none by score, where the best come first."""
    if by == "score":
        return []
    if ascending:
        return [f"Sorted by {by}, lowest first."]
    return [f"Sorted by {by}, highest first (--ascending reverses)."]
