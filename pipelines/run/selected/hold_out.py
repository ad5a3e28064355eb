"""Opening of a run's hold-out: once, for the selected combination alone."""

from __future__ import annotations

import dataclasses
import shlex
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from rich.console import Console

from ib_grid import analysis
from ib_grid.errors import InputError
from ib_grid.robustness.conclusion.facts import opened_hold_out
from ib_grid.robustness.conclusion.hold_out import HoldOut
from ib_grid.runs.manifest import Manifest, read_manifest, write_manifest
from ib_grid.runs.source import load_source
from ib_grid.storage.lock import sole_writer
from ib_grid.storage.mapping_files import as_declared
from ib_grid.storage.paths import AnyPath
from ib_grid.storage.timestamps import utc_now
from pipelines.render.combinations.selected import Selected, select
from pipelines.render.formats import Format
from pipelines.render.numbers import published_rows, row_values
from pipelines.render.tables import Column, render

_METRICS = (
    "total_trades",
    "total_r",
    "avg_trade_r",
    "winrate",
    "max_drawdown",
    "sharpe_ratio",
)
_COLUMNS = (
    Column("dates", "dates", left=True),
    Column("trades", "total_trades", ".0f"),
    Column("total R", "total_r", ".2f"),
    Column("avg R", "avg_trade_r", ".3f"),
    Column("win %", "winrate", ".1f"),
    Column("max DD", "max_drawdown", ".2f"),
    Column("Sharpe", "sharpe_ratio", ".2f"),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OpenedHoldOut:
    """Outcome of a hold-out beside the ranked dates.

    `is_new` is False if the hold-out had been opened before.
    """

    selected: Selected
    outcome: HoldOut
    is_new: bool


def open_hold_out(run_dir: AnyPath, bars: Path | None = None) -> OpenedHoldOut:
    """Trade the selected combination on the held-out dates, and record the outcome in run.json.

    A hold-out that was opened before is not traded again.
    """
    with sole_writer(run_dir):
        manifest = read_manifest(run_dir)
        _check(manifest, run_dir)
        outcome = opened_hold_out(manifest)
        if outcome:
            selected = select(str(run_dir), combo_id=outcome.combo_id)
            return OpenedHoldOut(selected=selected, outcome=outcome, is_new=False)
        selected = select(str(run_dir))
        outcome = _outcome(selected, bars)
        write_manifest(run_dir, dataclasses.replace(manifest, hold_out=dataclasses.asdict(outcome)))
        return OpenedHoldOut(selected=selected, outcome=outcome, is_new=True)


def _check(manifest: Manifest, run_dir: AnyPath) -> None:
    """Refuse a run without a hold-out, or whose selection is not final."""
    if manifest.session_dates.hold_out is None:
        raise InputError(
            "the run holds out no session dates",
            location=str(run_dir),
            expected="a run that was started with --hold-out",
            hint="start one, such as `ib-grid run --hold-out 20%`",
        )
    if manifest.state != "finished":
        raise InputError(
            f"the run is {manifest.state}, so its selected combination can still change",
            location=str(run_dir),
            expected="a finished run",
            hint="run the same `ib-grid run` command again to finish it",
        )


def _outcome(selected: Selected, bars: Path | None) -> HoldOut:
    selected.trades(selected.source(bars))  # the run's own results must be reproducible
    source = load_source(selected.run.manifest, bars, held_out=True)
    first, last = source.span
    metrics = analysis.metrics(source, selected.combo_id)[list(_METRICS)]
    values = row_values(published_rows(metrics.to_frame().T).iloc[0].to_dict())
    content = {
        "opened_utc": utc_now(),
        "combo_id": selected.combo_id,
        "first": first,
        "last": last,
        "session_dates": len(analysis.session_dates(source, selected.combo_id)),
        **values,
    }
    return as_declared(HoldOut, content)


def show_hold_out(console: Console, opened: OpenedHoldOut, asked: Format) -> None:
    """Print the figures of the ranked and of the held-out dates, and whether they agree."""
    selected, outcome = opened.selected, opened.outcome
    rows = {"ranked": selected.metrics(), "held out": dataclasses.asdict(outcome)}
    frame = pd.DataFrame(
        [{"dates": d, **{m: of.get(m) for m in _METRICS}} for d, of in rows.items()]
    )
    notes = [outcome.sentence(selected.name), _opened(opened)]
    render(console, frame, _COLUMNS, asked, notes=notes, summary=dataclasses.asdict(outcome))


def _opened(opened: OpenedHoldOut) -> str:
    moment = opened.outcome.opened_utc.replace("T", " ").replace("+00:00", " UTC")
    if opened.is_new:
        return (
            f"Opened on {moment} and recorded; a hold-out counts only the first time. For the new"
            f" verdict: ib-grid report {shlex.quote(str(opened.selected.run.path))}"
        )
    return f"Opened before, on {moment}: this is the recorded outcome."
