"""Terms of the strategy and its results, each explained in one sentence.

The report, the notebook and `ib-grid glossary` show these sentences. Metrics have theirs in
`ib_grid.grid.columns.METRICS`.
"""

from __future__ import annotations

# What `scoring.composite_scores` does with each metric, for every text that describes a score.
SCALING = "scaled to 0-1"

STRATEGY_TERMS = {
    "IB": "Initial Balance: the price range of the first minutes of a session, from ib_start to"
    " ib_end.",
    "IBH": "The high of the Initial Balance.",
    "IBL": "The low of the Initial Balance.",
    "EQ": "Equilibrium: the midpoint between the high and the low of the Initial Balance.",
    "range": "The height of the Initial Balance: its high minus its low.",
    "session": "The clock times of an Initial Balance, such as 08:00-08:30 in Berlin.",
    "session date": "A date with at least one bar inside the Initial Balance; annualised ratios"
    " count every session date, with or without a trade.",
    "trade window": "The time after the Initial Balance in which trades are opened; a trade still"
    " open at its end is closed at the market.",
    "M1, M2": "Bars of one and of two minutes; signals are read from M2 bars, exits from M1 bars.",
    "buffer": "How far beyond the Initial Balance a bar must close to count as a breakout:"
    " ib_buffer_pct times the range.",
    "reach": "How far beyond the Initial Balance a breakout may close and still be traded:"
    " max_distance_pct times the range.",
    "breakout": "The first bar that closes beyond the buffer but within the reach.",
    "variation": "One of the entry rules, such as OCAE or Reverse; the first signal of a day is"
    " traded; the others are ignored.",
    "OCAE": "Open-close after equilibrium: a breakout after price has touched the EQ, traded in"
    " the direction of the breakout.",
    "TCWE": "Two candles without equilibrium: a breakout confirmed by a later bar that closes"
    " further out, before price has touched the EQ.",
    "sweep": "A bar that trades beyond the Initial Balance but does not close beyond the buffer.",
    "CISD": "Change in the state of delivery: the first close back through the last opposite"
    " candle before a sweep, a sign that price has turned.",
    "Reverse": "A trade against a sweep: price breaks one side of the Initial Balance, fails and"
    " turns back (CISD).",
    "REV_RB": "Reverse blocked, rebound: after a move well beyond the Initial Balance, a limit"
    " order at the broken level joins that move when price comes back.",
    "R": "The result of a trade in units of its initial risk: +2 R is a gain of twice the distance"
    " from the fill to the stop.",
    "trailing": "Letting a winner run: each time price reaches the target, stop and target move"
    " further instead of closing the trade.",
    "ambiguous": "A trade whose last bar reached both the stop and the target, so that one-minute"
    " bars cannot tell which came first.",
    "realistic": "Execution model that trades only on what was known at the time and pays the"
    " spread on the side of the book that a real order would.",
    "original": "Execution model that reproduces the old optimizer trade for trade, including its"
    " look-ahead and its generous fills.",
    "spread": "The difference between ask and bid in points of price, paid once per round trip.",
    "slippage": "Points of price by which market orders and stops are filled worse than expected.",
    "news filter": "Blocks entries within minutes of a high-impact event in the symbol's"
    " currencies.",
    "candidate": "A signal of one variation on one date, before the news filter and before the"
    " earliest signal of the day is taken.",
}

RESULT_TERMS = {
    "combination": "One value for each of the 14 parameters; a grid backtests every combination of"
    " its values.",
    "combo_id": "The number of a combination in its grid, counted from 0.",
    "axis": "The values tried for one parameter.",
    "chunk": "A piece of the grid that one worker computes in one go.",
    "partition": "The Parquet file that holds the results of one chunk.",
    "run": "The directory with all results of one grid on one symbol, and the settings behind"
    " them.",
    "score": f"The ranking figure of a combination: metrics {SCALING} over all ranked"
    " combinations and added by weight, by default 40% total_r, 35% sharpe_ratio and 25% winrate.",
    "drawdown": "How far the sum of R has fallen below its highest value so far.",
    "neighbour": "A combination that differs in one parameter by one step of its axis.",
    "alike": "Number of near-identical combinations that a row stands for: those of the top 100"
    " with the same entries on nine dates out of ten.",
    "verdict": "What the robustness tests advise to do with the combination that has the highest"
    " score, such as: do not trade, or test it on held-out dates.",
    "in sample": "On the dates that selected the combination, where results look too good; out of"
    " sample: on dates that the selection had not seen.",
    "coin flip": "A repeat of the whole search in which a coin decides on each date whether trades"
    " go long or short; shows what luck alone finds.",
    "p": "Share of the coin flips that do at least as well as the run; 0.05 or less is called"
    " better than luck.",
    "walk-forward": "Selecting a combination on past months and trading it in the next one, month"
    " by month.",
    "hold-out": "The last session dates, kept out of the whole search; `ib-grid holdout` trades the"
    " selected combination on them, once.",
    "plateau": "A group of neighbours with similar results; a peak without one is probably luck.",
}

PARAMETERS = {
    "ib_start": "Clock time at which the Initial Balance begins.",
    "ib_end": "Clock time at which the Initial Balance ends; the bar at that time no longer"
    " belongs to it.",
    "ib_timezone": "Time zone of ib_start and ib_end, such as Europe/Berlin.",
    "ib_wait_minutes": "Minutes to wait after the Initial Balance before the trade window opens.",
    "trade_window_minutes": "Length of the trade window; every trade is closed when it ends.",
    "rr_target": "Distance of the target, as a multiple of the distance to the stop.",
    "stop_mode": "Stop of OCAE and TCWE: eq puts it at the EQ, ib_start at the first price of the"
    " trade window.",
    "tsl_target": "R by which the target moves at each trailing step; 0 turns trailing off.",
    "tsl_sl": "R by which the stop moves at each trailing step; without effect if tsl_target is 0.",
    "min_sl_pct": "Smallest distance of the stop, as a fraction of the price: 0.001 is 0.1%.",
    "rev_rb_enabled": "True to trade REV_RB, false to leave it out.",
    "rev_rb_pct": "How far price must move beyond the Initial Balance to place the order of"
    " REV_RB, as a fraction of the range: 0.5 is 50%.",
    "ib_buffer_pct": "How far beyond the Initial Balance a bar must close to count as a breakout,"
    " as a fraction of the range: 0.1 is 10%.",
    "max_distance_pct": "How far beyond the Initial Balance a breakout may close and still be"
    " traded, as a fraction of the range: 0.5 is 50%.",
}

GLOSSARY = {**STRATEGY_TERMS, **RESULT_TERMS, **PARAMETERS}
