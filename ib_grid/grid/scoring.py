"""Ranking of combinations: eligibility, the composite score, and one total order.

A score is relative to all ranked rows, so ranking takes two passes: the extrema of each
score column over the eligible rows, then the scores. Both work block by block, and the extrema of
blocks merge, so a grid of any size is ranked in bounded memory, with the same numbers however it
is cut.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ib_grid.errors import ConfigError, StoreError
from ib_grid.errors.validation import cut, finite_number, shown
from ib_grid.grid.columns import METRIC_COLUMNS, METRIC_NAMES

Columns = Mapping[str, NDArray[Any]]

DEFAULT_WEIGHTS = {"total_r": 0.40, "sharpe_ratio": 0.35, "winrate": 0.25}
DEFAULT_MIN_TRADES = 10
MOST_MIN_TRADES = 1_000_000_000
WEIGHT_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingSettings:
    """Weights of the score, and the fewest trades a ranked combination may have.

    Attributes
    ----------
    weights : mapping of str to float
        Metric column to its weight; they sum to 1. A negative weight ranks small values high.
        Kept in the order of the result columns, so that the order given cannot change a score.
    min_trades : int
        A combination with fewer trades is not ranked.
    """

    weights: Mapping[str, float] = field(default_factory=lambda: dict(DEFAULT_WEIGHTS))
    min_trades: int = DEFAULT_MIN_TRADES

    def __post_init__(self) -> None:
        _check_weights(self.weights)
        _check_min_trades(self.min_trades)
        ordered = {n: float(self.weights[n]) for n in METRIC_COLUMNS if n in self.weights}
        object.__setattr__(self, "weights", ordered)

    def weights_of(self, prefix: str) -> dict[str, float]:
        """Return the weights with a variation's prefix; prefixed columns stay as they are."""
        weights: dict[str, float] = {}
        for name, weight in self.weights.items():
            column = prefix + name if name in METRIC_NAMES else name
            weights[column] = weights.get(column, 0.0) + weight
        return weights


def _check_weights(weights: object) -> None:
    if not isinstance(weights, Mapping):
        raise ConfigError(
            f"invalid weights {shown(weights)}",
            location="ranking weights",
            expected="a number for each metric column",
        )
    unknown = [str(name) for name in weights if name not in METRIC_COLUMNS]
    if unknown:
        raise ConfigError(
            f"unknown metric column {cut(', '.join(unknown))}",
            location="ranking weights",
            expected=f"{', '.join(METRIC_NAMES)}, also with the prefix of a variation",
        )
    for name, weight in weights.items():
        if finite_number(weight) is None:
            raise ConfigError(
                f"the weight of {name} is {shown(weight)}",
                location="ranking weights",
                expected="a finite number",
            )
    try:
        total = math.fsum(weights.values())
    except OverflowError:
        total = math.inf
    if abs(total - 1) > WEIGHT_TOLERANCE:
        raise ConfigError(
            f"the weights sum to {total:.12g}", location="ranking weights", expected="a sum of 1"
        )


def _check_min_trades(min_trades: object) -> None:
    whole = isinstance(min_trades, int) and not isinstance(min_trades, bool)
    if not whole or min_trades not in range(MOST_MIN_TRADES + 1):
        raise ConfigError(
            f"min_trades is {shown(min_trades)}",
            expected=f"a whole number from 0 to {MOST_MIN_TRADES:,}",
        )


class Extrema(NamedTuple):
    """Lowest and highest value of each score column over rows, in the order of the weights.

    `low` and `high` have shape (n_columns,); +inf and -inf without rows.
    """

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    n_rows: int

    def merge(self, other: Extrema) -> Extrema:
        """Return the extrema over the rows of both."""
        return Extrema(
            np.minimum(self.low, other.low),
            np.maximum(self.high, other.high),
            self.n_rows + other.n_rows,
        )


def no_extrema(n_columns: int) -> Extrema:
    """Return the extrema over no row, to merge others with."""
    return Extrema(np.full(n_columns, np.inf), np.full(n_columns, -np.inf), 0)


def check_finite(columns: Columns, names: tuple[str, ...]) -> None:
    """Refuse values that cannot be ranked; `columns` also holds ``combo_id``."""
    for name in names:
        wrong = ~np.isfinite(columns[name])
        if wrong.any():
            row = int(wrong.argmax())
            raise StoreError(
                f"{name} of combination {columns['combo_id'][row]} is {columns[name][row]}"
                f" ({int(wrong.sum())} such rows)",
                expected="a finite number",
                hint="remove the file and run again to recompute its rows",
            )


def eligible(columns: Columns, min_trades: int, prefix: str = "") -> NDArray[np.bool_]:
    """Return a mask of the rows with enough trades to be ranked, shape (n_rows,).

    With the prefix of a variation, its own trades count.

    Examples
    --------
    >>> eligible({"total_trades": np.array([3, 10, 12])}, 10)
    array([False,  True,  True])
    """
    return np.asarray(columns[f"{prefix}total_trades"] >= min_trades)


def take(columns: Columns, names: Iterable[str], rows: NDArray[np.bool_] | np.bool_) -> Columns:
    """Return the columns `names` at the rows that are True; views where all of them are."""
    if rows.all():
        return {name: columns[name] for name in names}
    index = np.flatnonzero(rows)
    return {name: columns[name][index] for name in names}


def column_extrema(columns: Columns, weights: Mapping[str, float]) -> Extrema:
    """Return the extrema of the score columns over these finite, eligible rows."""
    values = [columns[name] for name in weights]
    low = [np.min(v, initial=np.inf) for v in values]
    high = [np.max(v, initial=-np.inf) for v in values]
    return Extrema(np.array(low, np.float64), np.array(high, np.float64), len(values[0]))


def composite_scores(
    columns: Columns, weights: Mapping[str, float], extrema: Extrema
) -> NDArray[np.float64]:
    """Return the weighted sum of the score columns, each min-max normalised, shape (n_rows,).

    Columns are finite and within the extrema, which are those over all rows that are ranked
    together. A column that has one value throughout is undefined after normalising, and adds 0 for
    all.
    """
    scores = np.zeros(len(columns[next(iter(weights))]))
    for (name, weight), low, high in zip(weights.items(), extrema.low, extrema.high, strict=True):
        if high > low:
            scores += weight * ((columns[name].astype(np.float64) - low) / (high - low))
    return scores


def best_first(
    scores: NDArray[np.float64], combo_id: NDArray[np.int64], n: int
) -> NDArray[np.intp]:
    """Return the rows of the top `n`: score descending, then `combo_id` ascending."""
    return np.lexsort((combo_id, -scores))[:n]
