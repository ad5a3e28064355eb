"""Contracts, exchange rates, position sizes and the account statement."""
