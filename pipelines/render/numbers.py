"""Number formats, the same in every file.

A count is a whole number. A metric, stored in float32, is the shortest decimal that reads back as
the same float32. A number computed from the rows (a score, a sum, a mean, a share) has 12
significant digits. Ranking uses the numbers as stored and computed, before any of this.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ib_grid.grid.columns import METRICS
from ib_grid.grid.variations import PREFIXES

COUNT_COLUMNS = frozenset(p + m.name for p in ("", *PREFIXES) for m in METRICS if m.unit == "count")

Scalar = int | float | str | bool


def significant(value: float) -> float:
    """Return a computed number with 12 significant digits."""
    return float(f"{value:.12g}")


def shortest_decimals(values: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return float32 values as the shortest decimals that read back the same; no -0."""
    return values.astype(np.float32).astype(np.str_).astype(np.float64) + 0.0


def published_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Return result rows with the numbers that every file shows."""
    columns = {name: rows[name] for name in rows.columns}
    for name, column in columns.items():
        if name in COUNT_COLUMNS:
            columns[name] = column.astype(np.int64)
        elif column.dtype == np.float32:
            values = shortest_decimals(column.to_numpy())
            columns[name] = pd.Series(values, index=column.index)
    return pd.DataFrame(columns, index=rows.index)


def row_values(row: Mapping[Any, Any]) -> dict[str, Scalar]:
    """Return the values of a row as plain Python values."""
    return {n: v.item() if isinstance(v, np.generic) else v for n, v in row.items()}


def plural(n: int, noun: str) -> str:
    """Return a count and its noun."""
    return f"{n:,} {noun if n == 1 else f'{noun}s'}"


def text(name: str, value: Scalar | None) -> str:
    """Return a value as text: all digits, with thousands separators except in ids."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) or name.endswith("_id"):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else f"{Decimal(repr(value)):,f}"
