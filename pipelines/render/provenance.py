"""How the numbers of a run were made, in a line: fills, costs, bars, news filter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ib_grid.engine.execution import Execution
from ib_grid.errors import InputError
from ib_grid.errors.validation import points
from ib_grid.runs.manifest import RUN_FILE, Manifest

if TYPE_CHECKING:
    from ib_grid.runs.run import Run

_NOT_APPLIED = (
    "slippage and commission not applied, mid prices watched, target before stop in one bar"
)


def provenance(manifest: Manifest) -> str:
    """Fills with their costs, the first and last bar, and the news filter, as sentences in a line.

    Only characters that can be printed: what a run says must neither steer a terminal nor end a
    comment of an exported file.

    Raises
    ------
    InputError
        If the manifest does not say it.
    """
    try:
        fills = fills_text(manifest.fills)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            "run.json is damaged or foreign: fills or news are none",
            location=RUN_FILE,
            expected="a file that ib-grid has written",
        ) from error
    span = f"bars {manifest.data['first']} to {manifest.data['last']}"
    return "".join(filter(str.isprintable, f"{fills}; {span}. {manifest.news_statement.summary}"))


def fills_text(fills: Execution) -> str:
    """The execution model and its costs: ``realistic fills, spread 1.5 points, ...``."""
    said = f"{fills.model} fills, spread {points(fills.spread_points)} points"
    if fills.model == "original":
        return f"{said} ({_NOT_APPLIED})"
    return (
        f"{said}, slippage {points(fills.slippage_points)},"
        f" commission {points(fills.commission_points)}"
    )


def provenance_by_combination(runs: Mapping[str, Manifest]) -> list[str]:
    """As `provenance` of several runs by the names of their sets, those alike in one line."""
    names: dict[str, list[str]] = {}
    for name, manifest in runs.items():
        names.setdefault(provenance(manifest), []).append(name)
    return [f"{', '.join(alike)}: {said}" for said, alike in names.items()]


def run_note(run: Run, min_trades: int = 0) -> str:
    """Return how complete a run is, which of its rows are looked at, and its provenance."""
    least = f"; with {min_trades} trades or more" if min_trades else ""
    stored = "".join(f" {sentence}" for sentence in run.manifest.row_filter.notes())
    made = provenance(run.manifest)
    return f"{run.manifest.symbol}: {run.statement}{least}.{stored} {made[:1].upper()}{made[1:]}"
