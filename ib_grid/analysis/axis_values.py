"""Factors: the parameters of a grid one by one, with their values and positions.

Two grid axes join two parameters each (`Grid.rebound`, `Grid.trailing`). Here every parameter is a
factor of its own: each value has one or more positions on an axis, and placeholders that the
pruning rules leave belong to no value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ib_grid.grid.grid import Grid
from ib_grid.grid.params import DOMAINS, NUMERIC, Params
from ib_grid.runs.cubes import JOINED_AXES

Value = int | float | str | bool

UNITS = {
    "session": "local time",
    "ib_wait_minutes": "min",
    "trade_window_minutes": "min",
    "rr_target": "× stop distance",
    "tsl_target": "R, 0 = off",
    "tsl_sl": "R",
    "min_sl_pct": "fraction of price",
    "rev_rb_pct": "fraction of range",
    "ib_buffer_pct": "fraction of range",
    "max_distance_pct": "fraction of range",
}
_AXIS_OF = {name: axis for axis, pair in JOINED_AXES.items() for name in pair}
PARENTS = {second: first for first, second in JOINED_AXES.values()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """A parameter, or the session: its values, and the positions of each on a grid axis.

    Numbers are ascending; `axis` is the index of the axis.
    """

    name: str
    axis: int
    values: tuple[Value, ...]
    positions: tuple[tuple[int, ...], ...]

    @property
    def parent(self) -> str:
        """Return the factor that must be on for this one to matter, or an empty text."""
        return PARENTS.get(self.name, "")

    @property
    def unit(self) -> str:
        """Return the unit in brackets; empty without a unit."""
        return f"({UNITS[self.name]})" if self.name in UNITS else ""

    @property
    def labels(self) -> tuple[str, ...]:
        """Return the values as text."""
        return tuple(value_text(value) for value in self.values)


def value_text(value: Value) -> str:
    """Return a parameter's value as short text."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return value.replace("-", "–") if isinstance(value, str) else f"{value:g}"


def factors(grid: Grid) -> tuple[Factor, ...]:
    """Return the factors of a grid: the session, then the parameters in column order."""
    names = list(grid.axes)
    found = []
    for name in ("session", *DOMAINS):
        axis = names.index(_AXIS_OF.get(name, name))
        positions: dict[Value, list[int]] = {}
        for position, joined in enumerate(grid.axes[names[axis]]):
            value = own_value(name, joined)
            if value is not None:
                positions.setdefault(value, []).append(position)
        values = list(positions)
        if name in NUMERIC:
            values.sort()
        found.append(
            Factor(
                name=name,
                axis=axis,
                values=tuple(values),
                positions=tuple(tuple(positions[value]) for value in values),
            )
        )
    return tuple(found)


def own_value(name: str, value: object) -> Value | None:
    """Return a parameter's part of an axis value; None for a placeholder."""
    if isinstance(value, tuple):
        first, second = value
        own = second if name in PARENTS else first
        return own if name not in PARENTS or first else None
    return value if isinstance(value, (int, float, str)) else str(value)


def values_of(params: Params) -> dict[str, Value]:
    """Return the factors' values of a combination, without placeholders."""
    values: dict[str, Value] = {"session": str(params.session)}
    values |= {name: getattr(params, name) for name in DOMAINS}
    return {n: v for n, v in values.items() if n not in PARENTS or values[PARENTS[n]]}


class Edge(NamedTuple):
    """A parameter at the end of its tested range."""

    name: str
    value: Value
    end: str
    goes_on: bool  # whether values beyond are valid


def edges(grid: Grid, combination: Params | int) -> list[Edge]:
    """Return the parameters of a combination that sit at the end of their tested range.

    Parameters
    ----------
    grid : Grid
    combination : Params or int
        The parameters, or an id of the grid.

    Examples
    --------
    >>> from ib_grid.grid.named_grids import named_grid
    >>> from ib_grid.market.instruments import GER40
    >>> [edge.name for edge in edges(named_grid("standard", GER40), 0)][:2]
    ['ib_wait_minutes', 'trade_window_minutes']
    """
    own = values_of(combination if isinstance(combination, Params) else grid.params(combination))
    found = []
    for factor in factors(grid):
        if factor.name not in NUMERIC or len(factor.values) < 2 or factor.name not in own:
            continue
        value = own[factor.name]
        if value == factor.values[-1]:
            found.append(Edge(factor.name, value, "highest", True))
        elif value == factor.values[0]:
            found.append(Edge(factor.name, value, "lowest", _goes_below(factor.name, value)))
    return found


def _goes_below(name: str, value: Value) -> bool:
    step = 1 if DOMAINS[name].kind is int else 1e-6
    return DOMAINS[name].holds(value - step)  # type: ignore[operator]
