"""Whether a run is what it says: its files against its manifest, its numbers against the bars."""

from pipelines.verify.checks import Check, Verification
from pipelines.verify.run import verify_run

__all__ = ["Check", "Verification", "verify_run"]
