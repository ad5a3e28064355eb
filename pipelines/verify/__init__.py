"""Verification of a run: its files against run.json, a sample of its numbers against the bars.

May import everything in pipelines except cli.
"""

from pipelines.verify.checks import Check, Verification
from pipelines.verify.run import verify_run

__all__ = ["Check", "Verification", "verify_run"]
