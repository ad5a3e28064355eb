import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_grid.errors import InputError
from ib_grid.market import clock

# St John's changed its clocks a minute after midnight, Lord Howe changes them by half an hour.
ZONES = st.sampled_from(
    [
        "Europe/Berlin",
        "Europe/London",
        "Europe/Dublin",
        "America/New_York",
        "America/St_Johns",
        "Asia/Tokyo",
        "Asia/Kolkata",
        "Australia/Lord_Howe",
        "UTC",
        "Etc/GMT+5",
    ]
)
# The years 1990 to 2036, and half of the time hours that are near a clock change of most zones.
CHANGES = [dt.datetime(year, month, 25) for year in range(1995, 2036) for month in (3, 10)]
LOCAL_TIMES = st.one_of(
    st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2036, 12, 31)),
    st.tuples(st.sampled_from(CHANGES), st.integers(-7 * 1440, 10 * 1440)).map(
        lambda pair: pair[0] + dt.timedelta(minutes=pair[1])
    ),
).map(lambda time: time.replace(second=0, microsecond=0))


def minutes_of(time):
    return int((time - dt.datetime(1970, 1, 1)).total_seconds()) // 60


def offset_by_zoneinfo(utc_minute, zone):
    moment = dt.datetime.fromtimestamp(utc_minute * 60, ZoneInfo(zone))
    return int(moment.utcoffset().total_seconds()) // 60


def utc_minutes_by_zoneinfo(local, zone):
    """Every UTC minute that the zone's clock shows as this local time."""
    found = set()
    for fold in (0, 1):
        aware = local.replace(tzinfo=ZoneInfo(zone), fold=fold)
        back = aware.astimezone(dt.UTC).astimezone(ZoneInfo(zone))
        if back.replace(tzinfo=None) == local:
            found.add(int(aware.timestamp()) // 60)
    return sorted(found)


@pytest.mark.parametrize(("text", "minutes"), [("00:00", 0), ("09:30", 570), ("23:59", 1439)])
def test_a_clock_time_is_minutes_after_midnight(text, minutes):
    assert clock.parse_clock_time(text) == minutes


@pytest.mark.parametrize("text", ["24:00", "9:30", "09:60", "09.30", "09:30 ", "", None, "٠٩:٣٠"])
def test_invalid_clock_time_is_refused(text):
    with pytest.raises(InputError, match="not a time of day"):
        clock.parse_clock_time(text)


@pytest.mark.parametrize("name", ["Berlin", "", "Europe/berlin2", None])
def test_unknown_zone_is_refused(name):
    with pytest.raises(InputError, match="unknown time zone"):
        clock.zone(name)


@given(times=st.lists(LOCAL_TIMES, max_size=20), zone=ZONES)
def test_offsets_equal_those_of_zoneinfo(times, zone):
    minutes = np.array([minutes_of(time) for time in times], dtype=np.int64)
    expected = [offset_by_zoneinfo(int(minute), zone) for minute in minutes]
    assert clock.utc_offset_minutes(minutes, zone).tolist() == expected


@given(times=st.lists(LOCAL_TIMES, max_size=20), zone=ZONES)
def test_local_times_name_the_moments_that_zoneinfo_knows(times, zone):
    local = np.array([minutes_of(time) for time in times], dtype=np.int64)
    utc, n_minutes = clock.local_to_utc(local, zone)
    for time, minute, n in zip(times, utc, n_minutes, strict=True):
        expected = utc_minutes_by_zoneinfo(time, zone)
        assert n == len(expected)
        assert not expected or minute == expected[0]


def test_a_local_time_can_be_left_out_or_given_twice():
    local = [dt.datetime(2024, 3, 31, 2, 30), dt.datetime(2024, 10, 27, 2, 30)]
    minutes = np.array([minutes_of(time) for time in local])
    utc, n_minutes = clock.local_to_utc(minutes, "Europe/Berlin")
    assert n_minutes.tolist() == [0, 2]
    assert utc[1] == minutes_of(dt.datetime(2024, 10, 27, 0, 30))


@given(
    dates=st.lists(st.dates(dt.date(1990, 1, 1), dt.date(2036, 12, 31)), max_size=10),
    minute_of_day=st.integers(0, 1439),
    zone=ZONES,
)
def test_session_times_equal_those_of_zoneinfo(dates, minute_of_day, zone):
    clock_time = dt.time(minute_of_day // 60, minute_of_day % 60)
    days = np.array([(date - dt.date(1970, 1, 1)).days for date in dates], dtype=np.int64)
    found = clock.local_to_utc_minutes(days, clock_time.strftime("%H:%M"), zone)
    for date, minute in zip(dates, found, strict=True):
        moments = utc_minutes_by_zoneinfo(dt.datetime.combine(date, clock_time), zone)
        if moments:
            assert minute == moments[-1]
        else:  # moved on by as much as the clock is
            later = dt.datetime.combine(date, clock_time) + dt.timedelta(hours=1)
            half = dt.datetime.combine(date, clock_time) + dt.timedelta(minutes=30)
            shift = half if zone == "Australia/Lord_Howe" else later
            assert minute == utc_minutes_by_zoneinfo(shift, zone)[0]


@given(times=st.lists(LOCAL_TIMES, max_size=20), zone=ZONES)
def test_local_dates_equal_those_of_zoneinfo(times, zone):
    minutes = np.array([minutes_of(time) for time in times], dtype=np.int64)
    days = clock.local_dates(minutes, zone)
    for minute, day in zip(minutes, days, strict=True):
        moment = dt.datetime.fromtimestamp(int(minute) * 60, ZoneInfo(zone))
        assert clock.date_of(day) == moment.date()


def test_minutes_as_text():
    minute = minutes_of(dt.datetime(2024, 2, 29, 23, 5))
    assert clock.minute_text(minute) == "2024-02-29 23:05"


@pytest.mark.parametrize(
    ("zone", "clock_time", "utc"),
    [
        ("Europe/Berlin", "02:30", (1, 30)),  # 02:30 twice, at 00:30 and 01:30 UTC
        ("Europe/Dublin", "01:30", (1, 30)),  # where winter time is the one that is changed to
    ],
)
def test_repeated_local_time_is_the_second(zone, clock_time, utc):
    day = np.array([(dt.date(2024, 10, 27) - dt.date(1970, 1, 1)).days])
    expected = minutes_of(dt.datetime(2024, 10, 27, *utc))
    assert clock.local_to_utc_minutes(day, clock_time, zone).tolist() == [expected]


def test_skipped_local_time_moves_forward():
    day = np.array([(dt.date(2024, 3, 31) - dt.date(1970, 1, 1)).days])
    expected = minutes_of(dt.datetime(2024, 3, 31, 1, 30))  # 03:30 summer time
    assert clock.local_to_utc_minutes(day, "02:30", "Europe/Berlin").tolist() == [expected]


@pytest.mark.parametrize("name", ["UTC+15", "UTC-99", "America/New_York+7:99", ""])
def test_a_clock_that_cannot_be_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="unknown time zone"):
        clock.local_clock(name)
