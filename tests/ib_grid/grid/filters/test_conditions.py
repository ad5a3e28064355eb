"""Conditions against Python's own evaluation of the same text, row by row."""

from __future__ import annotations

import pickle

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_grid.errors import ConfigError
from ib_grid.grid.columns import result_schema
from ib_grid.grid.filters.conditions import MAX_CHARACTERS, MAX_DEPTH, parse_condition

VALUES = {
    "ib_start": ["08:00", "09:00", "08:00", "10:00"],
    "ib_wait_minutes": [0, 15, 15, 20],
    "rr_target": [0.5, 1.0, 1.25, 2.0],
    "stop_mode": ["eq", "ib_start", "eq", "eq"],
    "tsl_target": [0.0, 0.5, 1.25, 0.1],
    "rev_rb_enabled": [True, False, True, False],
    "max_distance_pct": [0.5, 1.25, 1.25, 1.5],
    "total_r": [0.1, -3.5, 12.25, 0.0],
    "total_trades": [9.0, 10.0, 300.0, 0.0],
    "max_drawdown": [0.0, 7.5, 3.0, 0.0],
    "ocae_winrate": [0.0, 50.0, 66.7, 100.0],
}
N_ROWS = 4


def table() -> pa.Table:
    """Rows of the result schema, 0 where nothing else is said."""
    columns = []
    for field in result_schema():
        blank: object = "x" if pa.types.is_string(field.type) else 0
        blank = False if pa.types.is_boolean(field.type) else blank
        columns.append(pa.array(VALUES.get(field.name, [blank] * N_ROWS)).cast(field.type))
    return pa.Table.from_arrays(columns, schema=result_schema())


ROWS = table().set_column(0, result_schema().field(0), pa.array(range(N_ROWS), pa.int64()))


def fulfilled(text: str) -> list[int]:
    return ROWS.filter(parse_condition(text).expression)["combo_id"].to_pylist()


def by_python(text: str) -> list[int]:
    """Evaluate the same text with Python on the stored values."""
    said = {"true": True, "false": False, "__builtins__": {}}
    return [i for i, row in enumerate(ROWS.to_pylist()) if eval(text, said | row)]


@pytest.mark.parametrize(
    "text",
    [
        "total_trades >= 10",
        "tsl_target > 0 and max_drawdown < 12",
        "not (tsl_target > 0 and total_r > 0) or rr_target == 2",
        "0 < tsl_target <= 1.25",
        "1 < 2 < total_r",
        "12 > max_drawdown",
        "rr_target + 1 < tsl_target * 2 - -0.5",
        "-total_r > 3 / 1",
        "ib_wait_minutes in (0, 15)",
        "ib_wait_minutes in (0.5, 15)",
        "ib_wait_minutes >= 14.5 and ib_wait_minutes != 15.5",
        "ib_wait_minutes == 15.0",
        "ib_wait_minutes / 2 == 7.5",
        "stop_mode == 'eq' and \"08:00\" < ib_start",
        "ib_start in ['08:00', '10:00']",
        "stop_mode not in ('eq',)",
        "rev_rb_enabled",
        "not rev_rb_enabled and total_r <= 0",
        "rev_rb_enabled == false",
        "rev_rb_enabled in (true, false)",
        "(total_r > 0) == rev_rb_enabled",
        "combo_id in (1, 3)",
        "combo_id < 2",
        "ocae_winrate in (50, 100)",
        "total_r in (12.25, 0)",
        "true and total_r > 0",
        "total_r > 0 or (rr_target < 1) != (tsl_target > 0)",
    ],
)
def test_evaluates_like_python(text: str) -> None:
    assert fulfilled(text) == by_python(text)


def test_parameters_and_float32_metrics_round_trip() -> None:
    assert fulfilled("tsl_target == 0.5") == [1]
    assert fulfilled("tsl_target == 0.1") == [3]
    assert fulfilled("tsl_target in (0.1, 1.25)") == [2, 3]
    assert fulfilled("max_distance_pct == 1.25") == [1, 2]
    assert float(np.float32(0.1)) > 0.1  # so a stored 0.1 is a little more than what was written
    assert fulfilled("total_r > 0.1") == [0, 2]
    assert fulfilled("total_r == 0.1") == fulfilled("total_r in (0.1,)") == []
    assert fulfilled("total_r == 12.25") == [2]


def test_division_by_zero_is_infinite_or_undefined() -> None:
    # total_r / max_drawdown: 0.1 / 0, -3.5 / 7.5, 12.25 / 3, 0 / 0
    assert fulfilled("total_r / max_drawdown > 1e300") == [0]
    assert fulfilled("-total_r / max_drawdown < 0 - 1e300") == [0]
    assert fulfilled("total_r / max_drawdown <= 4.1") == [1, 2]
    assert fulfilled("total_r / max_drawdown == total_r / max_drawdown") == [0, 1, 2]
    assert fulfilled("total_r / max_drawdown != 0") == [0, 1, 2, 3]
    assert fulfilled("ib_wait_minutes / ib_wait_minutes == 1") == [1, 2, 3]


def test_condition_grammar() -> None:
    found = parse_condition("  winrate > 50 and (total_trades >= 10 or winrate > 60)\n")
    assert found.text == "winrate > 50 and (total_trades >= 10 or winrate > 60)"
    assert found.columns == ("total_trades", "winrate")
    assert found == parse_condition(found.text)
    again = pickle.loads(pickle.dumps(found))
    assert again == found
    assert ROWS.filter(again.expression) == ROWS.filter(found.expression)


def test_a_data_set_leaves_out_files_by_a_parameter(tmp_path) -> None:
    for i in range(N_ROWS):
        folder = tmp_path / f"{i}.parquet"
        pq.write_table(ROWS.slice(i, 1), folder)
    (fragments,) = [list(ds.dataset(tmp_path).get_fragments())]
    for text, left in {
        "tsl_target == 0.5": 1,
        "ib_wait_minutes in (15, 99)": 2,
        "ib_wait_minutes > 14 and rr_target < 1.1": 1,
        "stop_mode == 'ib_start'": 1,
    }.items():
        expression = parse_condition(text).expression
        kept = [f for f in fragments if f.subset(expression).num_row_groups]
        assert len(kept) == left, text


@pytest.mark.parametrize(
    ("text", "found", "expected"),
    [
        ("", "empty condition", "total_trades >= 10"),
        ("total_rr > 0", "no column total_rr", "a result column"),
        ("zzz > 0", "no column zzz", "prefix of a variation"),
        ("total_r", "total_r is a number", "a comparison"),
        ("'eq'", "is a text", "a comparison"),
        ("1 < 2", "names no column", "result columns"),
        ("true", "names no column", "result columns"),
        ("total_r > ", "cannot be read", "result columns"),
        ("total_r = 0", "cannot be read at character 9", "== for equal"),
        ("total_r > 1or winrate > 2", "cannot be read", ""),
        ("total_r > '\\d'", "cannot be read", ""),
        ("total_r > 0; import os", "cannot be read", ""),
        ("total_r > 0\0", "cannot be read", ""),
        ("__import__('os').system('x')", "cannot be part of a condition", ""),
        ("abs(total_r) > 1", "abs(total_r) cannot be part of a condition", "+ - * /"),
        ("total_r.real > 1", "total_r.real cannot be part of a condition", ""),
        ("total_r[0] > 1", "total_r[0] cannot be part of a condition", ""),
        ("[total_r for total_r in ()]", "cannot be part of a condition", ""),
        ("(x := 1) > total_r", "x := 1 cannot be part of a condition", ""),
        ("total_r ** 2 > 1", "total_r ** 2 cannot be part of a condition", ""),
        ("total_r // 2 > 1", "total_r // 2 cannot be part of a condition", ""),
        ("total_r > 1 if rr_target else 2", "cannot be part of a condition", ""),
        ("lambda: total_r", "cannot be part of a condition", ""),
        ("f'{total_r}' == 'a'", "cannot be part of a condition", ""),
        ("+total_r > 0", "+total_r cannot be part of a condition", ""),
        ("total_r > 1e999", "1e999 is not a finite number", ""),
        ("total_r > 1j", "1j is not a finite number", ""),
        ("total_r > None", "None is not a finite number", ""),
        ("total_r > b'a'", "is not a finite number", ""),
        ("total_r is 0", "by `is`", "=="),
        ("tsl_target = 0 or tsl_sl < rr_target + 1", "cannot be read", "== for equal"),
        ("stop_mode = 'a=b'", "cannot be read", "== for equal"),
        ("total_r > 0 and stop_mode 'a=b'", "cannot be read", "result columns, numbers"),
        ("total_r <> 0", "cannot be read", "!= for unequal"),
        ("total_r > 0 AND winrate > 50", "cannot be read", "in small letters"),
        ("total_r > 0 && winrate > 50", "cannot be read", "and, or, not"),
        ("!rev_rb_enabled", "cannot be read", "and, or, not"),
        ("ib_start == 08:00", "cannot be read", "a time in quotes"),
        ("winrate > 50%", "cannot be read", "percent as a number alone"),
        ("max_drawdown < 12,5", "is a list", "a decimal point"),
        ("session == '08:00-08:30'", "no column session", "ib_start and ib_end"),
        ("score > 0.9", "no column score", "made of these"),
        ("total_r > 'high'", "compares a number with a text", ""),
        ("stop_mode == eq", "no column eq", ""),
        ("stop_mode == 'ib_strat'", "stop_mode is never 'ib_strat'", "ib_start or eq"),
        ("stop_mode in ('eq', 'open')", "stop_mode is never 'open'", ""),
        ("rev_rb_enabled > false", "in an order", "=="),
        ("rev_rb_enabled == 1", "compares a truth value with a number", ""),
        ("total_r and winrate > 1", "total_r is a number", "a comparison"),
        ("not total_r", "total_r is a number", "a comparison"),
        ("stop_mode + 'a' == 'eqa'", "stop_mode is a text", "a number"),
        ("-stop_mode == 'a'", "stop_mode is a text", "a number"),
        ("total_r in ()", "has no list of values", "in (0.5, 1)"),
        ("total_r in (winrate, 1)", "has no list of values", "in (0.5, 1)"),
        ("total_r in (1, 'a')", "mixes kinds", "a number each"),
        ("0 < total_r in (1, 2)", "joins `in`", "and"),
        ("total_r > 0 " + " " * MAX_CHARACTERS + "and winrate > 0", "2,027 characters", "2,000"),
        ("not " * 1000 + "rev_rb_enabled"[:MAX_CHARACTERS], "characters", "at most"),
        ("not " * 400 + "rev_rb_enabled", "nested too deeply", "at most 40"),
        ("-" * 1900 + "total_r > 0", "nested too deeply", "at most 40"),
        ("(" * 150 + "total_r" + ")" * 150 + " > 0 > " + "(" * 300, "cannot be read", ""),
    ],
)
def test_refused(text: str, found: str, expected: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_condition(text, location="--where")
    assert found in refused.value.message
    assert expected in refused.value.expected
    assert refused.value.location == "--where"
    assert len(str(refused.value)) < 1500


def test_no_text_at_all() -> None:
    with pytest.raises(ConfigError, match="empty condition"):
        parse_condition(None)  # type: ignore[arg-type]


def test_wide_is_not_deep() -> None:
    text = " or ".join(["total_r > 0"] * 130)
    assert fulfilled(text) == fulfilled("total_r > 0")
    sums = "+".join(["1"] * (MAX_DEPTH - 2))
    assert fulfilled(f"total_trades > {sums}") == [2]


NUMBERS = st.sampled_from(
    ["total_r", "rr_target", "ib_wait_minutes", "tsl_target", "combo_id", "0", "0.5", "15", "1e3"]
)
SUMS = st.recursive(
    NUMBERS,
    lambda inner: (
        st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda p: f"({' '.join(p)})")
        | inner.map(lambda x: f"(-{x})")
    ),
    max_leaves=4,
)
COMPARED = st.tuples(SUMS, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), SUMS).map(" ".join)
TRUTHS = st.recursive(
    COMPARED | st.sampled_from(["rev_rb_enabled", "stop_mode == 'eq'", "ib_start < '09:00'"]),
    lambda inner: (
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda p: f"({' '.join(p)})")
        | inner.map(lambda x: f"not ({x})")
    ),
    max_leaves=5,
)


@given(text=TRUTHS)
def test_any_condition_says_what_python_says(text: str) -> None:
    assert fulfilled(f"({text}) and combo_id >= 0") == by_python(text)


@given(
    text=st.text(max_size=60) | st.text("()<>=!+-*/'\" .0123e,total_rinandort[]{}:;\\", max_size=60)
)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        condition = parse_condition(text)
    except ConfigError:
        return
    ROWS.filter(condition.expression)
