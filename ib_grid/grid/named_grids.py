"""The standard and the expanded grid, and grids from files."""

from __future__ import annotations

from collections.abc import Mapping

from ib_grid.errors import GridError, InputError
from ib_grid.errors.validation import check_names, shown
from ib_grid.grid.grid import Grid
from ib_grid.grid.params import DOMAINS
from ib_grid.market.instruments import Instrument, session_from_text

GRID_VALUES: dict[str, dict[str, tuple[int | float | str | bool, ...]]] = {
    "standard": {
        "ib_wait_minutes": (0, 15),
        "trade_window_minutes": (60, 90, 120),
        "rr_target": (0.5, 1.0, 1.5, 2.0),
        "stop_mode": ("ib_start", "eq"),
        "tsl_target": (0.0, 0.5, 1.0, 1.5),
        "tsl_sl": (0.5, 1.0),
        "min_sl_pct": (0.001,),
        "rev_rb_enabled": (True, False),
        "rev_rb_pct": (0.5,),
        "ib_buffer_pct": (0.05, 0.1, 0.15, 0.2, 0.25),
        "max_distance_pct": (0.5, 0.75, 1.0, 1.25),
    },
    "expanded": {
        "ib_wait_minutes": (0, 10, 15, 20),
        "trade_window_minutes": (40, 60, 90, 120, 150, 180, 210, 240),
        "rr_target": (0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0),
        "stop_mode": ("ib_start", "eq"),
        "tsl_target": (0.0, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0),
        "tsl_sl": (0.5, 0.75, 1.0, 1.25, 1.5, 2.0),
        "min_sl_pct": (0.0015,),
        "rev_rb_enabled": (True, False),
        "rev_rb_pct": (1.0,),
        "ib_buffer_pct": (0.0, 0.05, 0.1, 0.15, 0.2),
        "max_distance_pct": (0.5, 0.75, 1.0, 1.25, 1.5),
    },
}


def named_grid(name: str, instrument: Instrument) -> Grid:
    """Return the standard or the expanded grid of an instrument.

    Raises
    ------
    GridError
        If the name is unknown.
    """
    if name not in GRID_VALUES:
        raise GridError(
            f"unknown grid {shown(name)}",
            expected=f"{', '.join(GRID_VALUES)} or a TOML file of axes",
        )
    return Grid(sessions=instrument.sessions, **GRID_VALUES[name])  # type: ignore[arg-type]


def grid_from_mapping(
    values: Mapping[str, object], instrument: Instrument, *, location: str = ""
) -> Grid:
    """Return the grid of a mapping from axis to values; missing axes are the standard grid's.

    Raises
    ------
    GridError
        If a key is unknown, or its value is not a list of values of its domain.
    """
    allowed = ("ib_sessions", *DOMAINS)
    check_names(values, allowed, location, GridError)
    for key, value in values.items():
        if not isinstance(value, list):
            raise GridError(
                f"{key} is {shown(value)}", location=location, expected="a list of values"
            )
    try:
        sessions = values.get("ib_sessions", [str(session) for session in instrument.sessions])
        axes = {**GRID_VALUES["standard"], **values}
        return Grid(
            sessions=tuple(session_from_text(s, instrument.timezone) for s in sessions),  # type: ignore[attr-defined]
            **{name: tuple(axes[name]) for name in DOMAINS},  # type: ignore[arg-type]
        )
    except InputError as error:
        where = ", ".join(filter(None, (location, error.location)))
        raise error.with_context(GridError, location=where) from error
