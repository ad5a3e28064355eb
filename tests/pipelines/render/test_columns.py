"""Results on terminals of any width, and in CSV and JSON."""

from __future__ import annotations

import io
import json

import pandas as pd
import pytest
from rich.console import Console

from ib_grid.grid.columns import RESULT_COLUMNS
from ib_grid.grid.named_grids import grid_from_mapping
from ib_grid.market.instruments import GER40
from pipelines.render.columns import column
from pipelines.render.formats import Format
from pipelines.render.tables import fit, render, with_joined
from tests.helpers.runs.reported_runs import AXES, random_rows

ROWS = random_rows(grid_from_mapping(AXES, GER40), 3).head(5)
COLUMNS = [column(n) for n in ("combo_id", "total_r", "session", "trailing", "rev_rb", "winrate")]


def said(columns, width: int = 80, asked: Format = Format.AUTO, *, terminal: bool = True, **more):
    file = io.StringIO()
    console = Console(
        file=file, force_terminal=terminal, width=width, color_system=None, markup=False
    )
    render(console, ROWS, columns, asked, **more)
    return file.getvalue()


@pytest.mark.parametrize("width", [20, 40, 60, 80, 200])
def test_a_table_fits_its_width(width: int) -> None:
    joined = with_joined(ROWS)
    every = [column(name) for name in RESULT_COLUMNS]
    for columns in (COLUMNS, every):
        shown, _ = fit(joined, columns, width)
        names = [one.name for one in shown]
        assert names == [one.name for one in columns if one.name in names]
        lines = said(columns, width).splitlines()
        assert max(map(len, lines)) <= width
        rule = next(i for i, line in enumerate(lines) if line.startswith("─"))
        cells = [line.split() for line in lines[rule + 1 : rule + 6]]
        assert [row[0] for row in cells] == list("01234")  # nothing is folded
        assert {len(row) for row in cells} == {len(shown)}
        is_named = "Hidden for lack of room" in " ".join(" ".join(lines).split())
        assert is_named == (len(shown) < len(columns))


def test_a_narrow_table_keeps_the_essential_columns() -> None:
    names = ("combo_id", "total_r", "winrate", "session", "rr_target", "stop_mode", "trailing")
    shown, gap = fit(with_joined(ROWS), [column(name) for name in names], 35)
    assert [one.name for one in shown] == [
        "combo_id", "total_r", "winrate", "rr_target", "stop_mode", "trailing"
    ]  # fmt: skip
    assert gap == 1


def test_table_contents() -> None:
    text = said(COLUMNS, notes=["[said] below"])
    first = ROWS.iloc[0]
    (line,) = [line for line in text.splitlines() if line.split()[:1] == ["0"]]
    assert line.split() == [
        "0", f"{first['total_r']:.1f}", "08:00-08:30", "off", "0.5", f"{first['winrate']:.1f}"
    ]  # fmt: skip
    assert text.rstrip().endswith("[said] below")


def test_notes_and_summaries_beside_the_rows(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(COLUMNS, terminal=False, notes=["said aside"], summary={"n": 3})
    assert list(pd.read_csv(io.StringIO(text))) == list(ROWS)
    assert capsys.readouterr().err == "said aside\n"
    content = json.loads(said(COLUMNS, asked=Format.JSON, summary={"n": 3}))
    assert content["n"] == 3
    assert [row["combo_id"] for row in content["rows"]] == [0, 1, 2, 3, 4]
    assert list(content["rows"][0]) == list(ROWS)
    assert isinstance(json.loads(said(COLUMNS, asked=Format.JSON)), list)
