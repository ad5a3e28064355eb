"""A run's results searched: top, compare, groups."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.cli import options
from pipelines.render import formats

if TYPE_CHECKING:
    import pandas as pd

    from ib_grid.analysis.selection.compare import Comparison
    from ib_grid.runs.run import Run
    from pipelines.render.tables import Column

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
    run: options.Run,
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
    format: options.TableFormat = formats.Format.AUTO,
) -> None:
    """Show the best combinations of a run by a column, ties by id."""
    from ib_grid.analysis.selection.top import ranking_of
    from ib_grid.analysis.selection.top import top as best_of
    from ib_grid.grid.conditions import parse_condition
    from ib_grid.runs.run import load_run
    from pipelines.render.data_tables import terminal
    from pipelines.render.result_tables import column, render_results, with_joined

    loaded = load_run(run)
    ranking = ranking_of(loaded, min_trades)
    condition = None if where is None else parse_condition(where, location="--where")
    found = best_of(loaded, by, n, ascending=ascending, where=condition, ranking=ranking)
    asked = _names(columns)
    loaded.check_columns([name for name in asked if name not in found])
    shown = [column(name) for name in _shown(asked, by, with_joined(found))]
    if asked:
        found = found[list(dict.fromkeys(("rank", "combo_id", by, *asked)))]
    notes = [*_order(by, ascending=ascending), _said(loaded, ranking.min_trades)]
    render_results(terminal(), found, shown, format, notes=notes)


def compare(
    run_a: Annotated[str, typer.Argument(help="Run whose best are looked at, or its URL.")],
    run_b: Annotated[str, typer.Argument(help="Run in which they are looked at.")],
    by: Annotated[
        str, typer.Option(help="Column of run A to go by: score, a metric or a parameter.")
    ] = "score",
    ascending: Annotated[bool, typer.Option("--ascending", help="The smallest first.")] = False,
    n: Annotated[int, typer.Option("-n", min=1, help="How many of the best.")] = 100,
    where: Where = None,
    min_trades: MinTrades = None,
    format: options.TableFormat = formats.Format.AUTO,
) -> None:
    """Show what becomes of a run's best combinations in another run.

    Such as with other fills, another spread, other years. The runs are joined by id where their
    grids are equal, else by parameters.
    """
    from ib_grid.analysis.selection.compare import compare_runs
    from ib_grid.analysis.selection.top import ranking_of
    from ib_grid.grid.conditions import parse_condition
    from ib_grid.runs.run import load_run
    from pipelines.render.data_tables import terminal
    from pipelines.render.result_tables import render_results

    a, b = load_run(run_a), load_run(run_b)
    found = compare_runs(
        *(a, b),
        by=by,
        n_top=n,
        ascending=ascending,
        where=None if where is None else parse_condition(where, location="--where"),
        ranking=ranking_of(a, min_trades),
    )
    shown = _compared_columns(found.top)
    summary, notes = _compared(found)
    notes = [*notes, *(f"{name}: {_said(one, 0)}" for name, one in (("A", a), ("B", b)))]
    render_results(terminal(), found.top, shown, format, notes=notes, summary=summary)


def groups(
    run: options.Run,
    strict: Annotated[bool, typer.Option("--strict", help="Share the reach, too.")] = False,
    rank_by: Annotated[
        str, typer.Option(help="total_r, sharpe, recovery (total R / (drawdown + 1)) or score.")
    ] = "total_r",
    max_drawdown: Annotated[
        float, typer.Option(min=0, help="Largest drawdown of a set, R.")
    ] = 12.0,
    min_trades: MinTrades = None,
    variations: Annotated[
        int,
        typer.Option(min=1, max=4, help="Least number of variations; 4: complete groups alone."),
    ] = 1,
    n: Annotated[int | None, typer.Option("-n", min=1, help="How many. [default: all]")] = None,
    format: options.TableFormat = formats.Format.AUTO,
) -> None:
    """Show the best set per variation that share session, wait and buffer.

    A table has a line per group; CSV and JSON have one per group and variation, with the set's
    parameters and the variation's own metrics.
    """
    from ib_grid.analysis.selection.groups import RANKINGS, TRAILING_RULE
    from ib_grid.analysis.selection.groups import groups as groups_of
    from ib_grid.analysis.selection.top import ranking_of
    from ib_grid.grid.variations import VARIATION_RULES
    from ib_grid.runs.run import load_run
    from pipelines.render.data_tables import terminal
    from pipelines.render.result_tables import render_results
    from pipelines.render.tables import records, resolve_format

    loaded = load_run(run)
    found = groups_of(
        loaded,
        strict=strict,
        rank_by=rank_by,
        max_drawdown_r=max_drawdown,
        min_trades=min_trades,
        variations=variations,
        n=n,
    )
    least = ranking_of(loaded, min_trades).min_trades
    rules = ", ".join(f"{variation}: {rule.text}" for variation, rule in VARIATION_RULES.items())
    notes = [
        _said(loaded, 0),
        f"Ranked by {RANKINGS[rank_by].text}. Sets: by their variation's own metrics,"
        f" {least} trades or more, a drawdown of {max_drawdown:g} R at most, {TRAILING_RULE}.",
        *_completeness(found.summary["n_variations"].tolist(), variations),
        f"A variation counts where {rules}.",
        "Sums are of each variation's own backtest, not of one of the group together.",
    ]
    console = terminal()
    is_table = resolve_format(console, format) is formats.Format.TABLE
    render_results(
        console,
        found.summary if is_table else found.sets,
        _group_columns(found.summary),
        format,
        notes=notes,
        summary={"groups": records(found.summary)},
    )


def _compared_columns(found: pd.DataFrame) -> list[Column]:
    from pipelines.render.result_tables import column

    metrics = [n.removesuffix("_b") for n in map(str, found) if n.endswith("_b")]
    wanted = ["rank", *(["score"] if "score_a" in found else []), "combo_id"]
    named = [(name, f"{name}_a", "") for name in wanted]
    named += [(name, f"{name}_{x}", f" {x.upper()}") for name in metrics[1:] for x in "ab"]
    return [
        dataclasses.replace(column(name), name=own, heading=column(name).heading + run)
        for name, own, run in named
    ]


def _compared(found: Comparison) -> tuple[dict[str, Any], list[str]]:
    """What is to be said of a comparison, for programs and for people."""
    summary = {
        "differences": list(found.differences),
        "n_common": found.n_common,
        "n_top": found.n_top,
        "n_top_common": len(found.top),
        "n_top_profitable_b": found.n_top_profitable,
        "profitable_share_pct_b": round(found.profitable_share_pct, 6),
        "rank_correlation": {n: None if v != v else v for n, v in found.rank_correlation.items()},
    }
    ranks = (f"{n} {'-' if v != v else f'{v:.3f}'}" for n, v in found.rank_correlation.items())
    notes = [
        f"Of the best {found.n_top:,} of A, {len(found.top):,} are in B and"
        f" {found.n_top_profitable:,} have a total R above 0 there; of all"
        f" {found.n_common:,} that both have, {found.profitable_share_pct:.1f}%.",
        f"Rank correlation over all of these: {', '.join(ranks)}.",
        *(f"They differ: {line}" for line in found.differences),
    ]
    return summary, notes


def _completeness(n_variations: list[int], least: int) -> list[str]:
    """How many of the groups have a set for every variation, where some have not."""
    complete = n_variations.count(4)
    if complete == len(n_variations):
        return []
    more = f"; --variations {least + 1} asks for more" if least < 4 else ""
    return [
        f"{complete:,} of these {len(n_variations):,} groups have a set for all four variations,"
        f" the others for {least} or more{more}."
    ]


def _group_columns(found: pd.DataFrame) -> list[Column]:
    from pipelines.render.result_tables import column

    names = list(map(str, found))
    last = ("n_same", *(name for name in names if name.endswith("_combo_id")))
    names = [name for name in names if name not in last]
    specs = {"value": ".3f", "sum_of_drawdowns": ".1f"}
    columns = [column(name) for name in (*names, *last)]
    return [
        dataclasses.replace(one, spec=specs.get(one.name, "d" if one.name in last else one.spec))
        for one in columns
    ]


def _names(columns: str | None) -> list[str]:
    return [name.strip() for name in (columns or "").split(",") if name.strip()]


def _shown(asked: Sequence[str], by: str, found: pd.DataFrame) -> list[str]:
    """What a terminal shows, most important first."""
    wanted = ("rank", "combo_id", by, *(asked or OF_INTEREST))
    return [name for name in dict.fromkeys(wanted) if name in found]


def _order(by: str, *, ascending: bool) -> list[str]:
    """Which end of a column comes first: of a drawdown the largest is not the best."""
    if by == "score":
        return []
    other = "" if ascending else "; with --ascending the smallest"
    return [f"By {by}, the {'smallest' if ascending else 'largest'} first{other}."]


def _said(run: Run, min_trades: int) -> str:
    """What of a run there is, what is looked at, and how its numbers were made."""
    from pipelines.render.provenance import provenance

    least = f"; with {min_trades} trades or more" if min_trades else ""
    kept = "".join(f" {sentence}" for sentence in run.manifest.row_filter.notes())
    made = provenance(run.manifest)
    return f"{run.manifest.symbol}: {run.statement}{least}.{kept} {made[:1].upper()}{made[1:]}"
