"""Grids and bars of the sizes at which the cost of a run is measured.

Larger grids are the expanded grid with finer axes. More years of bars are the real ones of 2016 to
2018 followed by synthetic ones, or only synthetic ones without `tests.helpers.paths.SHARED`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ib_grid.grid.grid import Grid
from ib_grid.grid.named_grids import GRID_VALUES, grid_from_mapping
from ib_grid.market.bars import Bars
from ib_grid.market.csv import read_csv_bars
from ib_grid.market.instruments import GER40
from pipelines.inputs.demo import demo_bars
from tests.helpers.paths import SHARED

REAL = SHARED / "data" / "GER40"
FIRST_YEAR, N_REAL_YEARS = 2016, 3


def _steps(first: float, step: float, n: int) -> list[float]:
    return [round(first + step * k, 3) for k in range(n)]


_BUFFERS_AND_REACHES = {
    "ib_buffer_pct": _steps(0.0, 0.02, 10),
    "max_distance_pct": _steps(0.4, 0.1, 10),
}
# Axes that replace those of the expanded grid, by millions of combinations.
AXES: dict[float, dict[str, list[float] | list[int]]] = {
    0.1: {
        "ib_wait_minutes": [0, 15],
        "trade_window_minutes": [60, 120],
        "rr_target": [0.5, 1.0, 1.5, 2.0],
    },
    1.5: {},
    3: {"max_distance_pct": _steps(0.4, 0.1, 10)},
    6: _BUFFERS_AND_REACHES,
    10: {**_BUFFERS_AND_REACHES, "rr_target": _steps(0.4, 0.15, 12)},
    100: {
        "trade_window_minutes": [30, 40, 50, *range(60, 241, 15)],
        "rr_target": _steps(0.4, 0.1, 21),
        "tsl_target": _steps(0.0, 0.25, 9),
        "tsl_sl": _steps(0.25, 0.25, 8),
        "ib_buffer_pct": _steps(0.0, 0.025, 12),
        "max_distance_pct": _steps(0.4, 0.1, 14),
    },
}


def axes_of(million: float) -> dict[str, list[object]]:
    """Return all axes of a grid of about this many million combinations."""
    expanded = {name: list(values) for name, values in GRID_VALUES["expanded"].items()}
    return {**expanded, **AXES[million]}  # type: ignore[dict-item]


def grid_of(million: float) -> Grid:
    """Return a grid of about this many million combinations."""
    return grid_from_mapping(axes_of(million), GER40)


def write_grid(path: Path, million: float) -> None:
    """Write a grid file for `--grid`."""
    lines = (f"{name} = {_toml(values)}" for name, values in axes_of(million).items())
    path.write_text("\n".join(lines) + "\n")


def _toml(values: list[object]) -> str:
    texts = (str(v).lower() if isinstance(v, bool) else repr(v).replace("'", '"') for v in values)
    return f"[{', '.join(texts)}]"


def real_bars() -> Bars | None:
    """Return the real bars of GER40, 2016 to 2018, or None without the shared folder."""
    return read_csv_bars([REAL], GER40)[0] if REAL.is_dir() else None


def bars_of(years: int, real: Bars | None) -> Bars:
    """Return bars of this many years from 2016 on; each synthetic year has its own seed."""
    n_real = min(years, N_REAL_YEARS) if real is not None else 0
    synthetic = range(FIRST_YEAR + n_real, FIRST_YEAR + years)
    parts = [demo_bars(year=year, seed=year) for year in synthetic]
    if real is not None:
        end = np.datetime64(f"{FIRST_YEAR + n_real}-01-01", "m").astype(np.int64)
        parts.insert(0, real.take(real.minute < end))
    names = ("minute", "open", "high", "low", "close")
    return Bars(**{n: np.concatenate([getattr(part, n) for part in parts]) for n in names})
