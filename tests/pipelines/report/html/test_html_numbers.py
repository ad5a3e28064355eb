"""Numbers of the HTML report equal those of the other files and of the trades."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ib_grid.analysis import RunSource
from ib_grid.engine import reference
from ib_grid.engine.execution_settings import Execution
from ib_grid.errors import StoreError
from ib_grid.grid.columns import METRIC_NAMES
from ib_grid.grid.grid import Grid
from ib_grid.grid.params import PARAM_NAMES
from ib_grid.grid.variations import VARIATIONS
from ib_grid.news.filter import NO_NEWS, NewsFilter
from pipelines.report.html.page import html_text
from pipelines.report.measures.replay import NoReplay
from pipelines.report.write import write_report
from tests.helpers.html_page import (
    Element,
    figures,
    json_of,
    page_of,
    read_page,
    represented,
    top_of,
    top_table,
)
from tests.helpers.runs.reported_runs import AXES, MadeUpRun
from tests.helpers.runs.traded_runs import traded_run

MakeRun = Callable[..., MadeUpRun]


# one source for each number


def test_the_top_20_are_those_of_the_csv(
    traded: tuple[MadeUpRun, RunSource], page: Element
) -> None:
    rows = top_table(page)
    assert len(rows) > 5
    for row, expected in zip(rows, represented(traded[0]), strict=True):
        for name in ("rank", "combo_id", "score", "total_r", "total_trades", "winrate"):
            assert row[name].numbers == [float(expected[name])]
            assert float(row[name].attributes["data-sort"]) == float(expected[name])
        for name in ("max_drawdown", "sharpe_ratio", "profit_factor", "ambiguous_trades"):
            assert row[name].numbers == [float(expected[name])]
        for name in ("rr_target", "ib_wait_minutes", "ib_buffer_pct"):
            assert float(row[name].text) == float(expected[name])
        assert row["session"].text == f"{expected['ib_start']}–{expected['ib_end']}"


def test_the_best_combination_is_that_of_the_json(
    traded: tuple[MadeUpRun, RunSource], page: Element
) -> None:
    best = json_of(traded[0], "best_by_variation.json")["overall"]
    metrics = best["metrics"]
    said = page.by_id("finding-best").numbers
    expected = [best["combo_id"], best["score"], metrics["total_r"], metrics["total_trades"]]
    assert said[:6] == [*expected, metrics["winrate"], metrics["max_drawdown"]]
    in_full = dict(zip(("score", *METRIC_NAMES), page.by_id("best-metrics").numbers, strict=True))
    assert in_full == {"score": best["score"], **{n: metrics[n] for n in METRIC_NAMES}}
    params = page.by_id("best-params")
    names, texts = ([e.text for e in params.all(tag)] for tag in ("dt", "dd"))
    shown = {
        n: str(v).lower() if isinstance(v, bool) else str(v) for n, v in best["params"].items()
    }
    assert dict(zip(names, texts, strict=True)) == shown
    assert names == list(PARAM_NAMES)


def test_sums_are_those_of_the_json(traded: tuple[MadeUpRun, RunSource], page: Element) -> None:
    aggregate = json_of(traded[0], "variation_agg.json")
    overall = aggregate["overall"]
    share, profitable, combinations = page.by_id("finding-profitable").numbers[:3]
    assert (profitable, combinations) == (overall["profitable_combinations"], 512)
    assert share == pytest.approx(100 * profitable / combinations, rel=1e-11)
    about = page.by_id("about-combinations")
    names = [dt.text for dt in about.all("dt")]
    values = dict(zip(names[1:], about.numbers, strict=True))  # the state is no number
    for name, value in {**overall, "grid": 512, "computed": 512}.items():
        assert values[name] == value
    in_bins = figures(page)["total_r"]["data"][0]
    edges = [ends[0] for ends in in_bins["customdata"]]
    blue = sum(n for n, low in zip(in_bins["y"], edges, strict=True) if low >= 0)
    assert (sum(in_bins["y"]), blue) == (combinations, profitable)


def test_variations_are_those_of_the_json(
    traded: tuple[MadeUpRun, RunSource], page: Element
) -> None:
    best = json_of(traded[0], "best_by_variation.json")["overall"]["metrics"]
    aggregate = json_of(traded[0], "variation_agg.json")["variations"]
    drawn = figures(page)
    for i, name in enumerate(VARIATIONS):
        own = [best[f"{name.lower()}_{metric}"] for metric in ("total_trades", "total_r")]
        ratios = [best[f"{name.lower()}_{metric}"] for metric in ("winrate", "avg_trade_r")]
        over = aggregate[name]
        grid_figures = [
            over["unfiltered"]["combinations_with_trades"],
            over["unfiltered"]["average_r"],
            over["by_rule"]["average_r"],
        ]
        expected = [*own, *ratios, *grid_figures] if own[0] else [0, *grid_figures]
        assert page.by_id(f"variation-{name}").numbers == expected
        for figure, value in zip(("winrate", "avg_trade_r"), ratios, strict=True):
            bar = drawn[f"variation-{figure}"]["data"][0]["y"][i]
            assert bar == (value if own[0] else None)


def test_the_best_combination_is_marked(traded: tuple[MadeUpRun, RunSource], page: Element) -> None:
    best = json_of(traded[0], "best_by_variation.json")["overall"]
    drawn = figures(page)
    assert drawn["total_r"]["layout"]["shapes"][0]["x0"] == best["metrics"]["total_r"]
    assert drawn["score"]["layout"]["shapes"][0]["x0"] == best["score"]
    point = drawn["density"]["data"][-1]
    assert (point["x"], point["y"]) == (
        [best["metrics"]["max_drawdown"]],
        [best["metrics"]["total_r"]],
    )
    maps = {name: spec for name, spec in drawn.items() if name.startswith("pair-")}
    assert len(maps) == 6
    for spec in maps.values():
        x_name, y_name = (
            spec["layout"][f"{axis}axis"]["title"]["text"].split("<br>")[0] for axis in "xy"
        )
        (frame,) = spec["layout"]["shapes"]
        for name, axis in ((x_name, "x"), (y_name, "y")):
            label = spec["data"][0][axis][int(frame[f"{axis}0"] + 0.5)]
            session = f"{best['params']['ib_start']}–{best['params']['ib_end']}"
            value = {**best["params"], "session": session}[name]
            assert label == (value if isinstance(value, str) else _label(value))


def _label(value: float | bool) -> str:
    return ("on" if value else "off") if isinstance(value, bool) else f"{value:g}"


def test_every_axis_has_a_title(page: Element) -> None:
    for name, spec in figures(page).items():
        axes = [key for key in spec["layout"] if re.fullmatch(r"[xy]axis\d*", key)]
        assert {"xaxis", "yaxis"} <= set(axes), name
        titled = {key for key in axes if spec["layout"][key].get("title", {}).get("text")}
        assert titled == set(axes) - ({"yaxis"} if name in ("shares", "starts") else set()), name


# trades again


def test_curves_end_where_the_ranking_does(
    traded: tuple[MadeUpRun, RunSource], page: Element
) -> None:
    lines = figures(page)["equity"]["data"]
    equity = {line["name"]: line for line in lines if line["yaxis"] == "y"}
    under = {line["name"]: line for line in lines if line["yaxis"] == "y2"}
    shown = represented(traded[0])[:10]
    assert len(equity) == len(under) == len(shown)
    for row in shown:
        name = f"rank {row['rank']}"
        r, below = equity[name]["y"], under[name]["y"]
        assert r[0] == 0
        assert r[-1] == pytest.approx(float(row["total_r"]), abs=1e-3)
        assert len(r) == int(row["total_trades"]) + 2  # from the first bar to the last
        assert -min(below) == pytest.approx(float(row["max_drawdown"]), abs=1e-3)
        assert max(below) == 0
        assert equity[name]["x"] == sorted(equity[name]["x"])


def test_sums_of_r_add_up_to_the_total(traded: tuple[MadeUpRun, RunSource], page: Element) -> None:
    drawn = figures(page)
    total = float(top_of(traded[0])[0]["total_r"])
    for name in ("years", "weekdays", "hours"):
        assert sum(drawn[name]["data"][0]["y"]) == pytest.approx(total, abs=1e-2), name
    cells = [z for row in drawn["months"]["data"][0]["z"] for z in row if z is not None]
    assert sum(cells) == pytest.approx(total, abs=1e-2)
    ends = [line["y"][-1] for line in drawn["variation-curves"]["data"]]
    assert sum(ends) == pytest.approx(total, abs=1e-2)


def test_hours_are_local(traded: tuple[MadeUpRun, RunSource], page: Element) -> None:
    run, source = traded
    params = run.info.grid.params(int(top_of(run)[0]["combo_id"]))
    trades = reference.trades(source.context, params)
    hours = trades["entry_time"].dt.tz_convert("Europe/Berlin").dt.hour
    expected = trades["r"].groupby(hours).sum()
    bars = figures(page)["hours"]["data"][0]
    shown = {int(x[:2]): y for x, y in zip(bars["x"], bars["y"], strict=True)}
    assert {hour: shown[hour] for hour in expected.index} == pytest.approx(
        expected.to_dict(), abs=1e-3
    )
    assert set(trades["entry_time"].dt.hour) != set(hours)


def test_the_other_model_is_measured(traded: tuple[MadeUpRun, RunSource], page: Element) -> None:
    run, source = traded
    execution = Execution(model="original", spread_points=1.5)
    other = dataclasses.replace(source.context, execution=execution)
    rows, totals = represented(run), []
    for row in rows:
        params = run.info.grid.params(int(row["combo_id"]))
        totals.append(reference.trades(other, params)["r"].sum())
    in_table = [row["other_total_r"].numbers[0] for row in top_table(page)]
    assert in_table == pytest.approx(totals, abs=1e-3)
    said = page.by_id("finding-other_model")
    n_profitable, n, median, own_median, best, own_best = said.numbers
    assert "old optimizer's fills" in said.text
    assert (n_profitable, n) == (sum(t > 0 for t in totals), len(rows))
    assert (median, best) == pytest.approx((np.median(totals), totals[0]), abs=1e-3)
    own = [float(row["total_r"]) for row in rows]
    assert (own_median, own_best) == pytest.approx((np.median(own), own[0]), rel=1e-11)


def test_neighbours_and_edges_are_described(
    traded: tuple[MadeUpRun, RunSource], page: Element
) -> None:
    run, _ = traded
    best = json_of(run, "best_by_variation.json")["overall"]
    profitable, n, low, high, median, own = page.by_id("finding-neighbours").numbers
    assert own == best["metrics"]["total_r"]
    params = run.info.grid.params(best["combo_id"]).to_dict()
    rows = run.rows
    apart = sum((rows[name] != params[name]).astype(int) for name in AXES if name in rows)
    apart += (rows["ib_start"] != params["ib_start"]).astype(int)
    near = rows.loc[apart == 1, "total_r"].astype(np.float64)  # two values an axis: one step
    assert (profitable, n) == ((near > 0).sum(), len(near))
    assert (low, high, median) == pytest.approx((near.min(), near.max(), near.median()), rel=1e-6)
    edge = page.by_id("finding-edge")
    assert "parameters sit at the end of their tested range" in edge.text
    for name in ("ib_wait_minutes", "rr_target", "ib_buffer_pct", "max_distance_pct"):
        assert name in edge.text


def test_ambiguous_trades_are_counted(make_run: MakeRun) -> None:
    run = make_run()
    write_report(run.report(), run.run_dir)
    row = top_of(run)[0]
    ambiguous, trades = float(row["ambiguous_trades"]), float(row["total_trades"])
    said = page_of(run).by_id("finding-ambiguous")
    assert said.numbers == pytest.approx([ambiguous, trades, 100 * ambiguous / trades])


def test_missing_bars_are_reported(make_run: MakeRun) -> None:
    run = make_run()
    text = html_text(run.report(NoReplay("The bars are gone, gone.")))
    page = read_page(text)
    assert page.by_id("finding-other_model").text.endswith("Not measured. The bars are gone, gone.")
    for name in ("curves", "calendar", "variations"):
        assert "The bars are gone, gone." in page.by_id(name).text
    assert not {"equity", "months", "variation-curves"} & set(figures(page))
    assert "variation-winrate" in figures(page)
    assert len(top_table(page)) == 20


def test_bars_of_another_run_are_refused(make_run: MakeRun, grid: Grid, tmp_path: Path) -> None:
    run = make_run()
    _, source = traded_run(tmp_path / "other", grid)
    with pytest.raises(StoreError, match="is wrong: "):
        run.report(source)


def test_the_news_of_the_run_are_kept(grid: Grid, tmp_path: Path) -> None:
    minutes = np.arange(28_000_000, 29_000_000, 60)
    news = NewsFilter(events=minutes, before_minutes=10, after_minutes=10)
    run, source = traded_run(tmp_path, grid, news=news)
    context = dataclasses.replace(source.context, news=NO_NEWS)
    without = dataclasses.replace(source, context=context)
    assert "equity" in figures(read_page(html_text(run.report(source))))
    with pytest.raises(StoreError, match="is wrong: "):
        run.report(without)
