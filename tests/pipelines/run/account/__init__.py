"""Tests of accounts and challenges on the command line."""
