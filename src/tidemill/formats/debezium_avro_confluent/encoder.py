"""Changelog rows to Debezium's envelope in Avro, as Flink writes it.

+I and +U become `op` c with the row as `after`, -U and -D become `op` d with the row as `before`.
"""

from __future__ import annotations

import pyarrow as pa

from tidemill.formats.avro.encoder import RecordWriter
from tidemill.formats.avro_confluent.encoder import RegistryEncoder
from tidemill.model import Batch, Schema

_NULL, _ROW = b"\x00", b"\x02"
_CREATE, _DELETE = b"\x02\x02c", b"\x02\x02d"


class DebeziumAvroEncoder:
    """Encodes the rows of one table with their kinds."""

    def __init__(self, framing: RegistryEncoder, schema: Schema, branch: bytes) -> None:
        self._framing = framing
        self._branch = branch
        self._rows = RecordWriter(schema)

    def encode(self, batch: Batch) -> pa.BinaryArray:
        """One change event per row; see `Encoder`."""
        if len(batch) == 0:
            return pa.array([], pa.binary())
        begin = self._framing.header() + self._branch
        return self._rows.write(
            batch, (begin + _NULL + _ROW, _CREATE), (begin + _ROW, _NULL + _DELETE)
        )
