"""The best combination for each variation, side by side."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pipelines.cli import arguments
from pipelines.render import formats

if TYPE_CHECKING:
    import pandas as pd

    from pipelines.render.tables import Column

_GROUPS_SHOWN = 20
_Number = Annotated[
    int | None,
    typer.Option("-n", min=1, help="Number of groups. [default: 20 in a table, otherwise all]"),
]

_MinVariations = Annotated[
    int, typer.Option(min=1, help="Minimum number of variations in a group.")
]


def groups(
    run: arguments.Run,
    strict: Annotated[
        bool, typer.Option("--strict", help="Group by max_distance_pct (the reach), too.")
    ] = False,
    rank_by: Annotated[
        Literal["total_r", "sharpe_ratio", "recovery", "score"],
        typer.Option(help="recovery: total R / (drawdown + 1)."),
    ] = "total_r",
    max_drawdown: Annotated[
        float, typer.Option(min=0, help="Maximum drawdown of a combination, in R.")
    ] = 12.0,
    min_trades: arguments.MinTrades = None,
    variations: _MinVariations = 1,
    n: _Number = None,
    table_format: arguments.TableFormat = formats.Format.AUTO,
) -> None:
    """Show the best combination of each variation side by side.

    A group shares session, wait and buffer. The table has a line per group; CSV and JSON have a
    row per group and variation, with the parameters and the metrics of that variation.
    """
    from ib_grid.analysis.selection.groups import RANKINGS, TRAILING_RULE
    from ib_grid.analysis.selection.groups import groups as groups_of
    from ib_grid.analysis.selection.top import ranking_of
    from ib_grid.grid.variations import VARIATION_RULES
    from ib_grid.runs.run import load_run
    from pipelines.render.columns import units
    from pipelines.render.provenance import run_note
    from pipelines.render.tables import records, render, resolve_format, terminal

    loaded, console = load_run(run), terminal()
    is_table = resolve_format(console, table_format) is formats.Format.TABLE
    found = groups_of(
        loaded,
        strict=strict,
        rank_by=rank_by,
        max_drawdown_r=max_drawdown,
        min_trades=min_trades,
        variations=variations,
        n=n,
    )
    shown = found.summary.head(n or _GROUPS_SHOWN)
    least = ranking_of(loaded, min_trades).min_trades
    rules = ", ".join(f"{variation}: {rule.text}" for variation, rule in VARIATION_RULES.items())
    notes = [
        *(units(list(map(str, shown))) if is_table else []),
        run_note(loaded),
        f"Ranked by {RANKINGS[rank_by].text}. Only combinations with at least {least} trades of"
        f" the variation, a drawdown of at most {max_drawdown:g} R, and {TRAILING_RULE}.",
        *_completeness(found.summary["n_variations"].tolist(), variations),
        f"Each variation applies where its rule holds ({rules}).",
        "Sums add the separate backtests of the variations; they are not a backtest of the group.",
        *_rest(found.summary, shown, is_table=is_table),
    ]
    render(
        console,
        shown if is_table else found.combinations,
        _columns(found.summary, rank_by),
        table_format,
        notes=notes,
        summary={"groups": records(found.summary)},
    )


def _rest(found: pd.DataFrame, shown: pd.DataFrame, *, is_table: bool) -> list[str]:
    """Return how many groups the table lacks, and how to read a column."""
    notes = ["equal (n_same): how many groups have these figures; one is listed."] * is_table
    if is_table and len(shown) < len(found):
        notes.append(f"{len(shown):,} of {len(found):,} groups; -n {len(found)} lists all.")
    return notes


def _completeness(n_variations: list[int], least: int) -> list[str]:
    """Return the number of groups with every variation, unless every group has them all."""
    from ib_grid.grid.variations import VARIATIONS

    complete = n_variations.count(len(VARIATIONS))
    if complete == len(n_variations):
        return []
    more = f" (--variations {least + 1} requires more)" if least < len(VARIATIONS) else ""
    return [
        f"{complete:,} of these {len(n_variations):,} groups have a combination for every"
        f" variation, the others for at least {least}{more}."
    ]


def _columns(found: pd.DataFrame, rank_by: str) -> list[Column]:
    from pipelines.render.columns import column

    names = [name for name in map(str, found) if (name, rank_by) != ("value", "total_r")]
    last = ("n_same", *(name for name in names if name.endswith("_combo_id")))
    names = [name for name in names if name not in last]
    specs = {"value": ".3f", "sum_of_drawdowns": ".1f"}
    columns = [column(name) for name in (*names, *last)]
    return [
        dataclasses.replace(one, spec=specs.get(one.name, "d" if one.name in last else one.spec))
        for one in columns
    ]
