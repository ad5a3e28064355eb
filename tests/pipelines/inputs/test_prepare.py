import dataclasses
import gzip
import json

import numpy as np
import pytest

from ib_grid.errors import DataError, InstrumentError, OutputError
from ib_grid.market.bars import file_sha256, read_bars, read_origin, write_bars
from ib_grid.market.instruments import GER40, XAUUSD, Session
from ib_grid.market.levels import session_levels
from ib_grid.market.levels_file import read_levels
from pipelines.inputs.prepare import load_levels, prepare_bars, prepare_levels
from tests.helpers.input_files import csv_files
from tests.helpers.input_files.csv_files import made_up_bars, minute_of, same_bars

# 08:00 to 12:00 in Berlin on Monday to Friday
MONDAY = minute_of(2024, 3, 4, 7)
BARS = made_up_bars(np.concatenate([MONDAY + day * 1440 + np.arange(240) for day in range(5)]))


@pytest.fixture
def csv(tmp_path):
    path = tmp_path / "csv" / "bars.csv"
    path.parent.mkdir()
    path.write_text(csv_files.tradingview(BARS))
    return path


@pytest.fixture
def prepared(csv, tmp_path):
    """Bars file and levels file of the made-up bars."""
    bars, levels = tmp_path / "bars.parquet", tmp_path / "levels.parquet"
    prepare_bars(GER40, [csv], bars)
    prepare_levels(GER40, bars, levels)
    return bars, levels


def everything_in(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


# --- files to files


def test_csv_files_become_a_bars_file_with_its_report(csv, tmp_path):
    path = tmp_path / "data" / "optimized" / "GER40_m1.parquet"
    quality = prepare_bars(GER40, [csv.parent], path)
    assert same_bars(read_bars(path), BARS)
    origin = read_origin(path)
    assert origin.symbol == "GER40"
    assert origin.quality == json.loads(json.dumps(dataclasses.asdict(quality)))
    assert quality.n_bars == len(BARS)


def test_the_same_csv_files_make_the_same_bytes(csv, tmp_path):
    for name in ("a", "b"):
        prepare_bars(GER40, [csv], tmp_path / name)
    assert file_sha256(tmp_path / "a") == file_sha256(tmp_path / "b")


def test_wrong_rows_leave_the_bars_file_as_it_was(csv, tmp_path):
    path = tmp_path / "bars.parquet"
    prepare_bars(GER40, [csv], path)
    before = path.read_bytes()
    csv.write_text(csv.read_text() + "2024-03-09T08:00:00+01:00,1,2,3,4,5\n")
    with pytest.raises(DataError, match="high below low"):
        prepare_bars(GER40, [csv], path)
    assert path.read_bytes() == before


def test_a_csv_file_is_never_written_over(csv):
    before = csv.read_bytes()
    for paths in ([csv], [csv.parent]):
        with pytest.raises(OutputError, match="is one of the CSV files"):
            prepare_bars(GER40, paths, csv.parent / ".." / "csv" / "bars.csv")
    assert csv.read_bytes() == before


def test_levels_match_the_sessions_and_the_bars_file(prepared):
    bars, levels = prepared
    found = read_levels(levels, file_sha256(bars))
    assert list(found) == list(GER40.sessions)
    for session, values in found.items():
        for stored, computed in zip(values, session_levels(BARS, session), strict=True):
            assert np.array_equal(stored, computed)


def test_levels_of_another_symbols_bars_are_refused(prepared, tmp_path):
    with pytest.raises(DataError, match="the file holds bars of GER40"):
        prepare_levels(XAUUSD, prepared[0], tmp_path / "new.parquet")
    assert not (tmp_path / "new.parquet").exists()


def test_bars_of_other_trading_hours_are_refused(prepared, tmp_path):
    hours = dataclasses.replace(GER40.trading_hours, start="06:00")
    earlier = dataclasses.replace(GER40, trading_hours=hours)
    with pytest.raises(
        DataError, match="other trading hours: 07:00, 23:00, Europe/Berlin, Mon Tue"
    ) as caught:
        prepare_levels(earlier, prepared[0], tmp_path / "new.parquet")
    assert "the trading hours of GER40: 06:00" in str(caught.value)
    assert read_origin(prepared[0]).trading_hours == GER40.trading_hours.to_dict()


def test_bars_without_recorded_trading_hours_are_accepted(tmp_path):
    write_bars(tmp_path / "bars.parquet", BARS, symbol="GER40")
    assert prepare_levels(GER40, tmp_path / "bars.parquet", tmp_path / "levels.parquet")


def test_levels_of_bars_without_a_session_are_refused(tmp_path):
    afternoon = made_up_bars(minute_of(2024, 3, 4, 15) + np.arange(100))
    (tmp_path / "bars.csv").write_text(csv_files.dukascopy(afternoon))
    prepare_bars(GER40, [tmp_path / "bars.csv"], tmp_path / "bars.parquet")
    with pytest.raises(DataError, match="no bar lies in any of the sessions"):
        prepare_levels(GER40, tmp_path / "bars.parquet", tmp_path / "levels.parquet")
    assert not (tmp_path / "levels.parquet").exists()


# --- levels for a run


def same_levels(one, other):
    return list(one) == list(other) and all(
        np.array_equal(a, b) for s in one for a, b in zip(one[s], other[s], strict=True)
    )


COMPUTED = {session: session_levels(BARS, session) for session in GER40.sessions}


def test_levels_that_fit_are_read(prepared, monkeypatch):
    bars, levels = prepared
    monkeypatch.setattr(
        "pipelines.inputs.prepare.session_levels", None
    )  # would fail if it were used
    loaded = load_levels(levels, BARS, file_sha256(bars), GER40.sessions)
    assert loaded.note is None
    assert same_levels(loaded.levels, COMPUTED)


def test_missing_levels_are_computed_with_a_note(prepared, tmp_path):
    loaded = load_levels(tmp_path / "none.parquet", BARS, file_sha256(prepared[0]), GER40.sessions)
    assert "No saved levels yet" in loaded.note
    assert same_levels(loaded.levels, COMPUTED)


def test_stale_levels_are_never_used(prepared, tmp_path):
    higher = made_up_bars(BARS.minute, seed=1)
    (tmp_path / "new.csv").write_text(csv_files.tradingview(higher))
    bars = tmp_path / "new.parquet"
    prepare_bars(GER40, [tmp_path / "new.csv"], bars)
    loaded = load_levels(prepared[1], higher, file_sha256(bars), GER40.sessions)
    assert "belong to other bars" in loaded.note
    assert same_levels(loaded.levels, {s: session_levels(higher, s) for s in GER40.sessions})


def test_damaged_levels_are_never_used(prepared):
    bars, levels = prepared
    levels.write_bytes(levels.read_bytes()[:-100])
    loaded = load_levels(levels, BARS, file_sha256(bars), GER40.sessions)
    assert "cannot be read" in loaded.note
    assert same_levels(loaded.levels, COMPUTED)


def test_levels_of_other_sessions_are_computed_besides(prepared):
    bars, levels = prepared
    extra = Session(ib_start="10:00", ib_end="10:15", ib_timezone="Europe/Berlin")
    asked = (extra, GER40.sessions[2])
    loaded = load_levels(levels, BARS, file_sha256(bars), asked)
    assert "No saved levels for 10:00-10:15" in loaded.note
    assert same_levels(loaded.levels, {s: session_levels(BARS, s) for s in asked})


# --- the command line


def test_prepare_and_levels_at_the_terminal(ib_grid_command, csv, tmp_path):
    status, out, err = ib_grid_command("prepare", "--symbol", "GER40", "--csv", csv)
    assert (status, err) == (0, "")
    assert out.startswith("GER40: 1,200 one-minute bars, 2024-03-04 07:00 to 2024-03-08 10:59 UTC")
    assert "layout  TradingView: header 'time,open,high,low,close,Volume'" in out
    assert "labels  opening minute of each bar, as TradingView writes" in out
    assert "written: data/optimized/GER40_m1.parquet" in out
    status, out, err = ib_grid_command("levels", "--symbol", "GER40")
    assert (status, err) == (0, "")
    assert "09:00-09:30" in out
    assert everything_in(tmp_path / "work") == [
        "data",
        "data/optimized",
        "data/optimized/GER40_ib_levels.parquet",
        "data/optimized/GER40_m1.parquet",
    ]


def test_the_report_shows_what_was_lost_and_what_to_look_at(ib_grid_command, tmp_path):
    folder = tmp_path / "csv"
    folder.mkdir()
    other = BARS.open.copy()
    other[0] = BARS.low[0]
    wild = dataclasses.replace(BARS, open=other).take(slice(0, 300))
    outage = BARS.take(np.r_[0:300, 360:1200])  # an hour without bars on Tuesday
    (folder / "bars (1).csv").write_text(csv_files.tradingview(outage))
    (folder / "bars (2).csv.gz").write_bytes(gzip.compress(csv_files.dukascopy(wild).encode()))
    sunday = made_up_bars(minute_of(2024, 3, 2, 23) + np.arange(3))
    (folder / "bars (3).csv").write_text(csv_files.histdata(sunday, "Asia/Tokyo"))
    status, out, err = ib_grid_command(
        "prepare", "--symbol", "GER40", "--csv", folder, "--timezone", "Asia/Tokyo"
    )
    assert (status, err) == (0, "")
    assert all(len(line) <= 80 for line in out.splitlines())
    shown = " ".join(out.split())
    for phrase in (
        "read 1,443 3 files",
        "clock Asia/Tokyo, as --timezone says",
        "conflicts 1 the last row counts (bars (3).csv is the last of 3 files): 2024-03-04 07:00",
        "outside trading hours 3 dropped",
        "2024 5 0 450 30 6.67%",
        "2024-03-05 08:00 2024-03-05 09:00 60 48",
        "0 price that does not move for 10 bars or more",
    ):
        assert phrase in shown


def prepare(command, *words, status=0):
    found, out, err = command("prepare", "--symbol", "GER40", "--data", "b.parquet", *words)
    assert found == status, err
    return out if status == 0 else err


def test_bars_prepared_before_are_merged_or_replaced(ib_grid_command, tmp_path):
    first, second = tmp_path / "1.csv", tmp_path / "2.csv"
    first.write_text(csv_files.tradingview(BARS.take(slice(0, 700))))
    second.write_text(csv_files.tradingview(BARS.take(slice(600, 1200))))
    path = tmp_path / "work" / "b.parquet"
    prepare(ib_grid_command, "--csv", first)
    alone = path.read_bytes()
    prepare(ib_grid_command, "--csv", first)
    assert path.read_bytes() == alone
    out = prepare(ib_grid_command, "--csv", second)
    assert "prepared before 600 merged (--replace starts over)" in " ".join(out.split())
    assert same_bars(read_bars(path), BARS)
    both = path.read_bytes()
    prepare(ib_grid_command, "--csv", second)
    assert path.read_bytes() == both
    quality = read_origin(path).quality
    assert [source["name"] for source in quality["earlier_sources"]] == ["1.csv"]
    prepare(ib_grid_command, "--csv", second, "--replace")
    assert same_bars(read_bars(path), BARS.take(slice(600, 1200)))


def test_bars_prepared_before_are_never_lost(ib_grid_command, csv, tmp_path):
    path = tmp_path / "work" / "b.parquet"
    prepare(ib_grid_command, "--csv", csv)
    before = path.read_bytes()
    later = tmp_path / "later.csv"
    later.write_text(csv_files.plain(BARS, "Europe/Berlin"))
    err = prepare(ib_grid_command, "--csv", later, "--timezone", "UTC", status=2)
    assert "prepared before: 2024-03-04 07:00 to 2024-03-08 10:59" in err
    assert "--replace" in err
    assert path.read_bytes() == before
    path.write_bytes(before[:-9])
    err = prepare(ib_grid_command, "--csv", csv, status=2)
    assert "the bars prepared before cannot be kept: not a readable Parquet file" in err
    prepare(ib_grid_command, "--csv", csv, "--replace")
    assert same_bars(read_bars(path), BARS)


def test_bad_rows_and_passed_over_files_are_listed(ib_grid_command, csv):
    csv.write_text(csv.read_text() + "oops\n")
    (csv.parent / "readme.txt").write_text("About these bars\n")
    err = prepare(ib_grid_command, "--csv", csv.parent, status=2)
    assert "the line has 1 field" in err
    out = prepare(ib_grid_command, "--csv", csv.parent, "--skip-bad-rows", "1")
    assert "bars.csv:1202: the line has 1 field" in out
    assert "readme.txt" in out


def test_bar_labels_are_recorded_and_shown_by_info(ib_grid_command, csv):
    prepare(ib_grid_command, "--csv", csv, "--bar-labels", "close")
    _, out, _ = ib_grid_command("info", "--symbol", "GER40", "--data", "b.parquet", "--no-news")
    assert "times in the source are ends of bars (--bar-labels close)" in out


def test_info_counts_one_in_the_singular(ib_grid_command, csv):
    csv.write_text(csv_files.tradingview(BARS.take(slice(0, 240))))
    prepare(ib_grid_command, "--csv", csv)
    info = ("info", "--symbol", "GER40", "--data", "b.parquet", "--no-news", "--workers", "1")
    _, out, _ = ib_grid_command(*info)
    assert "08:00-08:30 Europe/Berlin: 1 date\n" in out
    assert "on 1 worker\n" in out


def test_merging_another_clock_or_other_labels_is_warned_of(ib_grid_command, tmp_path):
    first, second = tmp_path / "1.csv", tmp_path / "2.csv"
    first.write_text(csv_files.plain(BARS.take(slice(0, 480)), "Europe/Berlin"))
    second.write_text(csv_files.plain(BARS.take(slice(480, 1200)), "Europe/Berlin"))
    berlin = ("--timezone", "Europe/Berlin")
    prepare(ib_grid_command, "--csv", first, *berlin)
    out = prepare(ib_grid_command, "--csv", second, *berlin)
    assert "warning" not in out
    for option, new, old in (
        (("--timezone", "UTC"), "clock UTC", "Europe/Berlin"),
        ((*berlin, "--bar-labels", "close"), "bar labels close", "open"),
    ):
        prepare(ib_grid_command, "--csv", first, *berlin, "--replace")
        out = prepare(ib_grid_command, "--csv", second, *option)
        (warning,) = [line for line in out.splitlines() if line.startswith("warning")]
        assert f"{new}, but {old} in the files of the bars prepared before" in warning
    prepare(ib_grid_command, "--csv", first, *berlin, "--replace")
    prepare(ib_grid_command, "--csv", second, "--timezone", "UTC")
    _, out, _ = ib_grid_command("info", "--symbol", "GER40", "--data", "b.parquet", "--no-news")
    assert "clock of the source: UTC, Europe/Berlin" in out


def test_one_option_accepts_many_files(ib_grid_command, csv, tmp_path):
    first, second = tmp_path / "1.csv", tmp_path / "2.csv"
    first.write_text(csv_files.tradingview(BARS.take(slice(0, 700))))
    second.write_text(csv_files.tradingview(BARS.take(slice(600, 1200))))
    status, out, _ = ib_grid_command(
        "prepare", "--csv", first, second, "--symbol", "GER40", "--data", "b.parquet"
    )
    assert status == 0
    assert "written: b.parquet" in out
    assert same_bars(read_bars(tmp_path / "work" / "b.parquet"), BARS)


def test_unneeded_zone_is_noted(ib_grid_command, csv):
    _, out, _ = ib_grid_command(
        "prepare", "--symbol", "GER40", "--csv", csv, "--timezone", "Asia/Tokyo"
    )
    assert "note: --timezone Asia/Tokyo was not needed" in out
    assert "--unix-times" not in out
    csv.write_text(csv_files.tradingview_unix(BARS))
    out = prepare(ib_grid_command, "--csv", csv, "--timezone", "Asia/Tokyo")
    assert "note: give --unix-times server" in out


def test_brackets_in_names_are_shown_as_they_are(ib_grid_command, csv, tmp_path):
    status, out, _ = ib_grid_command(
        "prepare", "--symbol", "GER40", "--csv", csv, "--data", "[bold]/[x].parquet"
    )
    assert status == 0
    assert "written: [bold]/[x].parquet" in out


WRONG = {
    "no such file": (["--csv", "none.csv"], "no such file or folder"),
    "empty file": (["--csv", "empty.csv"], "the file is empty"),
    "empty folder": (["--csv", "empty"], "the folder contains no files"),
    "not a CSV": (["--csv", "picture.csv"], "not a text file"),
    "naive times": (["--csv", "naive.csv"], "has no time zone"),
    "no such zone": (["--csv", "naive.csv", "--timezone", "Berlin"], "unknown time zone"),
    "output in a file": (
        ["--csv", "good.csv", "--data", "good.csv/b.parquet"],
        "cannot be written",
    ),
    "output is a folder": (["--csv", "good.csv", "--data", "empty"], "cannot be written"),
    "output is a source": (["--csv", "good.csv", "--data", "good.csv"], "one of the CSV files"),
}


@pytest.mark.parametrize("case", WRONG)
def test_invalid_input_is_status_2_and_one_message(case, ib_grid_command, tmp_path):
    folder = tmp_path / "work"
    (folder / "empty").mkdir()
    (folder / "empty.csv").touch()
    (folder / "picture.csv").write_bytes(b"\x89PNG\0")
    (folder / "naive.csv").write_text(csv_files.plain(BARS))
    (folder / "good.csv").write_text(csv_files.tradingview(BARS))
    before = everything_in(folder)
    arguments, message = WRONG[case]
    status, out, err = ib_grid_command("prepare", "--symbol", "GER40", *arguments)
    assert (status, out) == (2, "")
    assert err.startswith("error: ")
    assert message in err
    assert "\n  in " in err
    assert "\n  expected: " in err
    assert "Traceback" not in err
    assert everything_in(folder) == before


def test_an_unknown_symbol_and_missing_bars_are_named(ib_grid_command, csv):
    status, _, err = ib_grid_command("prepare", "--symbol", "DAX", "--csv", csv)
    assert status == InstrumentError.exit_status == 2
    assert "unknown symbol 'DAX'" in err
    status, _, err = ib_grid_command("levels", "--symbol", "GER40")
    assert status == 2
    assert "data/optimized/GER40_m1.parquet" in err
    assert "ib-grid prepare" in err


def test_a_missing_option_ends_with_status_2(ib_grid_command):
    status, _, err = ib_grid_command("prepare", "--symbol", "GER40")
    assert status == 2
    assert "--csv" in err
