"""Every number of a report is the same in each of its files, and that of the rows."""

from __future__ import annotations

import math

import numpy as np
import openpyxl
import pytest

from ib_grid.grid.columns import METRIC_COLUMNS, METRIC_NAMES
from ib_grid.grid.params import PARAM_NAMES, params_from_mapping
from ib_grid.grid.variations import VARIATIONS
from tests.helpers.runs.reported_runs import MadeUpRun
from tests.pipelines.report.test_write import read_csv, read_json, read_text, value_beside


def facts_of(text: str, heading: str) -> dict[str, str]:
    """Return the `name  value` lines below a heading, without commas in numbers."""
    lines = text.split(f"\n{heading}\n{'-' * len(heading)}\n")[1].split("\n\n")[0].splitlines()
    pairs = (line.split(maxsplit=1) for line in lines)
    return {name: value.replace(",", "").strip() for name, value in pairs}


def tables_of(text: str) -> list[list[dict[str, str]]]:
    """Return the aligned tables of a text, without commas in numbers."""
    tables = []
    for part in text.split("\n\n"):
        lines = [line.split() for line in part.splitlines()]
        lines = lines[2:] if len(lines) > 2 and set("".join(lines[1])) == {"-"} else lines
        if len(lines) > 1 and all(len(line) == len(lines[0]) > 2 for line in lines):
            cells = [[cell.replace(",", "") for cell in line] for line in lines[1:]]
            tables.append([dict(zip(lines[0], line, strict=True)) for line in cells])
    return tables


def test_csv_numbers_read_back_as_the_stored_float32(written: MadeUpRun) -> None:
    rows = read_csv(written, "top_100.csv")
    assert len(rows) == 100
    stored = written.rows.set_index("combo_id")
    for row in rows:
        expected = stored.loc[int(row["combo_id"])]
        for name in METRIC_COLUMNS:
            assert np.float32(row[name]) == expected[name]
        for name in PARAM_NAMES:
            assert row[name] == str(expected[name])


def test_best_params_are_a_parameter_file(written: MadeUpRun) -> None:
    content = read_json(written, "best_params.json")
    assert tuple(content) == PARAM_NAMES
    best_id = int(read_csv(written, "top_100.csv")[0]["combo_id"])
    assert params_from_mapping(content) == written.info.grid.params(best_id)
    assert "/GER40_best_params.json --out GER40_trades.csv" in read_text(written, "summary.txt")


def test_the_best_is_the_same_in_every_file(
    written: MadeUpRun, workbook: openpyxl.Workbook
) -> None:
    row = read_csv(written, "top_100.csv")[0]
    overall = read_json(written, "best_by_variation.json")["overall"]
    in_text = facts_of(read_text(written, "summary.txt"), "Selected combination")
    for name in ("score", *METRIC_NAMES):
        value = overall["score"] if name == "score" else overall["metrics"][name]
        assert float(row[name]) == value == float(in_text[name])
        for sheet in ("Results", "Top100"):
            assert cell(workbook[sheet], name, 2) == value
        assert value_beside(workbook["Summary"], name) == value
    for name in METRIC_COLUMNS:
        assert float(row[name]) == overall["metrics"][name]
    assert {name: str(value) for name, value in overall["params"].items()} == {
        name: row[name] for name in PARAM_NAMES
    }
    assert read_json(written, "best_params.json") == overall["params"]
    assert int(row["combo_id"]) == overall["combo_id"] == int(in_text["combo_id"])


def cell(sheet: object, column: str, row: int) -> object:
    header = [item.value for item in sheet[1]]
    return sheet.cell(row, header.index(column) + 1).value


@pytest.mark.parametrize("variation", VARIATIONS)
def test_a_variation_is_the_same_in_every_file(
    written: MadeUpRun, workbook: openpyxl.Workbook, variation: str
) -> None:
    prefix = f"{variation.lower()}_"
    summary = next(
        r for r in read_csv(written, "variations_summary.csv") if r["variation"] == variation
    )
    aggregate = read_json(written, "variation_agg.json")["variations"][variation]
    best = read_json(written, "best_by_variation.json")["variations"][variation]
    top = read_csv(written, f"variation_{variation}_top500.csv")
    for name, value in aggregate["by_rule"].items():
        assert float(summary[name]) == value
        assert float(summary[f"unfiltered_{name}"]) == aggregate["unfiltered"][name]
    assert int(summary["best_combo_id"]) == best["best"]["combo_id"] == int(top[0]["combo_id"])
    assert int(summary["unfiltered_best_combo_id"]) == best["unfiltered_best"]["combo_id"]
    assert float(summary["best_score"]) == best["best"]["score"] == float(top[0]["score"])
    assert cell(workbook[variation], "score", 2) == best["best"]["score"]
    for name in METRIC_NAMES:
        value = best["best"]["metrics"][prefix + name]
        assert float(top[0][prefix + name]) == value
        assert cell(workbook[variation], prefix + name, 2) == value
    check_in_text(written, variation, summary)


def check_in_text(run: MadeUpRun, variation: str, summary: dict[str, str]) -> None:
    tables = tables_of(read_text(run, "summary.txt"))
    (both,) = [table for table in tables if "variation" in table[0]]
    for filter_name, lead in (("rule", ""), ("none", "unfiltered_")):
        (line,) = [
            row for row in both if (row["variation"], row["filter"]) == (variation, filter_name)
        ]
        for name in ("combinations_with_trades", "trades", "total_r", "average_r"):
            assert float(line[name]) == float(summary[lead + name])
        assert line["best_combo_id"] == summary[f"{lead}best_combo_id"]
    figures = [t for t in tables_of(read_text(run, "variation_report.txt")) if "figure" in t[0]]
    for row in figures[VARIATIONS.index(variation)]:
        assert float(row["selected"]) == float(summary[row["figure"]])
        assert float(row["all"]) == float(summary[f"unfiltered_{row['figure']}"])


def test_sums_and_coverage_are_the_same_in_every_file(
    written: MadeUpRun, workbook: openpyxl.Workbook
) -> None:
    aggregate = read_json(written, "variation_agg.json")
    in_text = facts_of(read_text(written, "summary.txt"), "Combinations")
    sheet = workbook["Summary"]
    values = {name: aggregate[name] for name in ("grid", "computed", "grid_share_pct")}
    for name, value in {**values, **aggregate["overall"]}.items():
        assert float(in_text[name]) == value
        beside = [row[1].value for row in sheet.iter_rows() if row[0].value == name]
        assert beside[0] == value
    total = math.fsum(float(value) for value in written.rows["total_r"])
    assert aggregate["overall"]["total_r"] == float(f"{total:.12g}")
    assert aggregate["overall"]["trades"] == int(written.rows["total_trades"].sum())


def test_extrema_in_the_summary_are_stored_values(written: MadeUpRun) -> None:
    ranked = written.rows[written.rows["total_trades"] >= 10]
    lines = read_text(written, "summary.txt").splitlines()
    (high,) = [line.split()[-1] for line in lines if line.startswith("total_r highest")]
    assert high == str(ranked["total_r"].to_numpy().max())


def test_complete_run_is_not_called_partial(written: MadeUpRun) -> None:
    assert read_json(written, "variation_agg.json")["partial"] is False
    assert "PARTIAL" not in read_text(written, "summary.txt")
