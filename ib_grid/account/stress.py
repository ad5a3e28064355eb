"""Stress tests of a whole grid: wider costs, late entries, strict limit orders, missed trades.

Where a change moves fills, the engine computes every combination again; the others are arithmetic
on the results: commission by the break-even (STRATEGY.md, section 8), missed and best trades on the
trades of the selected combinations.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ib_grid.engine.execution_settings import Execution
from ib_grid.engine.fast import engine
from ib_grid.grid.chunks import plan_chunks
from ib_grid.grid.columns import METRIC_COLUMNS
from ib_grid.runs.source import RunSource
from ib_grid.storage.threads import in_threads

Progress = Callable[[str, float], None]

_COLUMNS = [METRIC_COLUMNS.index(name) for name in ("total_r", "break_even_points")]
_ROWS_PER_CHUNK = 20_000
_SPREADS = (0.5, 1.0)  # extra costs, as multiples of the spread
_DELAYS = (1, 2, 5)  # minutes
_SHARES_MISSED = (0.1, 0.2)
_BEST_TRADES = (1, 5, 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Change of the execution that moves fills."""

    name: str
    change: str
    execution: Execution


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stress:
    """Stress tests of a run.

    Attributes
    ----------
    rows : DataFrame
        A row per scenario: `scenario`, `change`; `profitable_pct` of all combinations, NaN where
        only the selected ones are computed; `total_r` of the selected combination and its standard
        deviation `sd_r` where chance decides; `top_total_r`, the mean of the top ones, and
        `top_profitable`, their number with a total R above 0.
    break_even_points : float32 array, shape (n_combinations,)
        Of every combination, as the run was computed; 0 without trades.
    """

    rows: pd.DataFrame
    break_even_points: NDArray[np.float32]

    def profitable_at(self, extra_points: float) -> int:
        """Return the number of combinations still profitable at an extra cost per round trip."""
        return int((self.break_even_points > max(extra_points, 0)).sum())


def scenarios(execution: Execution) -> tuple[Scenario, ...]:
    """Return the changes of an execution that move fills; without slippage in `original`.

    Examples
    --------
    >>> [s.change for s in scenarios(Execution(spread_points=1.5)) if s.name == "spread"]
    ['+0.75 points', '+1.5 points']
    """
    extra = [share * execution.spread_points for share in _SPREADS if execution.spread_points]
    found = [Scenario(name="as run", change="", execution=execution)]
    found += [_scenario("spread", _wider(execution, x), x) for x in extra]
    if execution.model == "realistic":
        slipped = execution.slippage_points
        found += [
            _scenario("slippage", dataclasses.replace(execution, slippage_points=slipped + x), x)
            for x in extra
        ]
    for minutes in _DELAYS:
        late = dataclasses.replace(execution, delay_minutes=execution.delay_minutes + minutes)
        found.append(Scenario(name="late entry", change=f"+{minutes} min", execution=late))
    through = execution.limit_through_points
    for x in extra:
        strict = dataclasses.replace(execution, limit_through_points=through + x)
        found.append(_scenario("limit beyond", strict, x))
    return tuple(found)


def _scenario(name: str, execution: Execution, points: float) -> Scenario:
    return Scenario(name=name, change=f"+{points:g} points", execution=execution)


def _wider(execution: Execution, points: float) -> Execution:
    by_hour = execution.spread_by_hour
    if by_hour is not None:
        wider = tuple(spread + points for spread in by_hour.points)
        by_hour = dataclasses.replace(by_hour, points=wider)
    return dataclasses.replace(
        execution, spread_points=execution.spread_points + points, spread_by_hour=by_hour
    )


def stress(
    source: RunSource,
    combo_id: int,
    top_ids: Sequence[int],
    *,
    n_threads: int = 1,
    progress: Progress = lambda *_: None,
) -> Stress:
    """Return the stress tests of a run's whole grid.

    Parameters
    ----------
    source : RunSource
    combo_id : int
        The selected combination.
    top_ids : sequence of int
        The top combinations, at least one.
    n_threads : int
        Threads that compute.
    progress : callable
        Called with a scenario and the share of it that is computed.

    Raises
    ------
    GridError
        If the grid has no such combination.
    """
    top = np.asarray(top_ids, np.int64)
    trades = {int(i): _results(source, int(i)) for i in {combo_id, *top.tolist()}}
    rows = []
    as_run = np.zeros(0)
    break_even = np.zeros(0, np.float32)
    planned = scenarios(source.context.execution)
    for number, scenario in enumerate(planned, start=1):
        label = f"scenario {number} of {len(planned)}, {scenario.name} {scenario.change}".strip()
        total_r, points = _totals(source, scenario.execution, n_threads, label, progress)
        if scenario.name == "as run":
            as_run, break_even = total_r, points
        rows.append(_row(scenario.name, scenario.change, total_r, combo_id, top))
    extra = [share * source.context.execution.spread_points for share in _SPREADS]
    for x in filter(None, extra):
        charged = with_commission(as_run, break_even, x)
        rows.append(_row("commission", f"+{x:g} points", charged, combo_id, top))
    for share in _SHARES_MISSED:
        totals = {i: missed_at_random(r, share) for i, r in trades.items()}
        means = {i: mean for i, (mean, _) in totals.items()}
        row = _row_of_some("trades missed", f"{share:.0%} at random", means, combo_id, top)
        rows.append({**row, "sd_r": totals[combo_id][1]})
    for n in _BEST_TRADES:
        left = {i: without_best(r, n) for i, r in trades.items()}
        change = "without the best trade" if n == 1 else f"without the best {n} trades"
        rows.append(_row_of_some("best trades", change, left, combo_id, top))
    return Stress(rows=pd.DataFrame(rows), break_even_points=break_even)


def with_commission(
    total_r: NDArray[np.float64], break_even_points: NDArray[np.float32], points: float
) -> NDArray[np.float64]:
    """Return total R at an extra commission per round trip: ``R - c * sum(1 / risk)``.

    A combination whose total R is exactly 0 keeps it.
    """
    per_point = np.zeros_like(total_r)
    np.divide(total_r, break_even_points, out=per_point, where=break_even_points != 0)
    return total_r - points * per_point


def missed_at_random(r: NDArray[np.float64], share: float) -> tuple[float, float]:
    """Return mean and standard deviation of total R if each trade is missed with a probability.

    Examples
    --------
    >>> missed_at_random(np.array([2.0, -1.0]), 0.5)
    (0.5, 1.118033988749895)
    """
    return (1 - share) * float(r.sum()), float(np.sqrt(share * (1 - share) * (r * r).sum()))


def without_best(r: NDArray[np.float64], n: int) -> float:
    """Return total R without the best `n` trades.

    Examples
    --------
    >>> without_best(np.array([2.0, -1.0, 3.0]), 1)
    1.0
    """
    return float(np.sort(r)[: max(len(r) - n, 0)].sum())


def _results(source: RunSource, combo_id: int) -> NDArray[np.float64]:
    trades = engine.trades(source.context, source.params(combo_id))
    return trades["r"].to_numpy(np.float64)


def _totals(
    source: RunSource, execution: Execution, n_threads: int, label: str, progress: Progress
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Return total R and break-even of every combination, in the order of the ids."""
    context = dataclasses.replace(source.context, execution=execution)
    plan = plan_chunks(source.grid, _ROWS_PER_CHUNK)

    def of_chunk(index: int) -> NDArray[np.float32]:
        return engine.evaluate(context, source.grid, plan.chunk(index))[_COLUMNS]

    parts = []
    for part in in_threads(n_threads, of_chunk, range(len(plan))):
        parts.append(part)
        progress(label, len(parts) / len(plan))
    total_r, break_even = np.concatenate(parts, axis=1)
    return total_r.astype(np.float64), break_even


def _row(
    name: str, change: str, total_r: NDArray[np.float64], combo_id: int, top: NDArray[np.int64]
) -> dict[str, object]:
    some = {int(i): float(total_r[i]) for i in (combo_id, *top)}
    row = _row_of_some(name, change, some, combo_id, top)
    return {**row, "profitable_pct": 100 * float((total_r > 0).mean())}


def _row_of_some(
    name: str, change: str, total_r: dict[int, float], combo_id: int, top: NDArray[np.int64]
) -> dict[str, object]:
    of_top = np.array([total_r[int(i)] for i in top])
    return {
        "scenario": name,
        "change": change,
        "profitable_pct": np.nan,
        "total_r": total_r[combo_id],
        "sd_r": np.nan,
        "top_total_r": float(of_top.mean()),
        "top_profitable": int((of_top > 0).sum()),
    }
