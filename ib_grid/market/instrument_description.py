"""Reading of an instrument's description, from its TOML file or from run.json.

The checks are plain Python rather than pydantic: every command on a run reads run.json, and
would wait a tenth of a second for that import.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

from ib_grid.errors import InputError, InstrumentError
from ib_grid.errors.validation import check_names
from ib_grid.market import clock
from ib_grid.market.instruments import (
    WEEKDAY_NAMES,
    Instrument,
    Session,
    TradingHours,
    check_symbol_name,
    session_from_text,
)

_HOURS = ("start", "end", "timezone", "weekdays")
_KEYS = ("symbol", "timezone", "sessions", "spread_points", "currencies", "trading_hours")


def instrument_from_mapping(values: Mapping[str, object], *, location: str = "") -> Instrument:
    """Return the instrument that a mapping describes, such as the content of a TOML file.

    All keys are required: symbol, timezone (of the sessions), sessions (a list of ``HH:MM-HH:MM``),
    spread_points, currencies (a list), and trading_hours, a mapping of start, end, timezone and
    weekdays (a list of ``Mon`` to ``Sun``). `location` names the file in errors.
    """
    with _named(location):
        _check_keys(values, _KEYS)
        return Instrument(
            symbol=check_symbol_name(values["symbol"]),
            sessions=_sessions_of(values),
            trading_hours=_hours_of(values["trading_hours"]),
            spread_points=values["spread_points"],  # type: ignore[arg-type]
            currencies=tuple(code.strip().upper() for code in _texts(values, "currencies")),
        )


def _check_keys(values: Mapping[str, object], keys: tuple[str, ...]) -> None:
    check_names(values, keys, "", InstrumentError)
    missing = [key for key in keys if key not in values]
    if missing:
        raise InstrumentError(
            f"missing {', '.join(missing)}",
            expected=", ".join(keys),
            hint="in a TOML file, keys of the instrument itself must come before [trading_hours]",
        )


def _sessions_of(values: Mapping[str, object]) -> tuple[Session, ...]:
    timezone = _zone_name(values, "timezone")
    with _named("sessions"):
        return tuple(session_from_text(text, timezone) for text in _texts(values, "sessions"))


def _hours_of(values: object) -> TradingHours:
    if not isinstance(values, Mapping):
        raise InstrumentError(
            f"trading_hours is {values!r}", expected=f"a table of {', '.join(_HOURS)}"
        )
    with _named("trading_hours"):
        _check_keys(values, _HOURS)
        days = _texts(values, "weekdays")
        unknown = [day for day in days if day not in WEEKDAY_NAMES]
        if unknown:
            raise InputError(f"unknown weekday {unknown[0]!r}", expected=", ".join(WEEKDAY_NAMES))
        return TradingHours(
            start=values["start"],
            end=values["end"],
            timezone=_zone_name(values, "timezone"),
            weekdays=tuple(WEEKDAY_NAMES.index(day) for day in days),
        )


def _zone_name(values: Mapping[str, object], key: str) -> str:
    """Return the zone in its official spelling, so that a zone has one name."""
    with _named(key):
        return str(clock.zone(values[key]).zone)  # type: ignore[arg-type]


def _texts(values: Mapping[str, object], key: str) -> list[str]:
    texts = values[key]
    if not isinstance(texts, (list, tuple)) or not all(isinstance(text, str) for text in texts):
        raise InstrumentError(f"{key} is {texts!r}", expected="a list of strings")
    return list(texts)


@contextlib.contextmanager
def _named(location: str) -> Iterator[None]:
    """Turn errors of the block into an InstrumentError with a location."""
    try:
        yield
    except InputError as error:
        place = ", ".join(filter(None, (location, error.location)))
        raise error.with_context(InstrumentError, location=place) from error
