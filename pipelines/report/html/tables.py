"""Tables of the page, and the command that lists the trades of a combination."""

from __future__ import annotations

import json
import shlex
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from ib_grid.account.challenge.odds import Odds
from ib_grid.account.out_of_sample import OddsAtRisk
from ib_grid.analysis.axis_values import factors, value_text, values_of
from ib_grid.grid.columns import METRICS
from ib_grid.grid.glossary import GLOSSARY
from ib_grid.grid.params import PARAM_NAMES
from ib_grid.grid.variations import VARIATION_RULES
from pipelines.render.html.table import Cell, Heading, Row, Table, plain_table
from pipelines.render.html.words import breakable, exact, number, per_trade_r, percent
from pipelines.render.numbers import Scalar, row_values, text
from pipelines.report import facts
from pipelines.report.facts import BestRecord
from pipelines.report.measures.challenge import Challenge
from pipelines.report.measures.replay import NoReplay
from pipelines.report.report import Report, VariationReport

_DECIMALS = {"count": 0, "%": 1}
_PER_TRADE_R = ("avg_trade_r", "avg_r_wins", "avg_r_losses")
_MEANINGS = {**GLOSSARY, **{metric.name: metric.meaning for metric in METRICS}}
_UNITS = {metric.name: metric.unit for metric in METRICS}
_CHALLENGE_HEADINGS = (
    "risk, %",
    "passes",
    "fails",
    "open",
    "out of sample passes",
    "a coin",
    "start dates",
)
_LINK = "trades_link"
_OTHER = "other_total_r"
_METRIC_HEADINGS = {
    "score": "score",
    "total_r": "total R",
    "total_trades": "trades",
    "winrate": "win %",
    "profit_factor": "profit factor",
    "sharpe_ratio": "Sharpe",
    "max_drawdown": "draw\u00addown R",
    "ambiguous_trades": "ambig\u00aduous",
}
_IN_BEST, _IN_GRID = "in the selected combination", "over the grid"
_VARIATION_HEADINGS = (
    ("trades", _IN_BEST),
    ("total R", _IN_BEST),
    ("win %", _IN_BEST),
    ("average R per trade", _IN_BEST),
    ("combinations with trades", _IN_GRID),
    ("average R per trade", _IN_GRID),
    ("average R per trade, where it applies", _IN_GRID),
)


def metric(name: str, value: float) -> Markup:
    """Return a metric for reading."""
    if name in _PER_TRADE_R:
        return per_trade_r(value)
    return number(value, 4 if name == "score" else _DECIMALS.get(_UNITS[name], 2))


def top_table(report: Report) -> dict[str, Any]:
    """Return the top 20: metrics, and the parameters for which the grid has several values.

    With the table, a command for each row, and the parameters that all rows share.
    """
    several = [f.name for f in factors(report.info.grid) if len(f.values) > 1]
    constant = [(f.name, f.values[0]) for f in factors(report.info.grid) if len(f.values) == 1]
    headings, best = _top_headings(report, several), report.top
    if not isinstance(report.replay, NoReplay):
        best = best.assign(**{_OTHER: report.replay.other["total_r"].to_numpy()})
    records = [row_values(row) for row in best.to_dict("records")]
    rows = [
        Row(cells=tuple(_cell(report, heading.name, row) for heading in headings))
        for row in records
    ]
    table = Table(
        name="top-table",
        label="Top combinations, a table",
        headings=tuple(headings),
        rows=tuple(rows),
        sorted_by="rank",
    )
    commands = [_trades_command(report, row) for row in records]
    return {"table": table, "commands": commands, "constant": constant}


def _top_headings(report: Report, several: list[str]) -> list[Heading]:
    names = {"rank": "rank", _LINK: Markup('<span class="hidden">trades</span>'), "combo_id": "id"}
    names |= {"alike": "alike"} if "alike" in report.top else {}
    for name, heading in _METRIC_HEADINGS.items():
        names[name] = heading
        if name == "total_r" and not isinstance(report.replay, NoReplay):
            names[_OTHER] = f"total R, {report.replay.other_model}"
    names |= {name: breakable(name) for name in several}
    return [
        Heading(name=name, text=heading, meaning=_MEANINGS.get(name, ""))
        for name, heading in names.items()
    ]


def _cell(report: Report, name: str, row: dict[str, Scalar]) -> Cell:
    if name == _LINK:
        return Cell(Markup('<a href="#trades-{}">trades</a>').format(row["combo_id"]), row["rank"])
    if name in ("rank", "combo_id", "alike"):
        return Cell(exact(row[name], str(row[name])), row[name])
    if name == _OTHER or name in _METRIC_HEADINGS:
        return Cell(metric(name.removeprefix("other_"), float(row[name])), row[name])
    values = values_of(report.info.grid.params(int(row["combo_id"])))
    return Cell(value_text(values[name]), values[name]) if name in values else Cell("–", -1)


def _trades_command(report: Report, row: dict[str, Scalar]) -> dict[str, Scalar]:
    """Return the parameter file of a row, and commands that write it and the trades."""
    info, combo_id = report.info, row["combo_id"]
    params = json.dumps({name: row[name] for name in PARAM_NAMES})
    file, out = f"{info.symbol}_{combo_id}.json", f"{info.symbol}_{combo_id}_trades.csv"
    quoted = shlex.quote(file)
    return {
        "rank": row["rank"],
        "combo_id": combo_id,
        "params_file": file,
        "params_json": params,
        "params_href": f"data:application/json;charset=utf-8,{quote(params)}",
        "export": f"ib-grid export {shlex.quote(info.run)} --id {combo_id} --out {quoted}",
        "command": f"{info.trades_command} --params {quoted} --out {shlex.quote(out)}",
    }


def best_values(report: Report) -> tuple[list[tuple[str, str]], list[tuple[str, Markup]]]:
    """Return the parameters and the metrics of the selected combination, names and texts."""
    values = facts.best_values(report.overall)
    params = [(name, text(name, values[name])) for name in PARAM_NAMES]
    metrics = [
        (name, metric(name, float(value)))
        for name, value in values.items()
        if name not in ("combo_id", *PARAM_NAMES)
    ]
    return params, metrics


def variation_table(report: Report) -> Table:
    """Return a row per variation: its part in the selected combination, and over the grid."""
    best = facts.best_record(report.overall)
    headings = [
        Heading(name=f"{group} {text}", text=text, group=group)
        for text, group in _VARIATION_HEADINGS
        if best or group != _IN_BEST
    ]
    rows = [
        Row(
            name=f"variation-{name}",
            notes=(GLOSSARY[name], f"Applies where {VARIATION_RULES[name].text}."),
            cells=(
                Cell(name),
                *map(Cell, _own_figures(best, f"{name.lower()}_") if best else ()),
                *map(Cell, _grid_figures(variation)),
            ),
        )
        for name, variation in report.variations.items()
    ]
    return Table(
        name="variation-table",
        label="Variations, a table",
        headings=(Heading(name="variation", text="variation"), *headings),
        rows=tuple(rows),
    )


def _own_figures(best: BestRecord, prefix: str) -> tuple[Markup, ...]:
    """Return trades, total R, win rate and average R of a variation; dashes without trades."""
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


def _grid_figures(variation: VariationReport) -> tuple[Markup, ...]:
    unfiltered = facts.sums_values(variation.unfiltered.sums)
    by_rule = facts.sums_values(variation.by_rule.sums)
    return (
        number(float(unfiltered["combinations_with_trades"])),
        per_trade_r(float(unfiltered["average_r"])),
        per_trade_r(float(by_rule["average_r"])),
    )


def challenge_table(found: Challenge) -> Table:
    """Return the odds of a challenge by risk."""
    label, rows = "Odds of the challenge by risk, a table", map(_challenge_row, found.by_risk)
    return plain_table("challenge-table", label, _CHALLENGE_HEADINGS, rows)


def _challenge_row(of: OddsAtRisk) -> tuple[Markup | str, ...]:
    paths, outside = of.odds.bootstrap, of.out_of_sample
    return (
        number(of.risk_pct, 2),
        *(percent(100 * share) for share in (paths.passed, paths.failed, paths.open)),
        percent(100 * outside.bootstrap.passed) if isinstance(outside, Odds) else "–",
        percent(100 * of.odds.no_edge),
        str(of.odds.start_dates),
    )
