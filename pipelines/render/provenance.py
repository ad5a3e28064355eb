"""Provenance of the numbers of a run in one line: fills, costs, bars, news filter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ib_grid.engine.execution_settings import Execution
from ib_grid.errors.validation import points
from ib_grid.runs.manifest import Manifest

if TYPE_CHECKING:
    from ib_grid.runs.run import Run

_NOT_APPLIED = "without slippage and commission, at mid prices, target before stop within a bar"


def provenance(manifest: Manifest) -> str:
    """Return fills and costs, first and last bar, and news filter of a run in one line.

    The line holds printable characters only: text from a manifest must neither control a terminal
    nor end a comment in an exported file.
    """
    fills, data = fills_text(manifest.fills), manifest.data
    span = f"bars {data['first']} to {data['last']}"
    return "".join(filter(str.isprintable, f"{fills}; {span}. {manifest.news_statement.summary}"))


def fills_text(fills: Execution) -> str:
    """Return execution model and costs, such as ``realistic fills, spread 1.5 points``."""
    text = f"{fills.model} fills, {spread_text(fills)}"
    if fills.delay_minutes:
        text += f", entries {fills.delay_minutes} min late"
    if fills.model == "original":
        return f"{text} ({_NOT_APPLIED})"
    return (
        f"{text}, slippage {points(fills.slippage_points)},"
        f" commission {points(fills.commission_points)}"
    )


def spread_text(fills: Execution) -> str:
    """Return the spread, such as ``spread 1.5 points``, or its range by the hour."""
    if fills.spread_by_hour is None:
        return f"spread {points(fills.spread_points)} points"
    low, high = min(fills.spread_by_hour.points), max(fills.spread_by_hour.points)
    clock = fills.spread_by_hour.clock
    return f"spread {points(low)} to {points(high)} points by the hour of {clock}"


def provenance_by_combination(runs: Mapping[str, Manifest]) -> list[str]:
    """Return the provenance of named combinations, one line per distinct provenance."""
    names: dict[str, list[str]] = {}
    for name, manifest in runs.items():
        names.setdefault(provenance(manifest), []).append(name)
    return [f"{', '.join(alike)}: {line}" for line, alike in names.items()]


def run_note(run: Run, min_trades: int = 0) -> str:
    """Return the completeness of a run, the rows in use, and the provenance."""
    least = f", at least {min_trades} trades each" if min_trades else ""
    stored = "".join(f" {sentence}" for sentence in run.manifest.row_filter.notes())
    made = provenance(run.manifest)
    return f"{run.manifest.symbol}: {run.statement}{least}.{stored} {made[:1].upper()}{made[1:]}"
