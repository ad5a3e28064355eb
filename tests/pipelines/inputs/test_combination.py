"""`ib-grid trades`: one combination, trade by trade, with either engine."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from ib_grid.engine import reference
from ib_grid.engine.context import BacktestContext
from ib_grid.engine.execution_settings import Execution
from ib_grid.grid.columns import TRADE_COLUMNS
from ib_grid.grid.params import Params
from ib_grid.market.bars import read_bars
from ib_grid.market.instruments import GER40
from ib_grid.market.market import build_market
from tests.helpers.paths import GOLDEN

BARS = GOLDEN / "GER40_synthetic" / "m1.parquet"
PARAMS = Params(
    ib_start="08:00",
    ib_end="09:00",
    ib_timezone="Europe/Berlin",
    ib_wait_minutes=0,
    trade_window_minutes=120,
    rr_target=1.0,
    stop_mode="eq",
    tsl_target=0.5,
    tsl_sl=0.5,
    min_sl_pct=0.001,
    rev_rb_enabled=True,
    rev_rb_pct=0.5,
    ib_buffer_pct=0.1,
    max_distance_pct=1.0,
)
Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def params_file(tmp_path: Path) -> Path:
    path = tmp_path / "params.json"
    path.write_text(json.dumps(PARAMS.to_dict()))
    return path


def _trades(command: Command, params_file: Path, *more: object) -> tuple[int, str, str]:
    options = ("--symbol", "GER40", "--data", BARS, "--no-news")
    return command("trades", "--params", params_file, *options, *more)


@pytest.mark.parametrize("engine", ["fast", "reference"])
@pytest.mark.parametrize("model", ["realistic", "original"])
def test_the_file_holds_the_trades(
    ib_grid_command: Command, params_file: Path, tmp_path: Path, model: str, engine: str
) -> None:
    out = tmp_path / "T.csv"
    costs = ("--spread-points", 2, "--slippage-points", 0.5, "--commission-points", 0.25)
    options = ("--execution", model, "--engine", engine, "--out", out)
    status, screen, said = _trades(ib_grid_command, params_file, *costs, *options)
    assert (status, screen) == (0, "")
    written = pd.read_csv(out, parse_dates=["date", "entry_time", "exit_time"])
    assert tuple(written.columns.drop(["entry_local", "exit_local"])) == TRADE_COLUMNS
    for name in ("entry", "exit"):
        local = written[f"{name}_time"].dt.tz_convert("Europe/Berlin").dt.tz_localize(None)
        assert pd.to_datetime(written[f"{name}_local"]).tolist() == local.tolist()
    market = build_market(read_bars(BARS), GER40.sessions, PARAMS.horizon_minutes)
    execution = Execution(
        model=model,  # type: ignore[arg-type]
        spread_points=2,
        slippage_points=0.5,
        commission_points=0.25,
    )
    expected = reference.trades(BacktestContext(market, execution), PARAMS)
    assert len(written) == len(expected) > 50
    assert f"{len(expected)} trades" in said
    for name in TRADE_COLUMNS:
        if expected[name].dtype.kind == "f":
            assert written[name].to_numpy() == pytest.approx(expected[name].to_numpy(), abs=1e-9)
        else:
            assert written[name].tolist() == expected[name].tolist(), name


def test_a_pipe_gets_the_same_csv_as_a_file(
    ib_grid_command: Command, params_file: Path, tmp_path: Path
) -> None:
    _trades(ib_grid_command, params_file, "--out", tmp_path / "T.csv")
    status, screen, said = _trades(ib_grid_command, params_file)
    assert status == 0
    assert "Realistic fills, spread 1.5 points, slippage 0, commission 0." in said
    assert "News filter: off." in said
    assert screen == (tmp_path / "T.csv").read_text()
    assert len(pd.read_csv(io.StringIO(screen))) > 50


def test_news_filter_removes_trades(
    ib_grid_command: Command, params_file: Path, tmp_path: Path
) -> None:
    all_trades = pd.read_csv(io.StringIO(_trades(ib_grid_command, params_file)[1]))
    calendar = tmp_path / "calendar.csv"
    moments = all_trades["entry_time"].tolist()
    calendar.write_text(
        "time,currency,impact,title\n"
        + "".join(f"{moment},EUR,High,event\n" for moment in moments[::2])
    )
    options = ("--symbol", "GER40", "--data", BARS, "--params", params_file)
    news = ("--news", calendar, "--news-coverage", "partial")
    status, screen, _ = ib_grid_command("trades", *options, *news)
    assert status == 0
    left = pd.read_csv(io.StringIO(screen))
    assert not set(left["entry_time"]) & set(moments[::2])
    assert set(moments[1::2]) <= set(left["entry_time"])


def test_the_nearest_event_may_lie_beyond_the_bars(
    ib_grid_command: Command, params_file: Path, tmp_path: Path
) -> None:
    calendar = tmp_path / "calendar.csv"
    rows = ("2024-02-01T12:00Z,EUR,High,before", "2024-12-02T12:00Z,EUR,High,after")
    calendar.write_text("\n".join(("time,currency,impact,title", *rows)))
    options = ("--symbol", "GER40", "--data", BARS, "--params", params_file)
    news = ("--news", calendar, "--news-coverage", "partial")
    status, screen, said = ib_grid_command("news", "check", *options, *news)
    assert status == 0
    found = pd.read_csv(io.StringIO(screen), parse_dates=["news_time"])
    middle = pd.Timestamp("2024-07-03T00:00Z")
    nearest = ["before" if time < middle else "after" for time in found["news_time"]]
    assert found["event_title"].tolist() == nearest
    assert {"before", "after"} == set(nearest)
    assert (found["distance_minutes"] < 0).tolist() == [name == "after" for name in nearest]
    total = f"{len(found)} candidates, 0 blocked"
    assert said.splitlines()[0] == total
    out = tmp_path / "C.csv"
    status, nothing, said = ib_grid_command("news", "check", *options, *news, "--out", out)
    assert (status, nothing) == (0, "")
    assert said.splitlines()[0] == f"{total}, written: {out}"
    assert out.read_text() == screen


def test_dates_limit_the_trades(ib_grid_command: Command, params_file: Path) -> None:
    all_trades = pd.read_csv(io.StringIO(_trades(ib_grid_command, params_file)[1]))
    limits = ("--from", "2024-03-01", "--to", "2024-04-30")
    status, screen, _ = _trades(ib_grid_command, params_file, *limits)
    assert status == 0
    within = all_trades[all_trades["date"].between("2024-03-01", "2024-04-30")]
    assert 0 < len(within) < len(all_trades)
    assert screen == within.to_csv(index=False)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rr_target": -1}, "rr_target is -1"),
        ({"stop_mode": "middle"}, "stop_mode is 'middle'"),
        ({"trade_window_minutes": 0}, "trade_window_minutes is 0"),
        ({"rev_rb_enabled": 1}, "rev_rb_enabled is 1"),
        ({"ib_end": "07:30"}, "ends before it begins"),
        ({"ib_timezone": "Europe/Atlantis"}, "unknown time zone 'Europe/Atlantis'"),
        ({"more": 1}, "unknown name more"),
        ({"rr_target": None}, "rr_target is None"),
    ],
)
def test_wrong_parameters_are_named(
    ib_grid_command: Command, params_file: Path, change: dict[str, object], message: str
) -> None:
    params_file.write_text(json.dumps({**PARAMS.to_dict(), **change}))
    status, screen, said = _trades(ib_grid_command, params_file)
    assert (status, screen) == (2, "")
    assert said.startswith("error: ")
    assert message in said
    assert str(params_file) in said


@pytest.mark.parametrize("text", ["", "[]", "{", '{"rr_target": NaN}', '{"a": 1, "a": 2}', "\0"])
def test_invalid_parameter_file_is_refused(
    ib_grid_command: Command, params_file: Path, text: str
) -> None:
    params_file.write_text(text)
    status, _, said = _trades(ib_grid_command, params_file)
    assert status == 2
    assert said.startswith("error: ")


def test_other_wrong_input(ib_grid_command: Command, params_file: Path, tmp_path: Path) -> None:
    missing = tmp_path / "no.json"
    for arguments, message in (
        (("--engine", "slow"), "invalid value 'slow'"),
        (("--execution", "kind"), "execution is 'kind'"),
        (("--spread-points", -1), "spread_points is -1.0"),
        (("--params", missing), str(missing)),
        (("--data", missing), str(missing)),
        (("--news", missing), "--no-news"),
        (("--out", "/proc/none/T.csv"), "/proc/none/T.csv"),
    ):
        status, _, said = _trades(ib_grid_command, params_file, *arguments)
        assert (status, "error: " in said) == (2, True), arguments
        assert message in said


def test_input_file_is_not_overwritten(ib_grid_command: Command, params_file: Path) -> None:
    before = params_file.read_bytes()
    status, screen, said = _trades(ib_grid_command, params_file, "--out", params_file)
    assert (status, screen) == (2, "")
    assert "one of the input files" in said
    assert params_file.read_bytes() == before


def test_session_in_another_zone_is_named(ib_grid_command: Command, params_file: Path) -> None:
    params_file.write_text(json.dumps({**PARAMS.to_dict(), "ib_timezone": "UTC"}))
    assert (
        "note: ib_timezone is UTC, but the sessions of GER40"
        in _trades(ib_grid_command, params_file)[2]
    )


def test_json_when_asked(ib_grid_command: Command, params_file: Path) -> None:
    status, out, _ = _trades(ib_grid_command, params_file, "--format", "json")
    trades = json.loads(out)
    _, csv, _ = _trades(ib_grid_command, params_file)
    assert status == 0
    assert [t["exit_price"] for t in trades] == pd.read_csv(io.StringIO(csv))["exit_price"].tolist()
