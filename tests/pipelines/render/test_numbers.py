from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from ib_grid.errors.validation import points
from pipelines.render import numbers

FLOAT32 = st.floats(width=32, allow_nan=False, allow_infinity=False)


@given(st.lists(FLOAT32, max_size=20))
def test_shortest_decimals_read_back_the_same(values: list[float]) -> None:
    array = np.array(values, np.float32)
    decimals = numbers.shortest_decimals(array)
    assert (decimals.astype(np.float32) == array).all()
    for decimal, value in zip(decimals, array, strict=True):
        assert float(repr(float(decimal))) == float(str(value))


def test_no_negative_zero() -> None:
    assert repr(numbers.shortest_decimals(np.array([-0.0], np.float32))[0].item()) == "0.0"


def test_published_rows() -> None:
    rows = pd.DataFrame(
        {
            "combo_id": [3],
            "rr_target": [0.1],
            "total_r": np.array([0.1], np.float32),
            "ocae_total_trades": np.array([12], np.float32),
            "sharpe_trades": np.array([1.25], np.float32),
        }
    )
    published = numbers.row_values(numbers.published_rows(rows).iloc[0].to_dict())
    assert published == {
        "combo_id": 3,
        "rr_target": 0.1,
        "total_r": 0.1,
        "ocae_total_trades": 12,
        "sharpe_trades": 1.25,
    }
    frame = numbers.published_rows(rows)
    assert frame["ocae_total_trades"].dtype == np.int64
    assert frame["sharpe_trades"].dtype == np.float64


def test_text() -> None:
    assert numbers.text("trades", 1234567) == "1,234,567"
    assert numbers.text("grid", 1234567) == "1,234,567"
    assert numbers.text("combo_id", 1234567) == "1234567"
    assert numbers.text("best_combo_id", None) == "-"
    assert numbers.text("total_r", -1234.56789) == "-1,234.56789"
    assert numbers.text("rev_rb_enabled", True) == "true"
    assert numbers.text("stop_mode", "eq") == "eq"


def test_points_have_no_exponent() -> None:
    said = [points(value) for value in (1.5, 0.3, 2.0, 0.0, 0.00008, 1e-7)]
    assert said == ["1.5", "0.3", "2", "0", "0.00008", "0.0000001"]
    assert numbers.text("x", 0.00008) == "0.00008"
    assert numbers.text("x", 1234567.5) == "1,234,567.5"
