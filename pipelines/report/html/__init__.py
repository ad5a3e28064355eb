"""The HTML report: what a run found, in words and pictures, in one file."""
