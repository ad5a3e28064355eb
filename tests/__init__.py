"""Tests; `test_<module>.py` mirrors the modules."""
