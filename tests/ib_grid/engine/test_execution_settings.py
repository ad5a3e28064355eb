"""The execution model and its costs as a value."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest

from ib_grid.engine.execution_settings import MODELS, ORIGINAL, REALISTIC, Execution
from ib_grid.engine.spread_by_hour import SpreadByHour
from ib_grid.errors import ConfigError, InputError


def test_realistic_without_further_costs_is_the_default():
    execution = Execution(spread_points=1.5)
    assert execution.to_dict() == {
        "model": "realistic",
        "spread_points": 1.5,
        "slippage_points": 0.0,
        "commission_points": 0.0,
    }


def test_codes_of_the_kernels():
    codes = {model: Execution(model=model, spread_points=0).model_code for model in MODELS}
    assert codes == {"realistic": REALISTIC, "original": ORIGINAL}


def test_half_the_spread():
    assert Execution(spread_points=1.5).half_spread_points == 0.75


def test_whole_numbers_become_floats():
    execution = Execution(spread_points=1, slippage_points=0, commission_points=2)
    assert all(type(cost) is float for cost in dataclasses.astuple(execution)[1:4])
    assert execution == Execution(spread_points=1.0, commission_points=2.0)


@pytest.mark.parametrize("name", ["spread_points", "slippage_points", "commission_points"])
@pytest.mark.parametrize("value", [-0.1, math.nan, math.inf, "1", True, None])
def test_invalid_cost(name, value):
    with pytest.raises(ConfigError, match=f"{name} is {value!r}") as error:
        Execution(**{"spread_points": 1.0, name: value})
    assert error.value.exit_status == 2


def test_rare_settings_are_kept_only_where_they_have_an_effect():
    by_hour = SpreadByHour.from_mapping({"clock": "America/New_York+7", "0": 4}, 1.5)
    rare = {"delay_minutes": 3, "limit_through_points": 0.5, "spread_by_hour": by_hour}
    execution = Execution(spread_points=1.5, **rare)
    values = execution.to_dict()
    assert set(rare) <= set(values)
    assert Execution.from_dict(json.loads(json.dumps(values))) == execution
    assert json.loads(json.dumps(values)) == values


def test_spread_by_hour_follows_its_clock():
    by_hour = SpreadByHour.from_mapping({"clock": "America/New_York+7", "0": 4, "9": 2.5}, 1.5)
    execution = Execution(spread_points=1.5, spread_by_hour=by_hour)
    # the server is three hours ahead of UTC in the American summer, two in winter
    moments = ["2023-03-14T21:30", "2023-03-14T22:00", "2023-01-10T21:59", "2023-01-10T22:00"]
    minutes = np.array(moments, "datetime64[m]").astype(np.int64)
    assert execution.half_spreads(minutes).tolist() == [2, 0.75, 0.75, 2]
    assert [execution.half_spread_at(int(m)) for m in minutes] == [2, 0.75, 0.75, 2]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ({"0": 4}, "clock is missing"),
        ({"clock": "UTC", "24": 4}, "unknown key '24'"),
        ({"clock": "UTC", "08": 4}, "unknown key '08'"),
        ({"clock": "UTC", "8": -1}, "invalid spread -1"),
        ({"clock": "UTC", "8": "wide"}, "invalid spread 'wide'"),
        ({"clock": "Nowhere", "8": 4}, "unknown time zone 'Nowhere'"),
        ({"clock": "UTC"}, "no hour has a spread"),
    ],
)
def test_invalid_spread_by_hour(content, found):
    with pytest.raises(InputError, match=found):
        SpreadByHour.from_mapping(content, 1.5)


@pytest.mark.parametrize("delay", [-1, 1.5, True, None])
def test_invalid_delay(delay):
    with pytest.raises(ConfigError, match="delay_minutes is"):
        Execution(spread_points=1, delay_minutes=delay)


def test_unknown_model():
    with pytest.raises(ConfigError, match="unknown execution model 'optimistic'") as error:
        Execution(model="optimistic", spread_points=1)
    assert "realistic, original" in error.value.expected
