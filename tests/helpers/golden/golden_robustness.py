"""Small synthetic inputs with expected results of an independent implementation."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np

from tests.helpers.paths import DATA


@cache
def golden() -> dict[str, Any]:
    path = DATA / "robustness" / "golden_robustness.json"
    return json.loads(path.read_text(encoding="utf-8"))


def inputs(name: str) -> np.ndarray:
    """R, opposite, R_edge (dates × combinations), counts, signs (dates × draws) or month."""
    return np.array(golden()["inputs"][name])


def sharpe(r: np.ndarray) -> np.ndarray:
    deviation = r.std(axis=0, ddof=1)
    return np.where(deviation < 1e-12, 0.0, r.mean(axis=0) / np.maximum(deviation, 1e-12))
