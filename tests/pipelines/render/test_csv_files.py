"""CSV files that spreadsheets read correctly."""

from __future__ import annotations

import csv
import io

import pandas as pd
import pytest

from pipelines.render.csv_files import csv_text


def rows_of(frame: pd.DataFrame) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(csv_text(frame), newline="")))


def events(titles: list[str | None]) -> pd.DataFrame:
    text = pd.Series(titles, dtype="string")
    away = pd.Series([-3] * len(titles), dtype="Int64")
    return pd.DataFrame({"event_title": text, "event_currency": text, "distance_minutes": away})


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r"])
def test_no_text_of_a_calendar_is_a_formula(first: str) -> None:
    title = f'{first}HYPERLINK("http://x.example","CPI")'
    (row,) = rows_of(events([title]))
    assert row["event_title"] == row["event_currency"] == "'" + title
    assert row["distance_minutes"] == "-3"


def test_other_text_is_unchanged() -> None:
    titles = ["CPI m/m", "a=b", "'quoted'", 'of "three", parts', ""]
    assert [row["event_title"] for row in rows_of(events(titles))] == titles
    assert [row["event_title"] for row in rows_of(events([None, None]))] == ["", ""]


def test_moments_are_utc_to_the_minute() -> None:
    moments = pd.to_datetime(["2031-03-04T13:30Z", None])
    assert csv_text(pd.DataFrame({"news_time": moments, "n": [1, 2]})) == (
        "news_time,n\n2031-03-04T13:30Z,1\n,2\n"
    )
