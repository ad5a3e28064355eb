"""What an instrument is: zone, sessions, trading hours, spread, currencies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ib_grid import clock
from ib_grid.errors import InputError, InstrumentError


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The span of the Initial Balance, ``[ib_start, ib_end)``, clock times of one local date."""

    ib_start: str
    ib_end: str
    ib_timezone: str

    def __post_init__(self) -> None:
        clock.zone(self.ib_timezone)
        if clock.parse_clock_time(self.ib_start) >= clock.parse_clock_time(self.ib_end):
            raise InputError(
                f"the session {self.ib_start}-{self.ib_end} ends before it has begun",
                expected="ib_start before ib_end, on one date",
            )

    def __str__(self) -> str:
        return f"{self.ib_start}-{self.ib_end}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingHours:
    """When an instrument's bars count: ``[start, end)`` by the zone's clock, on these weekdays.

    Weekdays are those of the zone's date, Monday 0; an end of ``"24:00"`` is midnight.
    """

    start: str
    end: str
    timezone: str
    weekdays: tuple[int, ...]

    def contain(self, minutes: clock.Minutes) -> NDArray[np.bool_]:
        """Whether each UTC minute lies within the trading hours, shape (n,)."""
        local = minutes + clock.utc_offset_minutes(minutes, self.timezone)
        date, minute_of_day = np.divmod(local, clock.MINUTES_PER_DAY)
        end = 1440 if self.end == "24:00" else clock.parse_clock_time(self.end)
        in_hours = (minute_of_day >= clock.parse_clock_time(self.start)) & (minute_of_day < end)
        weekday = (date + 3) % 7  # 1970-01-01 was a Thursday
        return in_hours & np.isin(weekday, self.weekdays)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """An instrument as the strategy sees it.

    Attributes
    ----------
    symbol : str
    sessions : tuple of Session
        The Initial Balance spans that a grid tries by default.
    trading_hours : TradingHours
        Bars outside are dropped when data are prepared.
    spread_points : float
        Full spread, in points of price.
    currencies : tuple of str
        Events in these currencies move the instrument.
    """

    symbol: str
    sessions: tuple[Session, ...]
    trading_hours: TradingHours
    spread_points: float
    currencies: tuple[str, ...]

    @property
    def timezone(self) -> str:
        """Zone of the sessions."""
        return self.sessions[0].ib_timezone


def _sessions(timezone: str, *spans: tuple[str, str]) -> tuple[Session, ...]:
    return tuple(Session(ib_start=a, ib_end=b, ib_timezone=timezone) for a, b in spans)


EVERY_DAY = (0, 1, 2, 3, 4, 5, 6)
WEEKDAYS = (0, 1, 2, 3, 4)

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
    """The instrument of a symbol.

    Raises
    ------
    InstrumentError
        If the symbol is unknown.
    """
    try:
        return INSTRUMENTS[symbol]
    except KeyError:
        raise InstrumentError(
            f"the symbol {symbol!r} is unknown", expected=f"one of {', '.join(INSTRUMENTS)}"
        ) from None
