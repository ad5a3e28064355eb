"""Default paths of files."""

from __future__ import annotations

from pathlib import Path

DATA_DIR = Path("data/optimized")
INSTRUMENTS_DIR = Path("data/instruments")
NEWS_DIR = Path("data/news")


def bars_file(symbol: str, data_dir: Path = DATA_DIR) -> Path:
    """Return the path of a symbol's bars."""
    return data_dir / f"{symbol}_m1.parquet"


def levels_file(symbol: str, data_dir: Path = DATA_DIR) -> Path:
    """Return the path of a symbol's levels."""
    return data_dir / f"{symbol}_ib_levels.parquet"


def news_paths() -> tuple[Path, ...]:
    """Return the folder of calendars if it exists, else nothing."""
    return (NEWS_DIR,) if NEWS_DIR.is_dir() else ()
