"""Arrow rows to Avro messages."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from tidemill.formats.avro.encode import encoded
from tidemill.model import Batch, Schema


class AvroEncoder:
    """Encodes the rows of one table by the table's own schema; row kinds are not written."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    def encode(self, batch: Batch) -> pa.BinaryArray:
        """One record per row; see `Encoder`."""
        return records(batch.rows, self._schema)


def records(rows: pa.RecordBatch, schema: Schema) -> pa.BinaryArray:
    """Each row as an Avro record."""
    if rows.num_rows == 0:
        return pa.array([], pa.binary())
    parts = [
        encoded(array, column.type)
        for array, column in zip(rows.columns, schema.columns, strict=True)
    ]
    return pc.binary_join_element_wise(*parts, b"")
