"""What workers and readers need; only the process that they are forked from loads this module.

All that is imported stays for good. Collections of garbage leave it alone, here and in the workers,
which so go on sharing its memory.
"""

from __future__ import annotations

import gc
import importlib

gc.disable()
for name in (
    *("distributed.nanny", "distributed.worker", "dask.bag", "pipelines.cluster.worker"),
    "pipelines.report.report",
):
    importlib.import_module(name)
gc.freeze()
gc.enable()
