"""The table of result columns, and the frame of trades."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from ib_grid.grid.columns import (
    METRIC_COLUMNS,
    METRIC_NAMES,
    METRICS,
    RESULT_COLUMNS,
    TRADE_COLUMNS,
    result_schema,
    trades_frame,
)
from ib_grid.grid.params import PARAM_NAMES


def a_frame(n: int) -> pd.DataFrame:
    """Return one trade on n dates from 2024-03-31, entry 07:01 and exit 07:03 UTC."""
    minute = 19_813 * 1440 + 7 * 60
    return trades_frame(
        date=[19_813 + i for i in range(n)],
        variation=["OCAE"] * n,
        direction=["short"] * n,
        entry_minute=[minute + 1 + 1440 * i for i in range(n)],
        entry_price=[100] * n,
        stop=[101] * n,
        target=[98] * n,
        exit_minute=[minute + 3 + 1440 * i for i in range(n)],
        exit_price=[98.5] * n,
        exit_reason=["time"] * n,
        r=[1.5] * n,
        ambiguous=[False] * n,
        worst_r=[-0.5] * n,
        risk_points=[1] * n,
    )


def test_a_column_per_metric_and_variation():
    assert len(METRIC_NAMES) == len(set(METRIC_NAMES)) == 18
    assert len(METRIC_COLUMNS) == len(set(METRIC_COLUMNS)) == 90
    assert METRIC_COLUMNS[:18] == METRIC_NAMES
    assert METRIC_COLUMNS[18] == "ocae_total_r"
    assert METRIC_COLUMNS[-1] == "rev_rb_break_even_points"
    assert [*RESULT_COLUMNS] == ["combo_id", *PARAM_NAMES, *METRIC_COLUMNS]


def test_every_metric_has_a_unit_and_a_meaning():
    assert all(metric.unit and metric.meaning.endswith(".") for metric in METRICS)


def test_schema_of_the_rows():
    schema = result_schema()
    assert tuple(schema.names) == RESULT_COLUMNS
    assert not any(field.nullable for field in schema)
    types = {name: schema.field(name).type for name in schema.names}
    assert types["combo_id"] == pa.int64()
    assert {types[name] for name in METRIC_COLUMNS} == {pa.float32()}
    assert types["ib_start"] == types["stop_mode"] == pa.string()
    assert types["ib_wait_minutes"] == types["trade_window_minutes"] == pa.int32()
    assert types["rev_rb_enabled"] == pa.bool_()
    assert types["rr_target"] == pa.float64()


def test_trades_frame():
    frame = a_frame(2)
    assert tuple(frame.columns) == TRADE_COLUMNS
    assert frame["date"].tolist() == [pd.Timestamp("2024-03-31"), pd.Timestamp("2024-04-01")]
    assert frame["entry_time"][0] == pd.Timestamp("2024-03-31 07:01", tz="UTC")
    assert frame["exit_time"][1] == pd.Timestamp("2024-04-01 07:03", tz="UTC")
    assert frame["direction"].tolist() == ["short", "short"]


def test_frame_without_trades_has_the_same_types():
    assert a_frame(0).empty
    assert a_frame(0).dtypes.equals(a_frame(2).dtypes)
