"""Tests of contracts, sizes and statements."""
