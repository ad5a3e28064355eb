"""Tests of the firm's clock."""

from __future__ import annotations

import numpy as np
import pytest

from ib_grid.account.challenge.firm_clock import FirmClock
from ib_grid.errors import ConfigError
from tests.ib_grid.account.challenge.examples import minute_of
from tests.ib_grid.account.golden import cases

CASES = cases("firm_day")


@pytest.mark.parametrize("name", CASES)
def test_golden_dates(name: str) -> None:
    case = CASES[name]
    clock = case["input"]["clock"]
    found = FirmClock(clock["zone"], clock.get("starts_at", "00:00")).dates(
        np.array([minute_of(case["input"]["time"])])
    )
    assert str(found.astype("datetime64[D]")[0]) == case["expect"]


@pytest.mark.parametrize(
    ("zone", "starts"),
    [("Prague", "00:00"), ("UTC+15", "00:00"), ("server", "24:00"), ("", "00:00")],
)
def test_an_invalid_clock_is_refused(zone: str, starts: str) -> None:
    with pytest.raises(ConfigError, match="clock"):
        FirmClock(zone, starts)
