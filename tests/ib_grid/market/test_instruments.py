import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_grid.errors import InputError, InstrumentError
from ib_grid.market.instruments import GER40, XAUUSD, Session, instrument, session_from_text

MINUTES = st.integers(
    int(dt.datetime(2015, 1, 1, tzinfo=dt.UTC).timestamp()) // 60,
    int(dt.datetime(2030, 1, 1, tzinfo=dt.UTC).timestamp()) // 60,
)


@given(minutes=st.lists(MINUTES, max_size=30))
def test_ger40_trades_from_seven_to_twenty_three_in_berlin(minutes):
    inside = GER40.trading_hours.contain(np.array(minutes, dtype=np.int64))
    hours = [dt.datetime.fromtimestamp(m * 60, ZoneInfo("Europe/Berlin")).hour for m in minutes]
    assert inside.tolist() == [7 <= hour < 23 for hour in hours]


@given(minutes=st.lists(MINUTES, max_size=30))
def test_xauusd_trades_on_weekdays_of_the_utc_date(minutes):
    inside = XAUUSD.trading_hours.contain(np.array(minutes, dtype=np.int64))
    days = [dt.datetime.fromtimestamp(m * 60, dt.UTC).weekday() for m in minutes]
    assert inside.tolist() == [day < 5 for day in days]


def test_the_standard_sessions():
    assert [str(session) for session in GER40.sessions] == [
        "08:00-08:30",
        "08:00-09:00",
        "09:00-09:30",
    ]
    assert [str(session) for session in XAUUSD.sessions] == [
        "09:00-09:30",
        "09:00-10:00",
        "10:00-10:30",
    ]
    assert GER40.timezone == "Europe/Berlin"
    assert XAUUSD.timezone == "Asia/Tokyo"
    assert instrument("XAUUSD") is XAUUSD


@pytest.mark.parametrize("symbol", ["DAX", "ger40", ""])
def test_an_unknown_symbol_is_named_with_the_known_ones(symbol):
    with pytest.raises(InstrumentError) as caught:
        instrument(symbol)
    assert repr(symbol) in str(caught.value)
    assert "GER40, XAUUSD" in str(caught.value)


@pytest.mark.parametrize(("ib_start", "ib_end"), [("09:00", "09:00"), ("09:30", "09:00")])
def test_a_session_ends_after_it_has_begun(ib_start, ib_end):
    with pytest.raises(InputError, match="ends before"):
        Session(ib_start=ib_start, ib_end=ib_end, ib_timezone="UTC")


def test_session_from_text():
    expected = Session(ib_start="08:00", ib_end="09:00", ib_timezone="Europe/Berlin")
    assert session_from_text("08:00-09:00", "Europe/Berlin") == expected


@pytest.mark.parametrize("text", ["08:00", "08:00-09:00-10:00", "09:00-09:00", "8-9", "", 8])
def test_invalid_session_text(text):
    with pytest.raises(InputError):
        session_from_text(text, "Europe/Berlin")


def test_the_session_of_an_invalid_time_is_named():
    with pytest.raises(InputError, match="'8' is not a time of day") as refused:
        session_from_text("8-9", "Europe/Berlin")
    assert refused.value.location == "session '8-9'"
