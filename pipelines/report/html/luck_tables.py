"""Tables of the robustness tests, and the other tests in words."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from ib_grid.robustness.results import Robustness
from ib_grid.robustness.statistics.random_direction import NullComparison
from ib_grid.robustness.statistics.walk_forward import SELECTION_RULES, WalkForward
from pipelines.render.html.table import Table, plain_table
from pipelines.render.html.words import number, percent

Fact = tuple[str, Markup]
Texts = tuple[Markup | str, ...]


def luck_table(tests: Robustness) -> Table:
    """Return each figure beside the same figure under coin-flipped directions, with its p-value."""
    found = tests.random_direction
    rows = [
        _row("total R of the selected combination", found.selected_total_r, 1),
        _row("Sharpe ratio of the selected combination", found.selected_sharpe_ratio, 2),
        _row("highest total R of any combination", found.best_total_r, 1),
        _row("highest Sharpe ratio of any combination", found.best_sharpe_ratio, 2),
        _row("profitable combinations, %", found.share_profitable, 1, factor=100),
    ]
    names = ("figure", "this run", "luck, median", "luck, one in 20 exceeds", "p")
    rows += _walk_forward_row(tests.walk_forward)
    return plain_table("luck-table", "This run beside luck, a table", names, rows)


def _row(name: str, of: NullComparison, decimals: int, factor: float = 1.0) -> Texts:
    values = (of.observed, of.null_median, of.null_95)
    return name, *(number(factor * value, decimals) for value in values), number(of.p, 3)


def _walk_forward_row(found: WalkForward | None) -> Iterator[Texts]:
    if found and found.coin_band and found.p is not None:
        band = found.coin_band
        values = (found.out_of_sample_total_r, band.median[-1], band.high[-1])
        name = f"total R of the walk-forward, {band.draws} repeats"
        yield name, *(number(value, 1) for value in values), number(found.p, 3)


def months_after(tests: Robustness) -> Markup:
    """Return what coins make on the dates of a search and after it; empty without both."""
    found = tests.walk_forward
    if found is None or found.coin_band is None:
        return Markup()
    return Markup(
        "Half of the repeats make {}&nbsp;R or more on the dates of their search, and {}&nbsp;R or"
        " more in the walk-forward, on the months after; so each of the two has its own"
        " <code>p</code>."
    ).format(
        number(tests.random_direction.selected_total_r.null_median, 1),
        number(found.coin_band.median[-1], 1),
    )


def rules_table(tests: Robustness) -> Table:
    """Return the walk-forward of each selection rule."""
    names = ("rule", "total R", "t", "R above the ranking", "t of the difference")
    rows = [
        (
            SELECTION_RULES[rule.name],
            number(rule.out_of_sample_total_r, 1),
            number(rule.t, 2),
            number(rule.difference_total_r, 1) if i else "–",
            number(rule.difference_t, 2) if i else "–",
        )
        for i, rule in enumerate(tests.selection_rules)
    ]
    return plain_table("rules-table", "Selection rules, a table", names, rows)


def other_tests(tests: Robustness) -> list[Fact]:
    """Return the other tests, what they ask and what they found."""
    return [*_reality_check(tests), *_overfitting(tests), *_track_record(tests)]


def _reality_check(tests: Robustness) -> Iterator[Fact]:
    found = tests.spa
    if found:
        yield (
            "Profit after costs, against chance",
            Markup(
                "White's reality check: p = {}. Hansen's SPA test: p = {} (consistent), with bounds"
                " of {} and {}. Both are strict when most combinations lose."
            ).format(
                *(number(p, 3) for p in (found.reality_check, found.consistent)),
                number(found.lower, 3),
                number(found.upper, 3),
            ),
        )


def _overfitting(tests: Robustness) -> Iterator[Fact]:
    found = tests.cscv
    if found:
        coin = ""
        if found.null_pbo is not None:
            coin = Markup("; with coin-flipped directions {}").format(percent(100 * found.null_pbo))
        yield (
            "Probability of backtest overfitting",
            Markup(
                "In {} of {} splits the combination selected in one half was in the worse half of"
                " the grid in the other{}."
            ).format(percent(100 * found.pbo), number(found.splits), coin),
        )


def _track_record(tests: Robustness) -> Iterator[Fact]:
    found = tests.track_record
    if found:
        needed = Markup("No number of dates would do at this Sharpe ratio.")
        if found.minimum_dates is not None:
            needed = Markup("{} session dates would be needed for 95%; there are {}.").format(
                number(found.minimum_dates), number(tests.n_dates)
            )
        yield (
            "Sharpe ratio above 0, had this been the only combination",
            Markup("Probability {}. {}").format(percent(100 * found.probability), needed),
        )
