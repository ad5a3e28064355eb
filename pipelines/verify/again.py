"""The part of the checks that needs the bars: a sample of the rows, computed again."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from ib_grid.analysis import RunSource, load_source
from ib_grid.errors import InputError
from ib_grid.runs.fingerprint import RESULTS_VERSION
from ib_grid.runs.manifest import Manifest
from pipelines.verify.checks import Check, Tell
from pipelines.verify.draw import Draw
from pipelines.verify.recompute import recompute

_METRICS = "metrics, computed again"
_TRADES = "trades of both engines"
_UNIT = "combinations"


def checks(
    manifest: Manifest, drawn: Draw, rows: pa.Table, bars: Path | None, tell: Tell
) -> tuple[Check, ...]:
    """Compute drawn rows again: their metrics, and the trades that both engines make.

    Nothing if no row was drawn.

    Parameters
    ----------
    manifest : Manifest
    drawn : Draw
    rows : Table
        The drawn rows of the files that are not damaged.
    bars : Path, optional
        Where the bars are now; by default where the manifest says.
    tell : callable
    """
    wanted = sum(drawn.counts.values())
    if not wanted:
        return ()
    unchecked, source = _source(manifest, bars)
    if source is None:
        return tuple(
            Check(what=what, checked=0, total=wanted, unit=_UNIT, unchecked=unchecked)
            for what in (_METRICS, _TRADES)
        )
    return _compared(drawn, rows, source, tell)


def _source(manifest: Manifest, bars: Path | None) -> tuple[str, RunSource | None]:
    """What the run was computed from, or why it cannot be had."""
    if manifest.results_version != RESULTS_VERSION:
        return (
            f"the results are of version {manifest.results_version}, and this ib-grid computes"
            f" version {RESULTS_VERSION}"
        ), None
    try:
        return "", load_source(manifest, bars)
    except InputError as error:
        return f"{error.message}: {error.location}", None


def _compared(drawn: Draw, rows: pa.Table, source: RunSource, tell: Tell) -> tuple[Check, Check]:
    wanted = sum(drawn.counts.values())
    metrics, trades, n_trades = [], [], 0
    for n_done, row in enumerate(rows.to_pylist(), start=1):
        found = recompute(row, source)
        n_trades += found.n_trades
        where = f"combination {found.combo_id}: "
        metrics += [where + found.metrics] if found.metrics else []
        trades += [where + found.trades] if found.trades else []
        tell("combinations computed again", n_done, rows.num_rows)
    lacking = wanted - rows.num_rows
    unchecked = f"{lacking:,} of the drawn rows are in damaged files" if lacking else ""
    return (
        Check(
            what=_METRICS,
            checked=rows.num_rows,
            total=wanted,
            unit=_UNIT,
            wrong=tuple(metrics),
            unchecked=unchecked,
        ),
        Check(
            what=f"{_TRADES} ({n_trades:,})",
            checked=rows.num_rows,
            total=wanted,
            unit=_UNIT,
            wrong=tuple(trades),
            unchecked=unchecked,
        ),
    )
