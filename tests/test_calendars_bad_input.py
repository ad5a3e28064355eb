"""Calendars that are none, or are wrong: each message says what was found and where."""

import gzip
import json
from pathlib import Path

import pytest

from ib_grid.errors import DataError
from ib_grid.news import read_calendar

HEADER = "time,currency,impact,title\n"
GOOD_ROW = "2031-01-02 13:30,USD,High,x\n"
GOOD = {"title": "x", "country": "USD", "datetime_utc": "2031-01-02T13:30:00", "impact": "High"}
BOMB = (
    '<?xml version="1.0"?><!DOCTYPE weeklyevents [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(12))
    + "]><weeklyevents><event><title>&m;</title></event></weeklyevents>"
)


def yearly(**changes: object) -> str:
    """A good event, and behind it one with these changes; None takes a field out."""
    second = {k: v for k, v in {**GOOD, **changes}.items() if v is not None}
    return json.dumps({"year": 2031, "events": [GOOD, second]})


def weekly(**changes: str) -> str:
    fields = {
        "title": "x",
        "country": "USD",
        "date": "01-02-2031",
        "time": "8:30am",
        "impact": "High",
        **changes,
    }
    cells = "".join(f"<{k}>{v}</{k}>" for k, v in fields.items() if v != "-")
    return f"<weeklyevents><event>{cells}</event></weeklyevents>"


CASES: dict[str, tuple[str | bytes, str, str]] = {
    # content, what was found, where
    "empty": ("", "the file is empty", ""),
    "only spaces": (" \n\t\n", "the file is empty", ""),
    "only a byte order mark": (b"\xef\xbb\xbf", "the file is empty", ""),
    "binary": (bytes(range(1, 256)), "byte 127 is not UTF-8", ""),
    "gzip": (gzip.compress(b"x", mtime=0), "byte 3 is NUL: not a text in UTF-8", ""),
    "NUL": (HEADER + "2031-01-02 13:30,U\0D,High,x", "byte 45 is NUL: not a text in UTF-8", ""),
    "UTF-16": ((HEADER + GOOD_ROW).encode("utf-16"), "byte 3 is NUL: not a text in UTF-8", ""),
    "Latin-1": (
        (HEADER + GOOD_ROW.replace("x", "é")).encode("latin-1"),
        "byte 53 is not UTF-8",
        "",
    ),
    # yearly
    "JSON cut off": (
        yearly()[:-40],
        "not readable as JSON: Unterminated string starting at",
        "line 1, column 167",
    ),
    "JSON with more behind it": (yearly() + "]", "not readable as JSON: Extra data", "line 1"),
    "JSON list": (json.dumps([GOOD]), "no list of events", ""),
    "JSON without events": ('{"year": 2031}', "no list of events", ""),
    "events is an object": ('{"events": {"a": 1}}', "no list of events", ""),
    "nested without end": ("[" * 200_000, "nested too deeply", ""),
    "nested event": ('{"events": [' + "[" * 200_000, "nested too deeply", ""),
    "a number without end": ('{"year": ' + "9" * 9999 + "}", "an endless number", ""),
    "a name twice": (
        '{"events": [{"impact": "Low", "title": "x", "impact": "High"}]}',
        "an object names 'impact' twice",
        "",
    ),
    "event is a text": ('{"events": ["x"]}', "the event is 'x'", "event 1"),
    "event is a list": ('{"events": [[[1]]]}', "the event is a list", "event 1"),
    "no impact": (yearly(impact=None), "no impact", "event 2 (title: 'x', country: 'USD'"),
    "no country": (yearly(country=None), "no country", "event 2"),
    "no time": (yearly(datetime_utc=None), "no datetime_utc", "event 2"),
    "title is a number": (yearly(title=7), "the title is 7", "event 2"),
    "country is a list": (yearly(country=["USD"]), "the country is a list", "event 2"),
    "country is a name": (yearly(country="Germany"), "the country is 'Germany'", "event 2"),
    "unknown impact": (
        yearly(impact="Severe"),
        "the impact is 'Severe'",
        "event 2 (title: 'x', country: 'USD', datetime_utc: '2031-01-02T13:30:00', "
        "impact: 'Severe')",
    ),
    "no such date": (
        yearly(datetime_utc="2031-02-29T13:30:00"),
        "the time is '2031-02-29T13:30:00'",
        "event 2",
    ),
    "date only": (yearly(datetime_utc="2031-02-28"), "has no clock time", "event 2"),
    "time in words": (yearly(datetime_utc="noon"), "the time is 'noon'", "event 2"),
    "year out of range": (yearly(datetime_utc="0203-01-02T13:30:00"), "the year is 203", "event 2"),
    "first year": (yearly(datetime_utc="0001-01-01T00:00:00+14:00"), "the year is 1", "event 2"),
    "last year": (yearly(datetime_utc="9999-12-31T23:59:00-14:00"), "the year is 9999", "event 2"),
    "Unix seconds": (yearly(datetime_utc=1924000000), "the datetime_utc is 1924000000", "event 2"),
    "year is a text": ('{"year": "2031", "events": []}', "the year is '2031'", ""),
    "year is true": ('{"year": true, "events": []}', "the year is True", ""),
    "year is far": ('{"year": 20231, "events": []}', "the year is 20231", ""),
    "last_updated is a number": ('{"last_updated": 5, "events": []}', "the last_updated is 5", ""),
    "fewer events than it says": (
        json.dumps({"event_count": 3, "events": [GOOD]}),
        "event_count is 3, and there are 1 events",
        "",
    ),
    # weekly
    "XML cut off": (weekly()[:-9], "not readable as XML: unclosed token", ""),
    "XML not closed in order": ("<a><b></a>", "not readable as XML: mismatched tag", ""),
    "XML of another kind": ("<rss/>", "the XML is <rss>", ""),
    "HTML": ("<!DOCTYPE html><html></html>", "the XML has a DOCTYPE", ""),
    "entity bomb": (BOMB, "the XML has a DOCTYPE", ""),
    "entity from a file": (
        '<!DOCTYPE weeklyevents [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
        "<weeklyevents><event><title>&x;</title></event></weeklyevents>",
        "the XML has a DOCTYPE",
        "",
    ),
    "entity not declared": (weekly(title="&x;"), "not readable as XML: undefined entity", ""),
    "encoding not known": (
        '<?xml version="1.0" encoding="klingon"?>' + weekly(),
        "not readable as XML: unknown encoding",
        "",
    ),
    "encoding not as declared": (
        b'<?xml version="1.0" encoding="utf-8"?>' + weekly(title="é").encode("latin-1"),
        "not readable as XML: not well-formed",
        "",
    ),
    "nested XML": ("<weeklyevents>" + "<a>" * 100_000, "not readable as XML: no element", ""),
    "deep XML": (
        "<weeklyevents>" + "<a>" * 100_000 + "</a>" * 100_000 + "</weeklyevents>",
        "<a> among the events",
        "",
    ),
    "XML without a date": (weekly(date="-"), "no <date>", "event 1 (title: 'x'"),
    "XML with a tag twice": (
        weekly().replace("<date>", "<time>1:00pm</time><date>"),
        "2 <time>",
        "event 1",
    ),
    "XML with an unknown impact": (weekly(impact="Severe"), "the impact is 'Severe'", "event 1"),
    "XML without an impact": (weekly(impact=""), "the impact is ''", "event 1"),
    "XML with no such date": (weekly(date="02-30-2031"), "the date is '02-30-2031'", "event 1"),
    "XML with the day first": (weekly(date="31-01-2031"), "the date is '31-01-2031'", "event 1"),
    "XML with an ISO date": (weekly(date="2031-01-02"), "the date is '2031-01-02'", "event 1"),
    "XML with hour 13": (weekly(time="13:30pm"), "the time is '13:30pm'", "event 1"),
    "XML with hour 0": (weekly(time="0:30am"), "the time is '0:30am'", "event 1"),
    "XML with 24 hours": (weekly(time="13:30"), "the time is '13:30'", "event 1"),
    "XML in the spring gap": (
        weekly(date="03-09-2031", time="2:30am"),
        "the clock of America/New_York shows 2031-03-09 02:30:00 never",
        "event 1",
    ),
    "XML in the autumn hour": (
        weekly(date="11-02-2031", time="1:30am"),
        "the clock of America/New_York shows 2031-11-02 01:30:00 twice",
        "event 1",
    ),
    # table
    "no header": (GOOD_ROW, "no column time, currency, impact, title in the header", ""),
    "prose": ("Dear reader,\nthis is no calendar\n", "no column time", ""),
    "no column impact": ("time,currency,title\n", "no column impact in the header", ""),
    "a column twice": (
        "time,currency,impact,title,Impact\n",
        "more than one column impact in the header",
        "",
    ),
    "short row": (HEADER + "2031-01-02 13:30,USD,High\n", "the row has 3 fields", "line 2"),
    "long row": (
        HEADER + GOOD_ROW + "\n" + GOOD_ROW.replace("x", "x,y"),
        "the row has 5 fields",
        "line 4",
    ),
    "quote not closed": (
        HEADER + '2031-01-02 13:30,USD,High,"x\n' + GOOD_ROW,
        "not readable as CSV: unexpected end of data",
        "line 3",
    ),
    "endless field": (
        HEADER + f"2031-01-02 13:30,USD,High,{'x' * 200_000}\n",
        "not readable as CSV: field larger than field limit",
        "line 2",
    ),
    "unknown impact in a row": (
        HEADER + GOOD_ROW + GOOD_ROW.replace("High", "4"),
        "the impact is '4'",
        "line 3 (time: '2031-01-02 13:30', currency: 'USD', impact: '4', title: 'x')",
    ),
    "no currency in a row": (HEADER + "2031-01-02 13:30,,High,x", "the currency is ''", "line 2"),
    "no time in a row": (HEADER + ",USD,High,x", "the time is ''", "line 2"),
    "day first in a row": (
        HEADER + "02/01/2031 13:30,USD,High,x",
        "the time is '02/01/2031 13:30'",
        "line 2",
    ),
    "unknown zone": (
        HEADER + "2031-01-02 13:30 Mars/Base,USD,High,x",
        "'Mars/Base' is not a time zone",
        "line 2",
    ),
    "afternoon": (
        HEADER + "2031-01-02 01:30 PM,USD,High,x",
        "'PM' is not a time zone",
        "line 2",
    ),
    "offset and zone": (
        HEADER + "2031-01-02 13:30+01:00 Europe/Berlin,USD,High,x",
        "has an offset and a zone",
        "line 2",
    ),
    "zone in its autumn hour": (
        HEADER + "2031-10-26 02:30 Europe/Berlin,USD,High,x",
        "the clock of Europe/Berlin shows 2031-10-26 02:30:00 twice",
        "line 2",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_calendar(tmp_path: Path, name: str) -> None:
    content, found, where = CASES[name]
    path = tmp_path / "calendar"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError) as raised:
        read_calendar(path)
    error = raised.value
    assert found in error.found
    assert error.where.startswith(f"{path}, {where}" if where else str(path))
    assert error.expected
    assert len(str(error)) < 1000


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such file or folder") as raised:
        read_calendar(tmp_path / "nowhere.json")
    assert raised.value.where == str(tmp_path / "nowhere.json")


def test_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the folder has no files"):
        read_calendar(tmp_path)


def test_one_bad_file_of_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEADER + GOOD_ROW)
    (tmp_path / "notes.md").write_text("# Notes\n")
    with pytest.raises(DataError, match="no column time") as raised:
        read_calendar(tmp_path)
    assert raised.value.where == str(tmp_path / "notes.md")


def test_a_file_that_cannot_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.csv"
    path.write_text(HEADER + GOOD_ROW)

    def refuse(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(DataError, match=r"cannot be read \(Permission denied\)"):
        read_calendar(path)
