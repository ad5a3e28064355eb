"""Challenges of prop firms: rules, simulation of one start and of all, odds."""
