from __future__ import annotations

import csv
import dataclasses
import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ib_grid import reference
from ib_grid.analysis import Source
from ib_grid.analysis.neighbourhoods import neighbours
from ib_grid.execution import Execution
from ib_grid.grid import Grid, grid_from_mapping
from ib_grid.instruments import GER40
from ib_grid.news import NO_NEWS, NewsFilter
from ib_grid.params import PARAM_NAMES, params_from_mapping
from ib_grid.results import METRIC_NAMES, VARIATIONS
from pipelines.report.deep_dive import NoReplay
from pipelines.report.files import write_report
from pipelines.report.html.assembly import plotly_base64
from pipelines.report.html.page import html_text
from pipelines.report.html.words import per_trade_r_text, percent
from tests.report.made_up import AXES, MadeUpRun, random_rows, run_info, write_rows
from tests.report.page import Element, figures, read_page
from tests.report.traded import traded_run

MakeRun = Callable[..., MadeUpRun]
MAX_BYTES = 5_000_000


@pytest.fixture(scope="module")
def traded(tmp_path_factory: pytest.TempPathFactory, grid: Grid) -> tuple[MadeUpRun, Source]:
    run, source = traded_run(tmp_path_factory.mktemp("traded"), grid)
    write_report(run.report(source), run.run_dir)
    return run, source


@pytest.fixture(scope="module")
def page(traded: tuple[MadeUpRun, Source]) -> Element:
    return read_page((traded[0].run_dir / "GER40_report.html").read_text())


def page_of(run: MadeUpRun, **settings: object) -> Element:
    return read_page(html_text(run.report(**settings)))


def json_of(run: MadeUpRun, name: str) -> dict[str, Any]:
    return json.loads((run.run_dir / f"GER40_{name}").read_text())


def top_of(run: MadeUpRun) -> list[dict[str, str]]:
    with (run.run_dir / "GER40_top_100.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def top_table(page: Element) -> list[dict[str, Element]]:
    """The rows of the top 20 by column name."""
    table = page.by_id("top-table")
    names = [th.attributes.get("data-column", "trades_link") for th in table.all("th")]
    rows = [list(tr.all("td")) for tr in table.all("tr")]
    return [dict(zip(names, cells, strict=True)) for cells in rows if cells]


# one source for each number


def test_the_top_20_are_those_of_the_csv(traded: tuple[MadeUpRun, Source], page: Element) -> None:
    rows = top_table(page)
    assert len(rows) == 20
    for row, expected in zip(rows, top_of(traded[0]), strict=False):
        for name in ("rank", "combo_id", "score", "total_r", "total_trades", "winrate"):
            assert row[name].numbers == [float(expected[name])]
            assert float(row[name].attributes["data-sort"]) == float(expected[name])
        for name in ("max_drawdown", "sharpe_ratio", "profit_factor", "ambiguous_trades"):
            assert row[name].numbers == [float(expected[name])]
        for name in ("rr_target", "ib_wait_minutes", "ib_buffer_pct"):
            assert float(row[name].text) == float(expected[name])
        assert row["session"].text == f"{expected['ib_start']}–{expected['ib_end']}"


def test_the_best_set_is_that_of_the_json(traded: tuple[MadeUpRun, Source], page: Element) -> None:
    best = json_of(traded[0], "best_by_variation.json")["overall"]
    metrics = best["metrics"]
    said = page.by_id("verdict-best").numbers
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


def test_sums_are_those_of_the_json(traded: tuple[MadeUpRun, Source], page: Element) -> None:
    aggregate = json_of(traded[0], "variation_agg.json")
    overall = aggregate["overall"]
    share, profitable, combinations = page.by_id("verdict-profitable").numbers[:3]
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


def test_variations_are_those_of_the_json(traded: tuple[MadeUpRun, Source], page: Element) -> None:
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


def test_the_best_set_is_marked(traded: tuple[MadeUpRun, Source], page: Element) -> None:
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
        assert titled == set(axes) - ({"yaxis"} if name == "shares" else set()), name


# trades again


def test_curves_end_where_the_ranking_does(traded: tuple[MadeUpRun, Source], page: Element) -> None:
    lines = figures(page)["equity"]["data"]
    equity = {line["name"]: line for line in lines if line["yaxis"] == "y"}
    under = {line["name"]: line for line in lines if line["yaxis"] == "y2"}
    assert len(equity) == len(under) == 10
    for row in top_of(traded[0])[:10]:
        name = f"rank {row['rank']}"
        r, below = equity[name]["y"], under[name]["y"]
        assert r[0] == 0
        assert r[-1] == pytest.approx(float(row["total_r"]), abs=1e-3)
        assert len(r) == int(row["total_trades"]) + 2  # from the first bar to the last
        assert -min(below) == pytest.approx(float(row["max_drawdown"]), abs=1e-3)
        assert max(below) == 0
        assert equity[name]["x"] == sorted(equity[name]["x"])


def test_sums_of_r_add_up_to_the_total(traded: tuple[MadeUpRun, Source], page: Element) -> None:
    drawn = figures(page)
    total = float(top_of(traded[0])[0]["total_r"])
    for name in ("years", "weekdays", "hours"):
        assert sum(drawn[name]["data"][0]["y"]) == pytest.approx(total, abs=1e-2), name
    cells = [z for row in drawn["months"]["data"][0]["z"] for z in row if z is not None]
    assert sum(cells) == pytest.approx(total, abs=1e-2)
    ends = [line["y"][-1] for line in drawn["variation-curves"]["data"]]
    assert sum(ends) == pytest.approx(total, abs=1e-2)


def test_hours_are_local(traded: tuple[MadeUpRun, Source], page: Element) -> None:
    run, source = traded
    params = run.info.grid.params(int(top_of(run)[0]["combo_id"]))
    trades = reference.trades(source.market, params, source.execution)
    hours = trades["entry_time"].dt.tz_convert("Europe/Berlin").dt.hour
    expected = trades["r"].groupby(hours).sum()
    bars = figures(page)["hours"]["data"][0]
    shown = {int(x[:2]): y for x, y in zip(bars["x"], bars["y"], strict=True)}
    assert {hour: shown[hour] for hour in expected.index} == pytest.approx(
        expected.to_dict(), abs=1e-3
    )
    assert set(trades["entry_time"].dt.hour) != set(hours)


def test_the_other_model_is_measured(traded: tuple[MadeUpRun, Source], page: Element) -> None:
    run, source = traded
    other = Execution(model="original", spread_points=1.5)
    rows, totals = top_of(run)[:20], []
    for row in rows:
        params = run.info.grid.params(int(row["combo_id"]))
        totals.append(reference.trades(source.market, params, other)["r"].sum())
    in_table = [row["other_total_r"].numbers[0] for row in top_table(page)]
    assert in_table == pytest.approx(totals, abs=1e-3)
    said = page.by_id("verdict-other_model")
    n_profitable, n, median, own_median, best, own_best = said.numbers
    assert "original model" in said.text
    assert (n_profitable, n) == (sum(t > 0 for t in totals), 20)
    assert (median, best) == pytest.approx((np.median(totals), totals[0]), abs=1e-3)
    own = [float(row["total_r"]) for row in rows]
    assert (own_median, own_best) == pytest.approx((np.median(own), own[0]), rel=1e-11)


def test_neighbours_and_edges_are_said(traded: tuple[MadeUpRun, Source], page: Element) -> None:
    run, _ = traded
    best = json_of(run, "best_by_variation.json")["overall"]
    profitable, n, low, high, median, own = page.by_id("verdict-neighbours").numbers
    assert own == best["metrics"]["total_r"]
    params = run.info.grid.params(best["combo_id"]).to_dict()
    rows = run.rows
    apart = sum((rows[name] != params[name]).astype(int) for name in AXES if name in rows)
    apart += (rows["ib_start"] != params["ib_start"]).astype(int)
    near = rows.loc[apart == 1, "total_r"].astype(np.float64)  # two values an axis: one step
    assert (profitable, n) == ((near > 0).sum(), len(near))
    assert (low, high, median) == pytest.approx((near.min(), near.max(), near.median()), rel=1e-6)
    edge = page.by_id("verdict-edge")
    assert "It lies on the edge of" in edge.text
    for name in ("ib_wait_minutes", "rr_target", "ib_buffer_pct", "max_distance_pct"):
        assert name in edge.text


def test_ambiguous_trades_are_said(make_run: MakeRun) -> None:
    run = make_run()
    write_report(run.report(), run.run_dir)
    row = top_of(run)[0]
    ambiguous, trades = float(row["ambiguous_trades"]), float(row["total_trades"])
    said = page_of(run).by_id("verdict-ambiguous")
    assert said.numbers == pytest.approx([ambiguous, trades, 100 * ambiguous / trades])


def test_without_bars_it_says_so(make_run: MakeRun) -> None:
    run = make_run()
    text = html_text(run.report(NoReplay("The bars are gone, gone.")))
    page = read_page(text)
    assert page.by_id("verdict-other_model").text.endswith("Not measured. The bars are gone, gone.")
    for name in ("curves", "calendar", "variations"):
        assert "The bars are gone, gone." in page.by_id(name).text
    assert not {"equity", "months", "variation-curves"} & set(figures(page))
    assert "variation-winrate" in figures(page)
    assert len(top_table(page)) == 20


def test_bars_of_another_run_are_not_used(make_run: MakeRun, grid: Grid, tmp_path: Path) -> None:
    run = make_run()
    _, source = traded_run(tmp_path / "other", grid)
    page = read_page(html_text(run.report(source)))
    assert "do not give the results of this run" in page.by_id("curves").text
    assert "equity" not in figures(page)


def test_the_news_of_the_run_are_kept(grid: Grid, tmp_path: Path) -> None:
    minutes = np.arange(28_000_000, 29_000_000, 60)
    news = NewsFilter(events=minutes, before_minutes=10, after_minutes=10)
    run, source = traded_run(tmp_path, grid, news=news)
    without = dataclasses.replace(source, news=NO_NEWS)
    assert "equity" in figures(read_page(html_text(run.report(source))))
    assert "equity" not in figures(read_page(html_text(run.report(without))))


# what to type


def test_what_to_type_is_what_is_needed(traded: tuple[MadeUpRun, Source], page: Element) -> None:
    run, _ = traded
    for row in top_of(run)[:20]:
        section = page.by_id(f"trades-{row['combo_id']}")
        content, command = (pre.text for pre in section.all("pre"))
        combo_id = int(row["combo_id"])
        params = params_from_mapping(json.loads(content))
        assert params == run.info.grid.params(combo_id)
        words = shlex.split(command)
        assert command.startswith(run.info.trades_command)
        (link,) = section.all("a")
        assert words[words.index("--params") + 1] == link.attributes["download"]
        assert words[words.index("--out") + 1] == f"GER40_{combo_id}_trades.csv"
    links = [row["trades_link"] for row in top_table(page)]
    targets = [next(cell.all("a")).attributes["href"] for cell in links]
    assert targets == [f"#trades-{row['combo_id']}" for row in top_of(run)[:20]]


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


def test_the_file_is_small(traded: tuple[MadeUpRun, Source], page: Element) -> None:
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
        notes=(f"Without a clock time: {HOSTILE}",),
        trades_command=f"ib-grid trades --news {shlex.quote(HOSTILE)}",
        first_bar_utc="2024-01-02<b>",
        fingerprint="<i>0123</i>",
    )
    page = page_of(run)
    assert [e.tag for e in page.all()] == [e.tag for e in plain.all()]
    assert f"Without a clock time: {' '.join(HOSTILE.split())}" in page.text
    command = next(s for s in page.all("pre") if "ib-grid" in s.text).text
    assert HOSTILE in shlex.split(command)
    assert not any(name.startswith("on") for e in page.all() for name in e.attributes)


def test_nothing_in_figures_ends_their_script(
    traded: tuple[MadeUpRun, Source], page: Element
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
    assert "PARTIAL: 50.0 %" in page.by_id("partial").text
    assert page.text.index("NOT FILTERED") < page.text.index("Verdict")
    assert "of the computed part of the grid" in page.by_id("verdict-profitable").text
    assert "not complete, so the shares are no exact parts" in page.by_id("parameters").text
    assert "interactions" not in figures(page)["shares"]["data"][0]["y"]


@pytest.mark.parametrize(
    ("note", "chunks", "is_warning"),
    [
        ("News filter: off.", slice(None), False),
        ("Every one of the 250 session dates is covered.", slice(None), False),
        ("NOT FILTERED: 12 of 250 session dates.", slice(None), True),
        ("News filter: off.", slice(0, 2), True),
    ],
)
def test_only_what_is_missing_is_a_warning(
    make_run: MakeRun, note: str, chunks: slice, is_warning: bool
) -> None:
    page = page_of(make_run(notes=(note,), chunks=chunks))
    (notice,) = page.all("aside")
    assert ("warning" in notice.attributes["class"].split()) == is_warning
    (line,) = notice.all("li")
    assert [e.text for e in line.all("strong")] == ([note] if "NOT FILTERED" in note else [])


def test_a_whole_run_has_one_number_of_combinations(make_run: MakeRun) -> None:
    assert page_of(make_run()).by_id("n-combinations").text == "512 combinations"


def test_the_share_of_a_partial_run_is_read_like_any_other(tmp_path: Path) -> None:
    grid = grid_from_mapping({**AXES, "ib_wait_minutes": [0, 15, 30]}, GER40)
    rows = random_rows(grid, 1)
    write_rows(tmp_path, grid, rows, 128, slice(0, 1))
    run = MadeUpRun(tmp_path, run_info(grid), rows)
    page, share = page_of(run), run.report().grid_share_pct
    assert page.by_id("n-combinations").text == "128 of 768 combinations"
    for name in ("partial", "about-combinations"):
        place = page.by_id(name)
        assert "PARTIAL: 16.7 % of the grid" in place.text
        assert str(share) not in place.text
        assert share in place.numbers


def test_a_whole_run_without_notes_has_no_notice(page: Element) -> None:
    assert not list(page.all("aside"))
    assert "PARTIAL" not in page.text


def test_in_sample_is_said_without_advice(page: Element) -> None:
    said = page.by_id("verdict-in_sample")
    assert "in sample" in said.text
    assert said.numbers == [512]
    verdict = page.by_id("verdict").text
    assert not re.search(r"\b(should|recommend|advise|buy|sell|consider)\b", verdict)


def test_nothing_ranked(make_run: MakeRun) -> None:
    page = page_of(make_run(most_trades=9))
    assert "no combination has 10 trades or more" in page.by_id("verdict-best").text
    assert {"total_r", "shares"} <= set(figures(page))
    assert not {"score", "density", "variation-winrate"} & set(figures(page))
    assert "Nothing is ranked." in page.by_id("top").text
    assert not figures(page)["total_r"]["layout"].get("shapes")
    for sentence in ("The line is the best set", "is framed", "the value of the best set"):
        assert sentence not in page.text
    for name in ("verdict-profitable", "distribution"):
        assert "None of these combinations can be ranked" in page.by_id(name).text


def test_the_marks_are_said_where_there_are_any(page: Element) -> None:
    for sentence in ("The line is the best set.", "set is framed.", "the value of the best set."):
        assert sentence in page.text
    assert "can be ranked" not in page.text


def test_one_and_none_have_their_verbs(make_run: MakeRun, grid: Grid) -> None:
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
    assert "1 of 512 combinations ends with" in page.by_id("verdict-profitable").text
    assert page.by_id("verdict-best").text.endswith("No combination has a higher total R.")
    assert "1 of its 20 trades (5.0 %) is ambiguous" in page.by_id("verdict-ambiguous").text
    neighbour = int(neighbours(grid, 0)["combo_id"].iloc[0])
    run.rows.loc[neighbour, "total_r"] = np.float32(4)
    write_rows(run.run_dir, grid, run.rows, 128)
    said = page_of(run).by_id("verdict-neighbours").text
    assert re.search(r"1 of its \d+ direct neighbours \(.*?\) is profitable", said)


def test_r_per_trade_has_three_significant_digits(
    traded: tuple[MadeUpRun, Source], page: Element
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
def test_a_share_is_not_rounded_to_none_or_all(value: float, text: str) -> None:
    (data,) = read_page(percent(value)).all("data")
    assert (data.text, data.attributes["value"]) == (text, str(value))


def test_a_grid_of_one(tmp_path: Path) -> None:
    grid = grid_from_mapping({name: values[:1] for name, values in AXES.items()}, GER40)
    run, source = traded_run(tmp_path, grid)
    page = read_page(html_text(run.report(source)))
    assert "edge of no axis" in page.by_id("verdict-edge").text
    assert "None of its direct neighbours is computed" not in page.text
    assert "It has no direct neighbour" in page.by_id("verdict-neighbours").text
    assert "Fewer than two parameters" in page.by_id("pairs").text
    assert len(top_table(page)) == 1
    assert "equity" in figures(page)


def test_equal_rows_make_a_page(make_run: MakeRun, grid: Grid) -> None:
    run = make_run()
    for name in run.rows.columns[15:]:
        run.rows[name] = np.float32(12)
    write_rows(run.run_dir, grid, run.rows, 128)
    page = page_of(run)
    assert figures(page)["total_r"]["data"][0]["y"] == [512]
    assert page.by_id("verdict-profitable").numbers[0] == 100
