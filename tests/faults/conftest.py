"""Shared fixtures: an undisturbed run, and processes that all end with the test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.faults.disturbed_runs import Children, Place


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Complete an undisturbed run."""
    place = Place(folder=tmp_path_factory.mktemp("undisturbed"))
    place.complete()
    return place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return the folder of a run that the test disturbs."""
    return Place(folder=tmp_path)


@pytest.fixture
def children(tmp_path: Path) -> Iterator[Children]:
    """Start processes, and end the remaining ones after the test."""
    started = Children(tmp_path)
    yield started
    started.end()


@pytest.fixture
def marks(tmp_path: Path) -> Path:
    """Return the folder in which workers mark that they reached a chunk."""
    folder = tmp_path / "marks"
    folder.mkdir()
    return folder
