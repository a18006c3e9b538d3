"""Rows replaced and deleted by key: files that hold a changed key are written anew (copy on write).

Iceberg's equality deletes would be cheaper to write, but pyiceberg cannot read them back. Which
files may hold a key is found by the bounds that the manifests keep for each column, so tables that
are sorted or partitioned by their key are changed cheaply, others file by file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from tidemill.connectors.iceberg.reading import file_rows, planned_files
from tidemill.connectors.iceberg.writer import IcebergWriter, remove_files

if TYPE_CHECKING:
    from pyiceberg.expressions import BooleanExpression
    from pyiceberg.manifest import DataFile
    from pyiceberg.table import FileScanTask, Table, Transaction

_IN_LIST_MAX = 200
"""Above so many keys only the range of the keys is asked for."""


class Upsert:
    """One epoch's changes of a keyed table.

    The rows of the epoch itself are written once. What is kept of older files is found for the
    table as it is at the attempt, so a conflict with another writer is met by looking again.
    """

    def __init__(self, writer: IcebergWriter, keys: pa.Table, rows: pa.Table) -> None:
        self._writer = writer
        self._keys = keys
        self._rows = rows
        self._new: list[DataFile] = []
        self._kept: list[DataFile] = []

    def prepare(self) -> None:
        """Write the rows that the changed keys have at the end of the epoch."""
        self._new = self._writer.data_files(self._rows)

    def stage(self, transaction: Transaction, summary: dict[str, str]) -> None:
        """Stage one snapshot: the new rows in, the older rows of their keys out."""
        table = transaction._table
        self._discard_kept(table)
        replaced: list[DataFile] = []
        for task in planned_files(table, table.current_snapshot(), self._filter()):
            kept = self._kept_rows(table, task)
            if kept is not None:
                replaced.append(task.file)
                self._kept += self._writer.data_files(kept)
        if not replaced and not self._new:
            return
        snapshot = transaction.update_snapshot(summary)
        if not replaced:
            with snapshot.merge_append() as append:
                for file in self._new:
                    append.append_data_file(file)
            return
        with snapshot.overwrite() as overwrite:
            for file in replaced:
                overwrite.delete_data_file(file)
            for file in (*self._new, *self._kept):
                overwrite.append_data_file(file)

    def _kept_rows(self, table: Table, task: FileScanTask) -> pa.Table | None:
        """What stays of a file's rows; None where all stay."""
        names = self._keys.column_names
        found = file_rows(table, task, names)
        numbered = found.append_column("n", pa.array(range(found.num_rows), pa.int64()))
        wanted = self._keys.cast(pa.schema([(name, found[name].type) for name in names]))
        hit = numbered.join(wanted, names, join_type="left semi", use_threads=False)["n"]
        if len(hit) == 0:
            return None
        stay = pc.invert(pc.is_in(numbered["n"], value_set=hit.combine_chunks()))
        whole = file_rows(table, task, [field.name for field in table.schema().fields])
        return whole.filter(stay)

    def _filter(self) -> BooleanExpression:
        """A condition that holds for every row of a changed key, and perhaps for others."""
        from pyiceberg import expressions as e  # noqa: PLC0415 - an extra

        condition: BooleanExpression = e.AlwaysTrue()
        for name in self._keys.column_names:
            distinct = pc.unique(self._keys[name])
            if not _is_comparable(distinct.type):
                continue
            if len(distinct) <= _IN_LIST_MAX:
                condition = e.And(condition, e.In(name, _values(distinct)))
                continue
            bounds = pc.min_max(distinct).as_py()
            condition = e.And(condition, e.GreaterThanOrEqual(name, bounds["min"]))
            condition = e.And(condition, e.LessThanOrEqual(name, bounds["max"]))
        return condition

    def committed(self) -> None:
        """All files belong to the table now."""
        self._new, self._kept = [], []

    def _discard_kept(self, table: Table) -> None:
        remove_files(table, self._kept)
        self._kept = []

    def discard(self) -> None:
        """Remove what was written."""
        remove_files(self._writer._table, [*self._new, *self._kept])
        self._new, self._kept = [], []


def _is_comparable(type_: pa.DataType) -> bool:
    """Whether bounds can be told to the library as Python values without a loss."""
    return bool(
        pa.types.is_integer(type_)
        or pa.types.is_string(type_)
        or pa.types.is_large_string(type_)
        or pa.types.is_date(type_)
    )


def _values(distinct: pa.Array) -> set[Any]:
    return set(distinct.to_pylist())
