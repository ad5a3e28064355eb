"""Where files are by default."""

from __future__ import annotations

from pathlib import Path

DATA_DIR = Path("data/optimized")
INSTRUMENTS_DIR = Path("data/instruments")
