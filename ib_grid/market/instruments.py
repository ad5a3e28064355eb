"""Instruments: sessions, trading hours, spread and currencies of a symbol."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ib_grid.errors import InputError, InstrumentError
from ib_grid.errors.validation import finite_number, shown
from ib_grid.market import clock

WEEKDAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
EVERY_DAY = (0, 1, 2, 3, 4, 5, 6)
WEEKDAYS = (0, 1, 2, 3, 4)
_MIDNIGHT = "24:00"
# A symbol is part of file names and of search patterns.
_SYMBOL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Span of the Initial Balance, ``[ib_start, ib_end)``, clock times of one local date."""

    ib_start: str
    ib_end: str
    ib_timezone: str

    def __post_init__(self) -> None:
        clock.zone(self.ib_timezone)
        if clock.parse_clock_time(self.ib_start) >= clock.parse_clock_time(self.ib_end):
            raise InputError(
                f"the session {self.ib_start}-{self.ib_end} ends before it begins",
                expected="ib_start before ib_end, on one date",
            )

    def __str__(self) -> str:
        return f"{self.ib_start}-{self.ib_end}"


def session_from_text(text: str, timezone: str) -> Session:
    """Return the session of a text ``HH:MM-HH:MM``."""
    parts = text.split("-") if isinstance(text, str) else []
    if len(parts) != 2:
        raise InputError(f"{shown(text)} is not a session", expected="HH:MM-HH:MM")
    try:
        for part in parts:
            clock.parse_clock_time(part)
    except InputError as error:
        raise error.with_context(InputError, location=f"session {shown(text)}") from error
    return Session(ib_start=parts[0], ib_end=parts[1], ib_timezone=timezone)


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingHours:
    """Trading hours of an instrument: ``[start, end)`` on the zone's clock, on some weekdays.

    Weekdays are those of the zone's date, Monday is 0; an end of ``"24:00"`` is midnight.
    """

    start: str
    end: str
    timezone: str
    weekdays: tuple[int, ...]

    def __post_init__(self) -> None:
        clock.zone(self.timezone)
        if clock.parse_clock_time(self.start) >= self._end_minute:
            raise InputError(
                f"the trading hours {self.start}-{self.end} end before they begin",
                expected="start before end, on one date",
                hint="if trading passes midnight, use 00:00 to 24:00; trades are opened in the"
                " sessions only",
            )
        days = self.weekdays
        if not days or len(set(days)) < len(days) or not set(days) <= set(EVERY_DAY):
            raise InputError(f"invalid weekdays {days}", expected="each of 0 to 6 at most once")

    @property
    def _end_minute(self) -> int:
        ends_at_midnight = self.end == _MIDNIGHT
        return clock.MINUTES_PER_DAY if ends_at_midnight else clock.parse_clock_time(self.end)

    def __str__(self) -> str:
        days = " ".join(WEEKDAY_NAMES[day] for day in self.weekdays)
        return f"{self.start}-{self.end} {self.timezone}, {days}"

    def contain(self, minutes: clock.Minutes) -> NDArray[np.bool_]:
        """Return whether each UTC minute lies within the trading hours, shape (n,)."""
        local = minutes + clock.utc_offset_minutes(minutes, self.timezone)
        date, minute_of_day = np.divmod(local, clock.MINUTES_PER_DAY)
        start = clock.parse_clock_time(self.start)
        in_hours = (minute_of_day >= start) & (minute_of_day < self._end_minute)
        return in_hours & np.isin(clock.weekday(date), self.weekdays)

    def to_dict(self) -> dict[str, object]:
        """Return the hours as an instrument file has them."""
        return {
            "start": self.start,
            "end": self.end,
            "timezone": self.timezone,
            "weekdays": [WEEKDAY_NAMES[day] for day in self.weekdays],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """An instrument that the strategy trades.

    Attributes
    ----------
    symbol : str
        Letters, digits, ``.``, ``-`` and ``_``, at most 32: it names files.
    sessions : tuple of Session
        Initial Balance spans that a grid tries by default; all in one zone.
    trading_hours : TradingHours
        Bars outside these hours are dropped when data are prepared.
    spread_points : float
        Full spread, in points of price.
    currencies : tuple of str
        Currencies whose news block entries; three capitals each.
    """

    symbol: str
    sessions: tuple[Session, ...]
    trading_hours: TradingHours
    spread_points: float
    currencies: tuple[str, ...]

    def __post_init__(self) -> None:
        check_symbol_name(self.symbol)
        _check_each_once("sessions", self.sessions)
        _check_each_once("currencies", self.currencies)
        if len({session.ib_timezone for session in self.sessions}) > 1:
            raise InstrumentError(
                "the sessions are in several time zones", expected="one time zone"
            )
        spread = finite_number(self.spread_points)
        if spread is None or spread < 0:
            raise InstrumentError(
                f"spread_points is {self.spread_points!r}",
                expected="0 or above, in points of price",
            )
        object.__setattr__(self, "spread_points", spread)
        for code in self.currencies:
            if not isinstance(code, str) or not _CURRENCY.fullmatch(code):
                raise InstrumentError(
                    f"invalid currency {code!r}", expected='three capitals, such as "USD"'
                )
        _check_sessions_in_hours(self)

    @property
    def timezone(self) -> str:
        """Zone of the sessions."""
        return self.sessions[0].ib_timezone

    def to_dict(self) -> dict[str, object]:
        """Return the instrument as its file has it; see `instrument_description`."""
        return {
            "symbol": self.symbol,
            "timezone": self.timezone,
            "sessions": [str(session) for session in self.sessions],
            "spread_points": self.spread_points,
            "currencies": list(self.currencies),
            "trading_hours": self.trading_hours.to_dict(),
        }


def check_symbol_name(symbol: object) -> str:
    """Return the symbol if it is valid."""
    if not isinstance(symbol, str) or not _SYMBOL.fullmatch(symbol):
        raise InstrumentError(
            f"invalid symbol {symbol!r}",
            expected="letters, digits, dots, hyphens and underscores, at most 32, such as NAS100",
        )
    return symbol


def _check_each_once(name: str, values: tuple[object, ...]) -> None:
    if not values:
        raise InstrumentError(f"no {name}", expected="at least one")
    if len(set(values)) < len(values):
        texts = ", ".join(map(str, values))
        raise InstrumentError(f"duplicate {name}: {texts}", expected="each once")


def _check_sessions_in_hours(instrument: Instrument) -> None:
    """Refuse a session that never lies fully within the hours, in winter or in summer."""
    mondays = [np.datetime64(f"2024-{month}-08", "D").astype(np.int64) for month in ("01", "07")]
    dates = np.concatenate([monday + np.arange(7) for monday in mondays])
    for session in instrument.sessions:
        start = clock.local_to_utc_minutes(dates, session.ib_start, session.ib_timezone)
        length = clock.parse_clock_time(session.ib_end) - clock.parse_clock_time(session.ib_start)
        minutes = start[:, None] + np.arange(length)
        inside = instrument.trading_hours.contain(minutes.ravel()).reshape(minutes.shape)
        if not inside.all(axis=1).any():
            raise InstrumentError(
                f"the session {session} {session.ib_timezone} lies outside the trading hours",
                expected=f"a session within {instrument.trading_hours}",
                hint="bars outside the trading hours are dropped: widen the hours, or correct the"
                " session",
            )


def _sessions(timezone: str, *spans: tuple[str, str]) -> tuple[Session, ...]:
    return tuple(Session(ib_start=a, ib_end=b, ib_timezone=timezone) for a, b in spans)


GER40 = Instrument(
    symbol="GER40",
    sessions=_sessions("Europe/Berlin", ("08:00", "08:30"), ("08:00", "09:00"), ("09:00", "09:30")),
    trading_hours=TradingHours(
        start="07:00", end="23:00", timezone="Europe/Berlin", weekdays=EVERY_DAY
    ),
    spread_points=1.5,
    currencies=("EUR", "USD"),
)
XAUUSD = Instrument(
    symbol="XAUUSD",
    sessions=_sessions("Asia/Tokyo", ("09:00", "09:30"), ("09:00", "10:00"), ("10:00", "10:30")),
    trading_hours=TradingHours(start="00:00", end="24:00", timezone="UTC", weekdays=WEEKDAYS),
    spread_points=0.30,
    currencies=("USD",),
)
INSTRUMENTS = {instrument.symbol: instrument for instrument in (GER40, XAUUSD)}


def instrument(symbol: str) -> Instrument:
    """Return the built-in instrument of a symbol."""
    try:
        return INSTRUMENTS[symbol]
    except KeyError:
        raise InstrumentError(
            f"unknown symbol {symbol!r}", expected=f"one of {', '.join(INSTRUMENTS)}"
        ) from None
