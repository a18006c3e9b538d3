"""Decoded columns as a batch of the table: metadata beside them, NULLs for what nobody needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from tidemill.connectors.postgres_cdc.options import CdcOptions
from tidemill.model import ColumnKind, RowKind, TableDescriptor

Array = np.ndarray[Any, Any]


def batch_of(
    table: TableDescriptor,
    options: CdcOptions,
    columns: Mapping[str, Any],
    kinds: Array,
    times_ms: Array,
) -> pa.RecordBatch:
    """The rows with all columns of the table.

    Args:
        table: as it was declared.
        options: its options.
        columns: the physical columns that were decoded, by name.
        kinds: each row's kind, int8.
        times_ms: when each row was committed, in milliseconds since 1970; 0 in a snapshot.
    """
    arrays, fields = [], []
    for column, declared in zip(table.schema.columns, table.schema.arrow(), strict=True):
        array = columns.get(column.name)
        if column.kind is ColumnKind.METADATA:
            array = _metadata(options, column.metadata_key or column.name, kinds, times_ms)
            array = array.cast(declared.type)
        if array is None:
            array = pa.nulls(len(kinds), declared.type)
        arrays.append(array)
        fields.append(declared.with_nullable(declared.nullable or array.null_count > 0))
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))


def _metadata(options: CdcOptions, key: str, kinds: Array, times_ms: Array) -> pa.Array:
    if key == "op_ts":
        return pa.array(times_ms, pa.timestamp("ms", "UTC"))
    if key == "row_kind":
        shorts = np.array([kind.short for kind in sorted(RowKind)])
        return pa.array(shorts[kinds], pa.string())
    source = options.source
    value = {
        "table_name": source.table_name, "schema_name": source.schema_name,
        "database_name": source.target.database,
    }[key]  # fmt: skip
    return pa.repeat(pa.scalar(value, pa.string()), len(kinds))
