"""A grid's parameters one by one: their values, and which combinations have each.

Two axes of the ids join two parameters each (`Grid.rebound`, `Grid.trailing`). Here every parameter
is a factor of its own: its value takes one or more places on an axis, and the placeholders that
the pruning rules leave belong to no value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ib_grid.grid import Grid
from ib_grid.params import DOMAINS, Params

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
_JOINED = {
    "tsl_target": "trailing",
    "tsl_sl": "trailing",
    "rev_rb_enabled": "rebound",
    "rev_rb_pct": "rebound",
}
_PARENTS = {"tsl_sl": "tsl_target", "rev_rb_pct": "rev_rb_enabled"}


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
    places : tuple of tuple of int
        For each value, its places on the axis.
    """

    name: str
    axis: int
    values: tuple[Value, ...]
    places: tuple[tuple[int, ...], ...]

    @property
    def is_ordered(self) -> bool:
        """Whether its values are numbers."""
        return self.name in DOMAINS and DOMAINS[self.name].kind in (int, float)

    @property
    def parent(self) -> str:
        """The factor within which it counts, as `tsl_sl` where there is trailing, or none."""
        return _PARENTS.get(self.name, "")

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
        axis = names.index(_JOINED.get(name, name))
        places: dict[Value, list[int]] = {}
        for place, joined in enumerate(grid.axes[names[axis]]):
            value = _own_value(name, joined)
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
                places=tuple(tuple(places[value]) for value in values),
            )
        )
    return tuple(found)


def _own_value(name: str, value: object) -> Value | None:
    """A parameter's value in a value of its axis; None for a placeholder."""
    if isinstance(value, tuple):
        first, second = value
        own = second if name in _PARENTS else first
        return own if name not in _PARENTS or first else None
    return value if isinstance(value, (int, float, str)) else str(value)


def values_of(params: Params) -> dict[str, Value]:
    """The factors' values in a combination, without placeholders."""
    values: dict[str, Value] = {"session": str(params.session)}
    values |= {name: getattr(params, name) for name in DOMAINS}
    return {n: v for n, v in values.items() if n not in _PARENTS or values[_PARENTS[n]]}


class Edge(NamedTuple):
    """A parameter whose value is the lowest or the highest that was tried."""

    name: str
    value: Value
    end: str
    goes_on: bool  # whether there are values beyond


def edges(grid: Grid, params: Params) -> list[Edge]:
    """The axes on whose edge a combination lies, among those with two values or more."""
    own = values_of(params)
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


class Neighbour(NamedTuple):
    """A combination that differs in one parameter, by one step."""

    name: str
    value: Value
    combo_id: int


def neighbours(grid: Grid, params: Params) -> list[Neighbour]:
    """The combinations one step away on one axis.

    A step goes to the next number, to any other session or stop mode, between no trailing and the
    smallest `tsl_target`, and between REV_RB off and on.
    """
    values = {factor.name: factor.values for factor in factors(grid)}
    own = [int(p[0]) for p in grid.places(np.array([grid.id_of(params)])).values()]
    found = []
    for axis, (name, joined) in enumerate(grid.axes.items()):
        for place, there in enumerate(joined):
            differs = _step(name, joined[own[axis]], there, values)
            if differs:
                value = _own_value(differs, there)
                combo_id = np.ravel_multi_index([*own[:axis], place, *own[axis + 1 :]], grid.shape)
                found.append(Neighbour(differs, value, int(combo_id)))  # type: ignore[arg-type]
    return found


def _step(axis: str, here: Any, there: Any, values: Mapping[str, tuple[Value, ...]]) -> str:
    """The parameter in which two values of an axis differ by one step; none if they do not."""
    if axis == "rebound":
        if here[0] != there[0]:
            return "rev_rb_enabled"
        return "rev_rb_pct" if here[0] and _is_next(values, "rev_rb_pct", here, there) else ""
    if axis == "trailing":
        if here[0] == there[0]:
            return "tsl_sl" if here[0] and _is_next(values, "tsl_sl", here, there) else ""
        same_stop = here[1] == there[1] or not (here[0] and there[0])
        return "tsl_target" if same_stop and _is_next(values, "tsl_target", here, there) else ""
    if axis in ("session", "stop_mode"):
        return axis if here != there else ""
    return axis if _is_next(values, axis, here, there) else ""


def _is_next(values: Mapping[str, tuple[Value, ...]], name: str, here: Any, there: Any) -> bool:
    """Whether two values follow each other among those of a parameter."""
    pair = [values[name].index(_own_value(name, v)) for v in (here, there)]
    return abs(pair[0] - pair[1]) == 1
