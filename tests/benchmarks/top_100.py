"""Compare a run's top 100 with a full sort: `python -m tests.benchmarks.top_100 RUN`.

Shares no code with the ranking: reads four columns of all partitions into memory, scores every row
and sorts all of them (about 5 GB for 100 million rows).
"""

from __future__ import annotations

import csv
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

# In the order of the result columns: sums in another order may differ in the last bit.
WEIGHTS = {"total_r": 0.40, "winrate": 0.25, "sharpe_ratio": 0.35}
MIN_TRADES = 10


def main() -> None:
    run_dir, started = Path(sys.argv[1]), time.perf_counter()
    files = sorted(run_dir.glob("*_full_results.parquet/*/*/part-*.parquet"))
    columns = {name: [] for name in ("combo_id", "total_trades", *WEIGHTS)}
    for path in files:
        table = pq.read_table(path, columns=list(columns), partitioning=None)
        for name, parts in columns.items():
            parts.append(table[name].to_numpy())
    of = {name: np.concatenate(parts) for name, parts in columns.items()}
    n_rows = len(of["combo_id"])
    of = {name: values[of["total_trades"] >= MIN_TRADES] for name, values in of.items()}
    score = np.zeros(len(of["combo_id"]))
    for name, weight in WEIGHTS.items():
        values = of[name].astype(np.float64)
        score += weight * ((values - values.min()) / (values.max() - values.min()))
    order = np.lexsort((of["combo_id"], -score))[:100]
    with next(run_dir.glob("*_top_100.csv")).open() as file:
        written = list(csv.DictReader(file))
    ids = [int(row["combo_id"]) for row in written]
    scores = np.array([float(row["score"]) for row in written])
    same = ids == of["combo_id"][order].tolist()
    close = np.allclose(scores, score[order], rtol=1e-11, atol=0)
    print(f"{n_rows:,} rows in {len(files)} files, {len(score):,} of {MIN_TRADES}+ trades")
    print(f"same 100 in the same order: {same}; same scores to 11 digits: {close}")
    print(f"{time.perf_counter() - started:.0f} s")
    raise SystemExit(0 if same and close else 1)


if __name__ == "__main__":
    main()
