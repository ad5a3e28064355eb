"""The HTML report: what a run found, in words and pictures, in one file."""

from pipelines.report.html.deep_dive import NoReplay
from pipelines.report.html.page import html_text

__all__ = ["NoReplay", "html_text"]
