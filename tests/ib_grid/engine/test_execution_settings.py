"""The execution model and its costs as a value."""

from __future__ import annotations

import dataclasses
import math

import pytest

from ib_grid.engine.execution_settings import MODELS, ORIGINAL, REALISTIC, Execution
from ib_grid.errors import ConfigError


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
    assert all(type(cost) is float for cost in dataclasses.astuple(execution)[1:])
    assert execution == Execution(spread_points=1.0, commission_points=2.0)


@pytest.mark.parametrize("name", ["spread_points", "slippage_points", "commission_points"])
@pytest.mark.parametrize("value", [-0.1, math.nan, math.inf, "1", True, None])
def test_invalid_cost(name, value):
    with pytest.raises(ConfigError, match=f"{name} is {value!r}") as error:
        Execution(**{"spread_points": 1.0, name: value})
    assert error.value.exit_status == 2


def test_unknown_model():
    with pytest.raises(ConfigError, match="unknown execution model 'optimistic'") as error:
        Execution(model="optimistic", spread_points=1)
    assert "realistic, original" in error.value.expected
