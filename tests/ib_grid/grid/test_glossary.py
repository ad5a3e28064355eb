"""The glossary: complete, and one sentence for each term."""

from __future__ import annotations

import pytest

from ib_grid.grid.glossary import GLOSSARY, PARAMETERS
from ib_grid.grid.params import PARAM_NAMES
from ib_grid.grid.variations import VARIATIONS


def test_every_parameter_and_variation_is_explained() -> None:
    assert tuple(PARAMETERS) == PARAM_NAMES
    assert set(VARIATIONS) <= set(GLOSSARY)


@pytest.mark.parametrize("term", GLOSSARY)
def test_an_explanation_is_one_sentence(term: str) -> None:
    text = GLOSSARY[term]
    assert text[0].isupper()
    assert text.endswith(".")
    assert ". " not in text


@pytest.mark.parametrize("name", [name for name in PARAM_NAMES if name.endswith("_pct")])
def test_fractions_are_labelled(name: str) -> None:
    assert "as a fraction of the " in PARAMETERS[name]
