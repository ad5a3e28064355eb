"""One combination of a run: tables, CSV, JSON and charts."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.console import Console
from rich.text import Text

from ib_grid import analysis
from ib_grid.analysis import RunSource
from ib_grid.analysis.axis_values import UNITS
from ib_grid.errors import ConfigError
from ib_grid.grid.columns import METRICS
from ib_grid.market.clock import local_clock
from pipelines.render.combinations.selected import Selected
from pipelines.render.csv_files import csv_text
from pipelines.render.data.tables import print_trades, with_local_times
from pipelines.render.formats import Format
from pipelines.render.html.assembly import write_charts
from pipelines.render.html.figure import Figure, page_figure
from pipelines.render.numbers import Scalar, text
from pipelines.render.tables import (
    Column,
    json_text,
    records,
    render_notes,
    resolve_format,
    table_of,
)

if TYPE_CHECKING:
    from ib_grid.robustness.conclusion.verdict import Verdict

N_BEST_AND_WORST = 2

_VARIATION_COLUMNS = (
    Column("variation", "variation", left=True),
    Column("trades", "total_trades", "d"),
    Column("total R", "total_r", ".2f"),
    Column("avg R", "avg_trade_r", ".3f"),
    Column("win %", "winrate", ".1f"),
    Column("max DD", "max_drawdown", ".2f"),
)
_YEAR_COLUMNS = (
    Column("year", "year", "d"),
    Column("trades", "trades", "d"),
    Column("total R", "total_r", ".2f"),
    Column("avg R", "mean_r", ".3f"),
    Column("win %", "winrate", ".1f"),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CombinationFacts:
    """Facts of a combination.

    Variations as far as the run has kept them; years and trades are None without the bars. The
    verdict is that on the run; None if its robustness was not tested.
    """

    selected: Selected
    verdict: Verdict | None
    variations: pd.DataFrame
    years: pd.DataFrame | None
    trades: pd.DataFrame | None


def check_date(date: str | None, chart: Path | None) -> None:
    """Reject a date without a chart."""
    if date and not chart:
        raise ConfigError(
            "--date is given without --chart", location="--date", expected="also --chart FILE.html"
        )


def combination_facts(selected: Selected, source: RunSource | None) -> CombinationFacts:
    """Return the facts of a combination; without a source no trades and no years."""
    years = trades = None
    if source is not None:
        trades = selected.trades(source)
        dates = analysis.session_dates(source, selected.combo_id)
        by_year = analysis.by_year(trades, range(dates[0].year, dates[-1].year + 1))
        years = by_year.reset_index()
    return CombinationFacts(
        selected=selected,
        verdict=selected.verdict(source),
        variations=selected.variations(),
        years=years,
        trades=trades,
    )


def show_combination(
    console: Console, facts: CombinationFacts, asked: Format, *, with_trades: bool
) -> None:
    """Print a combination: as tables, as one JSON object, or as CSV.

    CSV has a line per value with the columns part, of, name and value; with trades it holds only
    the trades. The provenance is under the title, in the JSON object, and beside CSV on standard
    error.
    """
    format_ = resolve_format(console, asked)
    if format_ is Format.JSON:
        console.file.write(json_text(_object(facts, with_trades=with_trades)))
    elif format_ is Format.CSV:
        render_notes(console, [facts.selected.provenance], format_)
        listed = _listed_trades(facts) if with_trades else None
        console.file.write(csv_text(_lines(facts) if listed is None else listed))
    else:
        _print_tables(console, facts, with_trades=with_trades)


def _object(facts: CombinationFacts, *, with_trades: bool) -> Mapping[str, Any]:
    selected = facts.selected
    content: dict[str, Any] = {
        "symbol": selected.run.manifest.symbol,
        "combo_id": selected.combo_id,
        "rank": selected.rank,
        "provenance": selected.provenance,
        "verdict": facts.verdict and dataclasses.asdict(facts.verdict),
        "execution": dict(selected.run.manifest.execution),
        "params": selected.params.to_dict(),
        "metrics": selected.metrics(),
        "variations": records(facts.variations),
        "years": None if facts.years is None else records(facts.years),
    }
    listed = _listed_trades(facts) if with_trades else None
    if listed is not None:
        content["trades"] = records(listed)
    return content


def _listed_trades(facts: CombinationFacts) -> pd.DataFrame | None:
    """Return the trades with the times of their session's zone; None without the bars."""
    if facts.trades is None:
        return None
    return with_local_times(facts.trades, local_clock(facts.selected.params.ib_timezone))


def _lines(facts: CombinationFacts) -> pd.DataFrame:
    """Return a row per value: part, the variation or year, name and value."""
    selected = facts.selected
    rows: list[tuple[str, Any, str, Any]] = [
        ("combination", "", name, value)
        for name, value in (
            ("symbol", selected.run.manifest.symbol),
            ("combo_id", selected.combo_id),
            ("rank", selected.rank),
        )
    ]
    rows += [("params", "", *pair) for pair in selected.params.to_dict().items()]
    rows += [("metrics", "", *pair) for pair in selected.metrics().items()]
    for part, table in (("variation", facts.variations), ("year", facts.years)):
        for record in [] if table is None else records(table):
            of = record.pop(part)
            rows += [(part, of, name, value) for name, value in record.items()]
    return pd.DataFrame(rows, columns=["part", "of", "name", "value"], dtype=object)


def _print_tables(console: Console, facts: CombinationFacts, *, with_trades: bool) -> None:
    selected = facts.selected
    rank = f", rank {selected.rank}" if selected.rank else ""
    console.print(Text(f"{selected.name}{rank}", style="bold"))
    render_notes(console, [selected.provenance, _verdict_line(facts)], Format.TABLE)
    units = {metric.name: metric.unit for metric in METRICS if metric.unit != "count"}
    _section(console, "Parameters", _pairs(selected.params.to_dict(), UNITS))
    metrics = {name: _rounded(value) for name, value in selected.metrics().items()}
    _section(console, "Metrics", _pairs(metrics, units))
    if len(facts.variations):
        _section(console, "By variation", table_of(facts.variations, _VARIATION_COLUMNS))
    if facts.years is not None:
        _section(console, "By year", table_of(facts.years, _YEAR_COLUMNS))
    listed = _listed_trades(facts) if with_trades else None
    if listed is not None:
        console.print(Text("\nTrades", style="bold"))
        print_trades(console, listed)


def _verdict_line(facts: CombinationFacts) -> str:
    if facts.verdict is None:
        run = shlex.quote(str(facts.selected.run.path))
        return f"Not tested for luck; to test: ib-grid robustness {run}"
    return f"Verdict on the run: {facts.verdict.level}. {facts.verdict.text}"


def _rounded(value: Scalar) -> Scalar:
    """Return a metric for reading: four significant digits, and all before the point.

    >>> _rounded(63.11326), _rounded(0.09462258), _rounded(667), _rounded(-12345.6)
    (63.11, 0.09462, 667, -12346)
    """
    if not isinstance(value, float):
        return value
    return float(f"{value:.4g}") if abs(value) < 10_000 else round(value)


def _pairs(values: Mapping[str, Any], units: Mapping[str, str]) -> Any:
    names = [f"{name} ({units[name]})" if name in units else name for name in values]
    frame = pd.DataFrame({"name": names, "value": [text("", v) for v in values.values()]})
    return table_of(frame, (Column("", "name", left=True), Column("", "value")))


def _section(console: Console, heading: str, content: Any) -> None:
    console.print(Text(f"\n{heading}", style="bold"))
    console.print(content)


def write_combination_charts(
    path: Path, facts: CombinationFacts, source: RunSource, date: str | None
) -> list[Figure]:
    """Write charts of a combination: one date, or the equity curve, best and worst days."""
    trades = facts.trades if facts.trades is not None else facts.selected.trades(source)
    dates = [date] if date else list(analysis.extreme_dates(trades, N_BEST_AND_WORST))
    figures = [] if date else [_curve(trades, source)]
    for day in dates:
        drawn = analysis.trade_chart(source, facts.selected.combo_id, day)
        figures.append(
            page_figure(f"day-{len(figures)}", "", "Candles of a date and its trade", drawn)
        )
    write_charts(path, facts.selected.name, figures, [facts.selected.provenance])
    return figures


def _curve(trades: pd.DataFrame, source: RunSource) -> Figure:
    drawn = analysis.equity_figure({"cumulative R": trades}, source.span)
    return page_figure("equity", "Cumulative R and drawdown", "Lines: cumulative R by date", drawn)
