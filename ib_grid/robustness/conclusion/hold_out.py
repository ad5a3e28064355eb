"""Outcome of the selected combination on the session dates that a run held out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldOut:
    """Outcome of a hold-out, opened once and for one combination.

    Attributes
    ----------
    opened_utc : str
        ISO 8601.
    combo_id : int
        Combination that the run's ranking had selected without these dates.
    first, last : str
        First and last held-out session date of any session, ``YYYY-MM-DD``.
    session_dates : int
        Number of those of the combination's session, with or without a trade.
    total_trades, total_r, avg_trade_r, winrate, max_drawdown, sharpe_ratio : float
        Metrics of the held-out trades, as the result columns of these names.
    """

    opened_utc: str
    combo_id: int
    first: str
    last: str
    session_dates: int
    total_trades: int
    total_r: float
    avg_trade_r: float
    winrate: float
    max_drawdown: float
    sharpe_ratio: float

    @property
    def passed(self) -> bool:
        """Whether the held-out trades made money after costs."""
        return self.total_r > 0

    @property
    def text(self) -> str:
        """Sentence that tells whether the combination passed."""
        return self.sentence(f"#{self.combo_id}")

    def sentence(self, name: str) -> str:
        """Return whether the combination of this name passed.

        Examples
        --------
        >>> values = dict.fromkeys(["avg_trade_r", "winrate", "max_drawdown", "sharpe_ratio"], 0)
        >>> dates = {"first": "2018-06-01", "last": "2018-12-28", "session_dates": 147}
        >>> opened = {"opened_utc": "2024-05-01T08:00:00+00:00", "combo_id": 7, **dates, **values}
        >>> HoldOut(**opened, total_trades=45, total_r=6.1).sentence("GER40 #7")
        'Hold-out passed: GER40 #7 made 6.1 R in 45 trades from 2018-06-01 to 2018-12-28.'
        """
        span = f"from {self.first} to {self.last}"
        if not self.total_trades:
            return f"Hold-out without a trade: {name} did not trade {span}."
        trades = f"{self.total_trades:,} trade{'s' if self.total_trades > 1 else ''}"
        outcome, verb = ("passed", "made") if self.passed else ("failed", "lost")
        return f"Hold-out {outcome}: {name} {verb} {abs(self.total_r):,.1f} R in {trades} {span}."
