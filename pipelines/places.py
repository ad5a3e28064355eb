"""Where files are by default."""

from __future__ import annotations

from pathlib import Path

DATA_DIR = Path("data/optimized")
