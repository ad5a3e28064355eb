"""Instrument descriptions: valid fields, and messages for invalid ones."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_grid.errors import InstrumentError
from ib_grid.market.instrument_description import instrument_from_mapping
from ib_grid.market.instruments import GER40, INSTRUMENTS, XAUUSD, Instrument, Session

GER40_TOML = """
symbol = "GER40"
timezone = "Europe/Berlin"
sessions = ["08:00-08:30", "08:00-09:00", "09:00-09:30"]
spread_points = 1.5
currencies = ["EUR", "USD"]

[trading_hours]
start = "07:00"
end = "23:00"
timezone = "Europe/Berlin"
weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
"""
XAUUSD_TOML = """
symbol = "XAUUSD"
timezone = "Asia/Tokyo"
sessions = ["09:00-09:30", "09:00-10:00", "10:00-10:30"]
spread_points = 0.30
currencies = ["USD"]

[trading_hours]
start = "00:00"
end = "24:00"
timezone = "UTC"
weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri"]
"""


def described(text: str) -> Instrument:
    return instrument_from_mapping(tomllib.loads(text), location="X.toml")


def test_the_built_in_instruments_can_be_described() -> None:
    assert described(GER40_TOML) == GER40
    assert described(XAUUSD_TOML) == XAUUSD


@pytest.mark.parametrize("one", INSTRUMENTS.values(), ids=lambda i: i.symbol)
def test_an_instrument_comes_back_from_json(one: Instrument) -> None:
    assert instrument_from_mapping(json.loads(json.dumps(one.to_dict()))) == one


def changed(**changes: Any) -> dict[str, Any]:
    return {**tomllib.loads(GER40_TOML), **changes}


def test_numbers_zones_and_currencies_are_normalized() -> None:
    one = instrument_from_mapping(
        changed(spread_points=2, timezone="europe/berlin", currencies=["eur", "All"])
    )
    assert (one.spread_points, type(one.spread_points)) == (2.0, float)
    assert one.timezone == "Europe/Berlin"
    assert one.currencies == ("EUR", "ALL")


@pytest.mark.parametrize(
    "spans", [["00:00-00:30"], ["23:00-23:59"], ["08:17-08:18"], ["07:00-23:00"]]
)
def test_a_session_may_be_any_minutes_of_a_date(spans: list[str]) -> None:
    hours = {**tomllib.loads(GER40_TOML)["trading_hours"], "start": "00:00", "end": "24:00"}
    one = instrument_from_mapping(changed(sessions=spans, trading_hours=hours))
    assert [str(session) for session in one.sessions] == spans


@pytest.mark.parametrize("spread", [0, 0.0, 0.00008])
def test_a_spread_may_be_small_or_none(spread: float) -> None:
    assert instrument_from_mapping(changed(spread_points=spread)).spread_points == spread


def _hours(**changes: Any) -> Callable[[], dict[str, Any]]:
    values = {**tomllib.loads(GER40_TOML)["trading_hours"], **changes}
    return lambda: changed(trading_hours={k: v for k, v in values.items() if v is not None})


def _without(key: str) -> Callable[[], dict[str, Any]]:
    return lambda: {name: value for name, value in changed().items() if name != key}


@pytest.mark.parametrize(
    ("values", "found", "told"),
    [
        (lambda: changed(spread=1.5), "unknown key spread", "did you mean spread_points?"),
        (lambda: changed(session=["08:00-08:30"]), "unknown key session", "did you mean sessions?"),
        (lambda: changed(xyz=1), "unknown key xyz", "remove the key"),
        (_without("symbol"), "missing symbol", "expected: symbol, timezone"),
        (_without("spread_points"), "missing spread_points", "must come before"),
        (_without("trading_hours"), "missing trading_hours", ""),
        (lambda: changed(symbol=""), "invalid symbol ''", "letters, digits"),
        (lambda: changed(symbol="../GER40"), "invalid symbol '../GER40'", ""),
        (lambda: changed(symbol="GER*"), "invalid symbol 'GER*'", ""),
        (lambda: changed(symbol="x" * 33), "invalid symbol", "at most 32"),
        (lambda: changed(symbol=40), "invalid symbol 40", ""),
        (lambda: changed(timezone="Berlin"), "unknown time zone 'Berlin'", "X.toml, timezone"),
        (lambda: changed(timezone=1), "unknown time zone 1", "X.toml, timezone"),
        (lambda: changed(sessions=[]), "no sessions", "at least one"),
        (lambda: changed(sessions="08:00-08:30"), "sessions is '08:00-08:30'", "a list"),
        (lambda: changed(sessions=["8:00-8:30"]), "'8:00' is not a time", "X.toml, sessions"),
        (lambda: changed(sessions=["08:00"]), "'08:00' is not a session", "HH:MM-HH:MM"),
        (lambda: changed(sessions=["09:00-08:30"]), "ends before it begins", "on one date"),
        (lambda: changed(sessions=["23:30-00:30"]), "ends before it begins", "on one date"),
        (lambda: changed(sessions=["09:00-24:00"]), "'24:00' is not a time", "23:59"),
        (lambda: changed(sessions=["08:00-08:30"] * 2), "duplicate sessions: 08:00-08:30", ""),
        (
            lambda: changed(sessions=["06:30-07:30"]),
            "lies outside the trading hours",
            "widen the hours",
        ),
        (lambda: changed(sessions=["22:30-23:30"]), "lies outside the trading hours", "07:00"),
        (lambda: changed(spread_points=-1), "spread_points is -1", "0 or above"),
        (lambda: changed(spread_points="1"), "spread_points is '1'", "points of price"),
        (lambda: changed(spread_points=True), "spread_points is True", ""),
        (lambda: changed(spread_points=float("nan")), "spread_points is nan", ""),
        (lambda: changed(spread_points=float("inf")), "spread_points is inf", ""),
        (lambda: changed(currencies=[]), "no currencies", "at least one"),
        (lambda: changed(currencies="USD"), "currencies is 'USD'", "a list of strings"),
        (lambda: changed(currencies=["US"]), "invalid currency 'US'", "three capitals"),
        (lambda: changed(currencies=["USD", "usd"]), "duplicate currencies: USD, USD", ""),
        (lambda: changed(currencies=[1]), "currencies is [1]", ""),
        (lambda: changed(trading_hours="07:00-23:00"), "trading_hours is '07:00", "a table of"),
        (_hours(weekday=["Mon"]), "unknown key weekday", "did you mean weekdays?"),
        (_hours(start=None), "missing start", "X.toml, trading_hours"),
        (_hours(start="7"), "'7' is not a time of day", "X.toml, trading_hours"),
        (_hours(start=7), "7 is not a time of day", ""),
        (_hours(start="24:00"), "'24:00' is not a time of day", ""),
        (_hours(start="18:00", end="17:00"), "end before they begin", "00:00 to 24:00"),
        (_hours(timezone="Mars"), "unknown time zone 'Mars'", "trading_hours, timezone"),
        (_hours(weekdays=[]), "invalid weekdays ()", ""),
        (_hours(weekdays=["Monday"]), "unknown weekday 'Monday'", "Mon, Tue"),
        (_hours(weekdays=[0, 1]), "weekdays is [0, 1]", ""),
        (_hours(weekdays=["Mon", "Mon"]), "invalid weekdays (0, 0)", "at most once"),
    ],
)
def test_invalid_description_is_reported(
    values: Callable[[], dict[str, Any]], found: str, told: str
) -> None:
    with pytest.raises(InstrumentError) as caught:
        instrument_from_mapping(values(), location="X.toml")
    said = str(caught.value)
    assert found in said
    assert told in said
    assert "X.toml" in caught.value.location


def test_sessions_are_of_one_zone() -> None:
    zones = ("Europe/Berlin", "Europe/London")
    sessions = tuple(Session(ib_start="09:00", ib_end="09:30", ib_timezone=z) for z in zones)
    with pytest.raises(InstrumentError, match="in several time zones"):
        Instrument(
            symbol="X",
            sessions=sessions,
            trading_hours=GER40.trading_hours,
            spread_points=1.0,
            currencies=("EUR",),
        )


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


@given(st.sampled_from(sorted(changed())), st.sampled_from(["", "start", "weekdays"]), _JSON)
def test_any_value_is_accepted_or_refused_with_a_message(
    key: str, inner: str, value: object
) -> None:
    values = changed(**{key: value})
    if key == "trading_hours" and inner:
        values = _hours(**{inner: value})()
    try:
        one = instrument_from_mapping(values, location="X.toml")
    except InstrumentError as error:
        assert error.location.startswith("X.toml")  # noqa: PT017
    else:
        assert instrument_from_mapping(one.to_dict()) == one
