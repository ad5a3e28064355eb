"""One parameter combination: names, order, domains."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ib_grid.errors import InputError, ParamsError
from ib_grid.errors.validation import cut, finite_number, shown
from ib_grid.market.instruments import Session

STOP_MODES = ("ib_start", "eq")


@dataclass(frozen=True, slots=True)
class Domain:
    """Domain of a parameter's values."""

    kind: type
    holds: Callable[[Any], bool]
    expected: str


DOMAINS: dict[str, Domain] = {
    "ib_wait_minutes": Domain(int, lambda v: 0 <= v <= 1440, "whole minutes from 0 to 1440"),
    "trade_window_minutes": Domain(int, lambda v: 1 <= v <= 1440, "whole minutes from 1 to 1440"),
    "rr_target": Domain(float, lambda v: v > 0, "a number above 0"),
    "stop_mode": Domain(str, lambda v: v in STOP_MODES, f"one of {', '.join(STOP_MODES)}"),
    "tsl_target": Domain(float, lambda v: v == 0 or v >= 0.01, "0 (no trailing) or 0.01 and above"),
    "tsl_sl": Domain(float, lambda v: v >= 0.01, "0.01 or above"),
    "min_sl_pct": Domain(float, lambda v: 0 <= v < 1, "a fraction of the price, from 0 to below 1"),
    "rev_rb_enabled": Domain(bool, lambda _: True, "true or false"),
    "rev_rb_pct": Domain(float, lambda v: v >= 0, "a fraction of the range, 0 or above"),
    "ib_buffer_pct": Domain(float, lambda v: v >= 0, "a fraction of the range, 0 or above"),
    "max_distance_pct": Domain(float, lambda v: v >= 0, "a fraction of the range, 0 or above"),
}
SESSION_FIELDS = ("ib_start", "ib_end", "ib_timezone")
PARAM_NAMES = (*SESSION_FIELDS, *DOMAINS)
NUMERIC = tuple(name for name, domain in DOMAINS.items() if domain.kind in (int, float))


def check_value(
    name: str, value: object, error: type[InputError] = ParamsError, location: str = ""
) -> int | float | str | bool:
    """Return the value of a parameter in the type it has in a combination."""
    domain = DOMAINS[name]
    converted = _convert(value, domain.kind)
    if converted is None or not domain.holds(converted):
        raise error(f"{name} is {shown(value)}", location=location, expected=domain.expected)
    return converted


def _convert(value: object, kind: type) -> int | float | str | bool | None:
    """Convert a value to `kind`; None if that would change it. Takes numpy scalars, too."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value) if kind is bool else None
    if isinstance(value, str):
        return str(value) if kind is str else None
    number = finite_number(value)
    if number is None or kind not in (int, float):
        return None
    if kind is int:
        return int(number) if number == int(number) else None
    return number


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """One parameter combination; the fields are in the order of the result columns.

    Attributes
    ----------
    ib_start, ib_end : str
        Clock times ``HH:MM`` of the Initial Balance, ``[ib_start, ib_end)``.
    ib_timezone : str
        Zone of those clock times.
    ib_wait_minutes : int
        Minutes from the end of the Initial Balance to the start of the trade window.
    trade_window_minutes : int
        Length of the trade window.
    rr_target : float
        Target distance in units of the stop distance.
    stop_mode : str
        Where OCAE and TCWE put the stop: ``eq`` or ``ib_start``.
    tsl_target, tsl_sl : float
        R by which target and stop move at a trailing step; a `tsl_target` of 0 means no trailing.
    min_sl_pct : float
        Smallest stop distance, a fraction of the price.
    rev_rb_enabled : bool
        True if REV_RB trades.
    rev_rb_pct, ib_buffer_pct, max_distance_pct : float
        Fractions of the Initial Balance's range: what arms REV_RB, the buffer, the reach.
    """

    ib_start: str
    ib_end: str
    ib_timezone: str
    ib_wait_minutes: int
    trade_window_minutes: int
    rr_target: float
    stop_mode: str
    tsl_target: float
    tsl_sl: float
    min_sl_pct: float
    rev_rb_enabled: bool
    rev_rb_pct: float
    ib_buffer_pct: float
    max_distance_pct: float

    def __post_init__(self) -> None:
        for name in DOMAINS:
            object.__setattr__(self, name, check_value(name, getattr(self, name)))
        _ = self.session  # checks the clock times and the zone

    @property
    def session(self) -> Session:
        """The Initial Balance span."""
        return Session(ib_start=self.ib_start, ib_end=self.ib_end, ib_timezone=self.ib_timezone)

    @property
    def horizon_minutes(self) -> int:
        """Minutes from `ib_end` to the end of the trade window."""
        return self.ib_wait_minutes + self.trade_window_minutes

    def to_dict(self) -> dict[str, int | float | str | bool]:
        """Return names and values, in the order of the result columns."""
        return dataclasses.asdict(self)


def params_from_mapping(values: Mapping[str, object], *, location: str = "") -> Params:
    """Return the combination of a mapping with exactly the 14 parameter names.

    Raises
    ------
    ParamsError
        If a name is missing or unknown, or a value is out of its domain.
    """
    missing = [name for name in PARAM_NAMES if name not in values]
    unknown = [name for name in values if name not in PARAM_NAMES]
    if missing or unknown:
        said = [f"no value for {', '.join(missing)}"] if missing else []
        said += [f"unknown name {cut(', '.join(unknown))}"] if unknown else []
        raise ParamsError(
            "; ".join(said), location=location, expected=f"the names {', '.join(PARAM_NAMES)}"
        )
    try:
        return Params(**values)  # type: ignore[arg-type]
    except InputError as error:
        raise error.with_context(ParamsError, location=location) from error
