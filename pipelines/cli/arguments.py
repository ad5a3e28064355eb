"""Arguments and options that several commands share, apart from settings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.render.formats import Format

Run = Annotated[str, typer.Argument(help="Run directory or its URL; the run may be unfinished.")]
Combinations = Annotated[
    list[str],
    typer.Argument(
        metavar="RUN[:ID|@RANK]...", help="Combinations on one account; RUN alone is its rank 1."
    ),
]
Config = Annotated[
    Path | None,
    typer.Option("--config", help="TOML or JSON file whose [ranking] table is used."),
]
Excel = Annotated[
    bool,
    typer.Option(
        "--excel", help="Also write an Excel workbook; an existing one is always updated."
    ),
]
TableFormat = Annotated[
    Format, typer.Option("--format", help="auto: a table on a terminal, CSV in a pipe.")
]
Params = Annotated[
    str,
    typer.Option("--params", help="JSON file of the 14 parameters, such as *_best_params.json."),
]
CsvFile = Annotated[
    Path | None, typer.Option("--out", help="CSV file to write. [default: print to the screen]")
]

# Written out, since the help does not wait for the imports of the table of metrics.
COLUMNS = (
    "total_r, total_trades, winning_trades, losing_trades, avg_trade_r, avg_r_wins, avg_r_losses,"
    " winrate, profit_factor, max_drawdown, recovery_factor, sharpe_ratio, sortino_ratio,"
    " sharpe_trades, max_consec_wins, max_consec_losses, ambiguous_trades, break_even_points, each"
    " also for one variation with the prefix ocae_, tcwe_, reverse_ or rev_rb_; ib_wait_minutes,"
    " trade_window_minutes, rr_target, tsl_target, tsl_sl, min_sl_pct, ib_buffer_pct,"
    " max_distance_pct"
)
SortColumn = Annotated[
    str, typer.Option("--by", help=f"Column to sort by: score, combo_id, {COLUMNS}.")
]
Ascending = Annotated[bool, typer.Option("--ascending", help="Show the lowest values first.")]
Where = Annotated[
    str | None,
    typer.Option(
        help='Only combinations that meet a condition: "tsl_target > 0 and max_drawdown < 12".'
        " May also use or, not, in (a, b), + - * /."
    ),
]
MinTrades = Annotated[
    int | None,
    typer.Option(min=0, help="Minimum number of trades. [default: that of the run's ranking]"),
]

Rank = Annotated[
    int | None,
    typer.Option(help="Rank of the combination by score in the run's ranking. [default: 1]"),
]
ComboId = Annotated[
    int | None, typer.Option("--id", help="combo_id of the combination; replaces --rank.")
]
RunBars = Annotated[
    Path | None,
    typer.Option("--data", help="Bars of the run. [default: the file recorded in the run]"),
]
