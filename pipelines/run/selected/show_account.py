"""The statement of an account: a table of figures, JSON or CSV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from rich.console import Console

from ib_grid.account.money.sizing import AccountSettings
from ib_grid.account.money.statement import Statement, statement
from pipelines.render.csv_files import csv_text
from pipelines.render.formats import Format
from pipelines.render.tables import (
    Column,
    json_text,
    records,
    render_notes,
    resolve_format,
    table_of,
)
from pipelines.run.selected.traded import Combinations

_COLUMNS = (
    Column("", "figure", left=True),
    Column("", "value"),
    Column("of opening balance", "share"),
)


def account_statement(settings: AccountSettings, of: Combinations) -> Statement:
    """Return the statement of combinations on one account."""
    return statement(settings, of.trades.traded, of.trades.dates)


def show_statement(console: Console, found: Statement, notes: Sequence[str], asked: Format) -> None:
    """Print a statement: figures as a table, everything as JSON, or as CSV every trade."""
    format_ = resolve_format(console, asked)
    if format_ is Format.CSV:
        render_notes(console, notes, format_)
        console.file.write(csv_text(found.trades))
    elif format_ is Format.JSON:
        console.file.write(json_text(_object(found, notes)))
    else:
        console.print(table_of(pd.DataFrame(_rows(found)), _COLUMNS))
        render_notes(console, notes, format_)


def _object(found: Statement, notes: Sequence[str]) -> dict[str, Any]:
    return {
        "notes": list(notes),
        "summary": found.summary,
        "daily": records(found.daily.rename_axis("date").reset_index()),
        "trades": records(found.trades),
    }


def _rows(found: Statement) -> list[dict[str, str]]:
    """Return the lines of the table; money in the account's currency."""
    of, currency = found.summary, found.account.currency
    months = f"{of['months_to_recover']:.1f}" + ("" if of["recovered"] else ", not yet recovered")
    return [
        _row("opening balance", _money(of["initial_balance"], currency)),
        _row("closing balance", _money(of["final_balance"], currency), of["profit_pct"]),
        _drawdown(of, "closed", currency),
        _drawdown(of, "floating", currency),
        _row(
            f"worst day, {of['worst_day_date']}",
            _money(of["worst_day"], currency),
            of["worst_day_pct"],
        ),
        _row(
            f"worst week, to {of['worst_week_date']}",
            _money(of["worst_week"], currency),
            of["worst_week_pct"],
        ),
        _row("longest recovery, months", months),
        _row("trades", f"{of['trades']:,}"),
        _row("skipped, below the smallest lot", f"{of['skipped']:,}"),
        _row("reduced by the margin limit", f"{of['capped_by_margin']:,}"),
        _row("reduced to the largest lot", f"{of['capped_by_max_lot']:,}"),
        _row("average risk per trade", "", of["mean_risk_pct"], sign=""),
    ]


def _drawdown(of: Mapping[str, Any], kind: str, currency: str) -> dict[str, str]:
    name = f"max_drawdown_{kind}"
    return _row(f"largest drawdown, {kind}", _money(of[name], currency), of[f"{name}_pct"], sign="")


def _row(figure: str, value: str, share: Any = None, *, sign: str = "+") -> dict[str, str]:
    return {
        "figure": figure,
        "value": value,
        "share": "" if share is None else f"{float(share):{sign}.2f}%",
    }


def _money(value: Any, currency: str) -> str:
    return f"{float(value):,.0f} {currency}"
