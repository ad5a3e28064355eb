"""Why a candidate was blocked or kept: the event nearest to its news moment."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ib_grid.errors import DataError
from ib_grid.market.clock import Minutes
from ib_grid.news.calendars import Event
from ib_grid.news.filter import NewsFilter

# Further than any two moments can be apart; stands for "none".
_FAR = 1 << 40


def check_candidates(
    candidates: pd.DataFrame, news: NewsFilter, events: Sequence[Event]
) -> pd.DataFrame:
    """Each candidate with the event that blocks it, or with the nearest one that does not.

    Parameters
    ----------
    candidates : DataFrame
        A row per candidate, with `news_minute` (its news moment, minutes since 1970-01-01 00:00
        UTC) among columns such as date, variation and direction.
    news : NewsFilter
    events : sequence of Event
        Those that the filter was made of; others are left out.

    Returns
    -------
    DataFrame
        The candidates' columns, with `news_time` (UTC) for `news_minute`, and

        - `blocked` (bool);
        - `event_time` (UTC), `event_currency`, `event_title`: the nearest event, of a blocked
          candidate the nearest that blocks it; the earlier of two at one distance; several in one
          minute joined by ``;``; missing where the filter has no event;
        - `distance_minutes` (Int64): news moment less event, negative before the event.

    Raises
    ------
    DataError
        If the filter has an event that is not among `events`.
    """
    names = _names_by_minute(events)
    _check_known(news, names)
    minutes = candidates["news_minute"].to_numpy(dtype=np.int64)
    place = _nearest(minutes, news)
    found = [int(news.events[i]) if i >= 0 else None for i in place]
    at = [names.get(event, (None, None)) if event is not None else (None, None) for event in found]
    away = [None if e is None else int(m) - e for m, e in zip(minutes, found, strict=True)]
    return candidates.drop(columns="news_minute").assign(
        news_time=_utc(list(minutes), candidates.index),
        blocked=news.blocks(minutes),
        event_time=_utc(found, candidates.index),
        event_currency=pd.Series([c for c, _ in at], index=candidates.index, dtype="string"),
        event_title=pd.Series([t for _, t in at], index=candidates.index, dtype="string"),
        distance_minutes=pd.Series(away, index=candidates.index, dtype="Int64"),
    )


def _names_by_minute(events: Sequence[Event]) -> dict[int, tuple[str, str]]:
    """Currencies and titles of the events of each minute."""
    of_minute: dict[int, list[Event]] = {}
    for event in events:
        of_minute.setdefault(event.minute, []).append(event)
    return {
        minute: (
            "; ".join(dict.fromkeys(event.currency for event in group)),
            "; ".join(dict.fromkeys(event.title for event in group)),
        )
        for minute, group in of_minute.items()
    }


def _check_known(news: NewsFilter, names: dict[int, tuple[str, str]]) -> None:
    unknown = next((minute for minute in news.events if int(minute) not in names), None)
    if unknown is not None:
        raise DataError(
            f"the filter has an event at {unknown.astype('datetime64[m]')} UTC without a name",
            expected="the events that the filter was made of",
        )


def _nearest(minutes: Minutes, news: NewsFilter) -> Minutes:
    """Index of the event to name for each minute, -1 if there is none."""
    if not len(news.events):
        return np.full(len(minutes), -1, np.int64)
    bounded = np.concatenate(([-_FAR], news.events, [_FAR]))
    after = np.searchsorted(bounded, minutes, side="right")
    since, until = minutes - bounded[after - 1], bounded[after] - minutes
    # A blocked candidate is explained by an event that blocks it, be another one nearer.
    blocked = news.blocks(minutes)
    since = np.where(blocked & (since > news.after_minutes), _FAR, since)
    until = np.where(blocked & (until > news.before_minutes), _FAR, until)
    return np.where(since <= until, after - 2, after - 1)


def _utc(minutes: Sequence[int | None], index: pd.Index) -> pd.Series:
    stamps = np.array(
        ["NaT" if m is None else np.datetime64(int(m), "m") for m in minutes],
        dtype="datetime64[ms]",
    )
    return pd.Series(pd.DatetimeIndex(stamps).tz_localize("UTC"), index=index)
