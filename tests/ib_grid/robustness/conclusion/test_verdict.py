"""Verdicts: one sentence and three numbers for each outcome of the tests."""

from __future__ import annotations

import dataclasses
import json

import pytest

from ib_grid.robustness.conclusion.run_facts import RunFacts
from ib_grid.robustness.conclusion.verdict import verdict
from ib_grid.robustness.results import Robustness, Selected
from tests.helpers.runs.tested_runs import hold_out, robustness, walk_forward

SELECTED = Selected(combo_id=7, total_r=63.1, sharpe_ratio=1.18)
LOSING = Selected(combo_id=7, total_r=-34.6, sharpe_ratio=-1.0)


def facts(**changes: object) -> RunFacts:
    values: dict[str, object] = {
        "run": "results/run",
        "model": "realistic",
        "combinations": 1_000,
        "profitable": 137,
        "min_trades": 10,
        "selected": SELECTED,
        "other_total_r": 99.0,
    }
    return RunFacts(**{**values, **changes})


@pytest.mark.parametrize(
    ("run", "p", "out_of_sample", "level", "text"),
    [
        ({}, 0.3, 36.2, "cannot be told from luck", "does as well in 30% of repeats"),
        ({}, 0.01, 36.2, "worth a hold-out", "Run again with `--hold-out 20%`"),
        ({"holds_out": True}, 0.01, 36.2, "worth a hold-out", "`ib-grid holdout results/run`"),
        ({}, 0.01, -12.3, "do not trade", "do not pay the costs"),
        ({"hold_out": hold_out(6.1)}, 0.01, 36.2, "held up", "never seen, it made 6.1 R"),
        ({"hold_out": hold_out(-3.2)}, 0.01, 36.2, "do not trade", "never seen, it lost 3.2 R"),
        (
            {"hold_out": hold_out(0, trades=0)},
            0.01,
            36.2,
            "worth a hold-out",
            "a longer `--hold-out`",
        ),
        ({"hold_out": hold_out(6.1)}, 0.3, 36.2, "cannot be told from luck", "coin-flipped"),
        ({"profitable": 0, "selected": LOSING}, 0.3, -67.8, "do not trade", "None of the 1,000"),
        ({"selected": LOSING}, 0.01, 36.2, "do not trade", "highest score loses 34.6 R"),
        ({"selected": None}, 0.01, 36.2, "do not trade", "no combination has 10 trades or more"),
        (
            {"model": "original", "other_total_r": -20.3},
            0.3,
            36.2,
            "fill artefact",
            "with realistic fills the same combination loses 20.3 R",
        ),
        ({"model": "original"}, 0.01, 36.2, "worth a hold-out", "beats luck"),
        ({"other_total_r": -20.3}, 0.01, 36.2, "worth a hold-out", "beats luck"),
    ],
)
def test_each_outcome_has_its_level(run, p, out_of_sample, level, text) -> None:
    tests = robustness(SELECTED, p=p, walk_forward=walk_forward(out_of_sample))
    found = verdict(facts(**run), tests)
    assert found.level == level
    assert text in found.text
    assert level not in found.text.casefold()  # the text is read after the level
    assert len(found.reasons) == 3
    assert all(any(map(str.isdigit, reason.figure)) for reason in found.reasons)
    assert found.allows_best == (level in ("worth a hold-out", "held up"))


def test_the_threshold_belongs_to_skill() -> None:
    levels = [verdict(facts(), robustness(SELECTED, p=p)).level for p in (0.045, 0.055)]
    assert levels == ["worth a hold-out", "cannot be told from luck"]


@pytest.mark.parametrize(("median", "says"), [(40.0, True), (31.0, False), (-5.0, False)])
def test_money_without_direction_is_named(median: float, says: bool) -> None:
    tests = robustness(SELECTED, p=0.3)
    direction = tests.random_direction
    found = dataclasses.replace(direction.selected_total_r, null_median=median)
    direction = dataclasses.replace(direction, selected_total_r=found)
    text = verdict(facts(), dataclasses.replace(tests, random_direction=direction)).text
    assert ("Half of the repeats make 40.0 R or more: the profit comes from the" in text) == says


def with_draws(draws: int, as_good: int) -> Robustness:
    tests = robustness(SELECTED)
    direction = tests.random_direction
    found = dataclasses.replace(direction.selected_total_r, p=(1 + as_good) / (1 + draws))
    direction = dataclasses.replace(direction, draws=draws, selected_total_r=found)
    return dataclasses.replace(tests, random_direction=direction)


def test_the_share_of_repeats_is_that_of_the_reason() -> None:
    found = verdict(facts(), with_draws(499, 26))
    assert "does as well in 5.2% of repeats" in found.text
    assert found.reasons[0].figure == "26 of 499"


def test_repeats_too_few_to_tell_are_no_finding() -> None:
    few = verdict(facts(), with_draws(18, 0))
    assert few.level == "cannot be told from luck"
    assert few.text == (
        "Do not trade this yet: ruling out luck takes at least 19 repeats with coin-flipped"
        " directions, not 18. Run `ib-grid robustness results/run` without `--draws`."
    )
    assert verdict(facts(), with_draws(19, 0)).level == "worth a hold-out"
    assert "does as well in 20% of repeats" in verdict(facts(), with_draws(5, 1)).text


def test_a_walk_forward_of_one_month_trades_once() -> None:
    forward = walk_forward()
    forward = dataclasses.replace(forward, folds=forward.folds[:1])
    found = verdict(facts(), robustness(p=0.3, walk_forward=forward))
    assert "trading the next month, once; 49 of 199" in found.reasons[1].text


def test_reasons_name_the_coin_then_months_then_halves() -> None:
    found = verdict(facts(), robustness(SELECTED, p=0.3))
    assert [reason.figure for reason in found.reasons] == ["60 of 199", "+6.0 R", "65%"]
    assert str(found.reasons[1]) == (
        "+6.0 R from selecting on the past 6 months and trading the next month, 6 times;"
        " 49 of 199 repeats with coin flips do as well."
    )


@pytest.mark.parametrize(
    ("p", "p_walk_forward", "says"),
    [(0.3, 0.04, True), (0.3, 0.06, False), (0.3, None, False), (0.01, 0.04, False)],
)
def test_tests_that_disagree_are_reconciled(
    p: float, p_walk_forward: float | None, says: bool
) -> None:
    forward = dataclasses.replace(walk_forward(), p=p_walk_forward)
    found = verdict(facts(), robustness(SELECTED, p=p, walk_forward=forward))
    assert any("The verdict is still luck: it goes by" in str(one) for one in found.reasons) == says


def test_a_loss_is_no_luck_to_reconcile() -> None:
    forward = dataclasses.replace(walk_forward(), p=0.04)
    tests = robustness(SELECTED, p=0.3, walk_forward=forward)
    found = verdict(facts(profitable=0, selected=LOSING), tests)
    assert not any("luck" in str(one) for one in found.reasons)


def test_a_hold_out_is_the_first_reason() -> None:
    found = verdict(facts(hold_out=hold_out(6.1)), robustness(p=0.01))
    assert str(found.reasons[0]) == (
        "+6.1 R in 45 trades on 40 held-out dates, from 2024-11-01 to 2024-12-30."
    )


def test_a_hold_out_that_was_passed_by_luck_is_named() -> None:
    found = verdict(facts(hold_out=hold_out(6.1)), robustness(p=0.3))
    assert found.level == "cannot be told from luck"
    assert "held-out dates" in found.reasons[1].text


def test_a_run_that_cannot_be_tested_names_no_command_for_it() -> None:
    found = verdict(facts(untestable="the run ranks only rows with winrate > 50"), None)
    assert found.level == "not tested"
    assert "since the run ranks only rows with winrate > 50." in found.text
    assert "ib-grid robustness" not in found.text


def test_without_tests_the_command_is_named() -> None:
    found = verdict(facts(run="my results/run"), None)
    assert found.level == "not tested"
    assert "`ib-grid robustness 'my results/run'`" in found.text
    assert [reason.figure for reason in found.reasons] == ["14%", "+99.0 R"]


@pytest.mark.parametrize(
    "run", [{"profitable": 0}, {"selected": LOSING}, {"model": "original", "other_total_r": -1.0}]
)
def test_a_loss_needs_no_tests(run) -> None:
    assert verdict(facts(**run), None).level in ("do not trade", "fill artefact")


def test_too_few_months_are_no_proof() -> None:
    found = verdict(facts(), robustness(p=0.01, walk_forward=None, cscv=None))
    assert found.level == "cannot be told from luck"
    assert "too few months" in found.text
    assert [reason.figure for reason in found.reasons[1:]] == ["14%", "+99.0 R"]


def test_json_holds_all_of_it() -> None:
    found = verdict(facts(), robustness())
    content = json.loads(json.dumps(dataclasses.asdict(found)))
    assert list(content) == ["level", "text", "reasons"]
    assert content["reasons"][0] == {"figure": "60 of 199", "text": found.reasons[0].text}
