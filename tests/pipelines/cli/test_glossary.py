"""`ib-grid glossary`: all terms, one term, an unknown term."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ib_grid.grid.columns import METRIC_NAMES
from ib_grid.grid.glossary import GLOSSARY

Command = Callable[..., tuple[int, str, str]]


def test_all_terms_and_metrics_are_listed(ib_grid_command: Command) -> None:
    status, screen, said = ib_grid_command("glossary")
    assert (status, said) == (0, "")
    first_words = {line.partition("  ")[0].strip() for line in screen.splitlines()}
    assert {*GLOSSARY, *METRIC_NAMES} <= first_words


@pytest.mark.parametrize(
    ("term", "shown"),
    [("ocae", "OCAE"), ("rev-rb", "REV_RB"), ("Trade Window", "trade window"), ("r", "R")],
)
def test_one_term_is_found_in_any_spelling(ib_grid_command: Command, term: str, shown: str) -> None:
    status, screen, _ = ib_grid_command("glossary", term)
    assert status == 0
    assert screen.startswith(f"{shown}  ")
    assert " ".join(screen.split()) == f"{shown} {GLOSSARY[shown]}"


def test_an_unknown_term_is_answered_with_the_nearest(ib_grid_command: Command) -> None:
    status, screen, said = ib_grid_command("glossary", "rr_targt")
    assert (status, screen) == (2, "")
    assert said == "error: unknown term 'rr_targt'\n  to do: did you mean rr_target?\n"
    assert "lists every term" in ib_grid_command("glossary", "xyzzy")[2]
