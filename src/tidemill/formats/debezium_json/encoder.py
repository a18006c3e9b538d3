"""Changelog rows to Debezium's envelope, as Flink writes it.

+I and +U become `op` c with the row as `after`, -U and -D become `op` d with the row as `before`:
`{"before":null,"after":{...},"op":"c"}`.
"""

from __future__ import annotations

import pyarrow as pa

from tidemill.formats.json.encoder import JsonEncoder
from tidemill.formats.json.options import EncodeRules
from tidemill.model import Batch, Schema


class DebeziumEncoder:
    """Encodes the rows of one table with their kinds."""

    def __init__(self, schema: Schema, rules: EncodeRules) -> None:
        self._rows = JsonEncoder(schema, rules)
        null = b"" if rules.ignore_nulls else b'"before":null,'
        self._added = (b"{" + null + b'"after":', b',"op":"c"}')
        closing = b"" if rules.ignore_nulls else b'"after":null,'
        self._withdrawn = (b'{"before":', b"," + closing + b'"op":"d"}')

    def encode(self, batch: Batch) -> pa.BinaryArray:
        """One change event per row; see `Encoder`."""
        return self._rows.framed(batch, self._added, self._withdrawn)
