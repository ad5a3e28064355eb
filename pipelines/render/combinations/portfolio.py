"""Portfolio of combinations: tables, CSV, JSON and a chart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.text import Text

from ib_grid.analysis import Portfolio, portfolio, portfolio_figure
from ib_grid.analysis.combination import curve
from ib_grid.errors import ConfigError
from pipelines.render.combinations.selected import Selected
from pipelines.render.csv_files import csv_text
from pipelines.render.formats import Format
from pipelines.render.html.assembly import write_charts
from pipelines.render.html.figure import page_figure
from pipelines.render.provenance import provenance_by_combination
from pipelines.render.tables import (
    Column,
    json_text,
    print_table,
    records,
    render_notes,
    resolve_format,
)

_COLUMNS = (
    Column("combination", "combination", left=True),
    Column("weight", "weight", "g"),
    Column("total R", "total_r", ",.2f"),
    Column("max DD", "max_drawdown_r", ",.2f"),
    Column("worst R", "worst_r", ",.2f"),
    Column("worst day", "worst_date"),
    Column("dates", "dates", ",d"),
)


def build_portfolio(selected: Sequence[Selected], weights: Sequence[float]) -> Portfolio:
    """Return the portfolio of combinations, with a weight for each or none."""
    if weights and len(weights) != len(selected):
        raise ConfigError(
            f"{len(weights)} weights for {len(selected)} combinations",
            location="--weight",
            expected="one weight for each combination, in the same order, or no weights",
        )
    names = combination_names(selected)
    found = {name: (one.run, one.combo_id) for name, one in zip(names, selected, strict=True)}
    return portfolio(found, dict(zip(names, weights, strict=False)))


def combination_names(selected: Sequence[Selected]) -> list[str]:
    """Return a name for each combination: symbol and id, and the run if that is ambiguous.

    Runs are told apart by the name of their directory, or by its path if they share the name.
    """
    names = [one.name for one in selected]
    for run in (lambda one: one.run.path.name, lambda one: str(one.run.path)):
        counts = Counter(names)
        names = [
            name if counts[name] == 1 else f"{one.name} {run(one)}"
            for name, one in zip(names, selected, strict=True)
        ]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise ConfigError(
            f"combination {twice[0]} is given twice",
            expected="each combination once",
        )
    return names


def notes_of(selected: Sequence[Selected], of: Portfolio) -> list[str]:
    """Return the provenance of each combination and a note on dates that not all share."""
    manifests = (one.run.manifest for one in selected)
    return [*provenance_by_combination(dict(zip(of.weights, manifests, strict=True))), *_apart(of)]


def _apart(of: Portfolio) -> list[str]:
    """Return a note on dates that only some combinations have; nothing if all share every date."""
    n_dates, n_common = len(of.daily), of.n_common_dates
    if n_common == n_dates:
        return []
    spans = (
        f"{name} {r.index[0]:%Y-%m-%d} to {r.index[-1]:%Y-%m-%d}"
        for name, r in ((name, of.daily[name].dropna()) for name in of.daily)
    )
    return [
        f"note: {n_common:,} of {n_dates:,} dates are common to all combinations,"
        f" {of.n_dates_of_one:,} belong to only one; on other dates the portfolio holds the"
        f" combinations that have the date ({', '.join(spans)})."
    ]


def daily_rows(of: Portfolio) -> pd.DataFrame:
    """Return a row per date: R of each combination, the sum, cumulative R and drawdown."""
    return of.daily.join(of.total).reset_index()


def show_portfolio(console: Console, of: Portfolio, notes: Sequence[str], asked: Format) -> None:
    """Print a portfolio: sums and correlations as tables or JSON; as CSV every date.

    Notes follow the tables, are part of the JSON object, and go to standard error beside CSV.
    """
    format_ = resolve_format(console, asked)
    if format_ is Format.CSV:
        render_notes(console, notes, format_)
        console.file.write(csv_text(daily_rows(of)))
    elif format_ is Format.JSON:
        console.file.write(json_text({"notes": list(notes), **_object(of)}))
    else:
        print_table(console, _sums(of), _COLUMNS)
        _print_correlations(console, of)
        console.print()
        render_notes(console, notes, format_)


def _sums(of: Portfolio) -> pd.DataFrame:
    """Return a row per combination, then the portfolio."""
    rows: list[dict[str, Any]] = []
    for name, weight in of.weights.items():
        r = of.daily[name].dropna()
        rows.append({"combination": name, "weight": weight, **_figures(curve(r))})
    rows.append({"combination": "portfolio", "weight": None, **_figures(of.total)})
    return pd.DataFrame(rows)


def _figures(of: pd.DataFrame) -> dict[str, Any]:
    worst = of["r"].idxmin()
    return {
        "dates": len(of),
        "total_r": float(of["r"].sum()),
        "max_drawdown_r": float(of["drawdown_r"].max()),
        "worst_date": f"{worst:%Y-%m-%d}",
        "worst_r": float(of["r"].min()),
    }


def _correlations(of: Portfolio) -> pd.DataFrame:
    """Return a row per pair: the correlation of daily R and the number of common dates."""
    rows = [
        (a, b, of.correlation.loc[a, b], of.common_dates.loc[a, b])
        for a, b in combinations(of.weights, 2)
    ]
    return pd.DataFrame(rows, columns=["a", "b", "correlation", "common_dates"])


def _print_correlations(console: Console, of: Portfolio) -> None:
    pairs = _correlations(of)
    if pairs.empty:
        return
    console.print(Text("\nCorrelation of daily R", style="bold"))
    columns = (
        Column("", "a"),
        Column("", "b"),
        Column("r", "correlation", ".3f"),
        Column("common dates", "common_dates", ",d"),
    )
    print_table(console, pairs, columns)


def _object(of: Portfolio) -> dict[str, Any]:
    return {
        "combinations": records(_sums(of)),
        "correlations": records(_correlations(of)),
        "daily": records(daily_rows(of)),
    }


def write_portfolio_chart(path: Path, of: Portfolio, notes: Sequence[str]) -> None:
    """Write cumulative R and drawdown of a portfolio into an HTML file."""
    label = "Lines: cumulative R of the portfolio and its combinations, below it the drawdown"
    figure = page_figure("portfolio", "Cumulative R and drawdown", label, portfolio_figure(of))
    write_charts(path, "Portfolio", [figure], notes)
