"""Counts of start dates of every combination, stored beside the results of a run.

The counts of a chunk lie in
``SYMBOL_challenges.parquet/rules=ftmo_2step/risk_pct=0.5/part-00012.parquet``, with the columns
``combo_id``, ``passed``, ``failed`` and ``open``. Their own fingerprint holds all that can change
them: the run, the rules, the risk, the account and the contract.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ib_grid.errors import StoreError, first_line
from ib_grid.grid.chunks import Chunk, ChunkPlan
from ib_grid.runs.fingerprint import fingerprint
from ib_grid.runs.partition_layout import open_partition
from ib_grid.runs.run import Run
from ib_grid.storage.atomic_files import whole_file
from ib_grid.storage.checksum import has_valid_checksum, parquet_with_checksum
from ib_grid.storage.paths import AnyPath

if TYPE_CHECKING:
    from ib_grid.account.challenge.date_rules import DateRules
    from ib_grid.account.money.contracts import Contract
    from ib_grid.account.money.sizing import AccountSettings

COUNTS = ("passed", "failed", "open")
VERSION = 1  # raised when the counts of the same input change
_KEY = b"ib_grid_challenge"
_SCHEMA = pa.schema(
    [pa.field("combo_id", pa.int64()), *(pa.field(name, pa.int32()) for name in COUNTS)]
)


def counts_folder(run_dir: AnyPath, symbol: str, rules: str, risk_pct: float) -> AnyPath:
    """Return the folder with the counts of one rule file and risk."""
    return _all_counts(run_dir, symbol) / f"rules={rules}" / f"risk_pct={risk_pct:g}"


def _all_counts(run_dir: AnyPath, symbol: str) -> AnyPath:
    return run_dir / f"{symbol}_challenges.parquet"


def counts_path(folder: AnyPath, chunk: int) -> AnyPath:
    """Return the path of a chunk's counts."""
    return folder / f"part-{chunk:05d}.parquet"


def counts_fingerprint(
    run: str, rules: DateRules, account: AccountSettings, contract: Contract
) -> str:
    """Return the fingerprint of counts for a run with this fingerprint."""
    of_contract = {
        field.name: getattr(contract, field.name)
        for field in dataclasses.fields(contract)
        if field.name != "rate"
    }
    rate = contract.rate
    return fingerprint(
        {
            "version": VERSION,
            "run": run,
            "rules": rules._asdict(),
            "account": dataclasses.asdict(account),
            "contract": of_contract,
            "rate": [[str(date) for date in rate.dates], rate.rates.tolist()],
        }
    )


def write_counts(path: AnyPath, chunk: Chunk, counts: NDArray[np.int32], identity: str) -> None:
    """Write the counts of a chunk, shape (3, n_rows), whole or not at all."""
    table = pa.table([pa.array(chunk.ids), *(pa.array(row) for row in counts)], schema=_SCHEMA)
    record = json.dumps({"chunk": chunk.index, "fingerprint": identity})
    table = table.replace_schema_metadata({_KEY: record})
    content = parquet_with_checksum(table, compression="lz4")
    with whole_file(path) as file:
        file.write(content)


def is_stored(path: AnyPath, chunk: Chunk, identity: str) -> bool:
    """Return True if a file has a chunk's counts with this fingerprint, every byte as written."""
    try:
        with path.open("rb") as file:
            valid = has_valid_checksum(file)
        with open_partition(path) as parquet:
            metadata = parquet.schema_arrow.metadata or {}
            n_rows = parquet.metadata.num_rows
    except (OSError, ValueError, pa.ArrowException, StoreError):
        return False
    expected = json.dumps({"chunk": chunk.index, "fingerprint": identity})
    return valid and n_rows == chunk.n_rows and metadata.get(_KEY) == expected.encode()


def stored_columns(run: Run) -> Mapping[str, tuple[AnyPath, str]]:
    """Return folder and column of each stored count, by a name such as ftmo_2step_0.5_passed."""
    everything = _all_counts(run.path, run.manifest.symbol)
    found = {}
    files: list[AnyPath] = list(everything.glob("rules=*/risk_pct=*/part-*.parquet"))
    for folder in sorted({file.parent for file in files}, key=str):
        rules = folder.parent.name.removeprefix("rules=")
        risk = folder.name.removeprefix("risk_pct=")
        for name in COUNTS:
            found[f"{rules}_{risk}_{name}"] = (folder, name)
    return found


def read_counts(folder: AnyPath, column: str, plan: ChunkPlan) -> NDArray[np.int32]:
    """Return a count of every combination of the grid, shape (n_combinations,); −1 if not stored.

    Raises
    ------
    StoreError
        If a file cannot be read, or the files are of different rules, accounts or runs.
    """
    values = np.full(len(plan.grid), -1, np.int32)
    identities = set()
    for index in range(len(plan)):
        path = counts_path(folder, index)
        if not path.exists():
            continue
        try:
            with open_partition(path) as file:
                table = file.read(columns=["combo_id", column])
            identities.add(json.loads(table.schema.metadata[_KEY])["fingerprint"])
        except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
            raise StoreError(
                f"the counts cannot be read ({first_line(error)})",
                location=str(path),
                hint="run `ib-grid challenge --whole-grid` once more",
            ) from error
        values[table.column("combo_id").to_numpy()] = table.column(column).to_numpy()
    if len(identities) > 1:
        raise StoreError(
            "the counts are of different rules, accounts or runs",
            location=str(folder),
            hint="a count with changed rules was interrupted: run `ib-grid challenge"
            " --whole-grid` once more",
        )
    return values
