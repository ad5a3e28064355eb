"""How many combinations stay profitable at a higher cost per round trip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ib_grid.runs import row_blocks
from ib_grid.runs.row_blocks import File
from pipelines.cluster.executors import SERIAL_EXECUTOR, Executor
from pipelines.report.run_info import RunInfo

COLUMN = "break_even_points"
_STEPS_PER_SPREAD, _SPREADS = 50, 40
_WITHOUT_SPREAD = 1.0  # points that stand for the spread of a run that pays none


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CostCurve:
    """Combinations that are profitable at an extra cost.

    Attributes
    ----------
    extra_points : float64 array, shape (n,)
        Extra cost per round trip from 0 to the first at which none is left, or to 40 spreads.
    profitable : int64 array, shape (n,)
    """

    extra_points: NDArray[np.float64]
    profitable: NDArray[np.int64]


def cost_curve(
    files: Sequence[File], info: RunInfo, executor: Executor = SERIAL_EXECUTOR
) -> CostCurve | None:
    """Return the curve of a run; None if its rows have no break-even costs."""
    if COLUMN not in info.metrics:
        return None
    width = (float(info.execution["spread_points"]) or _WITHOUT_SPREAD) / _STEPS_PER_SPREAD
    n = _STEPS_PER_SPREAD * _SPREADS
    counts = np.sum(list(executor.map(partial(_counts, width=width, n=n), files)), axis=0)
    above = np.cumsum(counts[::-1])[::-1]  # of each step: the combinations that bear more
    last = int(np.count_nonzero(above)) + 1
    steps = np.arange(n + 1, dtype=np.float64)[:last]
    return CostCurve(extra_points=steps * width, profitable=above[:last])


def _counts(files: Sequence[File], width: float, n: int) -> NDArray[np.int64]:
    """Count the break-even costs above 0 in steps ``(k * width, (k + 1) * width]``."""
    counts = np.zeros(n + 1, np.int64)
    for block in row_blocks.read_blocks(files, (COLUMN,)):
        values = block.columns[COLUMN].astype(np.float64)
        steps = np.ceil(values[values > 0] / width).astype(np.int64) - 1
        counts += np.bincount(np.minimum(steps, n), minlength=n + 1)
    return counts
