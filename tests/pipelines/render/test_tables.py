"""Tables: rounded on a terminal, every digit in a pipe."""

from __future__ import annotations

import io
import json

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from pipelines.render.formats import Format
from pipelines.render.tables import Column, render

FRAME = pd.DataFrame(
    {
        "combo_id": np.array([7, 12], np.int64),
        "total_trades": np.array([3, 4], np.float32),
        "total_r": np.array([0.1, np.nan], np.float32),
        "date": pd.to_datetime(["2024-01-05", "2024-01-08"]),
        "time": pd.to_datetime(["2024-01-05T08:00Z", "2024-01-08T08:30Z"]),
        "name": ["[bold]ü", "b,c"],
    }
)
COLUMNS = (Column("id", "combo_id", "d"), Column("R", "total_r", ".2f"), Column("who", "name"))


def said(asked: Format, *, terminal: bool) -> str:
    file = io.StringIO()
    console = Console(file=file, force_terminal=terminal, width=80, markup=False, highlight=False)
    render(console, FRAME, COLUMNS, asked)
    return file.getvalue()


def test_a_terminal_gets_a_table() -> None:
    text = said(Format.AUTO, terminal=True)
    assert "[bold]ü" in text
    assert "0.10" in text
    assert "nan" not in text
    assert "total_trades" not in text


@pytest.mark.parametrize("asked", [Format.AUTO, Format.CSV])
def test_a_pipe_gets_every_column_and_digit(asked: Format) -> None:
    text = said(asked, terminal=False)
    assert "\x1b" not in text
    assert text.splitlines() == [
        "combo_id,total_trades,total_r,date,time,name",
        "7,3,0.1,2024-01-05,2024-01-05T08:00Z,[bold]ü",
        '12,4,,2024-01-08,2024-01-08T08:30Z,"b,c"',
    ]


@pytest.mark.parametrize("terminal", [True, False])
def test_json(terminal: bool) -> None:
    first, second = json.loads(said(Format.JSON, terminal=terminal))
    assert first == {
        "combo_id": 7,
        "total_trades": 3,
        "total_r": 0.1,
        "date": "2024-01-05",
        "time": "2024-01-05T08:00Z",
        "name": "[bold]ü",
    }
    assert second["total_r"] is None


def test_a_table_may_be_asked_for_in_a_pipe() -> None:
    text = said(Format.TABLE, terminal=False)
    assert "\x1b" not in text
    assert "0.10" in text


def test_missing_value_is_null_in_json_and_empty_elsewhere() -> None:
    frame = pd.DataFrame(
        {
            "minutes": pd.Series([-3, None], dtype="Int64"),
            "event_title": pd.Series(["=x", None], dtype="string"),
            "news_time": pd.to_datetime(["2031-03-04T13:30Z", None]),
        }
    )
    file = io.StringIO()
    render(Console(file=file), frame, (), Format.JSON)
    assert json.loads(file.getvalue()) == [
        {"minutes": -3, "event_title": "=x", "news_time": "2031-03-04T13:30Z"},
        {"minutes": None, "event_title": None, "news_time": None},
    ]
    render(Console(file=(out := io.StringIO())), frame, (), Format.CSV)
    assert out.getvalue().splitlines()[1:] == ["-3,'=x,2031-03-04T13:30Z", ",,"]
