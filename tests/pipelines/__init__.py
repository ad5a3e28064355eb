"""Tests of the command line and of everything with processes and files."""
