"""Debezium's envelope in Avro to changelog rows: c and r are +I, u is -U and +U, d is -D.

Only `before`, `after`, `op` and, to tell what comes a second time, `source` are read. An update or
a delete whose `before` is null is rejected (the table needs REPLICA IDENTITY FULL), and so is an
operation that is none of these. A `source` of another shape than Debezium's tells nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from tidemill.formats.avro_confluent.decoder import RegistryDecoder
from tidemill.formats.avro_confluent.schema_change import WriterCheck
from tidemill.formats.common.change_order import Source, change_of
from tidemill.formats.common.unavailable import filled
from tidemill.formats.schema_registry.client import SchemaRegistry
from tidemill.interfaces.format import Change, Decoded, Reject
from tidemill.model import Column, DataType, RowKind, Schema, TypeRoot
from tidemill.model.types import BIGINT, STRING, Field

_INSERTS, _UPDATE, _DELETE = ("c", "r"), "u", "d"
_IDENTITY = (
    "the `before` image of {} is null; run ALTER TABLE ... REPLICA IDENTITY FULL at the source"
)
_SOURCE = Column(
    "source",
    DataType(
        TypeRoot.ROW,
        fields=tuple(
            Field(name, BIGINT if name in ("lsn", "ts_ms") else STRING)
            for name in Source.__struct_fields__
        ),
    ),
)


def envelope(schema: Schema) -> Schema:
    """The columns of an event: the row before, the row after, and the operation."""
    row = DataType(TypeRoot.ROW, fields=tuple(Field(c.name, c.type) for c in schema.columns))
    return Schema((Column("before", row), Column("after", row), Column("op", STRING)))


class DebeziumAvroDecoder:
    """Decodes the messages of one table; see the module."""

    def __init__(
        self,
        registry: SchemaRegistry,
        schema: Schema,
        deduplicate: bool,
        check: WriterCheck | None = None,
    ) -> None:
        self._schema = schema
        self._deduplicate = deduplicate
        events = envelope(schema)
        if deduplicate:
            events = Schema((*events.columns, _SOURCE))
        self._events = RegistryDecoder(registry, events, None, frozenset({_SOURCE.name}), check)

    def decode(self, messages: Sequence[bytes | None]) -> Decoded:
        """Decode the messages; see `Decoder`."""
        return self._changelog(self._events.decode(messages), len(messages))

    def decode_column(self, messages: pa.BinaryArray) -> Decoded:
        """As `decode`, of a column; see `ColumnDecoder`."""
        return self._changelog(self._events.decode_column(messages), len(messages))

    def _changelog(self, events: Decoded, count: int) -> Decoded:
        before, after, op = events.rows.columns[:3]
        operation = np.array(op.to_pylist(), object)
        assert events.origin is not None
        origin = events.origin.to_numpy(zero_copy_only=False)
        rejects = {reject.index: reject for reject in events.rejects}
        no_before = before.is_null().to_numpy(zero_copy_only=False)
        no_after = after.is_null().to_numpy(zero_copy_only=False)
        added = np.isin(operation, _INSERTS)
        updated, deleted = operation == _UPDATE, operation == _DELETE
        problems = (
            (~(added | updated | deleted), "format.unknown-op", "`op` is none of c, r, u, d"),
            (updated & no_before, "format.before-missing", _IDENTITY.format("an update")),
            (deleted & no_before, "format.before-missing", _IDENTITY.format("a delete")),
            ((added | updated) & no_after, "format.after-missing", "the `after` image is null"),
        )
        bad = np.zeros(len(operation), np.bool_)
        for wrong, code, text in problems:
            for row in np.flatnonzero(wrong & ~bad).tolist():
                rejects[int(origin[row])] = Reject(int(origin[row]), code, text)
            bad |= wrong
        withdrawn = np.flatnonzero((updated | deleted) & ~bad)
        given = np.flatnonzero((added | updated) & ~bad)
        kinds = np.concatenate(
            [
                np.where(updated[withdrawn], RowKind.UPDATE_BEFORE, RowKind.DELETE),
                np.where(updated[given], RowKind.UPDATE_AFTER, RowKind.INSERT),
            ]
        ).astype(np.int8)
        events_of = np.concatenate([withdrawn, given])
        order = np.argsort(events_of, kind="stable")
        images = pa.concat_arrays(
            [before.take(pa.array(withdrawn)), after.take(pa.array(given))]
        ).take(pa.array(order))
        kinds, origin_of = kinds[order], origin[events_of[order]].astype(np.int32)
        columns, unavailable = filled(self._schema, images.flatten(), kinds)
        rows = pa.RecordBatch.from_arrays(columns, schema=self._schema.arrow())
        for row, (code, text) in unavailable.items():
            rejects[int(origin_of[row])] = Reject(int(origin_of[row]), code, text)
        if unavailable:
            keep = ~np.isin(origin_of, list(rejects))
            rows, kinds, origin_of = rows.filter(pa.array(keep)), kinds[keep], origin_of[keep]
        return Decoded(
            rows,
            pa.array(kinds),
            pa.array(origin_of),
            tuple(rejects[i] for i in sorted(rejects)),
            events.skipped,
            self._changes(events, count) if self._deduplicate else None,
        )

    @staticmethod
    def _changes(events: Decoded, count: int) -> list[Change | None]:
        changes: list[Change | None] = [None] * count
        assert events.origin is not None
        operations, sources = (events.rows.column(name).to_pylist() for name in ("op", "source"))
        for index, op, source in zip(events.origin.to_pylist(), operations, sources, strict=True):
            if source is not None:
                changes[index] = change_of(Source(**source), op)
        return changes
