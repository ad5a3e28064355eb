"""Combinations for all variations that can be traded together: one session, wait and buffer.

A bot that trades the variations with a set each needs them to look at the same range, from the same
moment on, with the same buffer; strictly also with the same reach. Each such group holds, for each
variation, its best set by the variation's own metrics, among those in which the variation counts
(`ib_grid.grid.variations`).

A variation's metrics come from a backtest in which all four race for the one trade of a day. Sums
over a group are therefore what its parts made each in their own race, not a backtest of them
together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ib_grid.analysis.selection.top import ranking_of
from ib_grid.errors import ConfigError
from ib_grid.errors.validation import shown, whole_number
from ib_grid.grid import scoring
from ib_grid.grid.columns import METRIC_NAMES
from ib_grid.grid.params import PARAM_NAMES
from ib_grid.grid.scoring import Columns, RankingSettings
from ib_grid.grid.variations import VARIATION_RULES, VARIATIONS
from ib_grid.runs.cubes import Cube
from ib_grid.runs.run import Run, checked_run

SHARED = ("session", "ib_wait_minutes", "ib_buffer_pct")
SHARED_STRICTLY = (*SHARED, "max_distance_pct")
MAX_DRAWDOWN_R = 12.0
_SUMS = ("value", "total_r", "total_trades", "sum_of_drawdowns", "n_variations")
TRAILING_RULE = "tsl_target = 0 or tsl_sl < rr_target + 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRanking:
    """How sets are ranked within a group and groups among each other.

    Attributes
    ----------
    text : str
        As a person reads it.
    of_sets : callable
        A variation's own metrics, without prefix, to a value per set; shape (n_sets,) each.
    of_group : callable
        The chosen sets' metrics and values (column ``value``), a row per variation, to a value.
    """

    text: str
    of_sets: Callable[[Columns], NDArray[np.float64]]
    of_group: Callable[[pd.DataFrame], float]


def _by_trades(sets: pd.DataFrame) -> float:
    """Mean of the values, weighted by trades."""
    return float((sets["value"] * sets["total_trades"]).sum() / sets["total_trades"].sum())


def _gain(sets: Columns | pd.DataFrame) -> Any:
    return sets["total_r"].astype(np.float64)


RANKINGS = {
    "total_r": GroupRanking(
        text="total R; of a group the sum",
        of_sets=_gain,
        of_group=lambda sets: float(_gain(sets).sum()),
    ),
    "sharpe": GroupRanking(
        text="Sharpe ratio; of a group sum(trades * sharpe_ratio) / sum(trades)",
        of_sets=lambda own: own["sharpe_ratio"].astype(np.float64),
        of_group=_by_trades,
    ),
    "recovery": GroupRanking(
        text="total R / (drawdown + 1); of a group sum(total R) / (sum(drawdown) + 1)",
        of_sets=lambda own: _gain(own) / (own["max_drawdown"].astype(np.float64) + 1),
        of_group=lambda sets: float(_gain(sets).sum() / (sets["max_drawdown"].sum() + 1)),
    ),
    "score": GroupRanking(
        text="composite score among a variation's sets; of a group the mean weighted by trades",
        of_sets=lambda own: own["score"],
        of_group=_by_trades,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Groups:
    """Groups of sets, best first.

    Attributes
    ----------
    summary : frame
        A row per group: ``rank``, what its sets share, ``value`` (by which it is ranked),
        ``total_r``, ``total_trades``, ``sum_of_drawdowns`` (R), ``n_variations``, ``n_same``
        (groups with the very same figures, of which this is the first) and for each variation the
        id of its set, such as ``ocae_combo_id`` (Int64, none where no set will do).
    sets : frame
        A row per group and variation: ``rank``, ``variation``, ``combo_id``, ``value``, the
        parameters, and the variation's own metrics without prefix.
    """

    summary: pd.DataFrame
    sets: pd.DataFrame


def groups(
    run: Run,
    *,
    strict: bool = False,
    rank_by: str = "total_r",
    max_drawdown_r: float = MAX_DRAWDOWN_R,
    min_trades: int | None = None,
    variations: int = 1,
    n: int | None = None,
) -> Groups:
    """The best set per variation that share session, wait and buffer, and the best such groups.

    A set counts where the variation does by its rule, has enough trades of its own and no larger
    drawdown than allowed, and where `TRAILING_RULE` holds: a trailing step that gives back less
    than what the target had gained. Of sets with the same value the first by id stands for all;
    groups whose sets have the same metrics are one.

    Parameters
    ----------
    run : Run
    strict : bool
        Whether the sets share the reach, too.
    rank_by : {"total_r", "sharpe", "recovery", "score"}
        `RANKINGS`.
    max_drawdown_r : float
        Largest drawdown of a set, R.
    min_trades : int, optional
        Least number of trades of a set; by default that of the run's ranking.
    variations : int
        Least number of variations for which a group has a set; 4 for complete ones alone. By a mean
        (`sharpe`, `score`) a group of one good set comes before any that is complete.
    n : int, optional
        How many of the best groups; by default all.

    Raises
    ------
    ConfigError
        If there is no such ranking or number, or the run has not kept a column.
    """
    checked_run(run)
    if whole_number(variations) not in range(1, len(VARIATIONS) + 1):
        raise ConfigError(f"{shown(variations)} variations", expected=f"1 to {len(VARIATIONS)}")
    if n is not None and (whole_number(n) or 0) < 1:
        raise ConfigError(f"{shown(n)} groups", expected="1 or more, or None for all")
    if rank_by not in RANKINGS:
        raise ConfigError(f"no ranking {rank_by}", expected=", ".join(RANKINGS))
    settings = ranking_of(run, min_trades)
    shared = SHARED_STRICTLY if strict else SHARED
    n_groups = int(np.prod(run.grid.shape[: len(shared)]))
    parts = [
        _best_sets(run, variation, RANKINGS[rank_by], settings, n_groups, max_drawdown_r)
        for variation in VARIATIONS
    ]
    sets = pd.concat(parts, ignore_index=True).sort_values("group", kind="stable")
    sets = sets[sets.groupby("group")["group"].transform("size") >= variations]
    found = _ranked(run, sets, shared, RANKINGS[rank_by])
    best = found.sets["rank"] <= (len(found.summary) if n is None else n)
    return Groups(
        summary=found.summary if n is None else found.summary.head(n), sets=found.sets[best]
    )


def _best_sets(
    run: Run,
    variation: str,
    ranking: GroupRanking,
    settings: RankingSettings,
    n_groups: int,
    max_drawdown_r: float,
) -> pd.DataFrame:
    """The variation's best set of each group that has one: group, combo_id, value, metrics."""
    prefix = f"{variation.lower()}_"
    weights = settings.weights_of(prefix)
    metrics = ("total_r", "total_trades", "max_drawdown", "sharpe_ratio")
    names = dict.fromkeys((*(prefix + name for name in metrics), *weights))
    cubes = {name: run.cube(name).reshape(-1) for name in names}
    own: dict[str, NDArray[Any]] = {n.removeprefix(prefix): v for n, v in cubes.items()}
    counts = _counting(run, variation) & scoring.eligible(own, settings.min_trades)
    own["score"] = _scores(cubes, counts, weights)
    counts &= _trailing_allowed(run) & (own["max_drawdown"] <= max_drawdown_r)
    values = np.where(counts, ranking.of_sets(own), -np.inf).reshape(n_groups, -1)
    place = values.argmax(axis=1)  # of equal ones the first
    there = np.flatnonzero(values[np.arange(n_groups), place] > -np.inf)
    ids = there * values.shape[1] + place[there]
    found = pd.DataFrame({"group": there, "combo_id": ids, "value": values[there, place[there]]})
    return found.assign(variation=variation).merge(_metrics(run, ids, prefix), on="combo_id")


def _counting(run: Run, variation: str) -> NDArray[np.bool_]:
    """Where a variation counts by its rule and is computed, shape (n_combinations,)."""
    rule = VARIATION_RULES[variation]
    return _over_grid(run, rule.columns, rule.counts)


def _trailing_allowed(run: Run) -> NDArray[np.bool_]:
    return _over_grid(
        run,
        ("tsl_target", "tsl_sl", "rr_target"),
        lambda c: (c["tsl_target"] == 0) | (c["tsl_sl"] < c["rr_target"] + 1),
    )


def _over_grid(
    run: Run, names: tuple[str, ...], rule: Callable[[Columns], NDArray[np.bool_]]
) -> NDArray[np.bool_]:
    """A rule on parameters that no group shares, for every combination."""
    n_inner = int(np.prod(run.grid.shape[len(SHARED_STRICTLY) :]))
    columns = run.grid.columns(np.arange(n_inner))
    inner = {name: np.array(columns[name][0])[columns[name][1]] for name in names}
    return np.tile(rule(inner), len(run.grid) // n_inner)


def _scores(
    cubes: dict[str, Cube], counts: NDArray[np.bool_], weights: dict[str, float]
) -> NDArray[np.float64]:
    """The composite score of a variation's sets, as the reports have it; NaN elsewhere."""
    counted = scoring.take(cubes, weights, counts)
    scores = np.full(len(counts), np.nan)
    extrema = scoring.column_extrema(counted, weights)
    scores[counts] = scoring.composite_scores(counted, weights, extrema)
    return scores


def _metrics(run: Run, ids: NDArray[np.int64], prefix: str) -> pd.DataFrame:
    """A variation's own metrics of some sets, without prefix; those that the run has kept."""
    kept = [prefix + name for name in METRIC_NAMES if prefix + name in run.columns]
    rows = run.rows(ids, ("combo_id", *kept))
    return rows.rename(columns={name: name.removeprefix(prefix) for name in kept})


def _ranked(run: Run, sets: pd.DataFrame, shared: tuple[str, ...], ranking: GroupRanking) -> Groups:
    by_group = sets.groupby("group", sort=True)
    rows = [_summary_row(run, part, shared, ranking) for _, part in by_group]
    alike = [_figures(part) for _, part in by_group]
    first = {figures: i for i, figures in reversed(list(enumerate(alike)))}
    kept = sorted(first.values(), key=lambda i: (-rows[i]["value"], rows[i]["group"]))
    ids = [f"{variation.lower()}_combo_id" for variation in VARIATIONS]
    summary = pd.DataFrame(
        [{"rank": n, **rows[i], "n_same": alike.count(alike[i])} for n, i in enumerate(kept, 1)],
        columns=["rank", "group", *shared, *_SUMS, *ids, "n_same"],
    )
    rank_of = dict(zip(summary.pop("group"), summary["rank"], strict=True))
    chosen = sets[sets["group"].isin(list(rank_of))]
    chosen = chosen.assign(rank=chosen["group"].map(rank_of)).drop(columns="group")
    chosen = chosen.sort_values("rank", kind="stable", ignore_index=True)
    return Groups(
        summary=summary.astype(dict.fromkeys(ids, "Int64")), sets=_with_params(run, chosen)
    )


def _summary_row(
    run: Run, sets: pd.DataFrame, shared: tuple[str, ...], ranking: GroupRanking
) -> dict[str, Any]:
    group = int(sets["group"].iloc[0])
    places = np.unravel_index(group, run.grid.shape[: len(shared)])
    own = {name: run.grid.axes[name][int(p)] for name, p in zip(shared, places, strict=True)}
    ids = dict(zip(sets["variation"], sets["combo_id"], strict=True))
    return {
        "group": group,
        **own,
        "session": str(own["session"]),
        "value": ranking.of_group(sets),
        "total_r": float(_gain(sets).sum()),
        "total_trades": int(sets["total_trades"].sum()),
        "sum_of_drawdowns": float(sets["max_drawdown"].astype(np.float64).sum()),
        "n_variations": len(sets),
        **{f"{v.lower()}_combo_id": ids.get(v) for v in VARIATIONS},
    }


def _figures(sets: pd.DataFrame) -> tuple[Any, ...]:
    """What makes two groups the same: their variations' metrics."""
    names = [name for name in METRIC_NAMES if name in sets]
    return tuple(map(tuple, sets[["variation", *names]].itertuples(index=False)))


def _with_params(run: Run, sets: pd.DataFrame) -> pd.DataFrame:
    columns = run.grid.columns(sets["combo_id"].to_numpy())
    params = {n: np.array(v, object)[i] for n, (v, i) in columns.items()}
    first = ["rank", "variation", "combo_id", "value"]
    metrics = [name for name in METRIC_NAMES if name in sets]
    return sets.assign(**params)[[*first, *PARAM_NAMES, *metrics]].infer_objects()
