"""Trades with the times of a clock beside UTC."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ib_grid.market.clock import LocalClock, minute_text


def with_local_times(trades: pd.DataFrame, clock: LocalClock) -> pd.DataFrame:
    """Return trades with what the clock shows: `entry_local`, `exit_local`, as text."""
    names = []
    for name in trades.columns:
        names += [name, name.replace("_time", "_local")] if name.endswith("_time") else [name]
    local = {}
    for name in ("entry", "exit"):
        minutes = trades[f"{name}_time"].to_numpy("datetime64[m]").astype(np.int64)
        local[f"{name}_local"] = [minute_text(minute) for minute in clock.from_utc(minutes)]
    return trades.assign(**local)[names]
