"""Signals of the variations in a date's M2 bars (section 3)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ib_grid.engine.reference.day import Bar, Setting

LONG = 1
SHORT = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """A direction, and the index in `bars` of the bar that gives it.

    The bar is the breakout bar or the later one of TCWE, the CISD bar of Reverse, the bar that arms
    REV_RB.
    """

    direction: int
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cisd(Signal):
    """A change in the state of delivery, with the extreme of the group of sweeps before it."""

    extreme: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Sweeps of one direction in consecutive bars, ``bars[first]`` to ``bars[last]``."""

    upper: bool
    first: int
    last: int


def breakout(setting: Setting) -> Signal | None:
    """Return the breakout bar."""
    for index, bar in enumerate(setting.bars):
        for direction in (LONG, SHORT):
            if _breaks_out(bar, direction, setting):
                return Signal(direction=direction, index=index)
    return None


def _breaks_out(bar: Bar, direction: int, setting: Setting) -> bool:
    """Return True if the bar closes beyond the buffer and within the reach."""
    s = setting
    if direction == LONG:
        return bar.close > s.ib_high + s.buffer and bar.close - s.ib_high <= s.reach
    return bar.close < s.ib_low - s.buffer and s.ib_low - bar.close <= s.reach


def touched_by(setting: Setting, index: int) -> bool:
    """Return True if EQ was touched at or before ``bars[index]``."""
    return any(bar.low <= setting.eq <= bar.high for bar in setting.bars[: index + 1])


def ocae(setting: Setting) -> Signal | None:
    """Return the OCAE signal: the breakout bar, once EQ was touched."""
    first = breakout(setting)
    return first if first is not None and touched_by(setting, first.index) else None


def tcwe(setting: Setting) -> Signal | None:
    """Return the TCWE signal: a later close beyond the breakout bar's."""
    first = breakout(setting)
    if first is None or touched_by(setting, first.index):
        return None
    first_close = setting.bars[first.index].close
    for index in range(first.index + 1, len(setting.bars)):
        bar = setting.bars[index]
        if bar.low <= setting.eq <= bar.high:
            return None
        beyond = bar.close > first_close if first.direction == LONG else bar.close < first_close
        if beyond and _breaks_out(bar, first.direction, setting):
            return Signal(direction=first.direction, index=index)
    return None


# Variations that enter by a market order and whose stop follows `stop_mode`.
STOP_MODE_SIGNALS = {"OCAE": ocae, "TCWE": tcwe}


def reversals(setting: Setting) -> list[Cisd]:
    """Return the CISD of each group that is not void and has one, in list order."""
    found = (_cisd(group, setting) for group in _groups(_sweeps(setting)))
    return [cisd for cisd in found if cisd is not None]


def _sweeps(setting: Setting) -> list[Group]:
    """Return the sweeps by bar, upper before lower, each as a group of one (step 1)."""
    upper_limit = setting.ib_high + setting.buffer
    lower_limit = setting.ib_low - setting.buffer
    sweeps = []
    for index, bar in enumerate(setting.bars):
        above = bar.open > upper_limit and bar.close > upper_limit
        below = bar.open < lower_limit and bar.close < lower_limit
        if above or below:
            break
        if bar.high > setting.ib_high and bar.open <= upper_limit and bar.close <= upper_limit:
            sweeps.append(Group(upper=True, first=index, last=index))
        if bar.low < setting.ib_low and bar.open >= lower_limit and bar.close >= lower_limit:
            sweeps.append(Group(upper=False, first=index, last=index))
    return sweeps


def _groups(sweeps: list[Group]) -> list[Group]:
    """Join neighbours of one direction and of consecutive bars (step 2)."""
    groups: list[Group] = []
    for sweep in sweeps:
        before = groups[-1] if groups else None
        if before and before.upper == sweep.upper and before.last + 1 == sweep.first:
            groups[-1] = replace(before, last=sweep.last)
        else:
            groups.append(sweep)
    return groups


def _context_candle(group: Group, setting: Setting) -> Bar | None:
    """Return the last bearish (upper group) or bullish bar before the group (step 3)."""
    for bar in reversed(setting.context + setting.bars[: group.first]):
        if bar.close < bar.open if group.upper else bar.close > bar.open:
            return bar
    return None


def _cisd(group: Group, setting: Setting) -> Cisd | None:
    """Return the group's CISD; None if the group is void or has none (steps 3 and 4)."""
    candle = _context_candle(group, setting)
    if candle is None:
        return None
    members = setting.bars[group.first : group.last + 1]
    half_range = 0.5 * setting.ib_range
    for index in range(group.last + 1, len(setting.bars)):
        close = setting.bars[index].close
        if group.upper and close < candle.low:
            if setting.ib_high - close >= half_range:
                return None
            return Cisd(direction=SHORT, index=index, extreme=max(bar.high for bar in members))
        if not group.upper and close > candle.high:
            if close - setting.ib_low >= half_range:
                return None
            return Cisd(direction=LONG, index=index, extreme=min(bar.low for bar in members))
    return None


def rebound(setting: Setting, rev_rb_pct: float) -> Signal | None:
    """Return the bar that arms REV_RB: LONG for the limit buy at IBH, SHORT for the sell."""
    distance = rev_rb_pct * setting.ib_range
    for index, bar in enumerate(setting.bars):
        if bar.high >= setting.ib_high + distance:
            return Signal(direction=LONG, index=index)
        if bar.low <= setting.ib_low - distance:
            return Signal(direction=SHORT, index=index)
    return None
