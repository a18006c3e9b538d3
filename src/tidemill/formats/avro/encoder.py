"""Arrow rows to Avro messages."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from tidemill.formats.avro.encode import encoded
from tidemill.formats.avro.native import native_encoder
from tidemill.formats.common.changes import NOTHING, Around, framed
from tidemill.model import Batch, Schema


class RecordWriter:
    """Writes each row of a table as an Avro record, between bytes that its kind decides."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._types = [column.type.arrow() for column in schema.columns]
        self._native = native_encoder(schema)

    def write(
        self, batch: Batch, added: Around = NOTHING, withdrawn: Around = NOTHING
    ) -> pa.BinaryArray:
        """One message per row: `added` around +I and +U, `withdrawn` around -U and -D."""
        rows = batch.rows
        if rows.num_rows == 0:
            return pa.array([], pa.binary())
        kinds = None if added == withdrawn else batch.kinds
        if self._native is not None and rows.columns and rows.schema.types == self._types:
            found = self._native.encode(rows, kinds, added, withdrawn)
            if found is not None:
                return pa.array(found)
        parts = [
            encoded(array, column.type)
            for array, column in zip(rows.columns, self._schema.columns, strict=True)
        ]
        return framed(pc.binary_join_element_wise(*parts, b""), kinds, added, withdrawn)


class AvroEncoder:
    """Encodes the rows of one table by the table's own schema; row kinds are not written."""

    def __init__(self, schema: Schema) -> None:
        self._writer = RecordWriter(schema)

    def encode(self, batch: Batch) -> pa.BinaryArray:
        """One record per row; see `Encoder`."""
        return self._writer.write(batch)
