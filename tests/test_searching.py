"""top, compare and groups, as a person types them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.analysis.made_up import write_run

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path) -> tuple[Path, pd.DataFrame]:
    rows = write_run(tmp_path / "a", seed=1)
    return tmp_path / "a", rows[rows["total_trades"] >= 10]


def read(text: str) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(text))


class TestTop:
    def test_in_a_pipe_all_columns_as_csv(self, ib_grid_command: Command, run) -> None:
        path, rows = run
        status, said, aside = ib_grid_command("top", path)
        found = read(said)
        assert status == 0
        assert aside == ("GER40: 100% of 864 combinations computed; with 10 trades or more.\n")
        best = rows.sort_values(["total_r", "combo_id"], ascending=[False, True]).head(20)
        assert found["combo_id"].tolist() == best["combo_id"].tolist()
        assert (found["sharpe_ratio"].astype(np.float32) == best["sharpe_ratio"].to_numpy()).all()
        assert list(found)[:3] == ["rank", "score", "combo_id"]

    def test_by_a_column_under_a_condition(self, ib_grid_command: Command, run) -> None:
        path, rows = run
        where = "tsl_target > 0 and max_drawdown < 5"
        status, said, _ = ib_grid_command(
            *("top", path, "--by", "max_drawdown", "--ascending", "-n", 3, "--where", where),
            *("--columns", "winrate, tsl_target", "--format", "json"),
        )
        assert status == 0
        found = json.loads(said)
        some = rows[(rows["tsl_target"] > 0) & (rows["max_drawdown"] < 5)]
        assert [row["combo_id"] for row in found] == some.nsmallest(3, "max_drawdown")[
            "combo_id"
        ].tolist()
        assert list(found[0]) == ["rank", "combo_id", "max_drawdown", "winrate", "tsl_target"]

    def test_a_table(self, ib_grid_command: Command, run) -> None:
        path, rows = run
        status, said, _ = ib_grid_command("top", path, "--format", "table", "-n", 4)
        assert status == 0
        assert max(map(len, said.splitlines())) <= 80
        assert str(rows["total_r"].idxmax()) in said.split()
        assert "with 10 trades or more" in said

    @pytest.mark.parametrize(
        ("options", "found"),
        [
            (("--by", "total_rr"), "no column total_rr to go by"),
            (("--where", "max_drawdon < 5"), "no column max_drawdon\n  in --where"),
            (("--columns", "winrat"), "no result column winrat"),
            (("--by", "winrate", "--columns", "score"), "no result column score"),
        ],
    )
    def test_refused(self, ib_grid_command: Command, run, options, found) -> None:
        status, said, aside = ib_grid_command("top", run[0], *options)
        assert (status, said) == (2, "")
        assert aside.startswith(f"error: {found}")

    def test_no_run(self, ib_grid_command: Command, tmp_path: Path) -> None:
        status, _, aside = ib_grid_command("top", tmp_path / "nothing")
        assert status == 2
        assert "run.json cannot be read" in aside
