"""The best combinations of one run in another run."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.cli import arguments
from pipelines.render import formats

if TYPE_CHECKING:
    import pandas as pd

    from ib_grid.analysis.selection.compare import Comparison
    from pipelines.render.tables import Column


def compare(
    run_a: Annotated[str, typer.Argument(help="Run A, whose best combinations are taken.")],
    run_b: Annotated[str, typer.Argument(help="Run B, in which they are looked up.")],
    by: arguments.SortColumn = "score",
    ascending: arguments.Ascending = False,
    n: Annotated[
        int, typer.Option("-n", min=1, help="Number of combinations to take from run A.")
    ] = 100,
    where: arguments.Where = None,
    min_trades: arguments.MinTrades = None,
    table_format: arguments.TableFormat = formats.Format.AUTO,
) -> None:
    """Show how the best combinations of one run do in another.

    The runs may differ in spread, execution model or years. Combinations are matched by id if the
    grids are equal, otherwise by the parameters that vary in one of them.
    """
    from ib_grid.analysis.selection.compare import compare_runs
    from ib_grid.analysis.selection.top import ranking_of
    from ib_grid.grid.filters.conditions import parse_condition
    from ib_grid.runs.run import load_run
    from pipelines.render.columns import units
    from pipelines.render.provenance import run_note
    from pipelines.render.tables import render, resolve_format, terminal

    a, b = load_run(run_a), load_run(run_b)
    found = compare_runs(
        *(a, b),
        by=by,
        n_top=n,
        ascending=ascending,
        where=None if where is None else parse_condition(where, location="--where"),
        ranking=ranking_of(a, min_trades),
    )
    console = terminal()
    is_table = resolve_format(console, table_format) is formats.Format.TABLE
    notes = [
        *(units([name.removesuffix("_b") for name in map(str, found.top)]) if is_table else []),
        *_notes(found),
        *(f"{name}: {run_note(one)}" for name, one in (("A", a), ("B", b))),
    ]
    render(
        console, found.top, _columns(found.top), table_format, notes=notes, summary=_summary(found)
    )


def _columns(found: pd.DataFrame) -> list[Column]:
    from pipelines.render.columns import column

    metrics = [n.removesuffix("_b") for n in map(str, found) if n.endswith("_b")]
    wanted = ["rank", *(["score"] if "score_a" in found else []), "combo_id"]
    named = [(name, f"{name}_a", "") for name in wanted]
    named += [(name, f"{name}_{x}", f" {x.upper()}") for name in metrics[1:] for x in "ab"]
    return [
        dataclasses.replace(column(name), name=own, heading=column(name).heading + run)
        for name, own, run in named
    ]


def _summary(found: Comparison) -> dict[str, Any]:
    """Return a comparison as JSON values."""
    return {
        "differences": list(found.differences),
        "n_common": found.n_common,
        "n_top": found.n_top,
        "n_top_common": len(found.top),
        "n_top_profitable_b": found.n_top_profitable,
        "profitable_share_pct_b": round(found.profitable_share_pct, 6),
        "rank_correlation": {n: None if v != v else v for n, v in found.rank_correlation.items()},
    }


def _notes(found: Comparison) -> list[str]:
    ranks = (f"{n} {'-' if v != v else f'{v:.3f}'}" for n, v in found.rank_correlation.items())
    return [
        f"Of the best {found.n_top:,} of A, {len(found.top):,} are in B and"
        f" {found.n_top_profitable:,} are profitable there. Of all {found.n_common:,} combinations"
        f" in both runs, {found.profitable_share_pct:.1f}% are profitable in B.",
        f"Rank correlation over the combinations in both runs: {', '.join(ranks)}.",
        *(f"The runs differ in {line}" for line in found.differences),
    ]
