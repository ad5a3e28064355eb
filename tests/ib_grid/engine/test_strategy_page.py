"""The page of rules and the code agree: citations, names, metrics, the grid."""

from __future__ import annotations

import importlib
import re
from functools import reduce
from pathlib import Path

import pytest

from ib_grid.grid.columns import METRIC_NAMES
from ib_grid.grid.named_grids import GRID_VALUES, named_grid
from ib_grid.grid.params import DOMAINS
from ib_grid.market.instruments import INSTRUMENTS
from tests.helpers.paths import ROOT

PAGE = (ROOT / "ib_grid" / "engine" / "STRATEGY.md").read_text(encoding="utf-8")
SECTIONS = set(re.findall(r"^##+ ([0-9.]*[0-9])", PAGE, re.MULTILINE))
CITATION = re.compile(r"STRATEGY\.md,\s+sections? ([0-9., andto]*[0-9])")
SOURCES = sorted(
    path
    for folder in ("ib_grid", "pipelines", "tests")
    for path in (ROOT / folder).rglob("*.py")
    if path != Path(__file__)
)


def numbers(text: str) -> set[str]:
    return set(re.findall(r"[0-9](?:\.[0-9])?", text))


def section(number: int) -> str:
    return PAGE.split(f"\n## {number}. ")[1].split("\n## ")[0]


def test_sections_are_1_to_9() -> None:
    assert {str(number) for number in range(1, 10)} | {"7.1", "7.2"} == SECTIONS


def test_every_citation_names_a_section_of_the_page() -> None:
    n_citations = 0
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        cited = CITATION.findall(text)
        assert len(cited) == len(re.findall(r"STRATEGY\.md,\s+section", text)), path
        assert all(numbers(one) <= SECTIONS for one in cited), path
        n_citations += len(cited)
    assert n_citations > 10


def test_reference_comments_cite_existing_sections() -> None:
    for path in (ROOT / "ib_grid" / "engine" / "reference").glob("*.py"):
        for cited in re.findall(r"sections? ([0-9., and]*[0-9])", path.read_text(encoding="utf-8")):
            assert numbers(cited) <= SECTIONS, path


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`([a-z.]+:[A-Za-z_.]+)`", PAGE))))
def test_the_code_has_what_the_page_names(name: str) -> None:
    module, attribute = name.split(":")
    in_engine = module.split(".")[0] in ("fast", "reference", "execution_settings")
    package = "ib_grid.engine" if in_engine else "ib_grid"
    reduce(getattr, attribute.split("."), importlib.import_module(f"{package}.{module}"))


def test_the_page_has_every_metric() -> None:
    rows = re.findall(r"^\| (`.*?) \|", section(8), re.MULTILINE)
    names = [name for row in rows for name in re.findall(r"`([a-z_]+)`", row)]
    assert tuple(name for name in names if name in METRIC_NAMES) == METRIC_NAMES


@pytest.mark.parametrize("grid", GRID_VALUES)
def test_the_grid_of_the_page_is_that_of_the_code(grid: str) -> None:
    column = 1 + list(GRID_VALUES).index(grid)
    rows = [row.strip("| ").split(" | ") for row in section(9).splitlines() if "|" in row]
    said = {row[0].strip("`"): row[column].split(", ") for row in rows if len(row) == 3}
    for name in DOMAINS:
        values = [f"{v:g}" if type(v) in (int, float) else str(v) for v in GRID_VALUES[grid][name]]
        assert said[name] == [v.lower() for v in values], name
    for symbol, instrument in INSTRUMENTS.items():
        row = next(row for row in rows if row[0] == f"session, {symbol}")
        assert row[1].replace("–", "-").split(", ") == [str(s) for s in instrument.sessions]
        assert f"{len(named_grid(grid, instrument)):,} {grid}" in section(9)
