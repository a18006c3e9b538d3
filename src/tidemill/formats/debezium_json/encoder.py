"""Changelog rows to Debezium's envelope, as Flink writes it.

+I and +U become `op` c with the row as `after`, -U and -D become `op` d with the row as `before`:
`{"before":null,"after":{...},"op":"c"}`.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from tidemill.formats.json.encoder import JsonEncoder
from tidemill.formats.json.options import EncodeRules
from tidemill.model import Batch, RowKind, Schema

_WITHDRAWN = pa.array([RowKind.UPDATE_BEFORE, RowKind.DELETE], pa.int8())


class DebeziumEncoder:
    """Encodes the rows of one table with their kinds."""

    def __init__(self, schema: Schema, rules: EncodeRules) -> None:
        self._rows = JsonEncoder(schema, rules)
        null = "" if rules.ignore_nulls else '"before":null,'
        self._added = ("{" + null + '"after":', ',"op":"c"}')
        closing = "" if rules.ignore_nulls else '"after":null,'
        self._withdrawn = ('{"before":', "," + closing + '"op":"d"}')

    def encode(self, batch: Batch) -> pa.BinaryArray:
        """One change event per row; see `Encoder`."""
        objects = self._rows.objects(batch.rows)
        added = self._wrap(objects, self._added)
        if batch.kinds is None:
            return added.cast(pa.binary())
        withdrawn = pc.is_in(batch.kinds, value_set=_WITHDRAWN)
        events = pc.if_else(withdrawn, self._wrap(objects, self._withdrawn), added)
        return events.cast(pa.binary())

    @staticmethod
    def _wrap(objects: pa.StringArray, around: tuple[str, str]) -> pa.StringArray:
        return pc.binary_join_element_wise(around[0], objects, around[1], "")
