"""A run's results searched: top, compare, groups."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines import options

if TYPE_CHECKING:
    import pandas as pd

    from ib_grid.analysis.runs import Run

RunFolder = Annotated[Path, typer.Argument(help="Run directory, finished or not.")]
Where = Annotated[
    str | None,
    typer.Option(
        help='Which combinations: "tsl_target > 0 and max_drawdown < 12", also or, not,'
        " in (a, b), + - * /."
    ),
]
MinTrades = Annotated[
    int | None,
    typer.Option(min=0, help="Least number of trades. [default: that of the run's ranking]"),
]
OF_INTEREST = (
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


def top(
    run: RunFolder,
    by: Annotated[
        str, typer.Option(help="Column to go by: score, a metric or a parameter.")
    ] = "score",
    ascending: Annotated[bool, typer.Option("--ascending", help="The smallest first.")] = False,
    n: Annotated[int, typer.Option("-n", min=1, help="How many.")] = 20,
    where: Where = None,
    columns: Annotated[
        str | None,
        typer.Option(help="Columns to give out, parted by commas. [default: those of interest]"),
    ] = None,
    min_trades: MinTrades = None,
    format: options.TableFormat = options.Format.AUTO,
) -> None:
    """Show the best combinations of a run by a column, ties by id."""
    from ib_grid.analysis.runs import load_run
    from ib_grid.analysis.tops import ranking_of
    from ib_grid.analysis.tops import top as best_of
    from ib_grid.conditions import parse_condition
    from pipelines.result_tables import column, give_out_results, with_joined
    from pipelines.show import terminal

    loaded = load_run(run)
    ranking = ranking_of(loaded, min_trades)
    condition = parse_condition(where, where="--where") if where else None
    found = best_of(loaded, by, n, ascending=ascending, where=condition, ranking=ranking)
    asked = _names(columns)
    loaded.check_columns([name for name in asked if name not in found])
    shown = [column(name) for name in _shown(asked, by, with_joined(found))]
    if asked:
        found = found[list(dict.fromkeys(("rank", "combo_id", by, *asked)))]
    give_out_results(terminal(), found, shown, format, notes=[_said(loaded, ranking.min_trades)])


def _names(columns: str | None) -> list[str]:
    return [name.strip() for name in (columns or "").split(",") if name.strip()]


def _shown(asked: Sequence[str], by: str, found: pd.DataFrame) -> list[str]:
    """What a terminal shows, most important first."""
    wanted = ("rank", "combo_id", by, *(asked or OF_INTEREST))
    return [name for name in dict.fromkeys(wanted) if name in found]


def _said(run: Run, min_trades: int) -> str:
    least = f"; with {min_trades} trades or more" if min_trades else ""
    return f"{run.manifest.symbol}: {run.statement}{least}."
