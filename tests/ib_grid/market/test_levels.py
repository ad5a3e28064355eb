import dataclasses
import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_grid.errors import DataError, OutputError
from ib_grid.market.instruments import GER40, XAUUSD, Session
from ib_grid.market.levels import session_levels
from ib_grid.market.levels_file import read_levels, write_levels
from ib_grid.market.market import build_market
from tests.helpers.input_files.csv_files import made_up_bars, minute_of, rows_of, same_bars

SHA = "0" * 64


def levels_by_hand(bars, session):
    """Date -> (high, low, number of bars), in plain Python with zoneinfo."""
    zone = ZoneInfo(session.ib_timezone)
    start, end = dt.time.fromisoformat(session.ib_start), dt.time.fromisoformat(session.ib_end)
    found = {}
    for time, _, high, low, _ in rows_of(bars):
        local = time.astimezone(zone)
        if start <= local.time() < end:
            known_high, known_low, n = found.get(local.date(), (high, low, 0))
            found[local.date()] = (max(known_high, high), min(known_low, low), n + 1)
    return found


@given(
    start=st.integers(minute_of(2016, 1, 1), minute_of(2028, 1, 1)),
    steps=st.lists(st.integers(1, 200), min_size=1, max_size=120),
    session=st.sampled_from([*GER40.sessions, *XAUUSD.sessions]),
)
def test_levels_equal_those_counted_by_hand(start, steps, session):
    bars = made_up_bars(start + np.cumsum(steps))
    levels = session_levels(bars, session)
    found = {
        dt.date(1970, 1, 1) + dt.timedelta(days=int(date)): (high, low, n)
        for date, high, low, n in zip(
            levels.date, levels.ib_high, levels.ib_low, levels.n_bars, strict=True
        )
    }
    assert found == levels_by_hand(bars, session)
    assert (np.diff(levels.date) > 0).all()


@pytest.mark.parametrize(
    ("date", "utc_hour"), [((2024, 3, 29), 7), ((2024, 4, 1), 6), ((2024, 10, 28), 7)]
)
def test_the_session_follows_the_clocks_of_its_zone(date, utc_hour):
    bars = made_up_bars(minute_of(*date) + np.arange(1440))
    levels = session_levels(bars, GER40.sessions[0])
    assert levels.ib_start.tolist() == [minute_of(*date, utc_hour)]
    assert levels.ib_end.tolist() == [minute_of(*date, utc_hour, 30)]
    assert levels.n_bars.tolist() == [30]


BARS = made_up_bars(
    np.concatenate([minute_of(2024, 3, 25 + d % 7, 5) + np.arange(300) for d in range(5)])
)
LEVELS = {session: session_levels(BARS, session) for session in GER40.sessions}
NIGHT = Session(ib_start="02:00", ib_end="03:00", ib_timezone="Asia/Tokyo")


def equal_levels(one, other):
    return list(one) == list(other) and all(
        a.dtype == b.dtype and np.array_equal(a, b)
        for session in one
        for a, b in zip(one[session], other[session], strict=True)
    )


def written(folder, levels=LEVELS):
    write_levels(folder / "levels.parquet", levels, symbol="GER40", bars_sha256=SHA)
    return folder / "levels.parquet"


def test_levels_round_trip(tmp_path):
    levels = {**LEVELS, NIGHT: session_levels(BARS, NIGHT)}
    assert not len(levels[NIGHT].date)
    assert equal_levels(read_levels(written(tmp_path, levels), SHA), levels)
    assert equal_levels(read_levels(written(tmp_path, {}), SHA), {})


def test_the_columns_of_the_file(tmp_path):
    frame = pq.read_table(written(tmp_path)).to_pandas()
    assert list(frame.columns) == [
        "date", "ib_start", "ib_end", "ib_timezone", "ib_start_utc", "ib_end_utc",
        "ib_high", "ib_low", "eq", "range_points", "n_bars",
    ]  # fmt: skip
    assert len(frame) == sum(len(levels.date) for levels in LEVELS.values())
    first = frame.iloc[0]
    assert first["date"] == dt.date(2024, 3, 25)
    assert (first["ib_start"], first["ib_end"]) == ("08:00", "08:30")
    assert str(first["ib_start_utc"]) == "2024-03-25 07:00:00+00:00"
    assert str(first["ib_end_utc"]) == "2024-03-25 07:30:00+00:00"
    assert ((frame["ib_high"] + frame["ib_low"]) / 2 == frame["eq"]).all()
    assert (frame["ib_high"] - frame["ib_low"] == frame["range_points"]).all()


def test_a_market_from_the_file_equals_one_from_the_bars(tmp_path):
    cached = build_market(BARS, GER40.sessions, 90, read_levels(written(tmp_path), SHA))
    computed = build_market(BARS, GER40.sessions, 90)
    assert same_bars(cached.bars, computed.bars)
    assert equal_levels(cached.levels, computed.levels)
    assert cached.horizon_minutes == computed.horizon_minutes


def test_levels_of_other_bars_are_refused(tmp_path):
    with pytest.raises(DataError, match="belong to other bars"):
        read_levels(written(tmp_path), "1" * 64)


def test_a_file_that_holds_no_levels_is_refused(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        read_levels(tmp_path / "none.parquet", SHA)
    (tmp_path / "bad.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match="cannot be read"):
        read_levels(tmp_path / "bad.parquet", SHA)
    pq.write_table(pq.read_table(written(tmp_path)).drop_columns(["eq"]), tmp_path / "cut.parquet")
    assert equal_levels(read_levels(tmp_path / "cut.parquet", SHA), LEVELS)
    table = pq.read_table(written(tmp_path))
    pq.write_table(table.drop_columns(["ib_low"]), tmp_path / "bad.parquet")
    with pytest.raises(DataError, match="cannot be read"):
        read_levels(tmp_path / "bad.parquet", SHA)
    pq.write_table(table.replace_schema_metadata({}), tmp_path / "bad.parquet")
    with pytest.raises(DataError, match="the levels are not from this version"):
        read_levels(tmp_path / "bad.parquet", SHA)


def test_rows_that_were_changed_are_refused(tmp_path):
    table = pq.read_table(written(tmp_path))
    pq.write_table(table.slice(1), tmp_path / "bad.parquet")
    with pytest.raises(DataError, match="content has changed"):
        read_levels(tmp_path / "bad.parquet", SHA)


def test_no_flipped_byte_changes_a_level(tmp_path):
    content = bytearray(written(tmp_path).read_bytes())
    path = tmp_path / "flipped.parquet"
    refused = 0
    for place in range(0, len(content), 23):
        content[place] ^= 0x10
        path.write_bytes(content)
        content[place] ^= 0x10
        try:
            assert equal_levels(read_levels(path, SHA), LEVELS)
        except DataError:
            refused += 1
    assert refused > 100


def test_levels_that_cannot_be_written_leave_nothing(tmp_path):
    (tmp_path / "file").write_text("here")
    with pytest.raises(OutputError):
        written(tmp_path / "file")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_sessions_keep_their_zone(tmp_path):
    elsewhere = dataclasses.replace(GER40.sessions[0], ib_timezone="Europe/London")
    levels = {s: session_levels(BARS, s) for s in (GER40.sessions[0], elsewhere)}
    found = read_levels(written(tmp_path, levels), SHA)
    assert equal_levels(found, levels)
    assert found[elsewhere].ib_start[0] == found[GER40.sessions[0]].ib_start[0] + 60
