"""Selections that the robustness tests cannot repeat on other dates."""

from __future__ import annotations

import re

from ib_grid.errors import ConfigError
from ib_grid.grid.filters.conditions import parse_condition
from ib_grid.grid.filters.row_filter import RowFilter
from ib_grid.grid.params import PARAM_NAMES
from ib_grid.grid.scoring import RankingSettings
from ib_grid.robustness.whole_grid.selection import ranking_of

_ENOUGH_TRADES = re.compile(r"total_trades *(>=?) *(\d+)")


def obstacle(ranking: RankingSettings, row_filter: RowFilter) -> ConfigError | None:
    """Return why a run's selection cannot be repeated; None if it can.

    Each repeat ranks the whole grid. A top-k threshold therefore changes nothing, and neither does
    a condition that only leaves out rows with too few trades to be ranked. Any other condition is
    part of the selection, and was met on all dates rather than on those of a repeat.
    """
    try:
        ranking_of(ranking)
    except ConfigError as error:
        return error
    condition = row_filter.condition
    if condition is None:
        return None
    enough = _ENOUGH_TRADES.fullmatch(condition)
    least = int(enough[2]) + (enough[1] == ">") if enough else None
    if least is not None and least <= ranking.min_trades:
        return None
    return ConfigError(
        f"the run ranks only rows with {condition}",
        expected="a selection that can be repeated on other dates",
        hint=f"run again without --filter{_instead(condition, least)}",
    )


def _instead(condition: str, least: int | None) -> str:
    """Return what has the effect of a condition, where something does."""
    if least is not None:
        return f", with min_trades = {least} under [ranking] in --config"
    if set(parse_condition(condition).columns) <= set(PARAM_NAMES):
        return ", on a --grid file that has only the values to be searched"
    return ""
