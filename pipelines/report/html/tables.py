"""The tables of the page, and what to type to see the trades of a row."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from urllib.parse import quote

from markupsafe import Markup

from ib_grid.analysis.axis_values import Value, factors, value_text, values_of
from ib_grid.grid.columns import METRICS
from ib_grid.grid.params import PARAM_NAMES
from ib_grid.grid.variations import VARIATION_RULES
from pipelines.render.html.words import number, per_trade_r
from pipelines.render.numbers import Scalar, row_values, text
from pipelines.report import facts
from pipelines.report.facts import BestRecord
from pipelines.report.measures.replay import TOP_TABLE, NoReplay, Replay
from pipelines.report.report import Report

_DECIMALS = {"count": 0, "%": 1}
_PER_TRADE_R = ("avg_trade_r", "avg_r_wins", "avg_r_losses")
_HEADINGS = {
    "score": "score",
    "total_r": "total R",
    "total_trades": "trades",
    "winrate": "win %",
    "profit_factor": "profit factor",
    "sharpe_ratio": "Sharpe",
    "max_drawdown": "draw\u00addown R",
    "ambiguous_trades": "ambig\u00aduous",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A table's cell: what it shows, and by what it is sorted."""

    text: Markup | str
    sort: Scalar


@dataclass(frozen=True, slots=True)
class TopRow:
    """A ranked combination: its cells, and what to type to see its trades."""

    rank: int
    combo_id: int
    cells: tuple[Cell, ...]
    params_file: str
    params_json: str
    params_href: str
    command: str


@dataclass(frozen=True, slots=True)
class Top:
    """The best combinations; `columns` are pairs of name and heading."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[TopRow, ...]
    constant: tuple[tuple[str, Value], ...]


def decimals_of(name: str) -> int:
    """Decimals with which a metric is read."""
    units = {metric.name: metric.unit for metric in METRICS}
    return 4 if name == "score" else _DECIMALS.get(units[name], 2)


def metric(name: str, value: float) -> Markup:
    """A metric for reading."""
    return per_trade_r(value) if name in _PER_TRADE_R else number(value, decimals_of(name))


def top_table(report: Report) -> Top:
    """The best 20: metrics, the parameters of which the grid has several values, and a command."""
    replay = report.replay
    several = [f.name for f in factors(report.info.grid) if len(f.values) > 1]
    constant = [(f.name, f.values[0]) for f in factors(report.info.grid) if len(f.values) == 1]
    columns = [("rank", "rank"), ("combo_id", "id"), *_HEADINGS.items()]
    if isinstance(replay, Replay):
        columns.insert(4, ("other_total_r", f"total R, {replay.other_model}"))
    columns += [(name, name) for name in several]
    records = report.overall.best.head(TOP_TABLE).to_dict("records")
    other = [{}] * len(records) if isinstance(replay, NoReplay) else replay.other.to_dict("records")
    rows = []
    for record, under_other in zip(records, other, strict=True):
        row = row_values(record)
        if under_other:
            row["other_total_r"] = row_values(under_other)["total_r"]
        rows.append(_top_row(report, row, [name for name, _ in columns]))
    return Top(tuple(columns), tuple(rows), tuple(constant))


def _top_row(report: Report, row: dict[str, Scalar], names: list[str]) -> TopRow:
    combo_id, symbol = int(row["combo_id"]), report.info.symbol
    values = values_of(report.info.grid.params(combo_id))
    params = json.dumps({name: row[name] for name in PARAM_NAMES})
    file = f"{symbol}_{combo_id}.json"
    out = f"{symbol}_{combo_id}_trades.csv"
    return TopRow(
        rank=int(row["rank"]),
        combo_id=combo_id,
        cells=tuple(_cell(name, row, values) for name in names),
        params_file=file,
        params_json=params,
        params_href=f"data:application/json;charset=utf-8,{quote(params)}",
        command=f"{report.info.trades_command} --params {shlex.quote(file)}"
        f" --out {shlex.quote(out)}",
    )


def _cell(name: str, row: dict[str, Scalar], values: dict[str, Value]) -> Cell:
    if name in ("rank", "combo_id"):
        return Cell(Markup('<data value="{0}">{0}</data>').format(row[name]), row[name])
    if name == "other_total_r" or name in _HEADINGS:
        own = "total_r" if name == "other_total_r" else name
        return Cell(metric(own, float(row[name])), row[name])
    if name not in values:
        return Cell("–", -1)
    return Cell(value_text(values[name]), values[name])


def best_values(report: Report) -> tuple[list[tuple[str, str]], list[tuple[str, Markup]]]:
    """The best set's parameters and metrics, names and texts."""
    values = facts.best_values(report.overall)
    params = [(name, text(name, values[name])) for name in PARAM_NAMES]
    metrics = [
        (name, metric(name, float(value)))
        for name, value in values.items()
        if name not in ("combo_id", *PARAM_NAMES)
    ]
    return params, metrics


@dataclass(frozen=True, slots=True)
class VariationRow:
    """What a variation contributes to the best set, and how it does over the grid."""

    name: str
    rule: str
    own: tuple[Markup, ...]
    over_grid: tuple[Markup, ...]


def variation_rows(report: Report) -> list[VariationRow]:
    """A row per variation; of the best set no figures where nothing is ranked."""
    best = facts.best_record(report.overall)
    rows = []
    for name, variation in report.variations.items():
        unfiltered = facts.sums_values(variation.unfiltered.sums)
        by_rule = facts.sums_values(variation.by_rule.sums)
        rows.append(
            VariationRow(
                name=name,
                rule=VARIATION_RULES[name].text,
                own=_own_figures(best, f"{name.lower()}_") if best else (),
                over_grid=(
                    number(float(unfiltered["combinations_with_trades"])),
                    per_trade_r(float(unfiltered["average_r"])),
                    per_trade_r(float(by_rule["average_r"])),
                ),
            )
        )
    return rows


def _own_figures(best: BestRecord, prefix: str) -> tuple[Markup, ...]:
    """Trades, total R, win rate and expectancy of a variation; dashes without trades."""
    metrics = best["metrics"]
    trades = number(metrics[f"{prefix}total_trades"])
    if not metrics[f"{prefix}total_trades"]:
        return (trades, *(Markup("–"),) * 3)
    return (
        trades,
        number(metrics[f"{prefix}total_r"], 2),
        number(metrics[f"{prefix}winrate"], 1),
        per_trade_r(metrics[f"{prefix}avg_trade_r"]),
    )
