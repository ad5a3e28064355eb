"""Combinations in money, under the rules of prop firms, and as trades."""
