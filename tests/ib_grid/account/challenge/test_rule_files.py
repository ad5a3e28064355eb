"""Tests of rule files: the examples, and what is refused."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from ib_grid.account.challenge.rule_files import EXAMPLES, examples, find_rules
from ib_grid.errors import ConfigError

FTMO = (EXAMPLES / "ftmo_2step.toml").read_text()


@pytest.mark.parametrize("name", examples())
def test_examples_name_sources_and_their_date(name: str) -> None:
    found = find_rules(name)
    assert found.sources
    assert found.checked > dt.date(2026, 1, 1)
    assert found.targets
    assert found.contracts is not None
    assert found.contracts.is_file()


def test_examples_hold_the_programs_of_two_firms() -> None:
    assert examples() == (
        "ftmo_1step",
        "ftmo_2step",
        "the5ers_bootcamp",
        "the5ers_high_stakes",
        "the5ers_hyper_growth",
    )


def test_a_phase_replaces_what_all_phases_share() -> None:
    challenge, _, funded = find_rules("ftmo_2step").phases
    assert (challenge.min_days, challenge.target_pct) == (4, 10)
    assert (funded.min_days, funded.target_pct) == (0, None)
    assert funded.daily_loss == challenge.daily_loss


def test_rules_older_than_180_days_warn() -> None:
    rules = find_rules("ftmo_2step")
    young, old = rules.checked + dt.timedelta(180), rules.checked + dt.timedelta(181)
    assert not any("181 days" in one for one in rules.warnings(young))
    assert any("181 days" in one for one in rules.warnings(old))


def test_answers_repeat_disputes_and_what_is_not_simulated() -> None:
    said = " ".join(find_rules("the5ers_high_stakes").warnings(dt.date(2026, 10, 5)))
    assert "Disputed clock: " in said
    assert "2 minutes before to 2 minutes after news" in said


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("min_days = 4", "min_dyas = 4", "unknown key min_dyas"),
        ('mode = "static"', 'mod = "static"', "unknown key mod"),
        ('mode = "static"', 'mode = "statik"', "did you mean static"),
        ("pct = 5.0", "pct = 0.05", "write 5 if 5% is meant"),
        ("pct = 10.0", "pct = 0.1", "write 10 if 10% is meant"),
        ("target_pct = 10.0", "target_pct = 0.1", "write 10"),
        ("split_pct = 80.0", "split_pct = 0.8", "write 80"),
        ("pct = 5.0", "pct = -5.0", "pct is -5"),
        ('"Europe/Prague"', '"Europe/Prag"', "Europe/Prag"),
        ('day_starts = "00:00"', 'day_starts = "25:00"', "25:00"),
        ("clock =", "# clock =", "clock is missing"),
        ("checked = 2026-10-04", 'checked = "soon"', "checked is 'soon'"),
        ("schema = 1", "schema = 2", "schema is 2"),
        ("schema = 1", "", "schema = 1, the format of this version"),
        ("price = 540.0", "price = -1", "expected: a number of 0 or more"),
        ("max_loss =", "# max_loss =", "max_loss is missing"),
        ("initial_balance = 100_000", "initial_balance = 0", "initial_balance is 0"),
        ("every_days = 14", "every_days = 0", "every_days is 0"),
    ],
)
def test_a_wrong_rule_file_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in FTMO
    file = tmp_path / "rules.toml"
    file.write_text(FTMO.replace(old, new, 1))
    with pytest.raises(ConfigError) as error:
        find_rules(str(file))
    assert message in str(error.value)
    assert str(file) in str(error.value)


def test_rules_without_any_target_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(FTMO.replace("target_pct", "# target_pct"))
    with pytest.raises(ConfigError, match="no phase has a target"):
        find_rules(str(file))


def test_a_misspelt_name_suggests_an_example() -> None:
    with pytest.raises(ConfigError, match="did you mean ftmo_2step"):
        find_rules("ftmo_2stp")
