"""What the tests of faults share: a run that nothing disturbed, and processes that all end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.faults.disturbed_runs import Children, Place


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A run that nothing has disturbed."""
    place = Place(folder=tmp_path_factory.mktemp("undisturbed"))
    place.complete()
    return place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Where a run that will be disturbed is to be."""
    return Place(folder=tmp_path)


@pytest.fixture
def children(tmp_path: Path) -> Iterator[Children]:
    """Starts processes, and ends those that a test has left."""
    started = Children(tmp_path)
    yield started
    started.end()


@pytest.fixture
def marks(tmp_path: Path) -> Path:
    """Where workers say that they are in the chunk that is looked for."""
    folder = tmp_path / "marks"
    folder.mkdir()
    return folder
