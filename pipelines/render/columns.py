"""Result columns on a terminal: short headings, sensible decimals, and which ones come first."""

from __future__ import annotations

from collections.abc import Collection

from ib_grid.analysis.axis_values import value_text
from ib_grid.grid.columns import METRICS
from ib_grid.grid.params import DOMAINS
from ib_grid.grid.variations import PREFIXES, VARIATIONS
from pipelines.render.tables import Column

_SHORT = {
    "rank": "#",
    "combo_id": "id",
    "total_r": "total R",
    "total_trades": "trades",
    "winrate": "win %",
    "sharpe_ratio": "Sharpe",
    "max_drawdown": "max DD",
    "ib_wait_minutes": "wait",
    "trade_window_minutes": "window",
    "rr_target": "RR",
    "stop_mode": "stop",
    "ib_buffer_pct": "buffer",
    "max_distance_pct": "reach",
    "rev_rb": "REV_RB",
    "n_same": "equal",
    **{f"{name.lower()}_combo_id": f"{name} id" for name in VARIATIONS},
}
_SPECS = {"rank": "d", "combo_id": "d", "score": ".4f", "total_r": ".1f", "max_drawdown": ".1f"}
_OF_UNIT = {"count": ",.0f", "%": ".1f", "R": ".2f"}
_UNITS = {prefix + m.name: m.unit for prefix in ("", *PREFIXES) for m in METRICS}
_UNNAMED_UNITS = {
    "R": ("max_drawdown", "trailing"),
    "minutes": ("ib_wait_minutes", "trade_window_minutes"),
    "fractions of the range": ("ib_buffer_pct", "max_distance_pct"),
}
_ESSENTIAL = ("rank", "rr_target", "stop_mode", "trailing")


def units(names: Collection[str]) -> list[str]:
    """Return a line with the units of columns whose headings name none; no line without these.

    >>> units(["total_r", "max_drawdown", "ib_wait_minutes", "trade_window_minutes"])
    ['Units: max DD in R; wait, window in minutes.']
    """
    found = []
    for unit, members in _UNNAMED_UNITS.items():
        headings = [_SHORT.get(name, name) for name in members if name in names]
        found += [f"{', '.join(headings)} in {unit}"] if headings else []
    return [f"Units: {'; '.join(found)}."] if found else []


def column(name: str) -> Column:
    """Return a column of results for a terminal."""
    heading = _SHORT.get(name, name.replace("_", " "))
    essential = name in _ESSENTIAL or name.endswith("combo_id")
    if name in _SPECS:
        return Column(heading, name, _SPECS[name], essential=essential)
    if name in _UNITS:
        return Column(heading, name, _OF_UNIT.get(_UNITS[name], ".2f"))
    return Column(heading, name, value_text if name in DOMAINS else "", essential=essential)
