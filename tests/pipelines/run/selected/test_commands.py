"""`ib-grid account`, `challenge`, `rules` and `stress`."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ib_grid.account.challenge.rule_files import EXAMPLES
from ib_grid.analysis import load_run, top
from ib_grid.robustness.conclusion.facts import facts_of, verdict_of
from ib_grid.robustness.conclusion.robustness_file import write_robustness
from ib_grid.robustness.conclusion.verdict import verdict
from ib_grid.robustness.statistics.walk_forward import WalkForward
from tests.helpers.runs.computed_runs import computed_run
from tests.helpers.runs.tested_runs import robustness, walk_forward

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return computed_run(tmp_path_factory.mktemp("run"))


def test_account_in_money_follows_r(run_dir: Path, ib_grid_command: Command) -> None:
    status, out, said = ib_grid_command("account", run_dir, "--rank", 1, "--format", "json")
    found = json.loads(out)
    best = top(load_run(run_dir), n=1).iloc[0]
    summary = found["summary"]
    assert status == 0
    assert summary["trades"] == best["total_trades"]
    # 1% of 100,000 per R; lots of 0.01 round down, and the balance is not compounded.
    assert summary["final_balance"] - 100_000 == pytest.approx(1000 * best["total_r"], rel=0.01)
    assert any("an example as of 2026" in note for note in found["notes"])
    assert said == ""


def test_the_three_fields_of_a_configuration_file(
    run_dir: Path, tmp_path: Path, ib_grid_command: Command
) -> None:
    config = tmp_path / "config.toml"
    config.write_text("initial_balance = 50000.0\nrisk_pct = 0.5\nmax_margin_pct = 30.0\n")
    asked = ("account", run_dir, "--format", "json", "--config", config)
    summary = json.loads(ib_grid_command(*asked)[1])["summary"]
    assert summary["initial_balance"] == 50_000
    assert summary["mean_risk_pct"] == pytest.approx(0.5, rel=0.01)
    louder = json.loads(ib_grid_command(*asked, "--risk-pct", 1)[1])["summary"]
    assert louder["mean_risk_pct"] == pytest.approx(1, rel=0.01)


def test_two_combinations_share_an_account(run_dir: Path, ib_grid_command: Command) -> None:
    status, out, _ = ib_grid_command("account", f"{run_dir}:0", f"{run_dir}:9", "--format", "csv")
    names = {line.split(",")[0] for line in out.splitlines()[1:]}
    assert (status, names) == (0, {"GER40 #0", "GER40 #9"})


def test_chart_and_csv_of_an_account(
    run_dir: Path, tmp_path: Path, ib_grid_command: Command
) -> None:
    page, rows = tmp_path / "page.html", tmp_path / "trades.csv"
    status, out, _ = ib_grid_command(
        "account", run_dir, "--chart", page, "--out", rows, "--format", "table"
    )
    assert (status, "worst day" in out, "of opening balance" in out) == (0, True, True)
    assert "Verdict on the run" not in out
    assert "lowest equity of the date" in page.read_text()
    assert rows.read_text().startswith("combination,date,")


def test_odds_are_a_list_by_risk(run_dir: Path, ib_grid_command: Command) -> None:
    status, out, said = ib_grid_command(
        "challenge", run_dir, "--rules", "ftmo_2step", "--risk-pct", "1,0.5", "--format", "json"
    )
    calm, loud = json.loads(out)
    n_dates = len(load_run(run_dir).source.context.market.levels.popitem()[1].date)
    assert status == 0
    assert [one["risk_pct"] for one in (calm, loud)] == [0.5, 1]
    for one in (calm, loud):
        assert sum(one["start_dates"].values()) == one["n_dates"] <= n_dates
        assert sum(one["bootstrap"][name] for name in ("passed", "failed", "open")) == 1
        assert (one["no_edge"], one["out_of_sample"]) == (0.5, None)
        assert one["verdict"].startswith("No verdict")
    assert "Not simulated: reviews" in said


def write_tests(run_dir: Path, forward: WalkForward | None) -> None:
    """Write robustness tests of a run with this walk-forward."""
    run, found = load_run(run_dir), robustness(walk_forward=forward)
    concluded = verdict(facts_of(run.manifest, "", found, run.source), found)
    write_robustness(run_dir, run.manifest, found, concluded)


@pytest.fixture(scope="module")
def tested(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run_dir = computed_run(tmp_path_factory.mktemp("tested"))
    write_tests(run_dir, walk_forward())
    return run_dir


@pytest.mark.parametrize("words", [("account",), ("challenge", "--rules", "ftmo_2step")])
def test_the_verdict_on_the_run_is_repeated(
    tested: Path, words: tuple[str, ...], ib_grid_command: Command
) -> None:
    status, _, said = ib_grid_command(*words, f"{tested}:0", f"{tested}:9", "--format", "csv")
    run = load_run(tested)
    concluded = verdict_of(run, run.source)
    assert concluded is not None
    line = f"Verdict on the run: {concluded.level}. {concluded.text}"
    assert (status, said.splitlines().count(line)) == (0, 1)


def test_a_walk_forward_gives_odds_out_of_sample(
    tested: Path, tmp_path: Path, ib_grid_command: Command
) -> None:
    asked = ("challenge", tested, "--rules", "ftmo_2step", "--risk-pct", "2", "--format", "json")
    status, out, _ = ib_grid_command(*asked)
    (odds,) = json.loads(out)
    outside = odds["out_of_sample"]
    assert status == 0
    assert 0 < outside["n_dates"] < odds["n_dates"]
    assert 0 < outside["n_trades"] <= outside["n_dates"]
    assert odds["verdict"].startswith("With combinations selected on past months and traded")

    other = shutil.copytree(tested, tmp_path / "other")
    asked = ("--rules", "ftmo_2step", "--risk-pct", "2", "--format", "json")
    (both,) = json.loads(ib_grid_command("challenge", tested, other, *asked)[1])
    assert both["out_of_sample"]["n_dates"] == outside["n_dates"]


def test_no_verdict_says_what_is_missing(
    run_dir: Path, tested: Path, tmp_path: Path, ib_grid_command: Command
) -> None:
    later = shutil.copytree(tested, tmp_path / "later")
    few = shutil.copytree(tested, tmp_path / "few")
    untested = shutil.copytree(run_dir, tmp_path / "untested")
    forward = walk_forward()
    folds = [
        dataclasses.replace(fold, out_of_sample_first="2031-01", out_of_sample_last="2031-02")
        for fold in forward.folds
    ]
    write_tests(later, dataclasses.replace(forward, folds=tuple(folds)))
    write_tests(few, None)
    for names, reason in [
        ((tested, untested), f"needs a walk-forward: `ib-grid robustness {untested}`"),
        ((f"{tested}:0", f"{tested}:1"), "selects one at a time"),
        ((tested, later), "have no month in common"),
        ((few,), "too few months"),
    ]:
        asked = ("--rules", "ftmo_2step", "--risk-pct", "2", "--format", "json")
        status, out, said = ib_grid_command("challenge", *names, *asked)
        assert status == 0, said
        (odds,) = json.loads(out)
        assert odds["out_of_sample"] is None
        assert odds["verdict"].startswith("No verdict. ")
        assert reason in odds["verdict"]


def test_charts_and_table_of_a_challenge(
    run_dir: Path, tmp_path: Path, ib_grid_command: Command
) -> None:
    page = tmp_path / "page.html"
    status, out, _ = ib_grid_command(
        "challenge", run_dir, "--rules", "the5ers_bootcamp", "--chart", page, "--format", "table"
    )
    assert status == 0
    assert "The5ers Bootcamp, step 1" in out
    assert "calendar days: the mean time to pass" in out
    text = page.read_text()
    assert all(name in text for name in ("Odds over risk", "Every start date", "One challenge"))


def test_rules_lists_age_and_doubts(ib_grid_command: Command) -> None:
    status, out, _ = ib_grid_command("rules", "--format", "json")
    found = {one["name"]: one for one in json.loads(out)}
    assert (status, len(found)) == (0, 5)
    assert found["the5ers_high_stakes"]["disputed"]
    assert found["ftmo_2step"]["age_days"] >= 0
    status, out, _ = ib_grid_command("rules", "the5ers_bootcamp", "--format", "table")
    assert (status, "Disputed" in out) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("account", "--risk-pct", "0"), "expected: a percentage above 0 and at most 100"),
        (("account", "--risk-pct", "150"), "risk_pct is 150"),
        (("account", "--risk-pct", "0.05"), "write 5 if 5% is meant"),
        (("account", "--max-margin-pct", "0.4"), "write 40 if 40% is meant"),
        (("account", "--program", "prime"), "--program with one of standard, swing"),
        (("account", "--rank", "1", "--id", "2"), "a rank and an id"),
        (("account", "--contracts", "nowhere.toml"), "nowhere.toml"),
        (("challenge", "--rules", "ftmo"), "no rules called 'ftmo'"),
        (("challenge", "--rules", "ftmo_2step", "--risk-pct", "1;2"), "invalid risks"),
        (("challenge", "--rules", "ftmo_2step", "--risk-pct", "150"), "risk_pct is 150"),
        (("challenge", "--rules", "ftmo_2step", "--whole-grid", "--horizon", "60"), "--horizon"),
        (("challenge", "--rules", "ftmo_2step", "--whole-grid", "--format", "csv"), "--format"),
        (("account", "--risk-pct", "0.05"), "--risk-pct"),
        (("challenge", "--rules", "ftmo_2step", "--risk-pct", "1,0.05"), "--risk-pct"),
    ],
)
def test_impossible_wishes_are_refused(
    run_dir: Path, ib_grid_command: Command, arguments: tuple[str, ...], message: str
) -> None:
    command, *options = arguments
    status, out, said = ib_grid_command(command, run_dir, *options)
    assert (status, out) == (2, "")
    assert message in said


def test_a_count_of_the_grid_takes_no_single_combination(
    run_dir: Path, ib_grid_command: Command
) -> None:
    for name in (f"{run_dir}@3", f"{run_dir}:3"):
        asked = ("challenge", name, "--rules", "ftmo_2step", "--whole-grid")
        status, _, said = ib_grid_command(*asked)
        assert (status, "without a rank or an id" in said) == (2, True)


def test_a_contract_file_without_the_symbol_is_refused(
    run_dir: Path, tmp_path: Path, ib_grid_command: Command
) -> None:
    contracts = tmp_path / "contracts.toml"
    text = (EXAMPLES / "contracts_ftmo.toml").read_text()
    contracts.write_text(text.replace("[contract.GER40]", "[contract.US30]"))
    status, _, said = ib_grid_command("account", run_dir, "--contracts", contracts)
    assert (status, "no contract for GER40" in said) == (2, True)


def test_own_contracts_take_the_program_of_the_rules(
    run_dir: Path, tmp_path: Path, ib_grid_command: Command
) -> None:
    contracts = tmp_path / "contracts.toml"
    contracts.write_text((EXAMPLES / "contracts_ftmo.toml").read_text())
    asked = ("--rules", "ftmo_2step", "--risk-pct", "1", "--format", "json")
    own = ib_grid_command("challenge", run_dir, *asked, "--contracts", contracts)
    assert own[:2] == ib_grid_command("challenge", run_dir, *asked)[:2]
    status, _, said = ib_grid_command("account", run_dir, "--contracts", contracts)
    assert (status, "no program is given" in said) == (2, True)


def test_stress_starts_from_the_rows_of_the_run(run_dir: Path, ib_grid_command: Command) -> None:
    status, out, said = ib_grid_command("stress", run_dir, "--rank", 2, "--format", "json")
    found, best = json.loads(out), top(load_run(run_dir), n=2).iloc[1]
    assert status == 0
    assert found["selected"]["combo_id"] == best["combo_id"]
    assert found["selected"]["break_even_points"] == pytest.approx(best["break_even_points"])
    as_run, *others = found["rows"]
    assert as_run["total_r"] == pytest.approx(best["total_r"])
    kinds = {"spread", "slippage", "late entry", "limit beyond", "commission"}
    assert {row["scenario"] for row in others} == kinds | {"trades missed", "best trades"}
    assert "breaks even at an extra cost of" in said
    assert "sd, R: the standard deviation of the selected total R" in said


def test_stress_of_an_unknown_combination(run_dir: Path, ib_grid_command: Command) -> None:
    status, _, said = ib_grid_command("stress", run_dir, "--id", 999)
    assert (status, "999" in said) == (2, True)
