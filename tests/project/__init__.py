"""Tests of the project itself: README, packaging, layout and names."""
