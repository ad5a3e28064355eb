"""One combination: names, order, domains."""

from __future__ import annotations

import dataclasses
import math
import re

import numpy as np
import pytest
from hypothesis import given

from ib_grid.errors import GridError, ParamsError
from ib_grid.grid.params import PARAM_NAMES, Params, check_value, params_from_mapping
from ib_grid.market.instruments import GER40
from tests.helpers import strategies

VALUES: dict[str, object] = {
    "ib_start": "08:00",
    "ib_end": "08:30",
    "ib_timezone": "Europe/Berlin",
    "ib_wait_minutes": 15,
    "trade_window_minutes": 90,
    "rr_target": 1.5,
    "stop_mode": "eq",
    "tsl_target": 0.5,
    "tsl_sl": 0.5,
    "min_sl_pct": 0.001,
    "rev_rb_enabled": True,
    "rev_rb_pct": 0.5,
    "ib_buffer_pct": 0.1,
    "max_distance_pct": 1.0,
}


def test_names_are_in_the_order_of_the_result_columns():
    assert tuple(VALUES) == PARAM_NAMES
    assert tuple(field.name for field in dataclasses.fields(Params)) == PARAM_NAMES


@given(params=strategies.params(GER40.sessions[1]))
def test_mapping_and_back(params):
    assert params_from_mapping(params.to_dict()) == params
    assert hash(params_from_mapping(params.to_dict())) == hash(params)


def test_values_take_the_type_of_their_parameter():
    params = params_from_mapping({**VALUES, "rr_target": 2, "ib_wait_minutes": 15.0})
    assert (type(params.rr_target), type(params.ib_wait_minutes)) == (float, int)
    assert params == params_from_mapping({**VALUES, "rr_target": 2.0})


def test_session_and_horizon():
    params = params_from_mapping(VALUES)
    assert params.session == GER40.sessions[0]
    assert params.horizon_minutes == 105


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ib_wait_minutes", 0),
        ("ib_wait_minutes", 1440),
        ("trade_window_minutes", 1),
        ("trade_window_minutes", 1440),
        ("rr_target", 1e-3),
        ("tsl_target", 0),
        ("tsl_target", 0.01),
        ("tsl_sl", 0.01),
        ("min_sl_pct", 0),
        ("rev_rb_pct", 0),
        ("ib_buffer_pct", 0),
        ("max_distance_pct", 0),
    ],
)
def test_edges_of_the_domains(name, value):
    assert getattr(params_from_mapping({**VALUES, name: value}), name) == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ib_wait_minutes", -1),
        ("ib_wait_minutes", 1441),
        ("ib_wait_minutes", 1.5),
        ("ib_wait_minutes", True),
        ("ib_wait_minutes", "15"),
        ("trade_window_minutes", 0),
        ("trade_window_minutes", math.inf),
        ("rr_target", 0),
        ("rr_target", -1),
        ("rr_target", math.nan),
        ("rr_target", None),
        ("stop_mode", "EQ"),
        ("stop_mode", 1),
        ("tsl_target", 0.001),
        ("tsl_target", -0.5),
        ("tsl_sl", 0),
        ("min_sl_pct", 1),
        ("min_sl_pct", -0.001),
        ("rev_rb_enabled", 1),
        ("rev_rb_enabled", "true"),
        ("rev_rb_pct", -0.1),
        ("ib_buffer_pct", math.nan),
        ("max_distance_pct", [1.0]),
    ],
)
def test_value_out_of_its_domain(name, value):
    with pytest.raises(ParamsError, match=re.escape(f"{name} is {value!r}")) as error:
        params_from_mapping({**VALUES, name: value}, location="P.json")
    assert error.value.location == "P.json"
    assert error.value.expected
    assert error.value.exit_status == 2


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ib_start": "8:00"}, "'8:00' is not a time of day"),
        ({"ib_start": "09:00"}, "the session 09:00-08:30 ends before it begins"),
        ({"ib_timezone": "Berlin"}, "unknown time zone 'Berlin'"),
        ({"ib_end": None}, "None is not a time of day"),
    ],
)
def test_invalid_session(changes, said):
    with pytest.raises(ParamsError, match=said):
        params_from_mapping({**VALUES, **changes})


def test_missing_and_unknown_names_are_listed_together():
    values = {name: value for name, value in VALUES.items() if name != "tsl_sl"}
    with pytest.raises(ParamsError, match="no value for tsl_sl; unknown name tsl_stop"):
        params_from_mapping({**values, "tsl_stop": 1})


def test_check_value_raises_the_error_it_is_given():
    with pytest.raises(GridError, match="rr_target is -1") as error:
        check_value("rr_target", -1, GridError, "grid.toml")
    assert error.value.location == "grid.toml"


def test_numpy_scalars_are_as_good_as_plain_ones():
    values = {
        **VALUES,
        "ib_wait_minutes": np.int32(15),
        "rr_target": np.float64(1.5),
        "rev_rb_enabled": np.bool_(True),
    }
    assert params_from_mapping(values) == params_from_mapping(VALUES)


@pytest.mark.parametrize("name", ["rr_target", "ib_wait_minutes"])
@pytest.mark.parametrize("value", [10**400, math.nan, math.inf, 1j, "1", None, [1]])
def test_non_finite_number_is_refused(name, value):
    with pytest.raises(ParamsError, match=name):
        params_from_mapping({**VALUES, name: value})
