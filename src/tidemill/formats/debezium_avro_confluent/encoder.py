"""Changelog rows to Debezium's envelope in Avro, as Flink writes it.

+I and +U become `op` c with the row as `after`, -U and -D become `op` d with the row as `before`.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from tidemill.formats.avro.encode import encoded
from tidemill.formats.avro_confluent.encoder import RegistryEncoder
from tidemill.formats.debezium_avro_confluent.decoder import envelope
from tidemill.model import Batch, DataType, RowKind, Schema, TypeRoot
from tidemill.model.types import Field

_WITHDRAWN = pa.array([RowKind.UPDATE_BEFORE, RowKind.DELETE], pa.int8())
_NULL, _CREATE, _DELETE = b"\x00", b"\x02\x02c", b"\x02\x02d"


class DebeziumAvroEncoder:
    """Encodes the rows of one table with their kinds."""

    def __init__(self, framing: RegistryEncoder, schema: Schema, branch: bytes) -> None:
        self._framing = framing
        self._branch = branch
        self._row = DataType(
            TypeRoot.ROW, fields=tuple(Field(c.name, c.type) for c in schema.columns)
        )
        self._envelope = envelope(schema)

    def encode(self, batch: Batch) -> pa.BinaryArray:
        """One change event per row; see `Encoder`."""
        if len(batch) == 0:
            return pa.array([], pa.binary())
        fields = list(self._row.arrow())
        loose = [field.with_nullable(True) for field in fields]
        rows = encoded(pa.StructArray.from_arrays(batch.rows.columns, fields=loose), self._row)
        added = pc.binary_join_element_wise(self._branch + _NULL, rows, _CREATE, b"")
        if batch.kinds is None:
            return self._framing.framed(added)
        withdrawn = pc.binary_join_element_wise(self._branch, rows, _NULL, _DELETE, b"")
        is_withdrawn = pc.is_in(batch.kinds, value_set=_WITHDRAWN)
        return self._framing.framed(pc.if_else(is_withdrawn, withdrawn, added))
