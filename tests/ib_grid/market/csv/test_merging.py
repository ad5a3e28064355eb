"""Files of one series are merged in any order; of the rows of a minute the last counts."""

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ib_grid.market.bars import Bars
from ib_grid.market.csv import read_csv_bars
from tests.helpers.input_files import csv_files
from tests.helpers.input_files.csv_files import START
from tests.ib_grid.market.csv.test_csv import ALWAYS


def bars_of_rows(rows):
    columns = np.array([price for _, price in rows], dtype=np.float64)
    minute = np.array([START + minute for minute, _ in rows], dtype=np.int64)
    return Bars(minute=minute, open=columns, high=columns, low=columns, close=columns)


def write_rows(folder, files):
    paths = []
    for place, rows in enumerate(files):
        paths.append(folder / f"{place}.csv")
        paths[-1].write_text(csv_files.tradingview_unix(bars_of_rows(rows)))
    return paths


@given(
    files=st.lists(st.lists(st.integers(0, 60), min_size=1, max_size=20), min_size=1, max_size=5),
    data=st.data(),
)
@settings(max_examples=40)
def test_files_without_conflicts_merge_to_the_same_in_any_order(files, data, tmp_path_factory):
    rows = [[(minute, 100 + minute) for minute in file] for file in files]
    paths = write_rows(tmp_path_factory.mktemp("merge"), rows)
    bars, quality = read_csv_bars(data.draw(st.permutations(paths)), ALWAYS)
    every = [minute for file in files for minute in file]
    assert bars.minute.tolist() == [START + minute for minute in sorted(set(every))]
    assert bars.close.tolist() == [100.0 + minute for minute in sorted(set(every))]
    assert quality.n_conflicts == 0
    assert quality.n_duplicates == len(every) - len(set(every))


@given(
    files=st.lists(
        st.lists(st.tuples(st.integers(0, 20), st.integers(100, 103)), min_size=1, max_size=15),
        min_size=1,
        max_size=5,
    )
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_last_row_of_a_minute_counts(files, tmp_path_factory, monkeypatch):
    monkeypatch.setattr("ib_grid.market.csv.merging.CONFLICT_SHARE", 1.0)
    paths = write_rows(tmp_path_factory.mktemp("merge"), files)
    bars, quality = read_csv_bars(paths, ALWAYS)
    expected, duplicates, conflicts = {}, 0, []
    for minute, price in (row for file in files for row in file):
        if minute in expected:
            duplicates += expected[minute] == price
            conflicts += [minute] if expected[minute] != price else []
        expected[minute] = price
    assert dict(zip(bars.minute - START, bars.close, strict=True)) == expected
    assert quality.n_duplicates == duplicates
    assert quality.n_conflicts == len(conflicts)
    assert quality.conflict_minutes == tuple(START + m for m in sorted(conflicts)[:5])
    assert quality.n_rows == quality.n_bars + duplicates + len(conflicts)


def test_the_last_file_of_a_folder_is_the_last_by_natural_order(tmp_path):
    for name, price in (("bars (2).csv", 102), ("bars (10).csv", 110), ("bars.csv", 100)):
        (tmp_path / name).write_text(csv_files.tradingview_unix(bars_of_rows([(0, price)])))
    bars, quality = read_csv_bars([tmp_path], ALWAYS)
    assert bars.close.tolist() == [110.0]
    assert [source.name for source in quality.sources] == [
        "bars.csv",
        "bars (2).csv",
        "bars (10).csv",
    ]
    newest = [tmp_path / "bars (10).csv", tmp_path / "bars (2).csv", tmp_path / "bars.csv"]
    assert read_csv_bars(newest, ALWAYS)[0].close.tolist() == [100.0]
