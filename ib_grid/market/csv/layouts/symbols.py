"""Symbols in the names of files; what a broker or vendor calls a market is an entry here."""

from __future__ import annotations

import re

# Names of one market, by the name that stands for all.
_NAMES = {
    "GER40": "GER40 GER30 DE40 DE30 DAX DAX40 DAX30 DE30EUR GRXEUR DEUIDXEUR",
    "NAS100": "NAS100 USTEC US100 NDX NDX100 NAS100USD NSXUSD USATECHIDXUSD",
    "US30": "US30 DJ30 WS30 US30USD USA30IDXUSD",
    "US500": "US500 SPX500 SPX500USD SPXUSD USA500IDXUSD",
    "UK100": "UK100 FTSE FTSE100 UK100GBP UKXGBP GBRIDXGBP",
    "XAUUSD": "XAUUSD GOLD",
}
_MARKET_OF = {name: market for market, names in _NAMES.items() for name in names.split()}
_ANY = "|".join(_MARKET_OF)
# Brokers write GER40m or GER40.cash, exporters GER40M1, TradingView "PEPPERSTONE_GER40, 1".
_STARTS = re.compile(rf"({_ANY})(?:M1|M|CASH)?(?![A-Z0-9])")
_TRADINGVIEW = re.compile(rf"[A-Z]+_({_ANY}), ")
_HISTDATA = re.compile(r"DAT_[A-Z]+_([A-Z0-9]+)_")
_CURRENCIES = "AUD|CAD|CHF|CNH|EUR|GBP|JPY|MXN|NOK|NZD|SEK|SGD|TRY|USD|XAG|XAU|ZAR"
_PAIR = re.compile(rf"(?<![A-Z])((?:{_CURRENCIES})(?:{_CURRENCIES}))(?![A-Z])")


def symbol_in(text: str) -> str:
    """Return the common name of the symbol in the name of a file or instrument; empty if none.

    The symbol is an index or gold that the name starts with, that of a file from TradingView or
    HistData, or a pair of currencies anywhere in the name.

    Examples
    --------
    >>> symbol_in("DAX40_2024.csv"), symbol_in("DAT_ASCII_GRXEUR_M1_2024.csv")
    ('GER40', 'GER40')
    >>> symbol_in("bars of eur_usd.csv"), symbol_in("bars.csv")
    ('EURUSD', '')
    """
    name = text.upper()
    if match := _STARTS.match(name) or _TRADINGVIEW.match(name):
        return _MARKET_OF[match[1]]
    if match := _HISTDATA.match(name):
        return _MARKET_OF.get(match[1], match[1])
    found = _PAIR.search(re.sub("[/_]", "", name)) or _PAIR.search(name)
    return found[1] if found else ""
