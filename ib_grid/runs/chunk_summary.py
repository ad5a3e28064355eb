"""Summaries of chunks for the progress of a run, and how to merge them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ib_grid.grid import scoring
from ib_grid.grid.chunks import Chunk
from ib_grid.grid.columns import METRIC_COLUMNS
from ib_grid.grid.variations import PREFIXES, VARIATIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Best:
    """Combination with the highest total R; the lowest id of equal ones."""

    combo_id: int
    total_r: float


@dataclass(frozen=True, slots=True, kw_only=True)
class VariationSums:
    """Sums of one variation's trades over the combinations that have any."""

    combinations: int
    trades: int
    total_r: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Summary of the results of some combinations.

    The best has at least `min_trades` trades, None if no combination has; `variations` goes by the
    names of `VARIATIONS`.
    """

    combinations: int
    min_trades: int
    best: Best | None
    variations: Mapping[str, VariationSums]


def summarise(chunk: Chunk, metrics: NDArray[np.float32], min_trades: int) -> Summary:
    """Return the summary of a chunk's metrics, rows `METRIC_COLUMNS`, shape (n_metrics, n_rows)."""
    return summary_of(chunk, dict(zip(METRIC_COLUMNS, metrics, strict=True)), min_trades)


def summary_of(chunk: Chunk, of: Mapping[str, NDArray[np.float32]], min_trades: int) -> Summary:
    """Return the summary from ``total_trades`` and ``total_r`` of all and of each variation."""
    return Summary(
        combinations=chunk.n_rows,
        min_trades=min_trades,
        best=_best(chunk, of["total_r"], scoring.eligible(of, min_trades)),
        variations={
            name: _sums(of[prefix + "total_trades"], of[prefix + "total_r"])
            for name, prefix in zip(VARIATIONS, PREFIXES, strict=True)
        },
    )


def _best(chunk: Chunk, total_r: NDArray[np.float32], eligible: NDArray[np.bool_]) -> Best | None:
    if not eligible.any():
        return None
    row = int(np.argmax(np.where(eligible, total_r, -np.inf)))
    return Best(combo_id=chunk.first_id + row, total_r=float(total_r[row]))


def _sums(trades: NDArray[np.float32], total_r: NDArray[np.float32]) -> VariationSums:
    return VariationSums(
        combinations=int(np.count_nonzero(trades)),
        trades=int(trades.sum(dtype=np.float64)),
        total_r=float(total_r.sum(dtype=np.float64)),
    )


def summary_from_dict(content: Mapping[str, object]) -> Summary:
    """Return the summary of its JSON values; KeyError, TypeError or ValueError if invalid."""
    best = content["best"]
    variations = dict(content["variations"])  # type: ignore[call-overload]
    return Summary(
        combinations=int(content["combinations"]),  # type: ignore[call-overload]
        min_trades=int(content["min_trades"]),  # type: ignore[call-overload]
        best=None if best is None else Best(**best),  # type: ignore[arg-type]
        variations={name: VariationSums(**variations[name]) for name in VARIATIONS},
    )


def merge(summaries: Iterable[Summary], min_trades: int) -> Summary:
    """Return the summary of all summaries, added in the order given.

    A best combination that was found with another `min_trades` is left out.
    """
    parts = list(summaries)
    bests = [part.best for part in parts if part.best and part.min_trades == min_trades]
    return Summary(
        combinations=sum(part.combinations for part in parts),
        min_trades=min_trades,
        best=max(bests, key=lambda best: (best.total_r, -best.combo_id), default=None),
        variations={name: _sum([part.variations[name] for part in parts]) for name in VARIATIONS},
    )


def _sum(parts: list[VariationSums]) -> VariationSums:
    return VariationSums(
        combinations=sum(part.combinations for part in parts),
        trades=sum(part.trades for part in parts),
        total_r=sum(part.total_r for part in parts),
    )
