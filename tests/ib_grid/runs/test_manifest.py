"""run.json: written atomically, read back equal, refused if changed."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_grid.engine.execution_settings import Execution
from ib_grid.engine.results_version import RESULTS_VERSION
from ib_grid.errors import InputError
from ib_grid.grid.chunks import plan_chunks
from ib_grid.grid.grid import Grid
from ib_grid.grid.named_grids import named_grid
from ib_grid.market.instruments import GER40, XAUUSD
from ib_grid.market.session_dates import SessionDates
from ib_grid.news.filter import NO_NEWS
from ib_grid.news.statement import NewsStatement
from ib_grid.runs.fingerprint import fingerprint, identity
from ib_grid.runs.manifest import Manifest, read_manifest, versions, write_manifest
from tests.helpers.runs.small_runs import GRID


def manifest(**changes: object) -> Manifest:
    plan = plan_chunks(GRID, 8)
    parts = {
        "symbol": "GER40",
        "grid": GRID.to_dict(),
        "execution": Execution(spread_points=1.5).to_dict(),
        "news": NO_NEWS.to_dict(),
    }
    values: dict[str, object] = {
        **parts,
        "instrument": GER40.to_dict(),
        "news_statement": NewsStatement(enabled=False),
        "data": {
            "file": "bars.parquet",
            "sha256": "a" * 64,
            "bars": 5,
            "first": "2024-01-02T07:00Z",
            "last": "2024-01-02T07:04Z",
        },
        "ranking": {"weights": {"total_r": 1.0}, "min_trades": 10},
        "results_version": RESULTS_VERSION,
        "combinations": len(GRID),
        "chunks": len(plan),
        "settings_per_chunk": plan.settings_per_chunk,
        "versions": versions(),
        "fingerprint": fingerprint(identity(**parts, data_sha256="a" * 64)),  # type: ignore[arg-type]
        "state": "running",
        "created_utc": "2024-05-01T00:00:00+00:00",
        "attempts": ({"workers": 2},),
    }
    return Manifest(**{**values, **changes})  # type: ignore[arg-type]


def test_written_values_are_read_back(tmp_path: Path) -> None:
    write_manifest(tmp_path, manifest())
    assert read_manifest(tmp_path) == manifest()
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]


def test_writing_again_replaces(tmp_path: Path) -> None:
    write_manifest(tmp_path, manifest())
    finished = dataclasses.replace(manifest(), state="finished")
    write_manifest(tmp_path, finished)
    assert read_manifest(tmp_path) == finished


@pytest.mark.parametrize("instrument", [GER40, XAUUSD])
@pytest.mark.parametrize("name", ["standard", "expanded"])
def test_the_grid_comes_back_from_json(name: str, instrument) -> None:
    grid = named_grid(name, instrument)
    assert Grid.from_dict(json.loads(json.dumps(grid.to_dict()))) == grid


def test_the_plan_is_that_of_the_run() -> None:
    assert manifest().plan() == plan_chunks(GRID, 8)


def test_no_run_directory(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"run\.json cannot be read"):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 1},
        {"instrument": {}},
        {"instrument": {**GER40.to_dict(), "timezone": "Mars"}},
        {"instrument": XAUUSD.to_dict()},
        {"symbol": None},
        {"symbol": "XAUUSD"},
        {"grid": []},
        {"grid": {}},
        {"chunks": 3},
        {"combinations": 1},
        {"settings_per_chunk": 0},
        {"settings_per_chunk": "8"},
        {"state": "done"},
        {"attempts": {}},
        {"results_version": 99},
        {"fingerprint": "0" * 64},
        {"data": {"sha256": "b" * 64}},
        {"execution": {"model": "original"}},
        {"news": {}},
        {"created_utc": "rubbish"},
        {"ranking": {"weights": {"total_r": 1.0}, "min_trades": 600}},
        {"attempts": [{"seconds": float("nan")}]},
        {"more": 1},
        {"checksum": ""},
        {"dates": {"last": "2024-05-01"}},
        {"dates": {"last": "spring"}},
        {"dates": []},
    ],
)
def test_a_changed_file_is_refused(tmp_path: Path, changes: dict[str, object]) -> None:
    write_manifest(tmp_path, manifest())
    path = tmp_path / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    with pytest.raises(InputError, match="damaged or foreign") as caught:
        read_manifest(tmp_path)
    assert str(path) in str(caught.value)


@given(cut=st.integers(0, 2000), junk=st.binary(max_size=3))
def test_a_damaged_file_is_refused_or_reads_equal(tmp_path_factory, cut: int, junk: bytes) -> None:
    folder = tmp_path_factory.mktemp("run")
    write_manifest(folder, manifest())
    path = folder / "run.json"
    good = path.read_bytes()
    path.write_bytes(good[:cut] + junk + good[cut + len(junk) :])
    try:
        found = read_manifest(folder)
    except InputError as error:
        assert str(path) in str(error)  # noqa: PT017
    else:
        assert found == manifest()


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", "\x00", "[" * 100_000])
def test_foreign_content_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(InputError, match="damaged or foreign"):
        read_manifest(tmp_path)


def test_invalid_fills_are_refused(tmp_path: Path) -> None:
    wrong = dataclasses.replace(manifest(), execution={"cost": 1})
    write_manifest(tmp_path, dataclasses.replace(wrong, fingerprint=fingerprint(wrong.identity)))
    with pytest.raises(InputError, match="invalid instrument, grid, fills"):
        read_manifest(tmp_path)


def test_a_newer_format_is_named(tmp_path: Path) -> None:
    write_manifest(tmp_path, manifest())
    path = tmp_path / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 99}))
    with pytest.raises(InputError, match=r"run\.json has format 99, from a newer ib-grid"):
        read_manifest(tmp_path)


def test_format_2_knew_no_dates(tmp_path: Path) -> None:
    write_manifest(tmp_path, manifest())
    path = tmp_path / "run.json"
    former = json.loads(path.read_text())
    for name in ("dates", "hold_out", "checksum"):
        del former[name]
    former["format"] = 2
    path.write_text(json.dumps({**former, "checksum": fingerprint(former)}))
    assert read_manifest(tmp_path) == manifest()


def test_dates_are_part_of_the_identity(tmp_path: Path) -> None:
    dates = SessionDates(first=dt.date(2024, 2, 1), hold_out=dt.date(2024, 5, 1))
    identified = fingerprint({**manifest().identity, "dates": dates.to_dict()})
    write_manifest(tmp_path, manifest(dates=dates.to_dict(), fingerprint=identified))
    assert read_manifest(tmp_path).session_dates == dates
    assert "dates" not in manifest().identity


def test_the_fingerprint_is_that_of_the_identity() -> None:
    assert fingerprint(manifest().identity) == manifest().fingerprint


def test_fingerprint_ignores_the_bars_path(tmp_path: Path) -> None:
    moved = manifest(data={**manifest().data, "file": "/elsewhere/bars.parquet"})
    write_manifest(tmp_path, moved)
    assert read_manifest(tmp_path).identity == manifest().identity


@pytest.mark.parametrize(
    "change",
    [
        {"symbol": "../../x"},
        {"data": {"file": "bars.parquet", "sha256": "a" * 64, "bars": 5}},
        {"ranking": {"weights": {"total_r": 0.5}, "min_trades": 10}},
        {"ranking": {"columns": 1}},
    ],
)
def test_foreign_content_is_refused_by_the_cache(tmp_path: Path, change: dict[str, object]) -> None:
    write_manifest(tmp_path, manifest(**change))
    with pytest.raises(InputError, match="damaged or foreign"):
        read_manifest(tmp_path)
