"""Files that are not one series are refused; closed time that is filled is left out."""

import dataclasses
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_grid.errors import DataError
from ib_grid.market.csv import Earlier, Options, read_csv_bars
from ib_grid.market.instruments import GER40
from tests.helpers.input_files import csv_files
from tests.helpers.input_files.csv_files import START, made_up_bars, minute_of, same_bars
from tests.ib_grid.market.csv.test_csv import ALWAYS

BARS = made_up_bars(START + np.arange(300))
GAP_REPORT = "HistData.com (c) 2012 \r\nFile: a.csv Status Report\r\n\r\nGap of 121s found.\r\n"


def changed(bars, rows):
    """Return bars with another open in these rows, within low and high."""
    opened = bars.open.copy()
    opened[rows] = np.where(bars.open[rows] == bars.low[rows], bars.high[rows], bars.low[rows])
    return dataclasses.replace(bars, open=opened)


def written(folder, **files):
    for name, bars in files.items():
        (folder / f"{name}.csv").write_text(csv_files.tradingview_z(bars))
    return folder


def read(path, instrument=ALWAYS, earlier=None, **options):
    return read_csv_bars([path], instrument, Options(**options), earlier)


# --- conflicts


@pytest.mark.parametrize(("n_conflicts", "refused"), [(2, False), (3, False), (4, True)])
def test_files_may_differ_in_one_percent_of_shared_minutes(n_conflicts, refused, tmp_path):
    moving = np.flatnonzero(BARS.high > BARS.low)[:n_conflicts]
    written(tmp_path, a=BARS, b=changed(BARS, moving))
    if refused:
        message = f"a.csv and b.csv disagree in {n_conflicts} of 300 minutes"
        with pytest.raises(DataError, match=message) as caught:
            read(tmp_path)
        assert "a.csv:" in caught.value.location
        assert "b.csv:" in caught.value.location
    else:
        assert read(tmp_path)[1].n_conflicts == n_conflicts


def test_the_unfinished_last_bar_of_a_file_does_not_count(tmp_path):
    early, late = BARS.take(slice(0, 101)), BARS.take(slice(100, 200))
    unfinished = dataclasses.replace(early, close=early.close.copy())
    unfinished.close[-1] = early.high[-1] + early.low[-1] - early.close[-1]
    written(tmp_path, a=unfinished, b=late)
    assert same_bars(read(tmp_path)[0], BARS.take(slice(0, 200)))


@given(step=st.sampled_from([0.0003, 0.05, 3.0]), shift=st.integers(0, 200))
def test_bid_and_ask_under_one_name_are_refused(step, shift, tmp_path_factory):
    ask = dataclasses.replace(
        BARS, **{name: getattr(BARS, name) + step for name in ("open", "high", "low", "close")}
    )
    folder = written(tmp_path_factory.mktemp("sides"), bid=BARS, ask=ask.take(slice(shift, 300)))
    with pytest.raises(DataError, match=r"ask\.csv and bid\.csv disagree"):
        read(folder)


def test_files_that_name_different_symbols_are_refused(tmp_path):
    later = made_up_bars(START + 1000 + np.arange(9))
    for symbol, bars in (("DAX", BARS), ("DOW", later)):
        rows = csv_files.tradingview_z(bars).splitlines()
        text = "\n".join(["symbol," + rows[0], *(f"{symbol},{row}" for row in rows[1:])])
        (tmp_path / f"{symbol}.csv").write_text(text)
    with pytest.raises(DataError, match="the files hold bars of DAX and of DOW"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("one", "other", "refused"),
    [
        ("DAT_ASCII_EURUSD_M1_2023", "DAT_ASCII_GBPUSD_M1_2024", True),
        ("DAT_MT_GRXEUR_M1_2023", "DAT_ASCII_SPXUSD_M1_2024", True),
        ("eurusd-m1", "M1_EURGBP", True),
        ("EURUSD_2023", "EURUSD_2024", False),
        ("usdjpy (1)", "export (2)", False),
        ("january", "february", False),
    ],
)
def test_file_names_of_different_symbols_are_refused(one, other, refused, tmp_path):
    written(tmp_path, **{one: BARS, other: made_up_bars(START + 1440 + np.arange(9))})
    if refused:
        with pytest.raises(DataError, match="the files hold bars of") as caught:
            read(tmp_path)
        assert one in caught.value.location
        assert other in caught.value.location
    else:
        assert len(read(tmp_path)[0]) == 309


@pytest.mark.parametrize("factor", [0.01, 0.1, 0.45, 2.2, 10.0, 100.0])
def test_a_jump_of_scale_between_files_is_refused(factor, tmp_path):
    late = made_up_bars(START + 1440 + np.arange(9), price=1000 * factor)
    written(tmp_path, a=BARS, b=late)
    with pytest.raises(DataError, match="jumps from") as caught:
        read(tmp_path)
    assert "a.csv:" in caught.value.location
    assert "b.csv:" in caught.value.location


def test_prices_too_low_for_the_spread_are_refused(tmp_path):
    file = tmp_path / "a.csv"
    rows = ["02.01.2024 07:00;16710;16715;16705;16711", "02.01.2024 07:01;16711;16711;16710;16711"]
    file.write_text("\n".join(["Datum;Open;High;Low;Close", *rows]))
    assert read(file, GER40, timezone="UTC")[0].close[0] == 16711
    file.write_text(file.read_text().replace(";16", ";16."))
    with pytest.raises(DataError, match=r"prices around 16\.711 are too low for GER40"):
        read(file, GER40, timezone="UTC")


@pytest.mark.parametrize(
    ("symbol", "name", "found"),
    [
        ("XAUUSD", "EURUSD_2024", "EURUSD"),
        ("EURUSD.m", "eur_usd", ""),
        ("GER40", "EURUSD", "EURUSD"),
        ("GER40", "NAS100_m1", "NAS100"),
        ("GER40", "USTEC.cash", "NAS100"),
        ("DAX", "us30m", "US30"),
        ("US500", "DAT_ASCII_NSXUSD_M1_2024", "NAS100"),
        ("GER40", "OANDA_NAS100USD, 1 (2)", "NAS100"),
        ("GER40", "PEPPERSTONE_GER40, 1", ""),
        ("GER40", "DAT_ASCII_GRXEUR_M1_2024", ""),
        ("DE40", "DAX40-2024", ""),
        ("XAUUSD", "Gold_2024", ""),
        ("GER40", "FTSEMIB", ""),
        ("GER40", "US30Y", ""),
        ("MINE", "EURUSD", ""),
    ],
)
def test_a_file_of_another_symbol_is_refused(symbol, name, found, tmp_path):
    written(tmp_path, **{name: BARS})
    instrument = dataclasses.replace(ALWAYS, symbol=symbol)
    if found:
        with pytest.raises(DataError, match=f"the file holds bars of {found}"):
            read(tmp_path, instrument)
    else:
        assert len(read(tmp_path, instrument)[0]) == 300


def test_files_named_as_two_indices_are_refused(tmp_path):
    written(tmp_path, DAX_2024=BARS, GER40_2024=BARS)
    instrument = dataclasses.replace(ALWAYS, symbol="MINE")
    assert len(read(tmp_path, instrument)[0]) == 300
    written(tmp_path, US30_2024=BARS)
    with pytest.raises(DataError, match="the files hold bars of GER40 and of US30"):
        read(tmp_path, instrument)


def test_close_times_in_utc_are_the_end_of_bars(tmp_path):
    (tmp_path / "a.csv").write_text(
        "Close Time (UTC),Open,High,Low,Close\n2024-01-02 07:01,90,95,85,90\n"
    )
    assert read(tmp_path)[0].minute[0] == minute_of(2024, 1, 2, 7)


# --- folders and archives


def archive_of(folder):
    with zipfile.ZipFile(folder / "download.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.iterdir()):
            if path.suffix != ".zip":
                archive.write(path, path.name)
        archive.writestr("__MACOSX/._a.csv", b"\0")
    return folder / "download.zip"


@pytest.mark.parametrize("pack", [lambda folder: folder, archive_of])
def test_other_files_of_a_download_are_passed_over_and_named(pack, tmp_path):
    written(tmp_path, a=BARS)
    (tmp_path / "a.txt").write_text(GAP_REPORT)
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\0")
    (tmp_path / "empty.md").touch()
    bars, quality = read(pack(tmp_path))
    assert same_bars(bars, BARS)
    assert quality.passed_over == ("a.txt", "empty.md", "picture.png")
    assert [source.name for source in quality.sources] == ["a.csv"]


def test_a_file_named_as_csv_is_not_passed_over(tmp_path):
    written(tmp_path, a=BARS)
    (tmp_path / "report.csv").write_text(GAP_REPORT.replace("\r", ""))
    with pytest.raises(DataError, match="unknown CSV layout") as caught:
        read(tmp_path)
    assert "report.csv" in caught.value.location


def test_a_wrong_row_of_a_text_file_is_not_passed_over(tmp_path):
    written(tmp_path, a=BARS)
    (tmp_path / "b.txt").write_text("time,open,high,low,close\n2024-03-06T09:00:00Z,1,2,3,4\n")
    with pytest.raises(DataError, match="high below low"):
        read(tmp_path)


def test_a_folder_without_bars_is_refused(tmp_path):
    (tmp_path / "a.txt").write_text(GAP_REPORT)
    with pytest.raises(DataError, match="unknown CSV layout"):
        read(tmp_path)
    with pytest.raises(DataError, match="unknown CSV layout"):
        read(tmp_path / "a.txt")


def test_damaged_and_encrypted_archives_are_refused(tmp_path):
    whole = archive_of(written(tmp_path, a=BARS)).read_bytes()
    cut = tmp_path / "cut.zip"
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="this is a ZIP archive"):
        read(cut)
    at = whole.index(b"PK\x01\x02") + 8  # the flags of the first member in the directory
    cut.write_bytes(whole[:at] + b"\x01" + whole[at + 1 :])
    with pytest.raises(DataError, match="the archive is encrypted"):
        read(cut)


# --- closed time


def flat(minutes, price):
    column = np.full(len(minutes), float(price))
    return dataclasses.replace(
        made_up_bars(minutes), open=column, high=column, low=column, close=column
    )


def joined(*parts):
    return dataclasses.replace(
        parts[0],
        **{
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in ("minute", "open", "high", "low", "close")
        },
    )


TUESDAY = minute_of(2024, 1, 2, 7)
HOLIDAY = TUESDAY + 1440 + np.arange(600)


def test_a_holiday_of_one_price_is_left_out_and_counted(tmp_path):
    days = [made_up_bars(TUESDAY + day * 1440 + np.arange(600)) for day in (0, 2)]
    written(tmp_path, a=joined(days[0], flat(HOLIDAY, days[0].close[-1]), days[1]))
    bars, quality = read(tmp_path, GER40)
    assert same_bars(bars, joined(*days))
    assert quality.n_flat == 600
    assert quality.dates_without_session == ((TUESDAY // 1440) + 1,)
    kept, quality = read(tmp_path, GER40, keep_flat=True)
    assert (len(kept), quality.n_flat) == (1800, 0)


@pytest.mark.parametrize(("length", "n_flat"), [(29, 0), (30, 30)])
def test_one_price_for_less_than_a_session_is_kept(length, n_flat, tmp_path):
    before = made_up_bars(TUESDAY + np.arange(60))
    still = flat(TUESDAY + 60 + np.arange(length), before.close[-1] + 0.25)
    after = made_up_bars(TUESDAY + 60 + length + np.arange(60))
    written(tmp_path, a=joined(before, still, after))
    shortest = {(session.ib_start, session.ib_end) for session in GER40.sessions}
    assert ("08:00", "08:30") in shortest
    assert read(tmp_path, GER40)[1].n_flat == n_flat


def test_bars_that_never_move_are_refused(tmp_path):
    written(tmp_path, a=flat(HOLIDAY, 5))
    with pytest.raises(DataError, match="all of the 600 bars have one price") as caught:
        read(tmp_path, GER40)
    assert "--keep-flat" in caught.value.hint


# --- bars that were prepared before


@given(
    first=st.sets(st.integers(0, 250), min_size=1),
    second=st.sets(st.integers(0, 250), min_size=1),
)
def test_earlier_bars_stay_in_other_minutes(first, second, tmp_path_factory):
    old, new = (BARS.take(np.sort(list(rows))) for rows in (first, second))
    folder = written(tmp_path_factory.mktemp("earlier"), new=new)
    bars, quality = read(folder, earlier=Earlier(location="old", bars=old))
    assert same_bars(bars, BARS.take(np.sort(list(first | second))))
    assert quality.n_earlier == len(first - second)
    assert quality.n_bars == len(bars) == quality.n_rows + quality.n_earlier


@pytest.mark.parametrize("case", ["another clock", "another scale", "another symbol"])
def test_earlier_bars_of_another_series_are_refused(case, tmp_path):
    new = {
        "another clock": dataclasses.replace(BARS, minute=BARS.minute + 60),
        "another scale": made_up_bars(BARS.minute + 1440, price=10_000.0),
        "another symbol": made_up_bars(BARS.minute, price=1030.0),
    }[case]
    written(tmp_path, new=new)
    with pytest.raises(DataError, match="prepared before: 2024-03-05 09:00 to") as caught:
        read(tmp_path, earlier=Earlier(location="old.parquet", bars=BARS))
    assert caught.value.location == "old.parquet"
    assert "--replace" in caught.value.hint
