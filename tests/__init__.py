"""Tests, in the same tree as the code: `test_<module>.py` tests a module."""
