import dataclasses
import datetime as dt
import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ib_grid.errors import DataError, InputError
from ib_grid.market.csv import Options, QualityReport, read_csv_bars
from ib_grid.market.instruments import EVERY_DAY, GER40, XAUUSD, Instrument, TradingHours
from ib_grid.storage.mapping_files import as_declared
from tests.helpers.input_files import csv_files
from tests.helpers.input_files.csv_files import DIALECTS, START, made_up_bars, minute_of, same_bars

ALWAYS = Instrument(
    symbol="TEST",
    sessions=GER40.sessions,
    trading_hours=TradingHours(start="00:00", end="24:00", timezone="UTC", weekdays=EVERY_DAY),
    spread_points=1.0,
    currencies=("EUR",),
)
BARS = made_up_bars(START + np.arange(40))
HEADER = "time,open,high,low,close\n"
GOOD = csv_files.tradingview_z(BARS)


def read(path, instrument=ALWAYS, timezone=None):
    return read_csv_bars([path], instrument, Options(timezone=timezone))


def read_text(folder, text, timezone=None, name="bars.csv"):
    (folder / name).write_text(text)
    return read(folder / name, timezone=timezone)


# --- dialects


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_each_dialect_gives_the_bars_it_was_written_from(dialect, pack, tmp_path):
    write, name, timezone = DIALECTS[dialect]
    (tmp_path / "any.name").write_bytes(pack(write(BARS).encode()))
    bars, quality = read(tmp_path / "any.name", timezone=timezone)
    assert same_bars(bars, BARS)
    assert [source.dialect for source in quality.sources] == [name]
    assert quality.timezone == timezone


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_metatrader_exports_in_any_encoding_are_read(encoding, tmp_path):
    text = csv_files.metatrader(BARS).replace("\n", "\r\n")
    (tmp_path / "GER40_M1.csv").write_bytes(text.encode(encoding))
    bars, _ = read(tmp_path / "GER40_M1.csv", timezone="America/New_York+7")
    assert same_bars(bars, BARS)


def test_dialects_may_be_mixed_in_a_folder(tmp_path):
    parts = {name: BARS.take(np.arange(4 * i, 4 * i + 4)) for i, name in enumerate(DIALECTS)}
    for name, part in parts.items():
        if DIALECTS[name][2] in (None, "UTC"):
            (tmp_path / f"{name}.csv").write_text(DIALECTS[name][0](part))
    (tmp_path / "histdata").write_text(csv_files.histdata(parts["histdata"], "UTC"))
    (tmp_path / "mt5").write_text(csv_files.metatrader(parts["metatrader"], "UTC", 0))
    bars, quality = read(tmp_path, timezone="UTC")
    assert same_bars(bars, BARS)
    assert {source.dialect for source in quality.sources} == {
        name for _, name, _ in DIALECTS.values()
    }
    assert {source.dialect for source in quality.sources if source.naive} == {
        "HistData or NinjaTrader",
        "MetaTrader 5",
        "plain",
    }


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\n\n"),
        lambda text: "\n\n" + text.rstrip("\n"),
        lambda text: text.replace(",", ", "),
        lambda text: text.replace(",", ";"),
        lambda text: text.replace(",", "\t").upper(),
        lambda text: "\n".join(f'"{line}"' for line in text.replace(",", '","').splitlines()),
        lambda text: "\n".join(
            ",".join(reversed(line.split(","))) for line in text.splitlines() if line
        ),
        lambda text: text.replace("Z\n", "Z").replace(".0", ".00").replace("T", "T"),
    ],
)
def test_spacing_order_and_case_do_not_matter(change, tmp_path):
    bars, _ = read_text(tmp_path, change(GOOD))
    assert same_bars(bars, BARS)


def test_foreign_letters_in_other_columns_do_not_matter(tmp_path):
    lines = GOOD.splitlines()
    text = "\n".join([lines[0] + ",Größe", *(f"{line},ä" for line in lines[1:])])
    (tmp_path / "bars.csv").write_bytes(text.encode("latin-1"))
    assert same_bars(read(tmp_path / "bars.csv")[0], BARS)


def test_the_lines_of_a_large_file_are_all_read(tmp_path, monkeypatch):
    monkeypatch.setattr("ib_grid.market.csv.sources.BLOCK_BYTES", 300)
    assert same_bars(read_text(tmp_path, GOOD)[0], BARS)
    lines = GOOD.splitlines()
    lines[30] = lines[30].replace(",", ",x", 1)
    with pytest.raises(DataError, match=r"bars\.csv:31: '2024-03-05T09:29:00Z,x"):
        read_text(tmp_path, "\n".join(lines))


def test_rows_may_stand_in_any_order(tmp_path):
    lines = GOOD.splitlines()
    assert same_bars(read_text(tmp_path, "\n".join([lines[0], *lines[:0:-1]]))[0], BARS)


# --- clocks


@given(
    start=st.integers(minute_of(2015, 1, 1), minute_of(2030, 1, 1)),
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Tokyo", "Europe/London"]),
    steps=st.lists(st.integers(1, 2000), min_size=1, max_size=30),
)
@settings(max_examples=50)
def test_offsets_lead_to_utc_through_every_clock_change(start, zone, steps, tmp_path_factory):
    folder = tmp_path_factory.mktemp("zones")
    bars = made_up_bars(np.unique(start + np.cumsum(steps)))
    for write in (csv_files.tradingview, csv_files.dukascopy_local):
        found, _ = read_text(folder, write(bars, zone))
        assert same_bars(found, bars)


@given(
    hours=st.lists(st.integers(0, 400), min_size=1, max_size=40, unique=True),
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Tokyo"]),
    season=st.sampled_from([minute_of(2018, 3, 9), minute_of(2018, 10, 25)]),
)
@settings(max_examples=50)
def test_naive_times_lead_to_utc_or_are_refused(hours, zone, season, tmp_path_factory):
    bars = made_up_bars(season + np.sort(hours) * 60 + np.sort(hours) ** 2 % 59)
    folder = tmp_path_factory.mktemp("naive")
    local = [t.astimezone(csv_files.ZoneInfo(zone)) for t, *_ in csv_files.rows_of(bars)]
    twice = [t for t in local if t.utcoffset() != t.replace(fold=1 - t.fold).utcoffset()]
    if twice:
        with pytest.raises(DataError, match="repeats"):
            read_text(folder, csv_files.histdata(bars, zone), zone)
    else:
        assert same_bars(read_text(folder, csv_files.histdata(bars, zone), zone)[0], bars)


def test_server_clock_is_a_zone_plus_hours(tmp_path):
    # New York changes its clocks on 2024-03-10, Athens on 2024-03-31: between them they differ.
    bars = made_up_bars(minute_of(2024, 3, 8) + np.arange(40) * 600 + np.arange(40) % 7)
    text = csv_files.metatrader(bars, "America/New_York", 7)
    assert same_bars(read_text(tmp_path, text, "America/New_York+7")[0], bars)
    assert not same_bars(read_text(tmp_path, text, "Europe/Athens")[0], bars)
    west = csv_files.metatrader(bars, "UTC", -5)
    assert same_bars(read_text(tmp_path, west, "UTC-5")[0], bars)
    assert same_bars(read_text(tmp_path, west, "Etc/GMT+5")[0], bars)


@pytest.mark.parametrize(
    ("time", "what"),
    [("20240331 023000", "skips"), ("20241027 023000", "repeats")],
)
def test_ambiguous_local_time_is_shown(time, what, tmp_path):
    text = f"20240105 090000;5;6;4;5;0\n{time};5;6;4;5;0\n"
    with pytest.raises(DataError) as caught:
        read_text(tmp_path, text, "Europe/Berlin")
    assert what in caught.value.message
    assert "Europe/Berlin" in caught.value.message
    assert f"bars.csv:2: '{time};5;6;4;5;0'" in caught.value.location


@pytest.mark.parametrize("dialect", ["metatrader", "histdata", "plain"])
def test_naive_times_need_a_zone(dialect, tmp_path):
    with pytest.raises(DataError, match="has no time zone") as caught:
        read_text(tmp_path, DIALECTS[dialect][0](BARS))
    assert "bars.csv:" in caught.value.location
    assert "--timezone" in caught.value.hint


@pytest.mark.parametrize("zone", ["Berlin", "UTC+x", "+7", ""])
def test_a_zone_that_does_not_exist_is_refused(zone, tmp_path):
    with pytest.raises(InputError, match="unknown time zone"):
        read_text(tmp_path, GOOD, zone)


# --- wrong input: most of it is in the corpus, see test_bad_input


def test_bars_at_even_minutes_are_not_taken_for_longer_ones(tmp_path):
    few = made_up_bars(START + np.arange(6) * 2)
    assert len(read_text(tmp_path, csv_files.tradingview_z(few))[0]) == 6
    holes = made_up_bars(START + np.cumsum([1, 2, 2, 2, 2, 2, 1, 2, 2, 3, 2, 2, 1]))
    assert len(read_text(tmp_path, csv_files.tradingview_z(holes))[0]) == 13


@pytest.mark.parametrize("overlap", [True, False])
def test_two_symbols_in_one_folder_are_refused(overlap, tmp_path):
    later = 0 if overlap else 400 * 1440
    gold = made_up_bars(START + later + np.arange(40), price=2000.0)
    dax = made_up_bars(START + np.arange(40), price=17000.0)
    (tmp_path / "a.csv").write_text(csv_files.tradingview_z(dax))
    (tmp_path / "b.csv").write_text(csv_files.tradingview_unix(gold))
    message = "disagree in 39 of 40 minutes" if overlap else "between neighbouring bars"
    with pytest.raises(DataError, match=message) as caught:
        read(tmp_path)
    assert "a.csv:" in caught.value.location
    assert "b.csv:2: '" in caught.value.location


def test_two_scales_in_one_file_are_refused_at_their_lines(tmp_path):
    text = csv_files.histdata(BARS)
    lines = text.splitlines()
    lines[20] = "20240305 042000;100;101;99;100.5;0"
    with pytest.raises(DataError, match=r"from 998(\.\d+)? to 100\.5|to 100\.5") as caught:
        read_text(tmp_path, "\n\n".join(lines), "America/New_York")
    assert "bars.csv:39: '" in caught.value.location
    assert "bars.csv:41: '20240305 042000;100;" in caught.value.location


def test_a_symbol_may_double_over_the_years(tmp_path):
    early = made_up_bars(START + np.arange(40), price=4000.0)
    late = made_up_bars(START + 15 * 365 * 1440 + np.arange(40), price=20000.0)
    (tmp_path / "a.csv").write_text(csv_files.tradingview_z(early))
    (tmp_path / "b.csv").write_text(csv_files.tradingview_z(late))
    assert len(read(tmp_path)[0]) == 80


def test_bars_outside_trading_hours_are_counted_and_dropped(tmp_path):
    saturday = minute_of(2024, 3, 9)
    bars = made_up_bars(saturday - 10 + np.arange(30))
    (tmp_path / "bars.csv").write_text(csv_files.dukascopy(bars))
    kept, quality = read(tmp_path / "bars.csv", XAUUSD)
    assert same_bars(kept, bars.take(slice(0, 10)))
    assert (quality.n_rows, quality.n_bars, quality.n_outside_hours) == (30, 10, 20)


def test_a_file_with_no_bar_in_the_trading_hours_is_refused(tmp_path):
    (tmp_path / "bars.csv").write_text(
        csv_files.dukascopy(made_up_bars(minute_of(2024, 3, 9) + np.arange(30)))
    )
    with pytest.raises(
        DataError, match="none of the 30 bars is within the trading hours of XAUUSD"
    ):
        read(tmp_path / "bars.csv", XAUUSD)


# --- the report


def test_the_report_survives_json(tmp_path):
    quality = read_text(tmp_path, csv_files.plain(BARS), "UTC")[1]
    content = json.loads(json.dumps(dataclasses.asdict(quality)))
    assert as_declared(QualityReport, content) == quality
    assert quality.first_minute == START
    assert quality.last_minute == START + 39


def test_the_report_does_not_depend_on_where_the_files_are(tmp_path):
    reports = []
    for folder in (tmp_path / "a", tmp_path / "b" / "c"):
        folder.mkdir(parents=True)
        reports.append(read_text(folder, GOOD)[1])
    assert reports[0] == reports[1]


def test_unneeded_zone_is_not_in_the_report(tmp_path):
    assert read_text(tmp_path, GOOD, "Asia/Tokyo")[1].timezone is None


def test_a_file_name_may_hold_any_bytes(tmp_path):
    path = Path(f"{tmp_path}/b\udcff[bold].csv")
    path.write_text(GOOD)
    quality = read(path)[1]
    assert quality.sources[0].name == "b?[bold].csv"
    assert dt.datetime.fromtimestamp(quality.first_minute * 60, dt.UTC).year == 2024


# --- anything at all


@given(
    dialect=st.sampled_from(sorted(DIALECTS)),
    edits=st.lists(
        st.tuples(
            st.integers(0, 3000),
            st.integers(0, 30),
            st.one_of(
                st.binary(max_size=12), st.sampled_from([b"\n", b",", b'"', b"\0", b"-", b"9"])
            ),
        ),
        min_size=1,
        max_size=4,
    ),
    pack=st.sampled_from([bytes, gzip.compress]),
)
def test_a_damaged_file_is_read_or_refused(dialect, edits, pack, tmp_path_factory):
    write, _, timezone = DIALECTS[dialect]
    content = bytearray(write(BARS).encode())
    for first, length, new in edits:
        content[first : first + length] = new
    path = tmp_path_factory.mktemp("damaged") / "bars.csv"
    path.write_bytes(pack(bytes(content)))
    refused = ""
    try:
        bars, quality = read(path, timezone=timezone or "UTC")
    except DataError as error:
        refused = error.location
    if refused:
        assert str(path) in refused
        return
    assert quality.n_rows == len(bars) + quality.n_duplicates + quality.n_conflicts
    assert (bars.low <= np.minimum(bars.open, bars.close)).all()
    assert (bars.high >= np.maximum(bars.open, bars.close)).all()
    assert (np.diff(bars.minute) > 0).all()
    assert (bars.low > 0).all()
