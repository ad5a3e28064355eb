"""`ib-grid run` and `ib-grid info` through the command line."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from ib_grid.market.bars import bars_from_frame, bars_to_frame, read_bars, write_bars
from pipelines.cli import main
from tests.helpers.runs.small_runs import BARS, GRID_TOML


def arguments(folder: Path, *more: str) -> list[str]:
    (folder / "grid.toml").write_text(GRID_TOML)
    given = ["run", "--symbol", "GER40", "--data", str(BARS), "--grid", str(folder / "grid.toml")]
    return [*given, "--no-news", "--output", str(folder / "results"), *more]


def typed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[int, str, str]:
    """Exit status, output and error output of a command."""
    monkeypatch.setattr(sys, "argv", ["ib-grid", *words])
    with pytest.raises(SystemExit) as caught:
        sys.exit(main.command())
    captured = capsys.readouterr()
    return int(caught.value.code or 0), captured.out, captured.err


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--symbol", "DAX"], "unknown symbol 'DAX'"),
        (["--workers", "0"], "workers is 0"),
        (["--chunk-size", "0"], "chunk_size is 0"),
        (["--spread-points", "-1"], "spread_points is -1"),
        (["--execution", "kind"], "execution is 'kind'"),
        (["--grid", "huge"], "unknown grid 'huge'"),
        (["--grid", "absent.toml"], "cannot be read"),
        (["--data", "absent.parquet"], "no such file"),
        (["--output", "/proc/none"], "cannot be written"),
        (["--config", "absent.toml"], "cannot be read"),
        (["--symbol", "XAUUSD"], "no bar lies in any of the sessions"),
        (["--from", "soon"], "in --from"),
        (["--from", "2024-05-01", "--to", "2024-04-30"], "--from 2024-05-01 is after --to"),
        (["--from", "2030-01-01"], "no session date from 2030-01-01"),
        (["--hold-out", "0%"], "hold_out is '0%'"),
        (["--hold-out", "100%"], "hold_out is '100%'"),
        (["--hold-out", "20"], "hold_out is '20'"),
        (["--to", "2024-04-30", "--hold-out", "2024-05-01"], "holds out no session date"),
        (["--from", "2024-05-01", "--hold-out", "2024-05-01"], "leaves no session date to rank"),
    ],
)
def test_invalid_input_is_one_message_and_writes_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    found: str,
) -> None:
    if words == ["--symbol", "XAUUSD"]:
        words = [*words, "--data", str(_bars_at_night(tmp_path))]
    given = arguments(tmp_path, *words)
    before = sorted(tmp_path.rglob("*"))
    status, out, err = typed(monkeypatch, capsys, *given)
    assert (status, out) == (2, "")
    assert err.startswith("error: ")
    assert found in err
    assert "Traceback" not in err, err
    assert sorted(tmp_path.rglob("*")) == before


def _bars_at_night(folder: Path) -> Path:
    """Bars at times at which no session of XAUUSD is open: 15:00 to 17:00 UTC."""
    frame = bars_to_frame(read_bars(BARS))
    night = frame[frame["time"].dt.hour.isin([15, 16])]
    path = folder / "night.parquet"
    write_bars(path, bars_from_frame(night), symbol="XAUUSD", quality={})
    return path


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("rr_targets = [1.0]", "unknown key rr_targets"),
        ("rr_target = []", "axis is empty"),
        ("trade_window_minutes = [0]", "trade_window_minutes is 0"),
        ("rr_target = [-1.0]", "rr_target is -1"),
        ('stop_mode = ["low"]', "stop_mode is 'low'"),
    ],
)
def test_invalid_grid_is_one_message(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    text: str,
    found: str,
) -> None:
    given = arguments(tmp_path)
    (tmp_path / "grid.toml").write_text(text)
    status, _, err = typed(monkeypatch, capsys, *given)
    assert status == 2
    assert found in err
    assert str(tmp_path / "grid.toml") in err
    assert not (tmp_path / "results").exists()


def test_weights_must_sum_to_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "run.toml"
    config.write_text("[ranking]\nweights = { total_r = 0.5, winrate = 0.6 }")
    status, _, err = typed(monkeypatch, capsys, *arguments(tmp_path, "--config", str(config)))
    assert status == 2
    assert "the weights sum to 1.1" in err


def test_info_describes_the_data_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["info", "--symbol", "GER40", "--data", str(BARS), "--workers", "3"]
    config = tmp_path / "run.toml"
    config.write_text("news_filter = false")
    before = sorted(tmp_path.rglob("*"))
    status, out, _ = typed(
        monkeypatch, capsys, *given, "--data-dir", str(tmp_path), "--config", str(config)
    )
    assert status == 0
    assert "73,813 one-minute bars, 2024-02-15T06:00Z to 2024-11-19T21:58Z" in out
    assert "08:00-08:30 Europe/Berlin: 81 dates" in out
    assert "standard, 34,560 combinations" in out
    assert re.search(r"in \d+ pairs of tsl_target and tsl_sl, and \d of rev_rb_enabled", out)
    assert "60 chunks on 3 workers" in out
    assert re.search(
        r"about [\d.]+ s of computing on this machine \(estimated from 2 chunks\)", out
    )
    assert "News filter: off." in out
    assert sorted(tmp_path.rglob("*")) == before


def test_info_names_obstacles_to_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    status, out, _ = typed(monkeypatch, capsys, "info", "--symbol", "GER40", "--data", str(BARS))
    assert status == 0
    assert "a run would fail: the news filter is on but no calendar is given" in out
    assert "standard, 34,560 combinations" in out
