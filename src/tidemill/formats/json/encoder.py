"""Arrow rows to JSON messages, as Flink writes them.

Text is byte for byte Flink's: member order, escapes, timestamps, decimals without trailing zeros
(`3E+2` unless `encode.decimal-as-plain-number`), doubles as Java 19 and later write them. Not
Flink's: a MAP's members keep the map's order, where Flink's follow a hash.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from tidemill.formats.common.changes import NOTHING, Around, framed
from tidemill.formats.common.java_text import json_string
from tidemill.formats.json import vectorised
from tidemill.formats.json.options import EncodeRules
from tidemill.formats.json.texts import check_writable, object_texts, texts
from tidemill.interfaces.native import library
from tidemill.model import Batch, Schema

SMALL_ROWS = 512
"""Up to here Python is faster than the fixed cost of a DuckDB query."""


class JsonEncoder:
    """Encodes the rows of one table; row kinds are not written."""

    def __init__(self, schema: Schema, rules: EncodeRules) -> None:
        self.schema = schema
        self.rules = rules
        for column in schema.columns:
            check_writable(column.type, rules)
        self._types = [column.type.arrow() for column in schema.columns]
        self._native = _native_encoder(rules)

    def encode(self, batch: Batch) -> pa.BinaryArray:
        """One JSON object per row; see `Encoder`."""
        return self.framed(batch, NOTHING, NOTHING)

    def framed(self, batch: Batch, added: Around, withdrawn: Around) -> pa.BinaryArray:
        """One JSON object per row, `added` around those of +I and +U, `withdrawn` around others."""
        kinds = None if added == withdrawn else batch.kinds
        found = self._natively(batch.rows, kinds, added, withdrawn)
        if found is not None:
            return found
        return framed(self._objects(batch.rows).cast(pa.binary()), kinds, added, withdrawn)

    def _natively(
        self, rows: pa.RecordBatch, kinds: pa.Int8Array | None, added: Around, withdrawn: Around
    ) -> pa.BinaryArray | None:
        """What the native crate makes of the rows; None where it is not there or leaves them."""
        if self._native is None or rows.schema.types != self._types or not rows.columns:
            return None
        named = pa.RecordBatch.from_arrays(rows.columns, names=self.schema.names)
        found = self._native.encode(named, kinds, added, withdrawn)
        return None if found is None else pa.array(found)

    def _objects(self, rows: pa.RecordBatch) -> pa.StringArray:
        if rows.num_rows <= SMALL_ROWS:
            columns = [
                texts(array, column.type, self.rules)
                for array, column in zip(rows.columns, self.schema.columns, strict=True)
            ]
            names = [json_string(name) for name in self.schema.names]
            found = object_texts(names, columns, rows.num_rows, self.rules.ignore_nulls)
            return pa.array(found, pa.string())
        return self._vectorised(rows)

    def _vectorised(self, rows: pa.RecordBatch) -> pa.StringArray:
        inputs = vectorised.Inputs(self.rules)
        members = [
            inputs.text(array, column.type)
            for array, column in zip(rows.columns, self.schema.columns, strict=True)
        ]
        expression = vectorised.object_expression(
            self.schema.names, members, self.rules.ignore_nulls
        )
        return vectorised.run(inputs.table(rows.num_rows), expression)


def _native_encoder(rules: EncodeRules) -> Any:
    """The native crate's encoder, which writes the same bytes, where the crate is there."""
    crate = library()
    if crate is None:
        return None
    return crate.JsonEncoder(rules.iso, rules.plain_decimals, rules.ignore_nulls)
