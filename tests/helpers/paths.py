"""Paths of folders that tests read.

The real bars and the golden trades made from them are not the project's to pass on. They are read
from the folder that IB_GRID_SHARED names, by default `../shared` beside the checkout, if it exists.
"""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data"
GOLDEN = DATA / "golden"
SHARED = Path(os.environ.get("IB_GRID_SHARED", ROOT.parent / "shared"))
