"""M2 bars and window bounds, against pandas and against examples by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_grid.engine.execution_settings import ORIGINAL, REALISTIC, Execution
from ib_grid.engine.fast.windows import Window, build_window, build_windows, prices_of
from ib_grid.market.bars import Bars
from ib_grid.market.instruments import Session
from ib_grid.market.levels import session_levels

UTC_SESSION = Session(ib_start="08:00", ib_end="08:30", ib_timezone="UTC")
DAY = 19_000 * 1440


def _bars(minutes: list[int]) -> Bars:
    """Bars at these minutes of a day, each with prices of its own."""
    minute = np.array(minutes, np.int64)
    base = 100.0 + np.arange(len(minutes))
    return Bars(minute=DAY + minute, open=base, high=base + 0.5, low=base - 0.5, close=base + 0.25)


def _window(minutes: list[int], wait: int, length: int, model: int) -> Window:
    bars = _bars(minutes)
    levels = session_levels(bars, UTC_SESSION)
    return build_window(prices_of(bars, Execution(spread_points=0)), levels, wait, length, model)


IB = list(range(480, 510))


def _of_window(window: Window) -> list[int]:
    return [int(m) - DAY for m in window.minute[window.first[0] : window.end[0]]]


def test_realistic_looks_only_at_bars_that_end_by_the_window() -> None:
    minutes = IB + list(range(510, 530))
    assert _of_window(_window(minutes, 0, 6, REALISTIC)) == [510, 512, 514]
    assert _of_window(_window(minutes, 0, 7, REALISTIC)) == [510, 512, 514]
    assert _of_window(_window(minutes, 0, 1, REALISTIC)) == []


def test_original_cuts_the_bar_at_the_end_of_the_window() -> None:
    minutes = IB + list(range(510, 530))
    window = _window(minutes, 0, 6, ORIGINAL)
    assert _of_window(window) == [510, 512, 514, 516]
    last = window.end[0] - 1
    assert window.close[last] == window.open[last] + 0.25  # of one M1 bar only


def test_span_drops_its_partial_first_bin() -> None:
    minutes = IB + list(range(510, 530))
    assert _of_window(_window(minutes, 1, 6, REALISTIC)) == [512, 514]
    assert _of_window(_window([*IB, 511, 512, 513], 0, 6, REALISTIC)) == [512]
    assert _of_window(_window([*IB, 510, 512, 513], 0, 6, REALISTIC)) == [510, 512]


def test_the_context_ends_before_the_first_bar_of_the_window() -> None:
    window = _window([*IB, 510, 511, 512, 513], 1, 6, REALISTIC)
    context = [int(m) - DAY for m in window.minute[window.start[0] : window.first[0]]]
    assert context == list(range(480, 511, 2))  # the bin of 510 without its second minute


def test_a_date_without_a_range_has_no_bars() -> None:
    bars = Bars(
        minute=DAY + np.arange(480, 530),
        open=np.full(50, 9.0),
        high=np.full(50, 9.0),
        low=np.full(50, 9.0),
        close=np.full(50, 9.0),
    )
    levels = session_levels(bars, UTC_SESSION)
    window = build_window(prices_of(bars, Execution(spread_points=0)), levels, 0, 10, REALISTIC)
    assert window.start[0] == window.end[0]


@given(
    st.sets(st.integers(480, 600), min_size=2).filter(lambda m: min(m) < 510),
    st.integers(0, 20),
    st.integers(1, 60),
)
@pytest.mark.parametrize("model", [REALISTIC, ORIGINAL])
def test_m2_bars_are_those_of_pandas(model: int, minutes: set[int], wait: int, length: int) -> None:
    bars = _bars(sorted(minutes))
    window = _window(sorted(minutes), wait, length, model)
    w0, w1 = 510 + wait, 510 + wait + length
    frame = pd.DataFrame(
        {n: getattr(bars, n) for n in ("open", "high", "low", "close")},
        index=pd.to_datetime((bars.minute - DAY) * 60, unit="s"),
    )
    minute = bars.minute - DAY
    inside = (minute >= w0) & ((minute <= w1) if model == ORIGINAL else (minute < w1))
    expected = (
        frame[inside]
        .resample("2min")
        .agg({"open": "first", "high": "max", "low": "min", "close": "last"})
        .dropna()
    )
    starts = np.array([t.hour * 60 + t.minute for t in expected.index], dtype=np.int64)
    if inside.any() and minute[inside][0] % 2 == 1:
        expected, starts = expected.iloc[1:], starts[1:]
    if model == REALISTIC:
        expected, starts = expected[starts + 2 <= w1], starts[starts + 2 <= w1]
    some = slice(window.first[0], window.end[0])
    assert _of_window(window) == starts.tolist()
    for name in ("open", "high", "low", "close"):
        assert getattr(window, name)[some].tolist() == expected[name].tolist()


@given(
    st.sets(st.integers(480, 600), min_size=2).filter(lambda m: min(m) < 510),
    st.integers(0, 20),
    st.lists(st.integers(1, 60), min_size=1, max_size=4),
)
@pytest.mark.parametrize("model", [REALISTIC, ORIGINAL])
def test_windows_built_together_equal_single_ones(
    model: int, minutes: set[int], wait: int, lengths: list[int]
) -> None:
    bars = _bars(sorted(minutes))
    prices, levels = prices_of(bars, Execution(spread_points=0)), session_levels(bars, UTC_SESSION)
    together = build_windows(prices, levels, wait, np.array(lengths, np.float64), model)
    for window, length in zip(together, lengths, strict=True):
        alone = build_window(prices, levels, wait, length, model)
        assert _of_window(window) == _of_window(alone)
        assert (window.w1, window.last_row) == (alone.w1, alone.last_row)
        rows = slice(window.start[0], window.end[0])
        own = slice(alone.start[0], alone.end[0])
        for name in ("row", "minute", "open", "high", "low", "close"):
            assert np.array_equal(getattr(window, name)[rows], getattr(alone, name)[own])
