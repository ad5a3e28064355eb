"""A set of a run on the screen, in a pipe, and as charts in a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.text import Text

from ib_grid import analysis
from ib_grid.analysis import Source
from ib_grid.errors import ConfigError
from ib_grid.grid.columns import METRICS
from pipelines.render.combinations.selected import Chosen
from pipelines.render.csv_files import csv_text
from pipelines.render.data_tables import print_trades
from pipelines.render.formats import Format
from pipelines.render.html.charts import write_charts
from pipelines.render.html.figure import Figure, of_page
from pipelines.render.numbers import text
from pipelines.render.result_tables import give_notes
from pipelines.render.tables import Column, chosen_format, json_text, records, table_of

N_BEST_AND_WORST = 2

_VARIATION_COLUMNS = (
    Column("variation", "variation"),
    Column("trades", "total_trades", "d"),
    Column("total R", "total_r", ".2f"),
    Column("mean R", "avg_trade_r", ".3f"),
    Column("win %", "winrate", ".1f"),
    Column("max DD", "max_drawdown", ".2f"),
)
_YEAR_COLUMNS = (
    Column("year", "year", "d"),
    Column("trades", "trades", "d"),
    Column("total R", "total_r", ".2f"),
    Column("mean R", "mean_r", ".3f"),
    Column("win %", "winrate", ".1f"),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SetFacts:
    """What is shown of a set.

    Attributes
    ----------
    chosen : Chosen
    variations : DataFrame
        Its metrics by variation, as far as the run has kept them.
    years : DataFrame or None
        Its results by year; None without the bars.
    trades : DataFrame or None
        None without the bars.
    """

    chosen: Chosen
    variations: pd.DataFrame
    years: pd.DataFrame | None
    trades: pd.DataFrame | None


def check_date(date: str | None, chart: Path | None) -> None:
    """Refuse a date that nothing is done with.

    Raises
    ------
    ConfigError
        If there is a date and no chart.
    """
    if date and not chart:
        raise ConfigError(
            "a date without a chart", location="--date", expected="--chart FILE.html beside it"
        )


def set_facts(chosen: Chosen, source: Source | None) -> SetFacts:
    """What there is to show; without a source no trades and no years.

    Raises
    ------
    DataError
        If the trades are not those of the result row.
    """
    if source is None:
        return SetFacts(chosen=chosen, variations=chosen.variations(), years=None, trades=None)
    trades = chosen.trades(source)
    dates = analysis.session_dates(source, chosen.combo_id)
    years = analysis.by_year(trades, range(dates[0].year, dates[-1].year + 1))
    return SetFacts(
        chosen=chosen,
        variations=chosen.variations(),
        years=years.reset_index(),
        trades=trades,
    )


def show_set(console: Console, facts: SetFacts, asked: Format, *, with_trades: bool) -> None:
    """Print a set: as tables, as one JSON object, or as CSV.

    CSV is a line per value with the columns part, of, name and value; with the trades asked for it
    is the trades alone. How the numbers were made is said under the title, in the JSON object, and
    beside CSV on standard error.
    """
    format_ = chosen_format(console, asked)
    if format_ is Format.JSON:
        console.file.write(json_text(_object(facts, with_trades=with_trades)))
    elif format_ is Format.CSV:
        give_notes(console, [facts.chosen.made_with], format_)
        alone = with_trades and facts.trades is not None
        console.file.write(csv_text(facts.trades if alone else _lines(facts)))  # type: ignore[arg-type]
    else:
        _print_tables(console, facts, with_trades=with_trades)


def _object(facts: SetFacts, *, with_trades: bool) -> Mapping[str, Any]:
    chosen = facts.chosen
    content: dict[str, Any] = {
        "symbol": chosen.run.manifest.symbol,
        "combo_id": chosen.combo_id,
        "rank": chosen.rank,
        "made_with": chosen.made_with,
        "execution": dict(chosen.run.manifest.execution),
        "params": chosen.params.to_dict(),
        "metrics": chosen.metrics(),
        "variations": records(facts.variations),
        "years": None if facts.years is None else records(facts.years),
    }
    if with_trades and facts.trades is not None:
        content["trades"] = records(facts.trades)
    return content


def _lines(facts: SetFacts) -> pd.DataFrame:
    """A row per value: the part of what is shown, what of, its name and itself."""
    chosen = facts.chosen
    rows: list[tuple[str, Any, str, Any]] = [
        ("set", "", name, value)
        for name, value in (
            ("symbol", chosen.run.manifest.symbol),
            ("combo_id", chosen.combo_id),
            ("rank", chosen.rank),
        )
    ]
    rows += [("params", "", *pair) for pair in chosen.params.to_dict().items()]
    rows += [("metrics", "", *pair) for pair in chosen.metrics().items()]
    tables = (("variation", facts.variations), ("year", facts.years))
    for part, table in tables:
        for record in [] if table is None else records(table):
            of = record.pop(part)
            rows += [(part, of, name, value) for name, value in record.items()]
    return pd.DataFrame(rows, columns=["part", "of", "name", "value"], dtype=object)


def _print_tables(console: Console, facts: SetFacts, *, with_trades: bool) -> None:
    chosen = facts.chosen
    rank = f", rank {chosen.rank}" if chosen.rank else ""
    console.print(Text(f"{chosen.name}{rank}", style="bold"))
    give_notes(console, [chosen.made_with], Format.TABLE)
    _section(console, "Parameters", _pairs(chosen.params.to_dict()))
    units = {metric.name: f" ({metric.unit})" for metric in METRICS if metric.unit != "count"}
    named = {name + units.get(name, ""): value for name, value in chosen.metrics().items()}
    _section(console, "Metrics", _pairs(named))
    if len(facts.variations):
        _section(console, "By variation", table_of(facts.variations, _VARIATION_COLUMNS))
    if facts.years is not None:
        _section(console, "By year", table_of(facts.years, _YEAR_COLUMNS))
    if with_trades and facts.trades is not None:
        console.print(Text("\nTrades", style="bold"))
        print_trades(console, facts.trades)


def _pairs(values: Mapping[str, Any]) -> Any:
    frame = pd.DataFrame({"name": list(values), "value": [text("", v) for v in values.values()]})
    return table_of(frame, (Column("", "name"), Column("", "value")))


def _section(console: Console, heading: str, content: Any) -> None:
    console.print(Text(f"\n{heading}", style="bold"))
    console.print(content)


def write_set_charts(path: Path, facts: SetFacts, source: Source, date: str | None) -> list[Figure]:
    """Write charts of a set into an HTML file: of a date, or its curve and best and worst days.

    Raises
    ------
    InputError
        If the date is none of the session dates.
    OutputError, DiskError
        If the place cannot be written.
    """
    trades = facts.trades if facts.trades is not None else facts.chosen.trades(source)
    dates = [date] if date else list(analysis.extreme_dates(trades, N_BEST_AND_WORST))
    figures = [] if date else [_curve(trades, source)]
    for day in dates:
        drawn = analysis.trade_chart(source, facts.chosen.combo_id, day)
        figures.append(of_page(f"day-{len(figures)}", "", "Candles of a date and its trade", drawn))
    write_charts(path, facts.chosen.name, figures, [facts.chosen.made_with])
    return figures


def _curve(trades: pd.DataFrame, source: Source) -> Figure:
    drawn = analysis.equity_figure({"cumulative R": trades}, source.span)
    return of_page("equity", "Cumulative R and drawdown", "Lines: cumulative R by date", drawn)
