"""Formulas of the tests, on the few numbers that remain once the whole grid has been ranked."""
