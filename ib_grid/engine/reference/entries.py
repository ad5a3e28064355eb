"""One trade a day, from its candidates to its fill (sections 4, 5 and 7)."""

from __future__ import annotations

from dataclasses import dataclass

from ib_grid.engine.execution_settings import RISK_FLOOR, Execution
from ib_grid.engine.reference.day import Bar, Setting
from ib_grid.engine.reference.signals import (
    LONG,
    STOP_MODE_SIGNALS,
    Cisd,
    Signal,
    rebound,
    reversals,
)
from ib_grid.grid.params import Params
from ib_grid.grid.variations import VARIATION_RULES
from ib_grid.news.filter import NewsFilter


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Entry that a variation offers on a date.

    Attributes
    ----------
    direction : int
        `LONG` or `SHORT`.
    order : int
        The lower one is earlier: an index of M2 bars (original), a minute (realistic).
    news_moment : int
        The minute that the news filter looks at.
    entry_index : int or None
        Index in `m1` of the entry bar; None if a delayed entry finds no bar.
    ref, fill, stop : float
        Section 5; the stop as the variation names it, before it is mirrored or widened.
    limit : bool
        True if a limit order fills within the entry bar.
    signal : Bar
        The M2 bar that gives the signal; for REV_RB the one that arms the order.
    """

    variation: str
    direction: int
    order: int
    news_moment: int
    entry_index: int | None
    ref: float
    fill: float
    stop: float
    signal: Bar
    limit: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Trade at its entry; `risk` is 0 if it is below the floor (section 5)."""

    variation: str
    direction: int
    index: int
    fill: float
    stop: float
    target: float
    risk: float
    limit: bool
    signal: Bar


def entry(setting: Setting, params: Params, execution: Execution, news: NewsFilter) -> Entry | None:
    """Return the entry of a date, or None; `realistic` does not enter without risk."""
    left = _without_news(candidates(setting, params, execution, news), news)
    if not left:
        return None
    first = min(left, key=lambda c: (c.order, VARIATION_RULES[c.variation].priority))
    if first.entry_index is None:
        return None
    entered = _set_up(first, first.entry_index, params)
    return None if entered.risk == 0 and execution.model == "realistic" else entered


def candidates(
    setting: Setting, params: Params, execution: Execution, news: NewsFilter
) -> list[Candidate]:
    """Return the candidates that the news filter looks at on a date, blocked ones included."""
    if execution.model == "original":
        market_orders = _original_candidates(setting, params, execution)
        if _without_news(market_orders, news):
            return market_orders
        return market_orders + _original_rebound(setting, params, execution)
    return _realistic_candidates(setting, params, execution) + _realistic_rebound(
        setting, params, execution
    )


def _without_news(among: list[Candidate], news: NewsFilter) -> list[Candidate]:
    return [c for c in among if not blocked(c.news_moment, news)]


def blocked(minute: int, news: NewsFilter) -> bool:
    """Return True if a minute lies in the span around an event, both ends included (section 4)."""
    before, after = news.before_minutes, news.after_minutes
    return any(event - before <= minute <= event + after for event in news.events.tolist())


def _set_up(candidate: Candidate, index: int, params: Params) -> Entry:
    """Return the entry with its stop, target and risk (section 5)."""
    ref, stop, direction = candidate.ref, candidate.stop, candidate.direction
    if stop >= ref if direction == LONG else stop <= ref:
        stop = ref - direction * abs(ref - stop)
    if abs(ref - stop) < params.min_sl_pct * ref:
        stop = ref - direction * (params.min_sl_pct * ref)
    risk = abs(candidate.fill - stop)
    return Entry(
        variation=candidate.variation,
        direction=direction,
        index=index,
        fill=candidate.fill,
        stop=stop,
        target=ref + direction * (params.rr_target * abs(ref - stop)),
        risk=0.0 if risk <= RISK_FLOOR * ref else risk,
        limit=candidate.limit,
        signal=candidate.signal,
    )


def _mode_stop(setting: Setting, params: Params) -> float:
    """Return the stop of OCAE and TCWE."""
    return setting.eq if params.stop_mode == "eq" else setting.bars[0].open


def _first_at_or_after(minute: int, setting: Setting) -> int | None:
    """Return the index of the window's first M1 bar at or after a minute."""
    return next((i for i, bar in enumerate(setting.m1) if bar.start >= minute), None)


def _entry_bar(minute: int, setting: Setting) -> int:
    """Return that index, or the last bar's if no bar follows (7.1)."""
    index = _first_at_or_after(minute, setting)
    return len(setting.m1) - 1 if index is None else index


# 7.1 original


def _original_candidates(setting: Setting, params: Params, execution: Execution) -> list[Candidate]:
    candidates = []
    for variation, signal in ((name, find(setting)) for name, find in STOP_MODE_SIGNALS.items()):
        if signal is None or setting.bars[signal.index].end > setting.window_end:
            continue
        bar = setting.bars[signal.index]
        moment = bar.end + execution.delay_minutes
        index = _entry_bar(moment, setting)
        ref = setting.m1[index].open if execution.delay_minutes else bar.close
        candidates.append(
            Candidate(
                variation=variation,
                direction=signal.direction,
                order=signal.index,
                news_moment=moment,
                entry_index=index,
                ref=ref,
                fill=ref + signal.direction * _half(setting.m1[index], execution),
                stop=_mode_stop(setting, params),
                signal=bar,
            )
        )
    followed = [c for c in reversals(setting) if c.index + 1 < len(setting.bars)]
    if followed:
        candidates.append(_original_reverse(followed[0], setting, execution))
    return candidates


def _half(bar: Bar, execution: Execution) -> float:
    return execution.half_spread_at(bar.start)


def _original_reverse(cisd: Cisd, setting: Setting, execution: Execution) -> Candidate:
    following = setting.bars[cisd.index + 1]
    moment = following.start + execution.delay_minutes
    index = _entry_bar(moment, setting)
    late_open = setting.m1[index].open if execution.delay_minutes else None
    mid = setting.bars[cisd.index].close if late_open is None else late_open
    return Candidate(
        variation="Reverse",
        direction=cisd.direction,
        order=cisd.index + 1,
        news_moment=moment,
        entry_index=index,
        ref=following.open if late_open is None else late_open,
        fill=mid + cisd.direction * _half(setting.m1[index], execution),
        stop=cisd.extreme,
        signal=setting.bars[cisd.index],
    )


def _original_rebound(setting: Setting, params: Params, execution: Execution) -> list[Candidate]:
    armed = rebound(setting, params.rev_rb_pct) if params.rev_rb_enabled else None
    if armed is None:
        return []
    buy = armed.direction == LONG
    level = setting.ib_high if buy else setting.ib_low
    placed = setting.bars[armed.index].end + execution.delay_minutes
    through = execution.limit_through_points
    for index in range(armed.index + 1, len(setting.bars)):
        bar = setting.bars[index]
        if bar.start < placed:
            continue
        if bar.low <= level - through if buy else bar.high >= level + through:
            entry_index = _entry_bar(bar.end, setting)
            half = _half(setting.m1[entry_index], execution)
            candidate = Candidate(
                variation="REV_RB",
                direction=armed.direction,
                order=index,
                news_moment=bar.start,
                entry_index=entry_index,
                ref=level,
                fill=level + armed.direction * half,
                stop=setting.eq,
                signal=setting.bars[armed.index],
            )
            return [candidate]
    return []


# 7.2 realistic


def _realistic_candidates(
    setting: Setting, params: Params, execution: Execution
) -> list[Candidate]:
    signals: list[tuple[str, Signal | None, float]] = []
    if setting.bars:
        stop = _mode_stop(setting, params)
        signals += [(name, find(setting), stop) for name, find in STOP_MODE_SIGNALS.items()]
    cisds = reversals(setting)
    if cisds:
        earliest = min(cisds, key=lambda cisd: cisd.index)  # min keeps the first of equals
        signals.append(("Reverse", earliest, earliest.extreme))
    return [
        candidate
        for variation, signal, stop in signals
        if signal is not None
        for candidate in _market_order(variation, signal, stop, setting, execution)
    ]


def _market_order(
    variation: str, signal: Signal, stop: float, setting: Setting, execution: Execution
) -> list[Candidate]:
    """Return a market order at the first open after the signal, if any."""
    known = setting.bars[signal.index].end
    if _first_at_or_after(known, setting) is None:
        return []
    index = _first_at_or_after(known + execution.delay_minutes, setting)
    bar = setting.m1[-1 if index is None else index]
    ref, cost = bar.open, _half(bar, execution) + execution.slippage_points
    candidate = Candidate(
        variation=variation,
        direction=signal.direction,
        order=known,
        news_moment=known + execution.delay_minutes,
        entry_index=index,
        ref=ref,
        fill=ref + signal.direction * cost,
        stop=stop,
        signal=setting.bars[signal.index],
    )
    return [candidate]


def _realistic_rebound(setting: Setting, params: Params, execution: Execution) -> list[Candidate]:
    armed = rebound(setting, params.rev_rb_pct) if params.rev_rb_enabled else None
    if armed is None:
        return []
    buy = armed.direction == LONG
    level = setting.ib_high if buy else setting.ib_low
    placed = setting.bars[armed.index].end + execution.delay_minutes
    through = execution.limit_through_points
    for index, bar in enumerate(setting.m1):
        if bar.start < placed:
            continue
        half = _half(bar, execution)
        if bar.low + half <= level - through if buy else bar.high - half >= level + through:
            candidate = Candidate(
                variation="REV_RB",
                direction=armed.direction,
                order=bar.start,
                news_moment=bar.start,
                entry_index=index,
                ref=level,
                fill=level,
                stop=setting.eq,
                signal=setting.bars[armed.index],
                limit=True,
            )
            return [candidate]
    return []
