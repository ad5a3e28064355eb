"""Verification of a run: its files against run.json, rows of its report and others against the bars.

May import everything in pipelines except cli.
"""

from pipelines.verify.checks import Check, Verification
from pipelines.verify.run import verify_run

__all__ = ["Check", "Verification", "verify_run"]
