"""Exits of a position (sections 6 and 7)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ib_grid.engine.execution_settings import Execution
from ib_grid.engine.reference.day import Bar, Setting
from ib_grid.engine.reference.entries import Entry
from ib_grid.engine.reference.signals import LONG
from ib_grid.grid.params import Params


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """Exit of a trade; `minute` is the label of the exit bar."""

    minute: int
    price: float
    reason: str
    ambiguous: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Current stop and target of a trade."""

    direction: int
    stop: float
    target: float

    def stop_reached(self, price: float) -> bool:
        """Return True if a price is at or beyond the stop."""
        return price <= self.stop if self.direction == LONG else price >= self.stop

    def target_reached(self, price: float) -> bool:
        """Return True if a price is at or beyond the target."""
        return price >= self.target if self.direction == LONG else price <= self.target

    def stepped(self, params: Params, risk: float) -> Position:
        """Return the position after one trailing step."""
        return Position(
            direction=self.direction,
            stop=self.stop + self.direction * (params.tsl_sl * risk),
            target=self.target + self.direction * (params.tsl_target * risk),
        )

    def best(self, bar: Bar) -> float:
        """Return the bar's price that is best for the position."""
        return bar.high if self.direction == LONG else bar.low

    def worst(self, bar: Bar) -> float:
        """Return the bar's price that is worst for the position."""
        return bar.low if self.direction == LONG else bar.high

    def is_ambiguous(self, bar: Bar) -> bool:
        """Return True if the bar, but not its open, reached both stop and target (section 7)."""
        both = self.stop_reached(self.worst(bar)) and self.target_reached(self.best(bar))
        return both and not self.stop_reached(bar.open) and not self.target_reached(bar.open)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A position at the end of a bar that was watched.

    Attributes
    ----------
    minute : int
        Label of the bar.
    position : Position
        Stop and target as they stand; if it was left in the bar, as they stood then.
    worst : float
        The worst price that the position may have seen in the bar before it was left (section 7).
    left : Exit or None
        The exit, if it was left in the bar.
    """

    minute: int
    position: Position
    worst: float
    left: Exit | None = None


def follow(
    entry: Entry, setting: Setting, params: Params, execution: Execution
) -> Iterator[Standing]:
    """Yield the position at the end of each bar watched; the last has the exit."""
    if execution.model == "original":
        return _follow_original(entry, setting, params, execution)
    return _follow_realistic(entry, setting, params, execution)


def result_r(entry: Entry, exit_price: float, execution: Execution) -> float:
    """Return R of a trade (sections 5 and 7.2)."""
    if entry.risk == 0:
        return 0.0
    points = entry.direction * (exit_price - entry.fill)
    if execution.model == "realistic":
        points -= execution.commission_points
    r = points / entry.risk
    return 0.0 if abs(r) <= 1e-9 else r


def worst_r(entry: Entry, watched: Sequence[Standing], execution: Execution) -> float:
    """Return the lowest floating R over the bars watched (section 7)."""
    return min([result_r(entry, standing.worst, execution) for standing in watched])


# 7.1 original


def _follow_original(
    entry: Entry, setting: Setting, params: Params, execution: Execution
) -> Iterator[Standing]:
    position = Position(direction=entry.direction, stop=entry.stop, target=entry.target)
    if entry.risk == 0:
        minute = setting.m1[entry.index].start
        yield Standing(
            minute=minute,
            position=position,
            worst=entry.fill,
            left=Exit(minute=minute, price=entry.fill, reason="invalid"),
        )
        return
    for bar in setting.m1[entry.index + 1 :]:
        noted = position
        if params.tsl_target > 0:
            while position.target_reached(position.best(bar)):
                position = position.stepped(params, entry.risk)
        left = _left_original(noted, bar, params)
        yield Standing(
            minute=bar.start,
            position=noted if left else position,
            worst=noted.stop if left and left.reason == "stop" else position.worst(bar),
            left=left,
        )
        if left:
            return
    second_to_last = setting.m1[-2] if len(setting.m1) > 1 else setting.m1[-1]
    last = setting.m1[-1].start
    price = second_to_last.close - entry.direction * execution.half_spread_at(last)
    left = Exit(minute=last, price=price, reason="time")
    yield Standing(minute=last, position=position, worst=price, left=left)


def _left_original(noted: Position, bar: Bar, params: Params) -> Exit | None:
    """Return the exit in a bar at whose opening stop and target stood as noted."""
    price: float | None = None
    reason = "stop"
    if params.tsl_target == 0 and noted.target_reached(noted.best(bar)):
        price, reason = noted.target, "tp"
    elif noted.stop_reached(noted.worst(bar)):
        # The bar's price nearest to a stop that it lies beyond is its best one.
        beyond = noted.stop_reached(noted.best(bar))
        price = noted.best(bar) if beyond else noted.stop
    if price is None:
        return None
    return Exit(minute=bar.start, price=price, reason=reason, ambiguous=noted.is_ambiguous(bar))


# 7.2 realistic


def _follow_realistic(
    entry: Entry, setting: Setting, params: Params, execution: Execution
) -> Iterator[Standing]:
    slippage = entry.direction * execution.slippage_points
    position = Position(direction=entry.direction, stop=entry.stop, target=entry.target)
    for index, mid in enumerate(setting.m1[entry.index :]):
        bar = _exit_side(mid, entry.direction, execution)
        at_open = position
        on_fill_bar = entry.limit and index == 0
        if on_fill_bar:
            stopped = position.stop_reached(position.worst(bar))
            left = (position.stop, "stop", position.stop) if stopped else None
        else:
            position, left = _watch(position, bar, params, entry.risk)
        if left is None:
            yield Standing(minute=bar.start, position=position, worst=position.worst(bar))
            continue
        price, reason, worst = left
        out = Exit(
            minute=bar.start,
            price=price if reason == "tp" else price - slippage,
            reason=reason,
            ambiguous=not on_fill_bar and at_open.is_ambiguous(bar),
        )
        yield Standing(minute=bar.start, position=position, worst=worst, left=out)
        return
    last = _exit_side(setting.m1[-1], entry.direction, execution)
    out = Exit(minute=last.start, price=last.close - slippage, reason="time")
    yield Standing(minute=last.start, position=position, worst=out.price, left=out)


def _exit_side(mid: Bar, direction: int, execution: Execution) -> Bar:
    """Return the bar on the side of the book that the position leaves on: bid for a long."""
    shift = -direction * execution.half_spread_at(mid.start)
    return Bar(
        mid.start,
        mid.end,
        mid.open + shift,
        mid.high + shift,
        mid.low + shift,
        mid.close + shift,
    )


def _watch(
    position: Position, bar: Bar, params: Params, risk: float
) -> tuple[Position, tuple[float, str, float] | None]:
    """Apply the five rules to one bar.

    Returns the position after it, and of an exit price, reason and the worst price seen before.
    """
    trailing, worst = params.tsl_target > 0, position.worst(bar)
    if position.stop_reached(bar.open):  # 1
        return position, (bar.open, "stop", bar.open)
    if position.target_reached(bar.open) and not trailing:  # 2
        return position, (bar.open, "tp", bar.open)
    while position.target_reached(bar.open):
        position = position.stepped(params, risk)
        if position.stop_reached(bar.open):
            return position, (bar.open, "tsl_market", bar.open)
    if position.stop_reached(worst):  # 3
        return position, (position.stop, "stop", position.stop)
    if position.target_reached(position.best(bar)) and not trailing:  # 4
        return position, (position.target, "tp", worst)
    before_steps = position
    while position.target_reached(position.best(bar)):
        reached = position.target
        position = position.stepped(params, risk)
        if position.stop_reached(reached):
            return position, (reached, "tsl_market", worst)
    if position is not before_steps and position.stop_reached(bar.close):  # 5
        return position, (position.stop, "stop", worst)
    return position, None
