"""Where files are by default."""

from __future__ import annotations

from pathlib import Path

DATA_DIR = Path("data/optimized")
INSTRUMENTS_DIR = Path("data/instruments")


def bars_file(symbol: str, data_dir: Path = DATA_DIR) -> Path:
    """The place of a symbol's bars."""
    return data_dir / f"{symbol}_m1.parquet"


def levels_file(symbol: str, data_dir: Path = DATA_DIR) -> Path:
    """The place of a symbol's levels."""
    return data_dir / f"{symbol}_ib_levels.parquet"
