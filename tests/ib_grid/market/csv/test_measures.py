import dataclasses
import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ib_grid.market.bars import Bars
from ib_grid.market.csv import measures
from ib_grid.market.csv.quality import SessionYear
from ib_grid.market.instruments import GER40, XAUUSD
from tests.helpers.input_files.csv_files import EPOCH, made_up_bars, minute_of

BERLIN = ZoneInfo("Europe/Berlin")


def berlin_minutes(date, first, end):
    """UTC minutes from one Berlin clock time to another, ``(hour, minute)``."""
    start = dt.datetime.combine(date, dt.time(*first), BERLIN)
    stop = dt.datetime.combine(date, dt.time(*end), BERLIN)
    first_minute = int((start - EPOCH).total_seconds()) // 60
    return np.arange(first_minute, int((stop - EPOCH).total_seconds()) // 60)


def days(first, n):
    return [first + dt.timedelta(days=i) for i in range(n)]


def trading_days(first, n, hours=((8, 0), (22, 0))):
    weekdays = [day for day in days(first, n) if day.weekday() < 5]
    return np.concatenate([berlin_minutes(day, *hours) for day in weekdays])


def session_years(bars, instrument):
    return measures.session_years(measures.session_dates(bars, instrument))


# Four weeks over the spring change of 2024-03-31, Good Friday and Easter Monday on both sides.
FULL = trading_days(dt.date(2024, 3, 18), 28)


def without(minutes, *spans):
    for span in spans:
        minutes = np.setdiff1d(minutes, span)
    return minutes


def test_full_sessions_miss_nothing():
    assert session_years(made_up_bars(FULL), GER40) == (
        SessionYear(year=2024, n_dates=20, n_empty_dates=0, n_minutes=20 * 90, n_missing=0),
    )


def test_missing_session_minutes_are_counted_and_others_are_not():
    hole = berlin_minutes(dt.date(2024, 4, 2), (9, 20), (9, 40))  # the last session ends at 9:30
    no_morning = berlin_minutes(dt.date(2024, 4, 3), (8, 0), (12, 0))
    no_bar = berlin_minutes(dt.date(2024, 4, 4), (8, 0), (22, 0))
    bars = made_up_bars(without(FULL, hole, no_morning, no_bar))
    assert session_years(bars, GER40) == (
        SessionYear(year=2024, n_dates=20, n_empty_dates=2, n_minutes=18 * 90, n_missing=10),
    )


def test_years_follow_the_session_zone_and_end_with_the_bars():
    # Tokyo's first of January begins on the last of December in UTC, and ends the bars here.
    minutes = np.arange(minute_of(2018, 12, 30, 23), minute_of(2018, 12, 31, 23))
    years = session_years(made_up_bars(minutes), XAUUSD)
    assert [(year.year, year.n_dates, year.n_missing) for year in years] == [(2018, 1, 0)]


@given(
    dropped=st.sets(st.integers(0, 719), max_size=300),
    first=st.dates(dt.date(2018, 1, 1), dt.date(2025, 1, 1)),
)
@settings(max_examples=20)
def test_session_minutes_agree_with_counting_them_one_by_one(dropped, first):
    hours = [berlin_minutes(day, (7, 0), (10, 0)) for day in days(first, 4)]
    minutes = np.delete(np.concatenate(hours), sorted(dropped))
    years = session_years(made_up_bars(minutes), GER40)
    present, dates = set(minutes.tolist()), {}
    for minute in range(int(minutes[0]), int(minutes[-1]) + 1):
        local = (EPOCH + dt.timedelta(minutes=minute)).astimezone(BERLIN)
        in_session = dt.time(8) <= local.time() < dt.time(9, 30) and local.weekday() < 5
        if in_session:
            dates.setdefault(local.date(), []).append(minute in present)
    some = [found for found in dates.values() if any(found)]
    assert sum(year.n_dates for year in years) == len(dates)
    assert sum(year.n_empty_dates for year in years) == len(dates) - len(some)
    assert sum(year.n_minutes for year in years) == sum(map(len, some))
    assert sum(year.n_missing for year in years) == sum(found.count(False) for found in some)


def test_weekdays_without_a_session_bar_are_dates():
    holiday = berlin_minutes(dt.date(2024, 3, 29), (8, 0), (22, 0))
    morning = berlin_minutes(dt.date(2024, 4, 3), (8, 0), (9, 30))
    found = measures.session_dates(made_up_bars(without(FULL, holiday, morning)), GER40)
    dates = [dt.date(2024, 3, 29), dt.date(2024, 4, 3)]
    assert found.without_bar == tuple((date - dt.date(1970, 1, 1)).days for date in dates)


def test_nights_weekends_and_empty_dates_are_no_gaps():
    bars = made_up_bars(without(FULL, berlin_minutes(dt.date(2024, 3, 29), (8, 0), (22, 0))))
    assert measures.longest_gaps(bars, "Europe/Berlin") == ()


def test_the_longest_gaps_come_first_at_any_hour():
    noon = berlin_minutes(dt.date(2024, 3, 26), (12, 0), (12, 30))
    opening = berlin_minutes(dt.date(2024, 4, 1), (8, 0), (10, 0))
    closing = berlin_minutes(dt.date(2024, 3, 28), (21, 0), (22, 0))
    gaps = measures.longest_gaps(
        made_up_bars(without(FULL, noon, opening, closing)), "Europe/Berlin"
    )
    # A date of the same weekday that misses them too lowers what is expected: 3 of 4 have them.
    assert [gap.n_expected for gap in gaps] == [90.0, 45.0, 22.5]
    assert gaps[1].first_minute == closing[0]
    assert gaps[0].end_minute == opening[-1] + 1
    assert (gaps[2].first_minute, gaps[2].end_minute) == (noon[0], noon[-1] + 1)


def test_gap_is_found_with_few_dates():
    hole = berlin_minutes(dt.date(2024, 3, 20), (12, 0), (13, 0))
    week = trading_days(dt.date(2024, 3, 18), 5)
    gaps = measures.longest_gaps(made_up_bars(without(week, hole)), "Europe/Berlin")
    assert [(gap.first_minute, gap.n_expected) for gap in gaps] == [(hole[0], 48.0)]


def test_at_most_ten_gaps_are_listed():
    holes = [berlin_minutes(day, (12, 0), (12, 9)) for day in days(dt.date(2024, 3, 18), 28)]
    early = [berlin_minutes(day, (10, 0), (10, 8)) for day in days(dt.date(2024, 3, 25), 7)]
    gaps = measures.longest_gaps(made_up_bars(without(FULL, *holes[:14], *early)), "Europe/Berlin")
    assert len(gaps) == 10
    sizes = [gap.n_expected for gap in gaps]
    assert sizes == sorted(sizes, reverse=True)


def calm_bars(n=400):
    """Bars with a range of 1 point, all alike but for a step up and down."""
    close = 100.0 + np.arange(n) % 2 * 0.5
    return Bars(
        minute=minute_of(2024, 3, 18, 9) + np.arange(n),
        open=np.full(n, 100.25),
        high=np.full(n, 100.75),
        low=np.full(n, 99.75),
        close=close,
    )


def changed(bars, row, **values):
    columns = {name: getattr(bars, name).copy() for name in values}
    for name, value in values.items():
        columns[name][row] = value
    return dataclasses.replace(bars, **columns)


def found_by(bars):
    """By rule, (number found, [(row, size)])."""
    first = int(bars.minute[0])
    return [
        (suspicion.n_found, [(bar.minute - first, bar.size) for bar in suspicion.largest])
        for suspicion in measures.suspicions(bars)
    ]


def test_calm_bars_are_not_suspicious():
    assert found_by(calm_bars()) == [(0, []), (0, []), (0, [])]


def test_a_range_far_above_its_neighbours_is_suspicious():
    assert found_by(changed(calm_bars(), 200, high=120.75))[0] == (1, [(200, 21.0)])
    assert found_by(changed(calm_bars(), 200, high=119.75))[0] == (0, [])


@pytest.mark.parametrize(("price", "size"), [(111.0, 10.5), (89.25, 11.0)])
def test_a_jump_that_is_taken_back_is_suspicious(price, size):
    one = changed(calm_bars(), 200, close=price, high=max(price, 100.75), low=min(price, 99.75))
    assert found_by(one)[1] == (1, [(200, size)])


def test_a_jump_that_lasts_or_comes_before_a_gap_is_not():
    bars = calm_bars()
    lasting = dataclasses.replace(
        bars, **{name: getattr(bars, name) + 11.0 * (np.arange(400) >= 200) for name in
                 ("open", "high", "low", "close")}
    )  # fmt: skip
    assert found_by(lasting)[1] == (0, [])
    spike = changed(bars, 200, close=111.0, high=111.0)
    assert found_by(spike.take(np.delete(np.arange(400), 201)))[1] == (0, [])


def test_constant_price_is_suspicious():
    still = slice(100, 110)
    bars = changed(calm_bars(), still, open=100.0, high=100.0, low=100.0, close=100.0)
    assert found_by(bars)[2] == (1, [(100, 10.0)])
    shorter = changed(bars, 105, high=100.25)
    assert found_by(shorter)[2] == (0, [])


def test_constant_bars_are_one_finding():
    n = 50
    flat = np.full(n, 100.0)
    bars = Bars(
        minute=minute_of(2024, 3, 18) + np.arange(n), open=flat, high=flat, low=flat, close=flat
    )
    assert found_by(bars) == [(0, []), (0, []), (1, [(0, 50.0)])]
    assert found_by(bars.take(slice(0, 1))) == [(0, []), (0, []), (0, [])]
