"""What a file leaves open is asked for, or decided and said."""

import contextlib
import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ib_grid.errors import DataError, InputError
from ib_grid.market.bars import read_bars
from ib_grid.market.csv import Options, read_csv_bars
from pipelines.inputs.prepare import prepare_bars
from tests.helpers.input_files.csv_files import made_up_bars, minute_of, same_bars
from tests.helpers.input_files.vendor_files import VENDORS, fields, local, text_of, unix
from tests.ib_grid.market.csv.test_csv import ALWAYS

BARS = made_up_bars(minute_of(2024, 1, 2, 6) + np.arange(60), price=16_710.0)
HEADER = "time,open,high,low,close\n"


def read(folder, text, **options):
    (folder / "bars.csv").write_text(text)
    return read_csv_bars([folder / "bars.csv"], ALWAYS, Options(**options))


def lines(form, bars=BARS, rest="", mark=","):
    return text_of(VENDORS["pandas index"]._replace(row=fields(form, rest, mark), header=""), bars)


def decided(quality, aspect):
    return dict(quality.sources[0].decisions)[aspect]


# --- clocks


@pytest.mark.parametrize("digits", [0, 3, 6, 9])
def test_the_unit_of_unix_times_is_told_by_magnitude(digits, tmp_path):
    bars, quality = read(tmp_path, HEADER + lines(unix(digits)))
    assert same_bars(bars, BARS)
    assert decided(quality, "clock") == "UTC, as Unix times are"


def test_rates_of_metatrader_are_the_clock_of_a_server(tmp_path):
    text = text_of(VENDORS["MetaTrader 5 rates"], BARS)
    bars, quality = read(tmp_path, text, timezone="America/New_York+7")
    assert bars.minute[0] == minute_of(2024, 1, 2, 6)
    assert "wall clock of a server" in decided(quality, "clock")
    with pytest.raises(DataError, match="wall clock of a server") as caught:
        read(tmp_path, text)
    assert "--timezone" in caught.value.hint
    converted = read(tmp_path, text, unix_times="utc")[0]
    assert np.array_equal(converted.minute, BARS.minute + 120)


def test_any_unix_times_can_be_declared_a_servers(tmp_path):
    text = HEADER + lines(unix(0, "America/New_York", 7))
    bars, _ = read(tmp_path, text, timezone="America/New_York+7", unix_times="server")
    assert same_bars(bars, BARS)
    utc, quality = read(tmp_path, text, timezone="America/New_York+7")
    assert np.array_equal(utc.minute, BARS.minute + 120)
    assert quality.timezone is None
    with pytest.raises(DataError, match="wall clock of a server"):
        read(tmp_path, text, unix_times="server")


def test_every_row_has_its_own_offset(tmp_path):
    bars = made_up_bars(minute_of(2024, 3, 31) + np.arange(120))  # the clock changes at 01:00Z
    zone = VENDORS["TradingView"]
    assert same_bars(read(tmp_path, text_of(zone, bars))[0], bars)
    as_z = text_of(zone, bars).replace("+00:00", "Z")
    assert "Z," in as_z
    assert "+01:00," in as_z
    assert same_bars(read(tmp_path, as_z)[0], bars)


@pytest.mark.parametrize(("zone", "hours"), [("UTC+2", 2), ("UTC-5:30", -5.5), ("GMT+1", 1)])
def test_a_clock_may_be_hours_from_utc(zone, hours, tmp_path):
    text = HEADER + lines(lambda t: f"{t + dt.timedelta(hours=hours):%Y-%m-%d %H:%M}")
    assert same_bars(read(tmp_path, text, timezone=zone)[0], BARS)


@pytest.mark.parametrize(
    ("name", "hours"),
    [("Time (UTC+3)", 3), ("Date (GMT-5)", -5), ("Time UTC+5:30", 5.5), ("UTC Time", 0)],
)
def test_a_clock_may_be_named_by_the_column(name, hours, tmp_path):
    text = lines(lambda t: f"{t + dt.timedelta(hours=hours):%Y-%m-%d %H:%M}")
    bars, quality = read(tmp_path, f"{name},open,high,low,close\n{text}", timezone="Asia/Tokyo")
    assert same_bars(bars, BARS)
    assert quality.timezone is None
    assert decided(quality, "clock").endswith("as the name of the column says")


# --- labels


def test_labels_of_the_end_move_bars_back(tmp_path):
    text = text_of(VENDORS["NinjaTrader"], BARS)
    bars, quality = read(tmp_path, text, timezone="UTC", labels="close")
    assert same_bars(bars, BARS)
    assert quality.sources[0].labels == "close"
    late, quality = read(tmp_path, text, timezone="UTC")
    assert np.array_equal(late.minute, BARS.minute + 1)
    assert "NinjaTrader writes the same layout" in decided(quality, "labels")
    assert "--bar-labels close" in decided(quality, "labels")


def test_known_labels_of_the_end_can_be_overruled(tmp_path):
    text = text_of(VENDORS["TradeStation"], BARS.take(slice(0, 30)))
    bars, quality = read(tmp_path, text, timezone="America/New_York", labels="open")
    assert np.array_equal(bars.minute, BARS.minute[:30] + 1)
    assert quality.sources[0].labels == "open"


# --- day and month


def slashes(pattern):
    return local("UTC", pattern)


@pytest.mark.parametrize("pattern", ["%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%m-%d-%y %H:%M"])
@given(day=st.integers(1, 28), n_bars=st.integers(1, 40))
@settings(max_examples=25)
def test_day_and_month_are_decided_by_the_file_or_asked_for(pattern, day, n_bars, tmp_path_factory):
    bars = made_up_bars(
        minute_of(2024, 2, day) + np.arange(n_bars) ** 2 * 9 + np.arange(n_bars) % 2
    )
    folder = tmp_path_factory.mktemp("order")
    text = HEADER + lines(slashes(pattern), bars)
    dates = {dt.date(1970, 1, 1) + dt.timedelta(minutes=int(m)) for m in bars.minute}
    order = "day-first" if pattern.startswith("%d") else "month-first"
    if max(date.day for date in dates) > 12:
        assert same_bars(read(folder, text, timezone="UTC")[0], bars)
    else:
        with pytest.raises(DataError, match="do not show which number is the day") as caught:
            read(folder, text, timezone="UTC")
        assert "--date-order" in caught.value.hint
    assert same_bars(read(folder, text, timezone="UTC", date_order=order)[0], bars)


def test_a_later_block_may_decide_on_day_and_month(tmp_path, monkeypatch):
    monkeypatch.setattr("ib_grid.market.csv.sources.BLOCK_BYTES", 300)
    bars = made_up_bars(minute_of(2024, 2, 1) + np.arange(20) ** 2 * 71 + np.arange(20) % 2)
    text = HEADER + lines(slashes("%d/%m/%Y %H:%M"), bars)
    assert same_bars(read(tmp_path, text, timezone="UTC")[0], bars)


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
@pytest.mark.parametrize("mark", "/-.")
def test_short_years_that_come_first_are_refused(mark, zone, tmp_path):
    bars = made_up_bars(minute_of(2024, 1, 24, 20) + np.arange(60 * 48))
    text = HEADER + lines(local(zone, f"%y{mark}%m{mark}%d %H:%M"), bars)
    with pytest.raises(DataError, match="a month or more apart, read as day") as caught:
        read(tmp_path, text, timezone=zone)
    assert "four digits" in caught.value.hint
    last = HEADER + lines(local(zone, f"%d{mark}%m{mark}%y %H:%M"), bars)
    assert same_bars(read(tmp_path, last, timezone=zone)[0], bars)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, False),
        ({"timezone": "UTC+2"}, True),
        ({"timezone": "UTC+2", "unix_times": "utc"}, False),
    ],
)
def test_a_time_zone_that_unix_times_do_not_use_is_said(options, said, tmp_path):
    bars, quality = read(tmp_path, HEADER + lines(unix(0)), **options)
    assert same_bars(bars, BARS)
    assert ("--unix-times server" in decided(quality, "clock")) == said


@pytest.mark.parametrize(("zone", "hour"), [("UTC", 14), ("America/New_York", 19)])
def test_one_date_does_not_tell_a_short_year(zone, hour, tmp_path):
    bars = made_up_bars(minute_of(2024, 1, 23, hour) + np.arange(500))
    for pattern in ("%y/%m/%d %H:%M", "%d/%m/%y %H:%M"):
        text = HEADER + lines(local(zone, pattern), bars)
        with pytest.raises(DataError, match="do not show which number is the year") as caught:
            read(tmp_path, text, timezone=zone)
        assert "--date-order" in caught.value.hint
    assert same_bars(read(tmp_path, text, timezone=zone, date_order="day-first")[0], bars)


# --- bad rows

BAD = {
    "2024-01-02T06:07:00Z,1,2,3": "the line has 4 fields",
    "2024-01-02T06:08:00Z,x,2,3,4": "open is 'x', not a number",
    "yesterday,5,6,4,5": "invalid time 'yesterday'",
    "2024-01-02T06:09:00Z,5,6,7,5": "high below low",
    "2024-01-02T06:09:30Z,5,6,4,5": "the time is not a whole minute",
}


def with_bad_rows(place):
    good = lines(local("UTC", "%Y-%m-%dT%H:%M:%SZ")).splitlines()
    return "\n".join([HEADER.strip(), *good[:place], *BAD, *good[place:]]) + "\n"


@pytest.mark.parametrize("place", [0, 30, 60])
def test_bad_rows_are_passed_over_and_listed(place, tmp_path):
    bars, quality = read(tmp_path, with_bad_rows(place), skip_bad_rows=len(BAD))
    assert same_bars(bars, BARS)
    found = {text.split(": ", 1)[1] for text in quality.bad_rows}
    assert found == set(BAD.values())
    numbers = [int(text.split(":")[1]) for text in quality.bad_rows]
    assert sorted(numbers) == list(range(place + 2, place + 2 + len(BAD)))
    assert quality.n_rows == len(BARS)


@pytest.mark.parametrize("most", [0, 1, 4])
def test_more_bad_rows_than_allowed_are_refused(most, tmp_path):
    with pytest.raises(DataError) as caught:
        read(tmp_path, with_bad_rows(30), skip_bad_rows=most)
    assert caught.value.message in BAD.values()
    assert "bars.csv:" in caught.value.location


def test_locations_count_the_lines_that_were_passed_over(tmp_path):
    text = with_bad_rows(3).replace("T06:59:00Z,16", "T06:59:00Z,6").splitlines()
    time, _, _, _, close = text[-1].split(",")
    text[-1] = f"{time},9{close},9{close},9{close},9{close}"
    with pytest.raises(DataError, match="jumps from") as caught:
        read(tmp_path, "\n".join(text), skip_bad_rows=9)
    assert f"bars.csv:{len(text)}: '{time}" in caught.value.location


# --- other columns


def test_a_mid_is_taken_of_bid_and_ask(tmp_path):
    bars, quality = read(tmp_path, text_of(VENDORS["OANDA v20"], BARS))
    assert same_bars(bars, BARS)
    assert decided(quality, "prices") == "mid of bid and ask, decimal point"


def test_one_side_alone_is_taken_and_said(tmp_path):
    header = "time,bid_open,bid_high,bid_low,bid_close\n"
    _, quality = read(tmp_path, header + lines(unix(0)))
    assert decided(quality, "prices").startswith("bid, ")


def test_a_symbol_column_with_several_values_is_refused(tmp_path):
    text = text_of(VENDORS["Stooq"], BARS).splitlines()
    text[20] = text[20].replace("^DAX", "^SPX")
    with pytest.raises(DataError, match=r"holds bars of \^DAX and of \^SPX") as caught:
        read(tmp_path, "\n".join(text), timezone="UTC")
    assert "bars.csv:21: '^SPX" in caught.value.location


@given(text=st.text(st.sampled_from("0123456789.,;:-/ \n\topenhiglwcst"), max_size=80))
@settings(max_examples=60)
def test_any_text_is_read_or_refused_and_writes_nothing(text, tmp_path_factory):
    folder = tmp_path_factory.mktemp("any")
    (folder / "bars.csv").write_text(text)
    with contextlib.suppress(InputError):
        prepare_bars(ALWAYS, [folder / "bars.csv"], folder / "b", Options(timezone="UTC"))
        assert len(read_bars(folder / "b"))
        return
    assert [path.name for path in folder.iterdir()] == ["bars.csv"]


def test_lines_around_the_bars_are_passed_over(tmp_path):
    rows = lines(local("UTC", "%Y-%m-%dT%H:%M:%SZ"), mark=";")
    head = "sep=;\nSymbol: DAX\nTimeframe: M1\n"
    assert same_bars(read(tmp_path, head + HEADER.replace(",", ";") + rows)[0], BARS)


@pytest.mark.parametrize(
    "text",
    [
        "a,b,c\n1,2,3\n",
        "1,2,3,4,5\n",
        "2024-01-02 06:00:00,5,4,6,5\n",
        "2024-01-02 06:00:00,5,6,4\n",
        "time,open,high,low\n2024-01-02 06:00:00,5,6,4\n",
        "time,price\n2024-01-02 06:00:00,5\n",
        "20240102,5,6,4,5,0\n",
        "time;open;high;low;close\n2024-01-02T06:00:00Z;1,500.5;1.500,5;1;1\n",
    ],
)
def test_what_is_not_recognised_is_refused(text, tmp_path):
    with pytest.raises(DataError) as caught:
        read(tmp_path, text, timezone="UTC")
    assert "bars.csv:" in caught.value.location
    assert caught.value.expected
