import hashlib
import pickle

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ib_grid.errors import DataError, OutputError
from ib_grid.market.bars import (
    BarsOrigin,
    bars_from_frame,
    bars_to_frame,
    file_sha256,
    price_decimals,
    read_bars,
    read_origin,
    write_bars,
)
from tests.helpers.input_files.csv_files import START, made_up_bars, same_bars

BARS = made_up_bars(START + np.arange(20))


def frame_with(column, row, value):
    frame = bars_to_frame(BARS)
    frame.loc[row, column] = value
    return frame


@st.composite
def any_bars(draw):
    minutes = draw(st.lists(st.integers(0, 60_000_000), min_size=1, max_size=30, unique=True))
    prices = draw(
        hnp.arrays(
            np.float64,
            (len(minutes), 4),
            elements=st.floats(1e-6, 1e9, allow_nan=False, width=64),
        )
    )
    bars = made_up_bars(sorted(minutes))
    prices.sort(axis=1)
    low, open_, close, high = prices.T
    columns = {"low": low, "open": open_, "close": close, "high": high}
    frame = bars_to_frame(bars).assign(**columns)
    return bars_from_frame(frame)


@given(bars=any_bars())
def test_a_file_gives_back_the_bars_bit_for_bit(bars, tmp_path_factory):
    path = tmp_path_factory.mktemp("bars") / "bars.parquet"
    write_bars(path, bars, symbol="GER40")
    assert same_bars(read_bars(path), bars)


def test_a_file_is_snappy_and_says_symbol_and_quality(tmp_path):
    path = tmp_path / "bars.parquet"
    quality = {"n_rows": 20, "gaps": [{"first_minute": 1}], "timezone": None}
    write_bars(path, BARS, symbol="XAUUSD", quality=quality)
    assert read_origin(path) == BarsOrigin(symbol="XAUUSD", quality=quality)
    column = pq.ParquetFile(path).metadata.row_group(0).column(0)
    assert column.compression == "SNAPPY"
    assert str(pq.read_schema(path).field("time").type) == "timestamp[ms, tz=UTC]"


def test_equal_bars_make_equal_files(tmp_path):
    for name in ("a", "b"):
        write_bars(tmp_path / name, BARS, symbol="GER40", quality={"n_rows": 20})
    assert file_sha256(tmp_path / "a") == file_sha256(tmp_path / "b")


def test_a_foreign_file_says_nothing_of_its_origin(tmp_path):
    path = tmp_path / "bars.parquet"
    bars_to_frame(BARS).to_parquet(path)
    assert read_origin(path) == BarsOrigin(symbol=None, quality=None)
    assert same_bars(read_bars(path), BARS)


@pytest.mark.parametrize("read", [read_bars, read_origin])
def test_non_parquet_is_refused(read, tmp_path):
    with pytest.raises(DataError, match="no such file"):
        read(tmp_path / "none.parquet")
    for content in (b"", b"PAR1", b"time,open,high,low,close\n"):
        (tmp_path / "bad.parquet").write_bytes(content)
        with pytest.raises(DataError, match="not a readable Parquet file"):
            read(tmp_path / "bad.parquet")


def test_invalid_json_report_is_refused(tmp_path):
    path = tmp_path / "bars.parquet"
    table = pa.table({"time": pa.array([0])}).replace_schema_metadata({b"ib_grid.quality": b"{"})
    pq.write_table(table, path)
    with pytest.raises(DataError):
        read_origin(path)


def test_unwritable_path_keeps_its_content(tmp_path):
    (tmp_path / "file").write_text("here")
    with pytest.raises(OutputError):
        write_bars(tmp_path / "file" / "bars.parquet", BARS, symbol="GER40")
    assert (tmp_path / "file").read_text() == "here"
    assert len(list(tmp_path.iterdir())) == 1


def test_frames_and_bars_round_trip():
    frame = bars_to_frame(BARS)
    assert list(frame.columns) == ["time", "open", "high", "low", "close"]
    assert frame["time"].iloc[0] == pd.Timestamp("2024-03-05 09:00", tz="UTC")
    assert same_bars(bars_from_frame(frame), BARS)
    elsewhere = frame.assign(time=frame["time"].dt.tz_convert("Asia/Tokyo"))
    assert same_bars(bars_from_frame(elsewhere), BARS)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (bars_to_frame(BARS).drop(columns=["low", "time"]), "no column time, low"),
        (frame_with("time", 3, pd.Timestamp("2024-03-05 09:03:01", tz="UTC")), "no whole minute"),
        (frame_with("time", 3, pd.Timestamp("2024-03-05 09:03:01", tz="UTC")), "row 3"),
        (frame_with("time", 3, pd.Timestamp("2024-03-05 09:02", tz="UTC")), "does not come after"),
        (frame_with("time", 3, pd.NaT), "a time is missing"),
        (bars_to_frame(BARS).assign(time="2024"), "holds"),
        (bars_to_frame(BARS).assign(low="low"), "holds"),
        (frame_with("low", 4, 0.0), "do not make a bar"),
        (frame_with("high", 4, np.inf), "do not make a bar"),
        (frame_with("close", 4, np.nan), "do not make a bar"),
        (frame_with("high", 4, 1.0), "row 4"),
    ],
)
def test_frames_that_hold_no_bars_are_refused(frame, message):
    message = message.replace("no whole minute", "not a whole minute")
    with pytest.raises(DataError) as caught:
        bars_from_frame(frame, location="here")
    assert message in str(caught.value)
    assert "here" in str(caught.value)


def test_naive_times_are_refused():
    frame = bars_to_frame(BARS)
    with pytest.raises(DataError, match="the column time holds"):
        bars_from_frame(frame.assign(time=frame["time"].dt.tz_localize(None)))


def test_bars_between_two_minutes():
    part = BARS.between(START + 5, START + 9)
    assert part.minute.tolist() == [START + 5, START + 6, START + 7, START + 8]
    assert part.close.tolist() == BARS.close[5:9].tolist()
    assert len(BARS.between(START + 30, START + 40)) == 0


def test_the_hash_is_that_of_the_bytes(tmp_path):
    (tmp_path / "file").write_bytes(b"content")
    assert file_sha256(tmp_path / "file") == hashlib.sha256(b"content").hexdigest()


def test_errors_keep_their_parts_between_processes():
    error = DataError("found", location="where", expected="expected", hint="remedy")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is DataError
    assert str(again) == "found\n  in where\n  expected: expected\n  to do: remedy"


def test_decimals_of_prices() -> None:
    prices = (18_000.0, 1_999.0, 150.2, 15.1, 1.08, 0.65)
    assert [price_decimals(price) for price in prices] == [2, 2, 3, 4, 5, 6]
