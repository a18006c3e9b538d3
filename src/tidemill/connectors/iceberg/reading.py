"""Reading data files: which ones a snapshot has, and their rows with deletes applied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from pyiceberg.expressions import BooleanExpression
    from pyiceberg.table import FileScanTask, Table
    from pyiceberg.table.snapshots import Snapshot


def planned_files(
    table: Table, snapshot: Snapshot | None, where: BooleanExpression | None = None
) -> list[FileScanTask]:
    """The files of a snapshot that may hold rows of the condition, in the order of their paths."""
    from pyiceberg.expressions import AlwaysTrue  # noqa: PLC0415 - an extra

    if snapshot is None:
        return []
    scan = table.scan(row_filter=where or AlwaysTrue(), snapshot_id=snapshot.snapshot_id)
    return sorted(scan.plan_files(), key=lambda task: task.file.file_path)


def file_batches(
    table: Table, task: FileScanTask, columns: Sequence[str]
) -> Iterator[pa.RecordBatch]:
    """The rows of a file in the table's current schema, deletes applied, batch by batch."""
    from pyiceberg.expressions import AlwaysTrue  # noqa: PLC0415 - an extra
    from pyiceberg.io.pyarrow import ArrowScan, _read_all_delete_files  # noqa: PLC0415

    projected = table.schema().select(*columns)
    scan = ArrowScan(table.metadata, table.io, projected, AlwaysTrue())
    deletes = _read_all_delete_files(table.io, [task])
    yield from scan._record_batches_from_scan_tasks_and_deletes([task], deletes)


def file_rows(table: Table, task: FileScanTask, columns: Sequence[str]) -> pa.Table:
    """All rows of a file."""
    from pyiceberg.io.pyarrow import schema_to_pyarrow  # noqa: PLC0415 - an extra

    schema = schema_to_pyarrow(table.schema().select(*columns), include_field_ids=False)
    batches = [batch.select(columns) for batch in file_batches(table, task, columns)]
    if not batches:
        return schema.empty_table().select(columns)
    return pa.Table.from_batches(batches).select(columns)


def added_files(table: Table, snapshot: Snapshot) -> list[FileScanTask]:
    """The files that one snapshot added, in the order of their paths."""
    number = snapshot.snapshot_id
    scan = table.incremental_append_scan(to_snapshot_id_inclusive=number)
    tasks = scan.from_snapshot_id_inclusive(number).plan_files()
    return sorted(tasks, key=lambda task: task.file.file_path)
