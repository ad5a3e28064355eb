"""The HTML report: one safe file, with everything that a reader must see."""

from __future__ import annotations

import dataclasses
import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ib_grid.analysis import RunSource
from ib_grid.analysis.effects.neighbourhoods import neighbours
from ib_grid.grid.columns import METRIC_NAMES
from ib_grid.grid.grid import Grid
from ib_grid.grid.named_grids import grid_from_mapping
from ib_grid.grid.params import params_from_mapping
from ib_grid.market.instruments import GER40
from pipelines.render.html.assembly import plotly_base64
from pipelines.render.html.words import per_trade_r_text, percent
from pipelines.report.html.page import html_text
from pipelines.report.measures.challenge import example_challenge
from tests.helpers.html_page import (
    Element,
    figures,
    json_of,
    page_of,
    read_page,
    represented,
    top_table,
)
from tests.helpers.runs.reported_runs import AXES, MadeUpRun, random_rows, run_info, write_rows
from tests.helpers.runs.tested_runs import robustness, walk_forward
from tests.helpers.runs.traded_runs import traded_run

MakeRun = Callable[..., MadeUpRun]
MAX_BYTES = 5_000_000


# what to type


def test_hint_is_the_needed_command(traded: tuple[MadeUpRun, RunSource], page: Element) -> None:
    run, _ = traded
    for row in represented(run):
        section = page.by_id(f"trades-{row['combo_id']}")
        lines, content = (pre.text for pre in section.all("pre"))
        combo_id = int(row["combo_id"])
        params = params_from_mapping(json.loads(content))
        assert params == run.info.grid.params(combo_id)
        export, _, options = lines.partition(run.info.trades_command)
        (link,) = section.all("a")
        file = link.attributes["download"]
        assert export.split() == ["ib-grid", "export", "RUN", "--id", str(combo_id), "--out", file]
        words = shlex.split(options)
        assert words[words.index("--params") + 1] == link.attributes["download"]
        assert words[words.index("--out") + 1] == f"GER40_{combo_id}_trades.csv"
    links = [row["trades_link"] for row in top_table(page)]
    targets = [next(cell.all("a")).attributes["href"] for cell in links]
    assert targets == [f"#trades-{row['combo_id']}" for row in represented(run)]


# one file, safe and small


def test_nothing_is_fetched(page: Element) -> None:
    for element in page.all():
        for name in ("src", "href", "action", "srcset", "poster", "data"):
            target = element.attributes.get(name, "#")
            assert target.startswith(("#", "data:")), (element.tag, target)
    (style,) = page.all("style")
    assert "url(" not in style.text
    assert "@import" not in style.text
    policy = [m.attributes for m in page.all("meta") if "http-equiv" in m.attributes]
    assert policy[0]["content"].startswith("default-src 'none';")


def test_the_file_is_small(traded: tuple[MadeUpRun, RunSource], page: Element) -> None:
    size = (traded[0].run_dir / "GER40_report.html").stat().st_size
    assert size < MAX_BYTES
    # All but plotly.js: it depends on the bins, the values and the trades, not on the combinations.
    assert size - len(plotly_base64()) < 500_000


def test_a_larger_grid_makes_no_larger_figures(tmp_path: Path) -> None:
    sizes = []
    for n in (1, 8):
        axes = {**AXES, "ib_buffer_pct": [0.01 * i for i in range(n)]}
        run, _ = traded_run(tmp_path, grid_from_mapping(axes, GER40))
        sizes.append(len(html_text(run.report())) - len(plotly_base64()))
    assert sizes[1] < 1.5 * sizes[0]


HOSTILE = '</script><script>alert(1)</script> "Non-Farm" & <img src=x onerror=alert(2)>'


def test_nothing_from_data_is_markup(make_run: MakeRun) -> None:
    plain = page_of(make_run(notes=("Calm.",)))
    run = make_run(
        notes=(f"Without a time of day, so not blocked: {HOSTILE}",),
        trades_command=f"ib-grid trades --news {shlex.quote(HOSTILE)}",
        first_bar_utc="2024-01-02<b>",
        fingerprint="<i>0123</i>",
    )
    page = page_of(run)
    assert [e.tag for e in page.all()] == [e.tag for e in plain.all()]
    assert f"Without a time of day, so not blocked: {' '.join(HOSTILE.split())}" in page.text
    command = next(s for s in page.all("pre") if "ib-grid" in s.text).text
    assert HOSTILE in shlex.split(command)
    assert not any(name.startswith("on") for e in page.all() for name in e.attributes)


def test_figures_cannot_close_their_script(
    traded: tuple[MadeUpRun, RunSource], page: Element
) -> None:
    text = (traded[0].run_dir / "GER40_report.html").read_text()
    inside = text.split('id="figures">')[1].split("</script>")[0]
    assert "<" not in inside
    assert json.loads(inside) == figures(page)


# what every reader has to see


def test_notes_and_partial_come_first(make_run: MakeRun) -> None:
    notes = ("NOT FILTERED: 12 of 250 session dates.", *(f"line {i}" for i in range(20)))
    run = make_run(chunks=slice(0, 2), notes=notes)
    page = page_of(run)
    (notice,) = page.all("aside")
    for note in notes:
        assert note in notice.text
    assert "PARTIAL: 50.0%" in page.by_id("partial").text
    assert page.text.index("NOT FILTERED") < page.text.index("Findings")
    assert "of the computed part of the grid" in page.by_id("finding-profitable").text
    assert "not complete, so the shares are approximate" in page.by_id("parameters").text
    assert "interactions" not in figures(page)["shares"]["data"][0]["y"]


@pytest.mark.parametrize(
    ("note", "chunks", "is_warning"),
    [
        ("News filter: off.", slice(None), False),
        ("All 250 session dates are covered.", slice(None), False),
        ("NOT FILTERED: 12 of 250 session dates.", slice(None), True),
        ("News filter: off.", slice(0, 2), True),
    ],
)
def test_only_missing_data_is_a_warning(
    make_run: MakeRun, note: str, chunks: slice, is_warning: bool
) -> None:
    page = page_of(make_run(notes=(note,), chunks=chunks))
    (notice,) = page.all("aside")
    assert ("warning" in notice.attributes["class"].split()) == is_warning
    (line,) = notice.all("li")
    assert [e.text for e in line.all("strong")] == ([note] if "NOT FILTERED" in note else [])


def test_complete_run_has_one_combination_count(make_run: MakeRun) -> None:
    assert page_of(make_run()).by_id("n-combinations").text == "512 combinations"


def test_share_of_a_partial_run_is_read(tmp_path: Path) -> None:
    grid = grid_from_mapping({**AXES, "ib_wait_minutes": [0, 15, 30]}, GER40)
    rows = random_rows(grid, 1)
    write_rows(tmp_path, grid, rows, 128, slice(0, 1))
    run = MadeUpRun(tmp_path, run_info(grid), rows)
    page, share = page_of(run), run.report().grid_share_pct
    assert page.by_id("n-combinations").text == "128 of 768 combinations"
    for name in ("partial", "about-combinations"):
        place = page.by_id(name)
        assert "PARTIAL: 16.7% of the grid" in place.text
        assert str(share) not in place.text
        assert share in place.numbers


def test_complete_run_without_notes_has_no_notice(page: Element) -> None:
    assert not list(page.all("aside"))
    assert "PARTIAL" not in page.text


def test_in_sample_note_gives_no_advice(page: Element) -> None:
    said = page.by_id("finding-in_sample")
    assert "in sample" in said.text
    assert said.numbers == [512]
    verdict = page.by_id("verdict").text
    assert not re.search(r"\b(should|recommend|advise|buy|sell|consider)\b", verdict)


def test_nothing_ranked(make_run: MakeRun) -> None:
    page = page_of(make_run(most_trades=9))
    assert "no combination has 10 trades or more" in page.by_id("finding-best").text
    assert {"total_r", "shares"} <= set(figures(page))
    assert not {"score", "density", "variation-winrate"} & set(figures(page))
    assert "Nothing is ranked." in page.by_id("top").text
    assert not figures(page)["total_r"]["layout"].get("shapes")
    for sentence in ("The line marks the best", "is framed", "value is dark"):
        assert sentence not in page.text
    for name in ("finding-profitable", "distribution"):
        assert "Nothing is ranked: no combination has 10 trades or more." in page.by_id(name).text


def test_marks_are_explained_if_drawn(page: Element) -> None:
    for sentence in ("The line marks the selected combination.", "is framed.", "value is dark."):
        assert sentence in page.text
    assert "Nothing is ranked" not in page.text


def test_commands_in_the_glossary_are_code(page: Element) -> None:
    glossary = page.by_id("glossary")
    assert "`" not in glossary.text
    assert "ib-grid holdout" in [command.text for command in glossary.all("code")]


def test_singular_and_zero_read_well(make_run: MakeRun, grid: Grid) -> None:
    run = make_run()
    for name in METRIC_NAMES:
        if name not in ("total_trades", "total_r"):
            run.rows[name] = np.float32(1)
    run.rows["total_trades"] = np.float32(20)
    run.rows["ambiguous_trades"] = np.float32(1)
    run.rows["total_r"] = np.float32(-1)
    run.rows.loc[0, "total_r"] = np.float32(5)
    write_rows(run.run_dir, grid, run.rows, 128)
    page = page_of(run)
    assert "1 of 512 combinations makes money" in page.by_id("finding-profitable").text
    assert page.by_id("finding-best").text.endswith("No combination has a higher total R.")
    assert "1 of the 20 trades (5.0%) is ambiguous" in page.by_id("finding-ambiguous").text
    neighbour = int(neighbours(grid, 0)["combo_id"].iloc[0])
    run.rows.loc[neighbour, "total_r"] = np.float32(4)
    write_rows(run.run_dir, grid, run.rows, 128)
    said = page_of(run).by_id("finding-neighbours").text
    assert re.search(r"1 of the \d+ direct neighbours \(.*?\) is profitable", said)


def test_r_per_trade_has_three_significant_digits(
    traded: tuple[MadeUpRun, RunSource], page: Element
) -> None:
    metrics = json_of(traded[0], "best_by_variation.json")["overall"]["metrics"]
    names, texts = ([e.text for e in page.by_id("best-metrics").all(tag)] for tag in ("dt", "dd"))
    shown = dict(zip(names, texts, strict=True))
    for name in ("avg_trade_r", "avg_r_wins", "avg_r_losses"):
        assert float(shown[name].replace("−", "-")) == float(f"{metrics[name]:.3g}")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.01612, "0.0161"),
        (-0.0161, "−0.0161"),
        (0.09996, "0.100"),
        (1.234, "1.23"),
        (12.34, "12.3"),
        (1234.5, "1,234"),
        (0.0, "0.00"),
        (-1e-12, "0.000000"),
    ],
)
def test_three_significant_digits(value: float, text: str) -> None:
    assert per_trade_r_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0.0"), (0.01, "< 0.1"), (61.7283950617, "61.7"), (99.97, "> 99.9"), (100.0, "100.0")],
)
def test_share_never_rounds_to_zero_or_all(value: float, text: str) -> None:
    (data,) = read_page(percent(value)).all("data")
    assert (data.text, data.attributes["value"]) == (f"{text}%", str(value))


def test_a_grid_of_one(tmp_path: Path) -> None:
    grid = grid_from_mapping({name: values[:1] for name, values in AXES.items()}, GER40)
    run, source = traded_run(tmp_path, grid)
    page = read_page(html_text(run.report(source)))
    assert "No parameter sits at the end" in page.by_id("finding-edge").text
    assert "None of the direct neighbours has been computed" not in page.text
    assert "there are no neighbours" in page.by_id("finding-neighbours").text
    assert "Fewer than two parameters" in page.by_id("pairs").text
    assert len(top_table(page)) == 1
    assert "equity" not in figures(page)  # it loses


def test_equal_rows_make_a_page(make_run: MakeRun, grid: Grid) -> None:
    run = make_run()
    for name in run.rows.columns[15:]:
        run.rows[name] = np.float32(12)
    write_rows(run.run_dir, grid, run.rows, 128)
    page = page_of(run)
    assert figures(page)["total_r"]["data"][0]["y"] == [512]
    assert page.by_id("finding-profitable").numbers[0] == 100


def test_unmapped_parameters_are_listed(tmp_path: Path, page: Element) -> None:
    many = [round(0.5 + 0.01 * k, 2) for k in range(61)]
    grid = grid_from_mapping({**AXES, "rr_target": many, "ib_sessions": ["08:00-08:30"]}, GER40)
    rows = random_rows(grid, 5)
    write_rows(tmp_path, grid, rows, 500)
    wide = page_of(MadeUpRun(tmp_path, run_info(grid), rows))
    assert "Left out: rr_target, with more than 60 values." in wide.by_id("pairs").text
    assert not [name for name in figures(wide) if name.startswith("pair-") and "rr_target" in name]
    assert "Left out" not in page.by_id("pairs").text


# a prop firm's challenge


def test_a_challenge_is_shown_unless_the_trades_lose(traded: tuple[MadeUpRun, RunSource]) -> None:
    run, source = traded
    lost = dataclasses.replace(walk_forward(), out_of_sample_total_r=-1.0)
    losing = run.report(source, robustness=robustness(p=0.01, walk_forward=lost))
    assert (losing.verdict.level, losing.challenge) == ("do not trade", None)
    section = read_page(html_text(run.report(source, robustness=robustness()))).by_id("challenge")
    assert "FTMO Challenge 2-Step" in section.text
    assert "With combinations selected on past months and traded in the next" in section.text
    assert "an example as of" in section.text
    plots = [plot for plot in section.all("div") if plot.attributes["class"] == "plot"]
    assert [plot.attributes["id"] for plot in plots] == ["odds", "starts", "floors"]


def test_a_challenge_says_why_it_has_no_verdict(traded: tuple[MadeUpRun, RunSource]) -> None:
    run, source = traded
    for tests, reason in [
        (None, "a verdict needs a walk-forward: `ib-grid robustness RUN`"),
        (robustness(walk_forward=None), "a run has too few months for a walk-forward"),
    ]:
        found = run.report(source, robustness=tests).challenge
        assert found is not None
        assert reason in found.by_risk[0].sentence


def test_no_challenge_without_trades_or_a_contract(
    traded: tuple[MadeUpRun, RunSource],
) -> None:
    run, source = traded
    assert run.report().challenge is None
    other = dataclasses.replace(source, symbol="UK100")
    assert example_challenge(other, 0, pd.DataFrame(), None) is None
