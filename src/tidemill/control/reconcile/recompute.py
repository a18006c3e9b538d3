"""What a pipeline's sinks should hold: its rows computed anew from its inputs, in memory.

Topics are read from their begin to where they end now, and left open there, as by
`run --until-caught-up`: a window that has not closed for the pipeline does not close here either.
Tables of `postgres-cdc` are read as they are now, each in one snapshot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from tidemill.control.lake_options import without_streaming
from tidemill.control.parity.embedded import EmbeddedRun, Settle, collect
from tidemill.control.parity.memory import CONNECTOR_NAME
from tidemill.control.reconcile.compare import last_by_key, left_over
from tidemill.errors import UserError
from tidemill.model import Batch, TableDescriptor
from tidemill.records import dataclass
from tidemill.sql.logical import Insert, Script

_REPEATABLE = (
    "kafka", "upsert-kafka", "filesystem", "jdbc", "redis", "iceberg", "delta", "postgres-cdc",
)  # fmt: skip
_FIXED_STARTS = ("earliest-offset", "specific-offsets", "timestamp")


@dataclass(frozen=True, slots=True)
class Recomputed:
    """The changes that go into each sink, and how many input rows were late or refused."""

    changes: dict[str, list[Batch]]
    late: int
    refused: int


def recompute(script: Script, sinks: Sequence[str], settle: Settle, folder: Path) -> Recomputed:
    """Run the INSERTs into these sinks; `settle` makes the options of a table final."""
    found = collect(
        collecting(script, sinks),
        lambda table: from_begin(settle(table)),
        folder,
        EmbeddedRun(),
        "caught-up",
    )
    return Recomputed(found.collected.batches, found.late, found.refused)


def collecting(script: Script, sinks: Sequence[str]) -> Script:
    """The INSERTs of a script into these sinks, which collect in memory."""
    options = {"connector": CONNECTOR_NAME}
    inserts = tuple(
        Insert(insert.query, replace(insert.sink, options=options), insert.where)
        for insert in script.inserts
        if insert.sink.name in sinks
    )
    return replace(script, inserts=inserts, selects=())


def from_begin(table: TableDescriptor) -> TableDescriptor:
    """The table, read from its begin; UserError where it gives other rows on each read."""
    options = dict(table.options)
    connector = options["connector"]
    if connector not in _REPEATABLE:
        raise UserError(
            f"the table `{table.name}` gives other rows on each read",
            code="reconcile.not-repeatable",
            hint="Compare the sink with a table that can be read: --against TABLE",
        )
    start = options.get("scan.startup.mode", "group-offsets")
    if connector == "kafka" and start not in _FIXED_STARTS and table.history is None:
        options["scan.startup.mode"] = "earliest-offset"
    if connector == "postgres-cdc":
        # The rows as they are now stand for all changes that led to them.
        options["scan.startup.mode"] = "snapshot"
    if connector == "filesystem":
        options.pop("source.monitor-interval", None)
    return replace(table, options=without_streaming(options))


def materialised(batches: Sequence[Batch], table: TableDescriptor) -> pa.Table:
    """What a table with these changes holds: by its key the last one, else what is left over."""
    schema = pa.schema([field.with_nullable(True) for field in table.schema.arrow()])
    if not batches:
        return schema.empty_table()
    rows = pa.concat_tables([pa.Table.from_batches([b.rows]).cast(schema) for b in batches])
    adds = pa.chunked_array(
        [
            b.kinds if b.kinds is not None else pa.repeat(pa.scalar(0, pa.int8()), len(b))
            for b in batches
        ]
    )
    return (last_by_key if table.primary_key else left_over)(rows, adds, table.primary_key)
