"""Table and picture of the cost of runs."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ib_grid.market.instruments import GER40
from pipelines.config.configuration import load_grid
from tests.benchmarks.cost_growth import sizes
from tests.benchmarks.cost_growth.__main__ import SHARES, main

SHARE = dict(zip(SHARES, (51.0, 9.0, 2.0, 20.0, 18.0), strict=True))
RUN = {"what": "run", "columns": "all", "memory_bytes": 8e8, "disk_bytes": 1.6e8, **SHARE}


def test_table_has_a_row_per_run(tmp_path: Path) -> None:
    rows = [
        {**RUN, "million": 1.5, "combinations": 1_478_400, "years": 3, "workers": 2},
        {**RUN, "million": 3, "combinations": 2_956_800, "years": 3, "workers": 2},
        {**RUN, "million": 1.5, "combinations": 1_478_400, "years": 8, "workers": 1},
        {"what": "engine", "million": 1.5, "combinations": 1_478_400, "years": 3},
    ]
    file = tmp_path / "growth.jsonl"
    measured = ({**row, "wall_seconds": 10.0 + k} for k, row in enumerate(rows))
    file.write_text("\n".join(map(json.dumps, measured)))
    main(["draw", str(file)])
    table = file.with_suffix(".md").read_text().splitlines()
    assert len(table) == 2 + 3
    assert "| 2,956,800 | 3 | 2 | 11.0 s | 51% | 9% | 2% | 20% | 18% | 0.80 GB |" in table[3]
    picture = ElementTree.parse(file.with_suffix(".svg")).getroot()
    texts = [element.text for element in picture.iter() if element.tag.endswith("text")]
    assert {"1.5 M", "3 M", "engine, one core", "run, 2 workers"} <= set(texts)
    circles = [element for element in picture.iter() if element.tag.endswith("circle")]
    assert len(circles) == 3 + 3


@pytest.mark.parametrize("million", sizes.AXES)
def test_grids_have_their_named_sizes(million: float, tmp_path: Path) -> None:
    n = len(sizes.grid_of(million))
    assert abs(n / (million * 1e6) - 1) < 0.06
    sizes.write_grid(tmp_path / "grid.toml", million)
    assert load_grid(str(tmp_path / "grid.toml"), GER40) == sizes.grid_of(million)


def test_synthetic_years_are_consecutive() -> None:
    bars = sizes.bars_of(2, None)
    years = bars.minute.astype("datetime64[m]").astype("datetime64[Y]")
    assert sorted(set(years.astype(str))) == ["2016", "2017"]
