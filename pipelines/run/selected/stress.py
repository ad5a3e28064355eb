"""Stress tests of a run on the terminal."""

from __future__ import annotations

import numpy as np
from dask.system import CPU_COUNT
from rich.console import Console

from ib_grid.account.stress import Stress, stress
from ib_grid.analysis.selection.top import top
from ib_grid.errors.validation import points
from pipelines.render.combinations.selected import Selected
from pipelines.render.formats import Format
from pipelines.render.tables import Column, render

N_TOP = 100
_MULTIPLES = (0, 0.5, 1, 2, 4)  # extra costs to list, as multiples of the spread
_COLUMNS = (
    Column("scenario", "scenario", left=True),
    Column("change", "change", left=True),
    Column("profitable %", "profitable_pct", ".2f"),
    Column("selected R", "total_r", ".1f"),
    Column("sd, R", "sd_r", ".1f"),
    Column("top mean R", "top_total_r", ".1f"),
    Column("top > 0", "top_profitable"),
)


def run_stress(selected: Selected, threads: int | None, console: Console) -> Stress:
    """Compute the stress tests of the run of a selected combination, with progress."""
    ids = top(selected.run, n=N_TOP)["combo_id"].tolist()
    with console.status("preparing the engine") as status:
        return stress(
            selected.run.source,
            selected.combo_id,
            ids,
            n_threads=threads or CPU_COUNT,
            progress=lambda label, share: status.update(f"{label}: {share:.0%}"),
        )


def show_stress(console: Console, selected: Selected, found: Stress, asked: Format) -> None:
    """Print the scenarios as a table, or as CSV or JSON."""
    spread = selected.run.manifest.fills.spread_points or 1.0
    counts = [
        {"extra_points": m * spread, "combinations": found.profitable_at(m * spread)}
        for m in _MULTIPLES
    ]
    own = float(found.break_even_points[selected.combo_id])
    summary = {
        "selected": {"combo_id": selected.combo_id, "break_even_points": own},
        "combinations": len(found.break_even_points),
        "still_profitable": counts,
    }
    rows = found.rows.astype(object).where(found.rows.notna(), None)
    shown = rows if asked is Format.JSON else found.rows
    render(console, shown, _COLUMNS, asked, notes=_notes(selected, found, own), summary=summary)


def _notes(selected: Selected, found: Stress, own: float) -> list[str]:
    spread = selected.run.manifest.fills.spread_points or 1.0
    n_top = min(N_TOP, selected.run.n_rows)
    still = ", ".join(
        f"{found.profitable_at(m * spread):,} at {points(m * spread)}" for m in _MULTIPLES
    )
    traded = found.break_even_points[found.break_even_points != 0]
    median = float(np.median(traded)) if len(traded) else 0.0
    return [
        f"Selected: {selected.name}, which breaks even at an extra cost of {own:.2f} points per"
        f" round trip; the median combination at {median:.2f}.",
        f"Combinations still profitable, by extra points per round trip: {still}.",
        f"top: the mean total R of the top {n_top} of the run, and how many make more than 0 R.",
        "sd, R: the standard deviation of the selected total R where chance decides which trades"
        " are missed.",
        f"As run: {selected.provenance}",
    ]
