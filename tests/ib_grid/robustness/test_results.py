"""Results of the robustness tests by way of JSON."""

from __future__ import annotations

import dataclasses
import json

import pytest

from ib_grid.robustness.results import Robustness
from tests.helpers.runs.tested_runs import robustness


@pytest.mark.parametrize(
    "without", [{}, {"selected": None, "track_record": None, "walk_forward": None, "spa": None}]
)
def test_json_keeps_every_result(without: dict[str, object]) -> None:
    found = dataclasses.replace(robustness(), **without)  # type: ignore[arg-type]
    text = json.dumps(found.to_dict(), allow_nan=False)
    assert Robustness.from_dict(json.loads(text)) == found


def test_a_missing_result_is_an_error() -> None:
    content = robustness().to_dict()
    del content["cscv"]["pbo"]
    with pytest.raises(KeyError):
        Robustness.from_dict(content)
