"""A grid's parameters one by one: their values, and which combinations have each.

Two axes of the ids join two parameters each (`Grid.rebound`, `Grid.trailing`). Here every parameter
is a factor of its own: its value takes one or more places on an axis, and the placeholders that
the pruning rules leave belong to no value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ib_grid.grid.grid import Grid
from ib_grid.grid.params import DOMAINS, Params

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
# The axes of the ids that join two parameters; the second counts only where the first is on.
JOINED_AXES = {"trailing": ("tsl_target", "tsl_sl"), "rebound": ("rev_rb_enabled", "rev_rb_pct")}
_AXIS_OF = {name: axis for axis, pair in JOINED_AXES.items() for name in pair}
PARENTS = {second: first for first, second in JOINED_AXES.values()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """A parameter, or the session, and where its values lie in the grid.

    Attributes
    ----------
    name : str
    axis : int
        The axis of the ids on which it lies.
    values : tuple
        Ascending, where they are numbers.
    positions : tuple of tuple of int
        For each value, its places on the axis.
    """

    name: str
    axis: int
    values: tuple[Value, ...]
    positions: tuple[tuple[int, ...], ...]

    @property
    def is_ordered(self) -> bool:
        """Whether its values are numbers."""
        return self.name in DOMAINS and DOMAINS[self.name].kind in (int, float)

    @property
    def parent(self) -> str:
        """The factor within which it counts, as `tsl_sl` where there is trailing, or none."""
        return PARENTS.get(self.name, "")

    @property
    def unit(self) -> str:
        """Its unit in brackets, or none."""
        return f"({UNITS[self.name]})" if self.name in UNITS else ""

    @property
    def labels(self) -> tuple[str, ...]:
        """Its values as text."""
        return tuple(value_text(value) for value in self.values)


def value_text(value: Value) -> str:
    """A parameter's value in few characters."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return value.replace("-", "–") if isinstance(value, str) else f"{value:g}"


def factors(grid: Grid) -> tuple[Factor, ...]:
    """The factors of a grid: the session, then the parameters in the order of the columns."""
    names = list(grid.axes)
    found = []
    for name in ("session", *DOMAINS):
        axis = names.index(_AXIS_OF.get(name, name))
        places: dict[Value, list[int]] = {}
        for place, joined in enumerate(grid.axes[names[axis]]):
            value = own_value(name, joined)
            if value is not None:
                places.setdefault(value, []).append(place)
        values = list(places)
        if name in DOMAINS and DOMAINS[name].kind in (int, float):
            values.sort()
        found.append(
            Factor(
                name=name,
                axis=axis,
                values=tuple(values),
                positions=tuple(tuple(places[value]) for value in values),
            )
        )
    return tuple(found)


def own_value(name: str, value: object) -> Value | None:
    """A parameter's value in a value of its axis; None for a placeholder."""
    if isinstance(value, tuple):
        first, second = value
        own = second if name in PARENTS else first
        return own if name not in PARENTS or first else None
    return value if isinstance(value, (int, float, str)) else str(value)


def values_of(params: Params) -> dict[str, Value]:
    """The factors' values in a combination, without placeholders."""
    values: dict[str, Value] = {"session": str(params.session)}
    values |= {name: getattr(params, name) for name in DOMAINS}
    return {n: v for n, v in values.items() if n not in PARENTS or values[PARENTS[n]]}


class Edge(NamedTuple):
    """A parameter whose value is the lowest or the highest that was tried."""

    name: str
    value: Value
    end: str
    goes_on: bool  # whether there are values beyond


def edges(grid: Grid, combination: Params | int) -> list[Edge]:
    """The axes on whose edge a combination lies, among those with two values or more.

    It is given by its parameters or by an id of the grid.
    """
    own = values_of(combination if isinstance(combination, Params) else grid.params(combination))
    found = []
    for factor in factors(grid):
        if not factor.is_ordered or len(factor.values) < 2 or factor.name not in own:
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
