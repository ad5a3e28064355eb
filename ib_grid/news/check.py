"""Nearest event of each entry candidate, which explains why the candidate was blocked or kept."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ib_grid.errors import DataError
from ib_grid.market.clock import Minutes
from ib_grid.news.calendars import Event
from ib_grid.news.filter import NewsFilter

# Longer than any distance between two moments; stands for a missing event.
_FAR = 1 << 40


def check_candidates(
    candidates: pd.DataFrame, news: NewsFilter, events: Sequence[Event]
) -> pd.DataFrame:
    """Return each candidate with the event that blocks it, or else the nearest event.

    Parameters
    ----------
    candidates : DataFrame
        One row per candidate; column `news_minute` is its news moment, minutes since 1970-01-01
        00:00 UTC. Other columns, such as date, variation and direction, are kept.
    events : sequence of Event
        The events of the filter; others are ignored.

    Returns
    -------
    DataFrame
        The candidates' columns, with `news_time` (UTC) for `news_minute`, and

        - `blocked` (bool);
        - `event_time` (UTC), `event_currency`, `event_title`: the nearest event, or for a blocked
          candidate the nearest that blocks it; the earlier of two at the same distance; several in
          the same minute joined by ``;``; missing if the filter has no events;
        - `distance_minutes` (Int64): news moment minus event time, negative before the event.
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
    """Return currencies and titles of the events of each minute."""
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
            f"the filter has an unknown event at {unknown.astype('datetime64[m]')} UTC",
            expected="the events of the filter",
        )


def _nearest(minutes: Minutes, news: NewsFilter) -> Minutes:
    """Return the index of the event to name for each minute, -1 if the filter is empty."""
    if not len(news.events):
        return np.full(len(minutes), -1, np.int64)
    bounded = np.concatenate(([-_FAR], news.events, [_FAR]))
    after = np.searchsorted(bounded, minutes, side="right")
    since, until = minutes - bounded[after - 1], bounded[after] - minutes
    # A blocked candidate is explained by an event that blocks it, even if another is nearer.
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
