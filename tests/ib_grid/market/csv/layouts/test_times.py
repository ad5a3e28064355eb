"""Spellings of times, alone and in a column."""

import datetime as dt

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_grid.market.csv.layouts.prices import Marks, marks_of
from ib_grid.market.csv.layouts.time_columns import parse_times
from ib_grid.market.csv.layouts.times import forms_of


def seconds_of(texts, form):
    seconds, valid = parse_times(pa.array([text.encode() for text in texts], pa.binary()), form)
    return [int(s) if v else None for s, v in zip(seconds, valid, strict=True)]


SIX = "2024-01-02 06:00"


@pytest.mark.parametrize(
    ("text", "wall"),
    [
        ("2024-01-02 06:00:00", SIX),
        ("2024/1/2 6:00", SIX),
        ("2024.01.02 06:00:00.000", SIX),
        ("20240102 060000", SIX),
        ("20240102 600", SIX),
        ("20240102 0", "2024-01-02 00:00"),
        ("20240102060000", SIX),
        ("202401020600", SIX),
        ("20240102060000000", SIX),
        ("02.01.2024 06:00", SIX),
        ("02.01.24 06:00", SIX),
        ("01/02/2024 06:00 AM", SIX),
        ("1/2/24, 12:05 p.m.", "2024-01-02 12:05"),
        ("01/02/2024 12:05 am", "2024-01-02 00:05"),
        ("Tue Jan 02 2024 06:00", SIX),
        ("Tue, 2 Jan 2024 06:00", SIX),
        ("January 2, 2024 6:00 PM", "2024-01-02 18:00"),
        ("02-Jan-2024 06:00", SIX),
        ("20240102-06:00:00", SIX),
        ("2024-01-02T06:00:00Z", SIX),
        ("2024-01-02 08:00:00+0200", SIX),
        ("2024-01-02 01:00:00 EST", SIX),
        ("20240102 01:00:00 US/Eastern", SIX),
        ("02.01.2024 07:00:00.000 GMT+0100", SIX),
        ("1704175200", SIX),
        ("1704175200000.0", SIX),
        ("1704175200000000", SIX),
        ("1704175200000000000", SIX),
    ],
)
def test_spellings_of_times(text, wall):
    expected = dt.datetime.fromisoformat(f"{wall}+00:00").timestamp()
    assert seconds_of([text], forms_of(text)[0]) == [expected]


@pytest.mark.parametrize(
    "text",
    ["", "2024-01-02", "06:00", "45293.25", "1704175200.5", "17041752", "Foo 2, 2024 6:00", "٢٠٢٤"],
)
def test_other_texts_are_no_times(text):
    assert forms_of(text) == []


moments = st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2060, 1, 1))
PATTERNS = [
    "%Y-%m-%d %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%m/%d/%Y %I:%M %p",
    "%b %d, %Y %H:%M",
    "%Y%m%d %H%M%S",
]


@given(st.sampled_from(PATTERNS), st.lists(moments, min_size=1, max_size=8), st.booleans())
def test_a_column_may_lack_leading_zeros(pattern, column, without_zeros):
    column = [moment.replace(second=0, microsecond=0) for moment in column]
    short = pattern.replace("%d", "%-d").replace("%m", "%-m").replace("%I", "%-I")
    used = short if without_zeros and pattern != "%Y%m%d %H%M%S" else pattern
    texts = [moment.strftime(used) for moment in column]
    expected = [int(moment.replace(tzinfo=dt.UTC).timestamp()) for moment in column]
    assert seconds_of(texts, forms_of(texts[0])[0]) == expected


def test_times_of_another_form_are_invalid():
    form = forms_of("2024-01-02 06:00")[0]
    assert seconds_of(["2024-01-02T06:00Z", "02.01.2024 06:00", "x", ""], form) == [None] * 4
    assert seconds_of(["2024-13-02 06:00", "2024-02-30 06:00", SIX], form)[:2] == [None, None]


@pytest.mark.parametrize(
    ("prices", "delimiter", "marks"),
    [
        (["16710.75", "1"], ",", Marks()),
        (["16710,75", "16710"], ";", Marks(",")),
        (["1,085"], ";", Marks(",")),
        (["1.234.567,5"], ";", Marks(",", ".")),
        (["16,710.75", "16,711"], ",", Marks(".", ",")),
        (["16,711", "999.5"], ";", Marks(".", ",")),
        (["16'710.75"], ";", Marks(".", "'")),
        (["16 710,75"], ";", Marks(",", " ")),
        (["16,711"], ",", None),
        (["1,5", "1.5"], ";", None),
    ],
)
def test_marks_of_prices(prices, delimiter, marks):
    assert marks_of(prices, delimiter) == marks
