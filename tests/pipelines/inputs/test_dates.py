"""Session dates of a run: those left out change nothing."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from ib_grid.market.bars import read_bars, write_bars
from ib_grid.runs.manifest import read_manifest
from ib_grid.runs.source import RunSource, load_source
from tests.helpers.runs.computed_runs import computed_run, dataset_of, problems, verified
from tests.helpers.runs.small_runs import BARS, rows

HOLD_OUT = "2024-05-01"


def test_bars_that_are_held_out_change_no_number(tmp_path: Path) -> None:
    bars = read_bars(BARS)
    later = bars.minute >= np.datetime64(HOLD_OUT, "m").astype(np.int64)
    prices = {name: np.where(later, 2 * values, values) for name, values in _prices(bars).items()}
    changed = tmp_path / "changed.parquet"
    write_bars(changed, dataclasses.replace(bars, **prices), symbol="GER40")
    runs = []
    for name, data in (("own", BARS), ("changed", changed)):
        (tmp_path / name).mkdir()
        runs.append(computed_run(tmp_path / name, data=data, hold_out=HOLD_OUT))
    own, other = (rows(dataset_of(run)) for run in runs)
    assert own.equals(other)
    assert max(own["total_trades"].to_pylist()) > 30
    assert not problems(verified(runs[0], sample=4))


def _prices(bars) -> dict[str, np.ndarray]:
    return {name: getattr(bars, name) for name in ("open", "high", "low", "close")}


def test_a_share_is_recorded_as_a_date(tmp_path: Path) -> None:
    manifest = read_manifest(computed_run(tmp_path, hold_out="20%", to_date="2024-06-28"))
    ranked, held_out = (_dates(load_source(manifest, held_out=out)) for out in (False, True))
    assert len(held_out) == round(0.2 * (len(ranked) + len(held_out)))
    assert str(held_out[0]) == manifest.dates["hold_out"] > manifest.data["last"]
    assert manifest.dates["last"] == "2024-06-28"


def _dates(source: RunSource) -> np.ndarray:
    levels = source.context.market.levels.values()
    return np.unique(np.concatenate([lv.date for lv in levels])).astype("datetime64[D]")
