"""Files of many vendors and programs: the same bars come back, with what was decided."""

import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ib_grid.errors import DataError
from ib_grid.market.csv import Options, read_csv_bars
from tests.helpers.input_files.csv_files import made_up_bars, minute_of, rows_of, same_bars
from tests.helpers.input_files.vendor_files import VENDORS, local, text_of, unix
from tests.ib_grid.market.csv.test_csv import ALWAYS

# Two hours from noon of a date whose day and month cannot be confused.
BARS = made_up_bars(minute_of(2024, 3, 18, 12) + np.arange(120), price=16_700.0)


def read(path, **options):
    return read_csv_bars([path], ALWAYS, Options(**options))


@pytest.mark.parametrize("name", VENDORS)
def test_a_vendors_file_gives_the_bars_it_was_written_from(name, tmp_path):
    vendor = VENDORS[name]
    (tmp_path / vendor.name).write_text(text_of(vendor, BARS))
    bars, quality = read(tmp_path / vendor.name, **vendor.options)
    assert same_bars(bars, BARS)
    (source,) = quality.sources
    assert (source.dialect, source.labels) == (vendor.dialect, vendor.labels)
    assert source.naive == ("timezone" in vendor.options)
    assert {aspect for aspect, _ in source.decisions} == {
        "layout",
        "clock",
        "times",
        "labels",
        "prices",
        "symbol",
    }


@pytest.mark.parametrize("name", [n for n, v in VENDORS.items() if "timezone" in v.options])
def test_a_clock_that_the_file_does_not_decide_is_asked_for(name, tmp_path):
    vendor = VENDORS[name]
    (tmp_path / vendor.name).write_text(text_of(vendor, BARS))
    others = {key: value for key, value in vendor.options.items() if key != "timezone"}
    with pytest.raises(DataError, match="time zone") as caught:
        read(tmp_path / vendor.name, **others)
    assert "--timezone" in caught.value.hint


@given(
    name=st.sampled_from(sorted(VENDORS)),
    minutes=st.sets(st.integers(0, 720), min_size=1, max_size=40),
    pack=st.sampled_from(["", "zip", "windows"]),
    seed=st.integers(0, 99),
)
@settings(max_examples=60)
def test_bars_in_any_layout_come_back_equal(name, minutes, pack, seed, tmp_path_factory):
    vendor, folder = VENDORS[name], tmp_path_factory.mktemp("vendor")
    start = minute_of(2024, 3, 18, 9)
    bars = made_up_bars(start + np.sort(list(minutes)), seed=seed, price=9_000.0)
    text = text_of(vendor, bars)
    path = folder / vendor.name
    path.write_bytes(text.replace("\n", "\r\n").encode() if pack == "windows" else text.encode())
    if pack == "zip":
        with zipfile.ZipFile(folder / "export.zip", "w") as archive:
            archive.write(path, vendor.name)
        path = folder / "export.zip"
    found, _ = read(path, **vendor.options)
    assert same_bars(found, bars)


SPELLINGS = (
    "%Y-%m-%d %H:%M",
    "%Y.%m.%d %H:%M:%S",
    "%Y%m%d %H%M%S",
    "%Y%m%d%H%M",
    "%d.%m.%Y %H:%M:%S.000",
    "%m/%d/%Y %I:%M %p",
    "%d/%m/%Y %H:%M",
    "%d-%b-%Y %H:%M:%S",
    "%b %d %Y %H:%M",
)
CLOCKS = {"UTC": ("UTC", 0), "Asia/Kolkata": ("Asia/Kolkata", 0), "Etc/GMT+5": ("Etc/GMT+5", 0),
          "Europe/Berlin": ("Europe/Berlin", 0), "America/New_York+7": ("America/New_York", 7),
          "UTC-4": ("UTC", -4)}  # fmt: skip
UNITS = {0: "seconds", 3: "milliseconds", 6: "microseconds", 9: "nanoseconds"}


@st.composite
def written_files(draw):
    """Bars, the text of a file of them, and the options that its reader needs."""
    minutes = np.sort(list(draw(st.sets(st.integers(0, 600), min_size=1))))
    minutes += minute_of(2024, 3, 18, 9)
    bars = made_up_bars(minutes, seed=draw(st.integers(0, 99)), price=9_000.0)
    labels, zone = draw(st.sampled_from(["open", "close"])), draw(st.sampled_from(sorted(CLOCKS)))
    mark, decimal = draw(st.sampled_from(";\t|")), draw(st.sampled_from(".,"))
    spelling = draw(st.sampled_from([*SPELLINGS, *UNITS]))
    header = draw(st.sampled_from(["", "time", "Timestamp", "Date Time", "open_time"]))
    place, ahead_hours = CLOCKS[zone]
    form = unix(spelling) if spelling in UNITS else local(place, spelling, ahead_hours)
    later = np.timedelta64(labels == "close", "m").item()
    rows = [
        mark.join([form(time + later), *(repr(price).replace(".", decimal) for price in prices)])
        for time, *prices in rows_of(bars)
    ]
    names = [mark.join([header, "open", "high", "low", "close"])] if header else []
    options = Options(labels=labels, timezone=None if spelling in UNITS else zone)
    return bars, "\n".join([*names, *rows]) + "\n", options


@given(written_files())
@settings(max_examples=60)
def test_any_clock_unit_label_and_separator_comes_back_equal(tmp_path_factory, written):
    bars, text, options = written
    path = tmp_path_factory.mktemp("written") / "bars.csv"
    path.write_text(text)
    assert same_bars(read_csv_bars([path], ALWAYS, options)[0], bars)
