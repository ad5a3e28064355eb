"""What a file leaves open: its clock, its labels, the order of day and month."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ib_grid.errors import DataError
from ib_grid.market.clock import MINUTES_PER_DAY, LocalClock, local_clock
from ib_grid.market.csv.layouts.dialects import Labels
from ib_grid.market.csv.layouts.recognition import Dialect
from ib_grid.market.csv.layouts.time_columns import parse_times
from ib_grid.market.csv.layouts.times import ORDERS, TimeForm, has_short_year, years_are_last

_SHORTEST_MONTH = 28  # days

DateOrder = Literal["day-first", "month-first"]
UnixTimes = Literal["utc", "server"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Options for reading files of bars.

    Attributes
    ----------
    timezone : str or None
        Clock of times without an offset (`clock.local_clock`).
    labels : {"open", "close"} or None
        The minute of a bar that its time names; None for that of the layout.
    unix_times : {"utc", "server"} or None
        Whether Unix times are UTC or the wall clock of a server, which `timezone` names; None for
        that of the layout.
    date_order : {"day-first", "month-first"} or None
        Order of dates such as 03/05/2024; None if the file decides.
    skip_bad_rows : int
        Number of bad rows that may be skipped.
    keep_flat : bool
        Keep closed time that is filled with flat bars.
    """

    timezone: str | None = None
    labels: Labels | None = None
    unix_times: UnixTimes | None = None
    date_order: DateOrder | None = None
    skip_bad_rows: int = 0
    keep_flat: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """What was decided for a file, and why, in words.

    Attributes
    ----------
    local : LocalClock or None
        Clock of the times; None if the times are moments.
    naive : bool
        True if the user gave the clock.
    labels : {"open", "close"}
    reasons : tuple of (aspect, text)
        Aspects are layout, clock, times, labels, prices and symbol.
    """

    local: LocalClock | None
    naive: bool
    labels: Labels
    reasons: tuple[tuple[str, str], ...]


def decide(dialect: Dialect, options: Options, location: str) -> Decisions:
    """Decide on clock and labels; refuse times whose clock neither file nor user gives."""
    local = _local(dialect, options, location)
    labels: Labels = "close" if dialect.end_labels else dialect.layout.labels
    labels = options.labels or labels
    return Decisions(
        local=local,
        naive=local is not None and local.name != dialect.named_clock,
        labels=labels,
        reasons=(
            ("layout", f"{dialect.layout.name}: {_header_words(dialect)}"),
            ("clock", _clock_words(dialect, options, local)),
            ("times", f"{dialect.form}, such as {dialect.example!r}"),
            ("labels", _label_words(dialect, options, labels)),
            ("prices", ", ".join(filter(None, (dialect.prices.side, str(dialect.marks))))),
        ),
    )


def _local(dialect: Dialect, options: Options, location: str) -> LocalClock | None:
    server = _is_server_clock(dialect, options)
    if (dialect.form.aware or dialect.named_clock == "UTC") and not server:
        return None
    if dialect.named_clock and not server:
        return local_clock(dialect.named_clock)
    if options.timezone is not None:
        return local_clock(options.timezone, "--timezone")
    if server:
        raise DataError(
            f"the time {dialect.example!r} is the wall clock of a server, whose time zone the file"
            f" does not tell ({dialect.layout.name})",
            location=location,
            expected="the time zone of the server",
            hint="give --timezone, such as America/New_York+7 for most brokers, or --unix-times utc"
            " if the times were converted",
        )
    raise DataError(
        f"the time {dialect.example!r} has no time zone ({dialect.layout.name})",
        location=location,
        expected="times with an offset, or the time zone of the clock that wrote them",
        hint="give the time zone, such as --timezone America/New_York",
    )


def _is_server_clock(dialect: Dialect, options: Options) -> bool:
    """Return whether numbers or UTC times are the wall clock of a server."""
    if dialect.form.unit and options.unix_times:
        return options.unix_times == "server"
    as_utc = dialect.example.endswith(("Z", "+00:00", "+0000", "UTC"))
    claims_utc = (
        bool(dialect.form.unit) or (dialect.form.aware and as_utc) or (dialect.named_clock == "UTC")
    )
    return dialect.layout.server_clock and claims_utc and options.unix_times != "utc"


def _header_words(dialect: Dialect) -> str:
    if not dialect.header:
        return f"no header, {dialect.n_columns} fields separated by {dialect.delimiter!r}"
    header = dialect.header if len(dialect.header) <= 60 else f"{dialect.header[:57]}..."
    return f"header {header!r}"


def _clock_words(dialect: Dialect, options: Options, local: LocalClock | None) -> str:
    if local is not None and local.name == dialect.named_clock:
        return f"{local.name}, as the name of the column says"
    if local is not None:
        server = ", the wall clock of a server" if dialect.form.unit else ""
        return f"{local.name}, as --timezone says{server}"
    if dialect.form.unit:
        unused = options.timezone is not None and options.unix_times is None
        note = " (--timezone is not used; if they are not UTC, --unix-times server)"
        return f"UTC, as Unix times are{note if unused else ''}"
    if dialect.form.aware:
        return "each row's own offset"
    return "UTC, as the name of the column says"


def _label_words(dialect: Dialect, options: Options, labels: Labels) -> str:
    minute = {"open": "opening minute", "close": "end"}[labels]
    if options.labels:
        return f"{minute} of each bar, as --bar-labels says"
    if dialect.end_labels:
        return f"{minute} of each bar, as the name of the column says"
    note = dialect.layout.labels_note
    if not note:
        return f"{minute} of each bar, as {dialect.layout.name} writes"
    other = {"open": "close", "close": "open"}[labels]
    return f"{minute} of each bar ({note}; else --bar-labels {other})"


def decide_form(dialect: Dialect, times: Iterable[pa.Array], location: str) -> Dialect:
    """Return the dialect with the one form that most of its times have.

    Dates such as 03/05/2024 are checked until one shows which number is the day.
    """
    n_valid = dict.fromkeys(dialect.forms, 0)
    for column in times:
        for form in n_valid:
            n_valid[form] += int(parse_times(column, form)[1].sum())
        if not _undecided(n_valid):
            break
    else:
        raise DataError(
            f"the dates, such as {dialect.example!r}, do not show which number is the day",
            location=location,
            expected="a date with a day above 12, or the order",
            hint="give --date-order day-first or --date-order month-first",
        )
    return replace(dialect, forms=(max(n_valid, key=lambda form: n_valid[form]),))


def _undecided(n_valid: dict[TimeForm, int]) -> bool:
    """Return whether the likeliest forms differ in the order of day and month."""
    most = max(n_valid.values())
    return {form.date for form, n in n_valid.items() if n == most} >= set(ORDERS.values())


def check_short_years(
    dialect: Dialect, options: Options, minutes: NDArray[np.int64], location: str
) -> None:
    """Refuse dates such as 24/01/02 that may have the year first.

    Bars of one date do not show the order; others do if each date is a month or more from the next.
    """
    if options.date_order is not None or not has_short_year(dialect.example):
        return
    # In UTC, a local date can be two.
    if np.ptp(minutes) < MINUTES_PER_DAY and not years_are_last([dialect.example]):
        raise _short_years(dialect, "do not show which number is the year", location)
    days = np.unique(minutes // MINUTES_PER_DAY)
    starts = np.flatnonzero(np.diff(days, prepend=days[0] - _SHORTEST_MONTH) > 1)
    between = np.diff(days[starts])
    if len(between) and between.min() >= _SHORTEST_MONTH - 1 and len(days) <= 2 * len(starts):
        found = f"are a month or more apart, read as {dialect.form.date}"
        raise _short_years(dialect, found, location)


def _short_years(dialect: Dialect, found: str, location: str) -> DataError:
    return DataError(
        f"the dates, such as {dialect.example!r}, {found}",
        location=location,
        expected="bars of consecutive days",
        hint="write years with four digits; if the year is last, give --date-order day-first or"
        " --date-order month-first",
    )
