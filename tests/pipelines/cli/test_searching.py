"""`top`, `compare` and `groups` through the command line."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ib_grid.analysis.selection.groups import groups
from ib_grid.engine.execution_settings import Execution
from ib_grid.runs.run import load_run
from tests.helpers.runs.random_runs import GRID, write_run
from tests.helpers.runs.reported_runs import random_rows

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path) -> tuple[Path, pd.DataFrame]:
    rows = random_rows(GRID, 1)
    falls = [name for name in rows if name.endswith("max_drawdown")]
    write_run(tmp_path / "a", rows=rows.assign(**{name: rows[name].abs() for name in falls}))
    rows = load_run(tmp_path / "a").frame()
    return tmp_path / "a", rows[rows["total_trades"] >= 10]


MEANT = "  expected: a result column\n  to do: did you mean max_drawdown?"


def read(text: str) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(text))


class TestTop:
    def test_pipe_gets_all_columns_as_csv(self, ib_grid_command: Command, run) -> None:
        path, rows = run
        status, said, aside = ib_grid_command("top", path)
        found = read(said)
        assert status == 0
        assert aside == (
            "Neighbouring rows are often near-identical; the report's table shows one row for all"
            " of these.\n"
            "GER40: 100% of 864 combinations computed, at least 10 trades each. Realistic fills,"
            " spread 1.5 points, slippage 0, commission 0; bars 2024-01-02T07:00Z to"
            " 2024-01-02T07:04Z. News filter: off.\n"
        )
        best = rows.sort_values(["total_r", "combo_id"], ascending=[False, True]).head(20)
        assert found["combo_id"].tolist() == best["combo_id"].tolist()
        assert (found["sharpe_ratio"].astype(np.float32) == best["sharpe_ratio"].to_numpy()).all()
        assert list(found)[:3] == ["rank", "score", "combo_id"]

    def test_by_a_column_under_a_condition(self, ib_grid_command: Command, run) -> None:
        path, rows = run
        where = "tsl_target > 0 and max_drawdown < 5"
        status, said, aside = ib_grid_command(
            *("top", path, "--by", "max_drawdown", "--ascending", "-n", 3, "--where", where),
            *("--columns", "winrate, tsl_target", "--format", "json"),
        )
        assert status == 0
        assert "Sorted by max_drawdown, lowest first.\n" in aside
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
        assert "at least 10 trades each" in said
        assert "Units: max DD, trailing in R; wait, window in minutes; buffer, reach" in said

    @pytest.mark.parametrize(
        ("options", "found"),
        [
            (("--by", "total_rr"), "unknown column 'total_rr'"),
            (("--where", "max_drawdon < 5"), f"no column max_drawdon\n  in --where\n{MEANT}"),
            (("--where", ""), "empty condition\n  in --where"),
            (("--by", "ib_start"), "cannot rank by ib_start, which is not a number"),
            (("--columns", "winrat"), "unknown result column winrat"),
            (("--by", "winrate", "--columns", "score"), "unknown result column score"),
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


class TestCompare:
    @pytest.fixture
    def other(self, tmp_path: Path) -> tuple[Path, pd.DataFrame]:
        execution = Execution(spread_points=3.0).to_dict()
        return tmp_path / "b", write_run(tmp_path / "b", seed=2, execution=execution)

    def test_json_has_the_outcome_of_the_best(self, ib_grid_command: Command, run, other) -> None:
        path, rows = run
        status, said, _ = ib_grid_command(
            "compare", path, other[0], "-n", 30, "--by", "winrate", "--format", "json"
        )
        assert status == 0
        found = json.loads(said)
        ids = rows.sort_values(["winrate", "combo_id"], ascending=[False, True])["combo_id"][:30]
        there = other[1]["total_r"][ids]
        assert [row["combo_id_b"] for row in found["rows"]] == ids.tolist()
        assert [row["total_r_b"] for row in found["rows"]] == pytest.approx(there.tolist())
        assert found["n_top_profitable_b"] == (there > 0).sum()
        assert found["n_common"] == 864
        assert found["differences"] == ["execution.spread_points: 1.5 in A, 3.0 in B"]

    def test_table_and_text(self, ib_grid_command: Command, run, other) -> None:
        status, said, _ = ib_grid_command("compare", run[0], other[0], "--format", "table")
        words = " ".join(said.split())
        assert status == 0
        assert max(map(len, said.splitlines())) <= 80
        assert "Units: max DD in R. Of the best 100 of A, 100 are in B" in words
        for spread in ("1.5", "3"):  # of A, of B
            assert f"Realistic fills, spread {spread} points, slippage 0, commission 0" in words
        assert "execution.spread_points: 1.5 in A, 3.0 in B" in words

    def test_csv_is_the_rows_alone(self, ib_grid_command: Command, run, other) -> None:
        status, said, aside = ib_grid_command("compare", run[0], other[0], "-n", 5)
        assert status == 0
        found = read(said)
        assert len(found) == 5
        assert list(found)[:5] == ["rank_a", "score_a", "combo_id_a", "combo_id_b", "total_r_a"]
        assert "Rank correlation" in aside


class TestGroups:
    def test_csv_has_a_row_per_combination(self, ib_grid_command: Command, run) -> None:
        status, said, aside = ib_grid_command("groups", run[0], "--rank-by", "recovery")
        found = read(said)
        expected = groups(load_run(run[0]), rank_by="recovery").combinations
        assert status == 0
        assert found["combo_id"].tolist() == expected["combo_id"].tolist()
        assert found["total_r"].astype(np.float32).tolist() == expected["total_r"].tolist()
        assert "total R / (drawdown + 1), with both summed over a group" in aside

    def test_json_has_the_groups_beside(self, ib_grid_command: Command, run) -> None:
        status, said, _ = ib_grid_command("groups", run[0], "--strict", "--format", "json")
        found = json.loads(said)
        expected = groups(load_run(run[0]), strict=True)
        assert status == 0
        assert [g["value"] for g in found["groups"]] == pytest.approx(
            expected.summary["value"].tolist()
        )
        assert [row["variation"] for row in found["rows"]] == expected.combinations[
            "variation"
        ].tolist()

    def test_a_table_has_a_line_for_each_group(self, ib_grid_command: Command, run) -> None:
        status, said, _ = ib_grid_command(
            "groups", run[0], "--format", "table", "--max-drawdown", 30, "--min-trades", 5
        )
        assert status == 0
        assert max(map(len, said.splitlines())) <= 80
        words = " ".join(said.split())
        assert "at least 5 trades of the variation, a drawdown of at most 30 R" in words
        assert "Each variation applies where its rule holds (OCAE: tsl_target > 0, TCWE:" in words
        assert len([line for line in said.splitlines() if ":00-0" in line]) == 12

    def test_complete_groups_come_first(self, ib_grid_command: Command, run) -> None:
        given = ("groups", run[0], "--max-drawdown", 2, "--min-trades", 35, "--format", "json")
        every = groups(load_run(run[0]), max_drawdown_r=2, min_trades=35).summary["n_variations"]
        status, said, aside = ib_grid_command(*given)
        assert len(json.loads(said)["groups"]) == len(every)
        assert (
            f"{(every == 4).sum()} of these {len(every)} groups have a combination for every"
            in aside
        )
        status, said, _ = ib_grid_command(*given, "--variations", 2, "-n", 1)
        found = json.loads(said)
        assert status == 0
        assert [g["n_variations"] >= 2 for g in found["groups"]] == [True]
        assert {row["rank"] for row in found["rows"]} == {1}

    def test_no_qualifying_group_is_reported(self, ib_grid_command: Command, run) -> None:
        for form in ("table", "csv", "json"):
            status, said, aside = ib_grid_command(
                "groups", run[0], "--min-trades", 1000, "--format", form
            )
            assert status == 0
            assert "No rows match." in (said if form == "table" else aside)
            assert "at least 1000 trades" in " ".join((said + aside).split())

    def test_no_such_ranking(self, ib_grid_command: Command, run) -> None:
        status, _, aside = ib_grid_command("groups", run[0], "--rank-by", "luck")
        assert status == 2
        assert "invalid value 'luck'\n  in --rank-by" in aside


@pytest.mark.parametrize(
    "command", ["top", "groups", "export", "portfolio", "show", "compare", "report"]
)
def test_partition_of_another_run(ib_grid_command: Command, tmp_path: Path, command: str) -> None:
    paths = [tmp_path / name for name in ("run", "free")]
    write_run(paths[0])
    write_run(paths[1], execution=Execution(spread_points=0.0).to_dict())
    own, foreign = (load_run(path).files[3] for path in paths)
    shutil.copy(foreign, own)
    more = {"compare": [paths[1]], "export": ["--out", tmp_path / "rows.json"]}
    status, said, aside = ib_grid_command(command, paths[0], *more.get(command, []))
    assert (status, said) == (1, "")
    assert aside.startswith(f"error: the file belongs to another run\n  in {own}\n")
    assert not (tmp_path / "rows.json").exists()
