"""Tests of the verdict, the hold-out and their file."""
