"""Settings from file and command line, and every way in which either can be invalid."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_grid.errors import ConfigError, GridError, InputError, InstrumentError
from ib_grid.grid.filters.row_filter import NO_FILTER, RowFilter
from ib_grid.grid.named_grids import named_grid
from ib_grid.market.instruments import GER40
from ib_grid.storage.mapping_files import read_mapping
from ib_grid.storage.paths import RemotePath
from pipelines.config.configuration import load_grid, load_ranking, load_settings
from pipelines.config.run_options import option_of
from pipelines.config.settings import TYPES, Settings


def config_file(folder: Path, text: str, name: str = "run.toml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_defaults_are_those_of_the_instrument() -> None:
    settings = load_settings({"symbol": "XAUUSD"})
    assert settings == Settings(symbol="XAUUSD")
    assert settings.fills.spread_points == 0.30
    assert settings.fills.model == "realistic"
    assert settings.bars_file == Path("data/optimized/XAUUSD_m1.parquet")
    assert settings.levels_file == Path("data/optimized/XAUUSD_ib_levels.parquet")


def test_an_output_is_a_folder_or_a_url(tmp_path: Path) -> None:
    def output(value: object) -> object:
        return load_settings({"symbol": "GER40", "output": value}).output

    assert output("results") == output(Path("results")) == Path("results")
    assert output(f"file://{tmp_path}") == tmp_path
    assert output("s3://bucket/prefix") == RemotePath("s3", "bucket/prefix")


def test_an_output_that_workers_cannot_see_is_refused() -> None:
    with pytest.raises(ConfigError, match="visible to one process") as caught:
        load_settings({"symbol": "GER40", "output": "memory://results"})
    assert caught.value.location == "--output"


def test_a_spread_of_zero_is_not_the_default() -> None:
    assert load_settings({"symbol": "GER40", "spread_points": 0}).fills.spread_points == 0


def test_the_command_line_beats_the_file(tmp_path: Path) -> None:
    path = config_file(tmp_path, 'symbol = "GER40"\nworkers = 3\nspread_points = 2\nresume = true')
    settings = load_settings({"workers": 5, "resume": False, "symbol": None}, path)
    assert (settings.symbol, settings.workers, settings.resume) == ("GER40", 5, False)
    assert settings.fills.spread_points == 2.0


def test_toml_and_json_say_the_same(tmp_path: Path) -> None:
    toml = 'symbol = "GER40"\ndata = "bars.parquet"\n[ranking]\nmin_trades = 30'
    values = {"symbol": "GER40", "data": "bars.parquet", "ranking": {"min_trades": 30}}
    from_toml = load_settings({}, config_file(tmp_path, toml))
    from_json = load_settings({}, config_file(tmp_path, json.dumps(values), "run.json"))
    assert from_toml == from_json
    assert from_toml.ranking.min_trades == 30
    assert from_toml.bars_file == Path("bars.parquet")


def test_an_unknown_key_is_named_with_the_nearest_known_one(tmp_path: Path) -> None:
    path = config_file(tmp_path, 'symbol = "GER40"\nworker = 3')
    with pytest.raises(ConfigError) as caught:
        load_settings({}, path)
    said = str(caught.value)
    assert "unknown key worker" in said
    assert str(path) in said
    assert "did you mean workers?" in said


def test_an_unknown_key_of_a_table_is_named_with_its_file(tmp_path: Path) -> None:
    path = config_file(tmp_path, 'symbol = "GER40"\n[ranking]\nweigths = {}')
    with pytest.raises(ConfigError) as caught:
        load_settings({}, path)
    assert "unknown key weigths" in str(caught.value)
    assert "did you mean weights?" in str(caught.value)


def test_an_invalid_condition_is_in_its_option(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no column total_trade") as caught:
        load_settings({"symbol": "GER40", "filter": "total_trade >= 10"})
    assert caught.value.location == "--filter"


@pytest.mark.parametrize(("given", "rows"), [("1e6", 1_000_000), ("250", 250), (40, 40)])
def test_kept_rows(given: object, rows: int) -> None:
    options = {"columns": "ranking", "filter": " winrate > 50 ", "top_k": given}
    found = load_settings({"symbol": "GER40", "ranking": {"min_trades": 3}, **options})
    assert found.row_filter == RowFilter(
        columns="ranking", condition="winrate > 50", top=rows, ranking=found.ranking
    )
    assert load_settings({"symbol": "GER40"}).row_filter == NO_FILTER


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("symbol", 5),
        ("symbol", ""),
        ("data", True),
        ("data", "a\0b"),
        ("execution", "optimistic"),
        ("execution", ["realistic"]),
        ("spread_points", -1),
        ("spread_points", "1"),
        ("spread_points", True),
        ("slippage_points", float("inf")),
        ("commission_points", float("nan")),
        ("workers", 0),
        ("workers", -3),
        ("workers", 1.5),
        ("workers", True),
        ("chunk_size", 0),
        ("columns", "few"),
        ("filter", ""),
        ("filter", "total_traeds > 5"),
        ("top_k", 0),
        ("top_k", True),
        ("top_k", "1.5"),
        ("top_k", "inf"),
        ("top_k", "many"),
        ("resume", "yes"),
        ("resume", 1),
        ("run_dir", " "),
        ("ranking", 3),
        ("ranking", {"weights": {"total_r": 0.5}}),
        ("ranking", {"weights": {"total": 1.0}}),
        ("ranking", {"min_trades": -1}),
        ("news_before_minutes", -1),
        ("news_coverage", "some"),
    ],
)
def test_invalid_value_names_its_option(key: str, value: object) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings({"symbol": "GER40", key: value})
    said = str(caught.value)
    assert key in said.replace("-", "_")
    assert "expected" in said


def test_invalid_value_in_a_file_names_file_and_key(tmp_path: Path) -> None:
    path = config_file(tmp_path, 'symbol = "GER40"\nworkers = 0')
    with pytest.raises(ConfigError, match="workers is 0") as caught:
        load_settings({}, path)
    assert caught.value.location == f"{path}, workers"
    assert caught.value.expected == "a whole number from 1 to 1,000"


def test_an_unknown_symbol() -> None:
    with pytest.raises(InstrumentError, match="unknown symbol 'DAX'") as caught:
        load_settings({"symbol": "DAX"})
    assert "GER40, XAUUSD" in str(caught.value)


def test_a_symbol_is_needed() -> None:
    with pytest.raises(ConfigError, match="no symbol"):
        load_settings({})


def test_workers_and_scheduler_exclude_each_other() -> None:
    with pytest.raises(ConfigError, match="exclude each other"):
        load_settings({"symbol": "GER40", "workers": 2, "scheduler": "tcp://127.0.0.1:1"})


def test_missing_or_binary_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_mapping(tmp_path / "absent.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not a TOML file"):
        read_mapping(tmp_path / "bytes.toml")


def test_grids_by_name_and_by_file(tmp_path: Path) -> None:
    assert load_grid("expanded", GER40) == named_grid("expanded", GER40)
    path = config_file(tmp_path, "rr_target = [1, 3]", "grid.toml")
    assert load_grid(str(path), GER40).rr_target == (1.0, 3.0)


@pytest.mark.parametrize("name", ["huge", "absent.toml", "x" * 5000, "x" * 5000 + ".toml"])
def test_missing_grid_file(name: str) -> None:
    with pytest.raises(GridError) as caught:
        load_grid(name, GER40)
    assert "standard, expanded" in str(caught.value)


def test_custom_ranking(tmp_path: Path) -> None:
    path = config_file(tmp_path, "[ranking]\nweights = { sharpe_ratio = 1.0 }")
    assert load_ranking(path).weights == {"sharpe_ratio": 1.0}
    assert load_ranking(None) is None


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


@given(st.sampled_from(sorted(TYPES)), _JSON)
def test_any_value_is_accepted_or_refused_with_a_message(key: str, value: object) -> None:
    try:
        settings = load_settings({"symbol": "GER40", key: value})
    except InputError as error:
        option = (*option_of(TYPES[key]).flags, key)[0]  # such as --from
        named = option in str(error) or key in str(error).replace("-", "_")
        assert named or (key == "instruments" and error.location)  # noqa: PT017  # the path
    else:
        assert value is None or key == "instruments" or getattr(settings, key) is not None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dashboard_address", "foo"),
        ("dashboard_address", ":99999"),
        ("scheduler", "junk"),
        ("scheduler", "http://127.0.0.1:8786"),
        ("scheduler", "tcp://127.0.0.1"),
    ],
)
def test_invalid_address_is_refused(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} is '{value}'"):
        load_settings({"symbol": "GER40", name: value})


def test_spread_by_hour_is_read_from_a_file_or_from_a_run(tmp_path: Path) -> None:
    file = tmp_path / "spread.toml"
    file.write_text('clock = "America/New_York+7"\n0 = 4.5\n')
    given = load_settings({"symbol": "GER40", "delay_minutes": 3, "spread_by_hour": file}).fills
    assert given.spread_by_hour is not None
    assert given.spread_by_hour.points[:2] == (4.5, 1.5)
    assert given.delay_minutes == 3
    run = tmp_path / "run.json"
    run.write_text(json.dumps({"execution": given.to_dict()}))
    again = load_settings({"symbol": "GER40", "spread_by_hour": run}).fills
    assert again.spread_by_hour == given.spread_by_hour


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("a.toml", "0 = 4.5", "clock is missing"),
        ("b.toml", 'clock = "UTC"', "no hour has a spread"),
        ("a.toml", 'clock = "UTC"\n25 = 4.5', "unknown key '25'"),
        ("a.csv", "hour,spread", "unknown kind of file"),
        ("run.json", '{"execution": {"spread_points": 1.5}}', "the run has one spread"),
    ],
)
def test_unusable_spread_by_hour(tmp_path: Path, name: str, text: str, found: str) -> None:
    (tmp_path / name).write_text(text)
    settings = load_settings({"symbol": "GER40", "spread_by_hour": tmp_path / name})
    with pytest.raises(ConfigError, match=found) as refused:
        _ = settings.fills
    assert name in refused.value.location
