"""Grids of synthetic R by date, as chunks, and the same as a plain array."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ib_grid.engine.fast.outcomes import NO_OUTCOME
from ib_grid.grid.grid import Grid
from ib_grid.grid.named_grids import grid_from_mapping
from ib_grid.market.instruments import GER40
from ib_grid.robustness.plan import TestPlan
from ib_grid.robustness.rounds import EachChunk
from ib_grid.robustness.whole_grid.streams import Streams

FIRST_DATE = 19_000  # days since 1970-01-01, in January 2022


def grid_of(n_sessions: int, n_buffers: int, n_targets: int) -> Grid:
    """Return a grid with a wait, so many settings per session and so many exits."""
    axes = {
        "ib_sessions": ["08:00-08:30", "08:00-09:00", "09:00-09:30"][:n_sessions],
        "ib_wait_minutes": [0],
        "trade_window_minutes": [60],
        "rr_target": [0.5 * (k + 1) for k in range(n_targets)],
        "stop_mode": ["eq"],
        "tsl_target": [0],
        "tsl_sl": [0.5],
        "min_sl_pct": [0.001],
        "rev_rb_enabled": [False],
        "rev_rb_pct": [0.5],
        "ib_buffer_pct": [0.01 * k for k in range(n_buffers)],
        "max_distance_pct": [1.0],
    }
    return grid_from_mapping(axes, GER40, location="test")


def chunk_of(
    r: np.ndarray, opposite: np.ndarray, n_exits: int, first_id: int = 0, dates: Any = None
) -> Streams:
    """Return dense R, dates × combinations, as a chunk; nan is a date without a trade."""
    n_dates = len(r)
    settings = r.reshape(n_dates, -1, n_exits).transpose(1, 0, 2)
    others = opposite.reshape(n_dates, -1, n_exits).transpose(1, 0, 2)
    traded = ~np.isnan(settings[:, :, 0])
    outcome = np.full(traded.shape, NO_OUTCOME, np.int32)
    outcome[traded] = np.arange(np.count_nonzero(traded))
    return Streams(
        first_id=first_id,
        dates=np.arange(FIRST_DATE, FIRST_DATE + n_dates) if dates is None else dates,
        outcome=outcome,
        r=settings[traded],
        opposite_r=others[traded],
    )


def each_of(plan: TestPlan, chunks: Iterable[Streams]) -> EachChunk:
    """Return how to work on these chunks."""
    return lambda work: (work(plan, chunk) for chunk in chunks)


@st.composite
def synthetic_chunks(draw: st.DrawFn) -> tuple[Grid, list[Streams]]:
    """Draw a small grid in chunks: ties, equal settings, idle ones, dates of one session alone."""
    n_sessions, n_buffers, n_targets = (draw(st.integers(1, n)) for n in (2, 4, 3))
    grid = grid_of(n_sessions, n_buffers, n_targets)
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_dates = draw(st.integers(3, 40))
    all_dates = FIRST_DATE + np.sort(random.choice(3 * n_dates, n_dates, replace=False))
    chunks = []
    for session in range(n_sessions):
        here = random.random(n_dates) < draw(st.sampled_from([1.0, 0.6]))
        here[:3] = True
        dates = all_dates[here]
        shape = n_buffers, len(dates)
        n_outcomes = draw(st.integers(1, 12))
        outcome = random.integers(NO_OUTCOME, n_outcomes, shape).astype(np.int32)
        outcome[random.random(n_buffers) < 0.2] = NO_OUTCOME
        steps = draw(st.sampled_from([1, 4, 64]))
        tables = random.integers(-2 * steps, 3 * steps, (2, n_outcomes, n_targets)) / steps
        cut = draw(st.integers(0, n_buffers))
        for first, end in ((0, cut), (cut, n_buffers)):
            if end > first:
                chunks.append(
                    Streams(
                        first_id=(session * n_buffers + first) * n_targets,
                        dates=dates,
                        outcome=outcome[first:end],
                        r=tables[0],
                        opposite_r=tables[1],
                    )
                )
    return grid, chunks


def dates_of(chunks: Iterable[Streams]) -> np.ndarray:
    return np.unique(np.concatenate([chunk.dates for chunk in chunks]))


def dense(
    chunks: Iterable[Streams], dates: np.ndarray, *, opposite: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return R, whether a trade was made, and whether the date is one of the session.

    Each of shape (n_dates, n_combinations).
    """
    parts = []
    for chunk in chunks:
        rows = np.searchsorted(dates, chunk.dates)
        n_exits = chunk.r.shape[1]
        r, traded, in_session = np.zeros((3, len(dates), len(chunk.outcome) * n_exits))
        r[rows] = chunk.dense(opposite=opposite)
        traded[rows] = np.repeat(chunk.outcome.T != NO_OUTCOME, n_exits, axis=1)
        in_session[rows] = 1
        parts.append((r, traded > 0, in_session > 0))
    r, traded, in_session = (np.concatenate(part, axis=1) for part in zip(*parts, strict=True))
    return r, traded, in_session
