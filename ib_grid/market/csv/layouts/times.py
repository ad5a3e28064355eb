"""Forms in which exporters and calendars write times; a new spelling is an entry here."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

# Forms of a date. Of two that a text fits, the first is the likelier.
DATES = {
    "year first": r"(?P<year>\d{4})(?P<mark>[-./])(?P<month>\d\d?)(?P=mark)(?P<day>\d\d?)",
    "digits": r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)",
    "day.month.year": r"(?P<day>\d\d?)\.(?P<month>\d\d?)\.(?P<year>\d{4}|\d\d)",
    "month first": r"(?P<month>\d\d?)(?P<mark>[-/])(?P<day>\d\d?)(?P=mark)(?P<year>\d{4}|\d\d)",
    "day first": r"(?P<day>\d\d?)(?P<mark>[-/])(?P<month>\d\d?)(?P=mark)(?P<year>\d{4}|\d\d)",
    "day, month by name": (
        r"(?:[A-Za-z]{3},? )?(?P<day>\d\d?)(?P<mark>[- /]?)(?P<name>[A-Za-z]{3})[a-z]*\.?,?"
        r"(?P=mark)(?P<year>\d{4}|\d\d)"
    ),
    "month by name": (
        r"(?:[A-Za-z]{3},? )?(?P<name>[A-Za-z]{3})[a-z]*\.? (?P<day>\d\d?),? (?P<year>\d{4})"
    ),
}
# Forms of a time of day; the digits of the last two may lack leading zeros.
CLOCKS = {
    "colons": (
        r"(?P<hour>\d\d?):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?)?"
        r"(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?"
    ),
    "HHMM": r"(?:(?P<hour>\d\d?)(?=\d\d))?(?P<minute>\d\d?)",
    "HHMMSS": (
        r"(?:(?:(?P<hour>\d\d?)(?=\d{4}))?(?P<minute>\d\d?)(?=\d\d))?(?P<second>\d\d?)"
        r"|(?P<hour9>\d\d)(?P<minute9>\d\d)(?P<second9>\d\d)\.?(?P<fraction9>\d{3})"
    ),
}
ORDERS = {"month-first": "month first", "day-first": "day first"}
# Names of clocks that mean one offset everywhere; minutes ahead of UTC.
OFFSETS = {
    **dict.fromkeys(("Z", "z", "UTC", "GMT"), 0),
    **{"EST": -300, "EDT": -240, "CET": 60, "CEST": 120, "EET": 120, "EEST": 180, "JST": 540},
}
_OFFSET = (
    r"(?P<offset> ?(?:GMT|UTC)?(?P<sign>[+-])(?P<ahead_h>\d\d)(?::?(?P<ahead_m>\d\d))?"
    rf"(?: [A-Z]{{3,4}})?| ?(?P<word>{'|'.join(OFFSETS)})"
    r"| (?P<zone>[A-Z][A-Za-z]+/[A-Za-z_/+-]+[A-Za-z0-9_]))?"
)
_BETWEEN = r"(?:[T_]|,? {1,2}|(?<=\d{8})-)"
# Digits of a whole number of units since 1970-01-01 00:00 UTC, and units per second.
UNITS = {
    "seconds": (r"\d{9,10}", 1),
    "milliseconds": (r"\d{12,13}", 1_000),
    "microseconds": (r"\d{15,16}", 1_000_000),
    "nanoseconds": (r"\d{18,19}", 1_000_000_000),
}
UNIT_FORMS = {name: rf"(?:{digits})(?:\.0+)?" for name, (digits, _) in UNITS.items()}
OF_THE_DAY = "milliseconds of the day"
OF_THE_DAY_FORM = r"\d{1,8}"
EXAMPLES = (
    "a time such as 2016-01-04T08:00:00+01:00, 2016-01-04 08:00, 04.01.2016 08:00, 20160104 080000"
    " or 1451894400 (Unix time)"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DIGITS = ("year", "month", "day", "hour", "minute", "second", "fraction", "ahead_h", "ahead_m")
_SHORT_YEAR = re.compile(
    r"(?P<first>\d\d?)(?P<mark>[-/.])(?P<second>\d\d?)(?P=mark)(?P<last>\d\d)(?!\d)"
)


class TimeForm(NamedTuple):
    """The form of a file's times: those of date and time of day, or the unit of numbers.

    `aware` is True if every time is a moment; `day` is the date of milliseconds of the day, days
    since 1970-01-01.
    """

    date: str = ""
    clock: str = ""
    unit: str = ""
    aware: bool = False
    day: int = 0

    def __str__(self) -> str:
        if self.unit:
            return self.unit if self.unit == OF_THE_DAY else f"Unix {self.unit}"
        clock = "" if self.clock == "colons" else f", {self.clock}"
        return f"{self.date}{clock}, {'with' if self.aware else 'without'} offset"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLayout:
    """What the characters of a time are.

    Attributes
    ----------
    digits : dict of str to (first, end)
        Positions of the digits of each field; the other characters are the same in every time of
        this layout.
    aware : bool
        True if the time is a moment: with an offset, or the name of a clock.
    month : int
        Month by name, else 0.
    half : str
        ``a`` or ``p`` of a 12-hour clock, else empty.
    sign, ahead_minutes, zone
        Sign of the offset's digits; offset of a clock by name; IANA zone.
    """

    text: str
    digits: dict[str, tuple[int, int]]
    aware: bool
    month: int
    half: str
    sign: int
    ahead_minutes: int
    zone: str


def _compiled(date: str, clock_form: str) -> re.Pattern[str]:
    together = date == "digits" and clock_form != "colons"
    between = rf"(?:{_BETWEEN}|(?=\d{{4}}(?:\d\d(?:\d{{3}})?)?$))" if together else _BETWEEN
    return re.compile(f"(?:{DATES[date]}){between}(?:{CLOCKS[clock_form]}){_OFFSET}", re.ASCII)


_FORMS = {(date, name): _compiled(date, name) for date in DATES for name in CLOCKS}
_DATE_ONLY = {date: re.compile(form, re.ASCII) for date, form in DATES.items()}
_CLOCK_ONLY = {name: re.compile(f"(?:{form}){_OFFSET}", re.ASCII) for name, form in CLOCKS.items()}


def layout_of(text: str, form: TimeForm) -> TextLayout | None:
    """Return the layout of a time in a form, None if it has another form."""
    match = _FORMS[form.date, form.clock].fullmatch(text)
    if match is None:
        return None
    groups = {name.removesuffix("9"): found for name, found in match.groupdict().items() if found}
    spans = {name.removesuffix("9"): match.span(name) for name in match.groupdict() if match[name]}
    name = groups.get("name", "").lower()
    if name and name not in _MONTHS:
        return None
    return TextLayout(
        text=text,
        digits={field: spans[field] for field in _DIGITS if field in spans},
        aware="offset" in groups,
        month=_MONTHS.index(name) + 1 if name else 0,
        half=groups.get("half", "").lower(),
        sign=-1 if groups.get("sign") == "-" else 1,
        ahead_minutes=OFFSETS[groups["word"]] if "word" in groups else 0,
        zone=groups.get("zone", ""),
    )


def forms_of(text: str, dates: Iterable[str] = DATES) -> list[TimeForm]:
    """Return the forms that a time can have, the likeliest first; empty if it is not a time.

    Examples
    --------
    >>> [form.date for form in forms_of("03/05/2024 09:00")]
    ['month first', 'day first']
    >>> [form.unit for form in forms_of("1704175200000")]
    ['milliseconds']
    """
    every = (TimeForm(date, name) for date in dates for name in CLOCKS)
    layouts = ((form, layout_of(text, form)) for form in every)
    forms = [form._replace(aware=layout.aware) for form, layout in layouts if layout]
    unix = [unit for unit, pattern in UNIT_FORMS.items() if re.fullmatch(pattern, text, re.ASCII)]
    # 202401020600 and 20240102060000 have the digits of no Unix time of these years.
    return forms or [TimeForm(unit=unit, aware=True) for unit in unix]


def date_forms(text: str) -> list[str]:
    """Return the forms that a date without a time of day can have."""
    return [name for name, form in _DATE_ONLY.items() if form.fullmatch(text)]


def is_clock(text: str) -> bool:
    """Return whether a text is a time of day without a date."""
    return any(form.fullmatch(text) for form in _CLOCK_ONLY.values())


def parse_date(text: str, date: str) -> dt.date | None:
    """Return the date of a text in a form of `DATES`, else None."""
    match = _DATE_ONLY[date].fullmatch(text)
    if match is None:
        return None
    name = (match.groupdict().get("name") or "").lower()
    if name and name not in _MONTHS:
        return None
    month = _MONTHS.index(name) + 1 if name else int(match["month"])
    year = int(match["year"])
    try:
        return dt.date(full_year(year) if year < 100 else year, month, int(match["day"]))
    except ValueError:
        return None


def has_short_year(text: str) -> bool:
    """Return whether a text starts with a date of a two-digit year, such as 24/03/01."""
    return _SHORT_YEAR.match(text) is not None


def years_are_last(dates: Iterable[str]) -> bool:
    """Return whether the year is last in dates such as 24/03/01; true if no date has two digits.

    The year is last if a date cannot be year, month and day, or if the first numbers vary more than
    the last: a file has more days than years.

    Examples
    --------
    >>> years_are_last(["24/03/01"]), years_are_last(["03/25/24"])
    (False, True)
    >>> years_are_last(["24/03/01", "25/03/01"]), years_are_last(["24/03/01", "24/03/02"])
    (True, False)
    """
    short = [match for date in dates if (match := _SHORT_YEAR.match(date))]
    if not all(
        len(date["first"]) == 2 and 1 <= int(date["second"]) <= 12 and 1 <= int(date["last"]) <= 31
        for date in short
    ):
        return True
    return not short or len({d["first"] for d in short}) > len({d["last"] for d in short})


def full_year(year: int) -> int:
    """Return the year of two digits, 1970 to 2069."""
    return year + (1900 if year >= 70 else 2000)
