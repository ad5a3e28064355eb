"""Verification of a run: files against run.json, reported and sampled rows against the bars.

May import everything in pipelines except cli.
"""

from pipelines.verify.checks import Check, Verification
from pipelines.verify.run import verify_run

__all__ = ["Check", "Verification", "verify_run"]
