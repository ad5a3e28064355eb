"""The odds of a challenge: tables and JSON; and the rule files that come with ib-grid."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import pandas as pd
from rich.console import Console

from ib_grid.account.challenge.odds import Bootstrap, Odds
from ib_grid.account.challenge.rule_files import RuleFile
from ib_grid.account.out_of_sample import OddsAtRisk
from pipelines.render.csv_files import csv_text
from pipelines.render.formats import Format
from pipelines.render.tables import (
    Column,
    json_text,
    print_table,
    render_notes,
    resolve_format,
)
from pipelines.run.selected.challenge import verdicts

_ODDS_COLUMNS = (
    Column("risk %", "risk_pct", "g", essential=True),
    Column("passes", "passed", ".1%", essential=True),
    Column("±", "error", ".1%"),
    Column("fails", "failed", ".1%", essential=True),
    Column("open", "open", ".1%", essential=True),
    Column("coin", "no_edge", ".1%", essential=True),
    Column("out of sample", "out_of_sample", ".1%", essential=True),
    Column("all phases", "all_phases", ".1%"),
    Column("calendar days", "days", ".0f"),
    Column("start dates", "start_dates"),
    Column("one after another", "campaigns"),
)
_RULES_COLUMNS = (
    Column("name", "name", left=True, essential=True),
    Column("firm", "firm", left=True),
    Column("program", "program", left=True),
    Column("checked", "checked", essential=True),
    Column("days ago", "age_days", "d"),
    Column("firm's pages", "verified"),
    Column("target %", "target", left=True),
    Column("loss %", "max_loss", left=True),
    Column("day %", "daily_loss", left=True),
)


def show_odds(
    console: Console,
    rules: RuleFile,
    found: Sequence[OddsAtRisk],
    notes: Sequence[str],
    asked: Format,
) -> None:
    """Print the odds at each risk: a table, CSV of its columns, or JSON with every figure."""
    format_ = resolve_format(console, asked)
    if format_ is Format.JSON:
        render_notes(console, notes, format_)
        console.file.write(json_text([one.to_dict() for one in found]))
        return
    frame = pd.DataFrame([_row(one) for one in found])
    if format_ is Format.CSV:
        render_notes(console, notes, format_)
        console.file.write(csv_text(frame))
        return
    horizon = found[0].odds.bootstrap.horizon
    limit = f"within {horizon} session dates" if horizon else "without a time limit"
    console.print(f"{rules.title}, {rules.targets[0].name}: resampled paths, {limit}")
    columns = (*_ODDS_COLUMNS, _payout_column(rules.currency))
    print_table(console, frame, columns, hint="Use --format json for all figures.")
    console.print(
        "coin: the odds without an edge or a time limit. calendar days: the mean time to pass."
        " start dates, one after another: passed/failed/open.",
        soft_wrap=True,
    )
    for line in verdicts(found):
        console.print(line, soft_wrap=True)
    render_notes(console, notes, format_)


def _payout_column(currency: str) -> Column:
    return Column(f"payout − fee, {currency}", "payout_less_fee", ",.0f")


def _row(one: OddsAtRisk) -> dict[str, Any]:
    boot: Bootstrap = one.odds.bootstrap
    outside = one.out_of_sample
    return {
        "risk_pct": one.risk_pct,
        "passed": boot.passed,
        "error": boot.error,
        "failed": boot.failed,
        "open": boot.open,
        "no_edge": one.odds.no_edge,
        "out_of_sample": outside.bootstrap.passed if isinstance(outside, Odds) else None,
        "all_phases": one.odds.all_phases,
        "days": boot.days_to_pass,
        "start_dates": str(one.odds.start_dates),
        "campaigns": str(one.odds.campaigns),
        "payout_less_fee": one.odds.payout_less_fee,
    }


def show_rules(console: Console, rules: Sequence[RuleFile], today: dt.date, asked: Format) -> None:
    """Print rule files: a table with the disputed points below, CSV or JSON."""
    format_ = resolve_format(console, asked)
    rows = [_rules_row(one, today) for one in rules]
    if format_ is Format.JSON:
        console.file.write(json_text(rows))
    elif format_ is Format.CSV:
        joined = [{k: _text(v) for k, v in row.items()} for row in rows]
        console.file.write(csv_text(pd.DataFrame(joined)))
    else:
        print_table(console, pd.DataFrame(rows), _RULES_COLUMNS)
        for one in rules:
            console.print(f"\n{one.name}", soft_wrap=True)
            sources = [f"Sources: {', '.join(one.sources)}."]
            for line in (*sources, *one.warnings(today)):
                console.print(f"  {line}", soft_wrap=True)


def _rules_row(of: RuleFile, today: dt.date) -> dict[str, Any]:
    phases, daily = of.phases, [phase.daily_loss for phase in of.phases]
    return {
        "name": of.name,
        "firm": of.firm,
        "program": of.program,
        "checked": str(of.checked),
        "age_days": of.age_days(today),
        "verified": "yes" if of.verified else "not all",
        "target": " ".join(f"{phase.target_pct:g}" for phase in of.targets),
        "max_loss": f"{phases[0].max_loss.pct:g} {phases[0].max_loss.mode.replace('_', ' ')}",
        "daily_loss": f"{daily[0].pct:g} {daily[0].action}" if daily[0] else "none",
        "sources": list(of.sources),
        "disputed": list(of.disputed),
        "not_simulated": list(of.not_simulated),
    }


def _text(value: Any) -> Any:
    return "; ".join(value) if isinstance(value, list) else value
