"""Results of the robustness tests by way of JSON."""

from __future__ import annotations

import dataclasses
import json

import pytest

from ib_grid.robustness.results import Robustness
from ib_grid.storage.mapping_files import as_declared
from tests.helpers.runs.tested_runs import robustness


@pytest.mark.parametrize(
    "without", [{}, {"selected": None, "track_record": None, "walk_forward": None, "spa": None}]
)
def test_json_keeps_every_result(without: dict[str, object]) -> None:
    found = dataclasses.replace(robustness(), **without)  # type: ignore[arg-type]
    text = json.dumps(dataclasses.asdict(found), allow_nan=False)
    assert as_declared(Robustness, json.loads(text)) == found


def test_a_missing_result_is_an_error() -> None:
    content = dataclasses.asdict(robustness())
    del content["cscv"]["pbo"]
    with pytest.raises(KeyError):
        as_declared(Robustness, content)
