"""Grids of parameter combinations: axes, pruning rules, and ids by arithmetic.

The id of a combination is a mixed-radix number over ten axes. The axes of signals vary slowest and
those of exits fastest, so that combinations with neighbouring ids share work:

    session, ib_wait_minutes            a block; the partitions of the results
    ib_buffer_pct, max_distance_pct,
    rebound, stop_mode, min_sl_pct,
    trade_window_minutes                a setting: one value of each of these and the above
    rr_target, trailing                 the exits of a setting

`rebound` joins (rev_rb_enabled, rev_rb_pct) and `trailing` joins (tsl_target, tsl_sl), as the
pruning rules leave them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ib_grid.errors import GridError
from ib_grid.errors.validation import cut
from ib_grid.grid.params import DOMAINS, PARAM_NAMES, Params, check_value
from ib_grid.market.instruments import Session, session_from_text

MAX_COMBINATIONS = 10**10
MAX_EXITS = 250_000


@dataclass(frozen=True, kw_only=True)
class Grid:
    """The values of each axis; every combination that the pruning rules leave is in the grid.

    Raises
    ------
    GridError
        If an axis is empty, names a value twice, or holds a value out of its domain, or the grid
        has more than `MAX_COMBINATIONS` or more than `MAX_EXITS` a setting.
    """

    sessions: tuple[Session, ...]
    ib_wait_minutes: tuple[int, ...]
    trade_window_minutes: tuple[int, ...]
    rr_target: tuple[float, ...]
    stop_mode: tuple[str, ...]
    tsl_target: tuple[float, ...]
    tsl_sl: tuple[float, ...]
    min_sl_pct: tuple[float, ...]
    rev_rb_enabled: tuple[bool, ...]
    rev_rb_pct: tuple[float, ...]
    ib_buffer_pct: tuple[float, ...]
    max_distance_pct: tuple[float, ...]

    def __post_init__(self) -> None:
        for name in DOMAINS:
            values = tuple(check_value(name, v, GridError, name) for v in getattr(self, name))
            object.__setattr__(self, name, values)
        for field in fields(self):
            _check_axis(field.name, getattr(self, field.name))
        _check_size(self)

    @cached_property
    def rebound(self) -> tuple[tuple[bool, float], ...]:
        """The pairs (rev_rb_enabled, rev_rb_pct); one placeholder where it is not enabled."""
        pcts = self.rev_rb_pct
        return tuple((on, p) for on in self.rev_rb_enabled for p in (pcts if on else pcts[:1]))

    @cached_property
    def trailing(self) -> tuple[tuple[float, float], ...]:
        """The pairs (tsl_target, tsl_sl) that the pruning rules leave."""
        return tuple((t, s) for t in self.tsl_target for s in self._steps_for(t))

    def _steps_for(self, tsl_target: float) -> tuple[float, ...]:
        if tsl_target == 0:
            return self.tsl_sl[:1]
        return tuple(s for s in self.tsl_sl if s <= tsl_target) or (min(self.tsl_sl),)

    @cached_property
    def axes(self) -> dict[str, tuple[object, ...]]:
        """The ten axes of the ids, slowest first."""
        return {
            "session": self.sessions,
            "ib_wait_minutes": self.ib_wait_minutes,
            "ib_buffer_pct": self.ib_buffer_pct,
            "max_distance_pct": self.max_distance_pct,
            "rebound": self.rebound,
            "stop_mode": self.stop_mode,
            "min_sl_pct": self.min_sl_pct,
            "trade_window_minutes": self.trade_window_minutes,
            "rr_target": self.rr_target,
            "trailing": self.trailing,
        }

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Length of each of `axes`."""
        return tuple(len(values) for values in self.axes.values())

    def __len__(self) -> int:
        return math.prod(self.shape)

    @property
    def exits_per_setting(self) -> int:
        """Combinations that share one setting."""
        return math.prod(self.shape[8:])

    @property
    def settings_per_block(self) -> int:
        """Settings that share one session and wait."""
        return math.prod(self.shape[2:8])

    @property
    def rows_per_block(self) -> int:
        """Combinations that share one session and wait."""
        return math.prod(self.shape[2:])

    @property
    def horizon_minutes(self) -> int:
        """Minutes from `ib_end` to the latest end of a trade window."""
        return max(self.ib_wait_minutes) + max(self.trade_window_minutes)

    def indices(self, ids: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
        """Return the index of each id's value on each of `axes`, arrays of the ids' shape."""
        return dict(zip(self.axes, np.unravel_index(ids, self.shape), strict=True))

    def params(self, combo_id: int) -> Params:
        """Return the combination of an id.

        Raises
        ------
        GridError
            If the id is not one of ``0 … len(grid) - 1``.
        """
        if not 0 <= combo_id < len(self):
            raise GridError(f"unknown combination {combo_id}", expected=f"0 to {len(self) - 1}")
        return Params(
            **{n: v[int(p[0])] for n, (v, p) in self.columns(np.array([combo_id])).items()}  # type: ignore[arg-type]
        )

    def columns(
        self, ids: NDArray[np.int64]
    ) -> dict[str, tuple[tuple[object, ...], NDArray[np.int64]]]:
        """Return the parameter columns of these ids as (values, index), by parameter name."""
        place = self.indices(ids)
        split = {
            **{n: ("session", [getattr(s, n) for s in self.sessions]) for n in PARAM_NAMES[:3]},
            **{n: (n, list(v)) for n, v in self.axes.items() if n in PARAM_NAMES},
            "rev_rb_enabled": ("rebound", [on for on, _ in self.rebound]),
            "rev_rb_pct": ("rebound", [pct for _, pct in self.rebound]),
            "tsl_target": ("trailing", [t for t, _ in self.trailing]),
            "tsl_sl": ("trailing", [s for _, s in self.trailing]),
        }
        return {name: _dictionary(split[name][1], place[split[name][0]]) for name in PARAM_NAMES}

    def positions(self, params: Params) -> list[int]:
        """Return the index of a combination's value on each of `axes`.

        Raises
        ------
        GridError
            If the combination is not in the grid.
        """
        values = {
            **params.to_dict(),
            "session": params.session,
            "rebound": (params.rev_rb_enabled, params.rev_rb_pct),
            "trailing": (params.tsl_target, params.tsl_sl),
        }
        found = []
        for name, axis in self.axes.items():
            if values[name] not in axis:
                raise GridError(f"{name} {values[name]} is not in the grid", expected=str(axis))
            found.append(axis.index(values[name]))
        return found

    def id_of(self, params: Params) -> int:
        """Return the id of a combination, if it is in the grid; see `positions`."""
        return int(np.ravel_multi_index(self.positions(params), self.shape))

    def to_dict(self) -> dict[str, list[object]]:
        """Return the axes as a grid file gives them, for a manifest or a fingerprint."""
        return {
            "ib_sessions": [str(session) for session in self.sessions],
            "ib_timezone": [session.ib_timezone for session in self.sessions],
            **{name: list(getattr(self, name)) for name in DOMAINS},
        }

    @classmethod
    def from_dict(cls, axes: Mapping[str, object]) -> Grid:
        """Return the grid that `to_dict` gave; a ValueError or the like if invalid."""
        spans = zip(axes["ib_sessions"], axes["ib_timezone"], strict=True)  # type: ignore[call-overload]
        return cls(
            sessions=tuple(session_from_text(span, zone) for span, zone in spans),
            **{name: tuple(axes[name]) for name in DOMAINS},  # type: ignore[arg-type]
        )


def _check_axis(name: str, values: tuple[object, ...]) -> None:
    if not values:
        raise GridError("the axis is empty", location=name, expected="at least one value")
    if len(set(values)) < len(values):
        raise GridError(
            f"duplicate values on the axis: {cut(', '.join(map(str, values)))}",
            location=name,
            expected="each value once",
        )


def _check_size(grid: Grid) -> None:
    # Before the pruning rules, since the pairs that they look at may be too many already.
    exits = len(grid.rr_target) * len(grid.tsl_target) * len(grid.tsl_sl)
    if exits > MAX_EXITS:
        raise GridError(
            f"the axes make {exits:,} exits",
            location="rr_target, tsl_target, tsl_sl",
            expected=f"at most {MAX_EXITS:,}: those of a setting are computed together",
            hint="remove values from these axes",
        )
    combinations = math.prod(grid.shape)
    if combinations > MAX_COMBINATIONS:
        raise GridError(
            f"the grid has {combinations:,} combinations",
            expected=f"at most {MAX_COMBINATIONS:,}",
            hint="remove values from its axes, or split it into several grids",
        )


def _dictionary(
    values: Sequence[object], index: NDArray[np.int64]
) -> tuple[tuple[object, ...], NDArray[np.int64]]:
    """Return the distinct values in order of appearance, and the index into them."""
    distinct = {value: place for place, value in enumerate(dict.fromkeys(values))}
    to_distinct = np.array([distinct[value] for value in values], dtype=np.int64)
    return tuple(distinct), to_distinct[index]
