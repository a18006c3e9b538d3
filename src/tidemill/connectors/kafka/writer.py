"""Rows of one table to Kafka records: key, value, topic, headers, timestamp."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidemill.connectors.kafka.layout import Layout
from tidemill.connectors.kafka.options import KafkaTable
from tidemill.errors import ConnectorError
from tidemill.model import Batch, DeadLetter, RowKind

_DELETES = pa.array([RowKind.DELETE, RowKind.UPDATE_BEFORE], pa.int8())
_OVERHEAD_BYTES = 512
"""What a record needs besides key, value and headers, with room to spare."""


class Records(Protocol):
    """Where records go: the group's producer."""

    def begin(self) -> None:
        """Open the epoch if none is open."""
        ...

    def header(self) -> tuple[str, bytes] | None:
        """The header of the next record of the epoch; None where it is not wanted."""
        ...

    def produce(
        self,
        topic: str,
        value: bytes | None,
        key: bytes | None,
        partition: int,
        headers: list[tuple[str, bytes | None]] | None,
        timestamp_ms: int,
    ) -> None:
        """Hand one record over; waits while the producer is full."""
        ...

    def produce_many(
        self,
        topic: str,
        values: pa.BinaryArray,
        keys: pa.BinaryArray | None,
        partition: int,
        with_header: bool,
    ) -> None:
        """Hand many records over, in their order."""
        ...

    def bytes_max(self, topic: str) -> int:
        """How large a record the topic takes."""
        ...


class KafkaWriter:
    """Serialises the rows of one table into the group's epoch."""

    def __init__(self, table: KafkaTable, layout: Layout, records: Records) -> None:
        self._table = table
        self._layout = layout
        self._records = records
        self._key_encoder, self._value_encoder = layout.encoders()
        metadata = {c.metadata_key or c.name: c for c in layout.metadata if not c.virtual}
        self._topic_column = metadata.get("topic")
        self._headers_column = metadata.get("headers") or metadata.get("header-list")
        self._timestamp_column = metadata.get("timestamp")
        self._partition = 0 if table.values["sink.partitioner"] == "fixed" else -1
        self._header = bool(table.values["sink.epoch-header"])
        self._plain = self._headers_column is None and self._timestamp_column is None

    def write(self, batch: Batch) -> list[DeadLetter]:
        """Take the rows into the open epoch; see `SinkWriter`."""
        if not len(batch):
            return []
        self._records.begin()
        try:
            keys, values = self._encode(batch)
        except ConnectorError as error:
            return self._one_by_one(batch, error)
        if self._table.upsert and keys is not None and batch.kinds is not None:
            batch, keys, values = self._last_of_each_key(batch, keys, values)
        return self._produce(batch, keys, values)

    def _last_of_each_key(
        self, batch: Batch, keys: pa.BinaryArray, values: pa.BinaryArray
    ) -> tuple[Batch, pa.BinaryArray, pa.BinaryArray]:
        """Without the -U that is followed by the +U of its key; with buffering, only the last."""
        kinds = batch.kinds
        assert kinds is not None
        count = len(keys)
        if self._table.values["sink.buffer-flush.max-rows"] > 0:
            table = pa.table({"key": keys, "row": np.arange(count)})
            last = table.group_by("key").aggregate([("row", "max")])["row_max"]
            keep = np.sort(last.to_numpy())
        else:
            codes = keys.dictionary_encode(null_encoding="encode").indices.to_numpy()
            before = kinds.to_numpy(zero_copy_only=False) == RowKind.UPDATE_BEFORE
            replaced = before[:-1] & (codes[:-1] == codes[1:])
            keep = np.flatnonzero(~np.append(replaced, [False] * (count > 0)))
        if len(keep) == count:
            return batch, keys, values
        taken = pa.array(keep)
        kept = Batch(batch.rows.take(taken), kinds.take(taken))
        return kept, keys.take(taken), values.take(taken)

    def _encode(self, batch: Batch) -> tuple[pa.BinaryArray | None, pa.BinaryArray]:
        rows = batch.rows
        keys = None
        if self._key_encoder is not None:
            columns = [rows.column(name) for name in self._table.key_fields]
            key_rows = pa.RecordBatch.from_arrays(columns, schema=self._layout.key.arrow())
            keys = self._key_encoder.encode(Batch(key_rows))
        value_schema = self._layout.value.physical()
        columns = [rows.column(name) for name in value_schema.names]
        value_rows = pa.RecordBatch.from_arrays(columns, schema=value_schema.arrow())
        if not self._table.upsert:
            return keys, self._value_encoder.encode(Batch(value_rows, batch.kinds))
        encoded = self._value_encoder.encode(Batch(value_rows))
        if batch.kinds is not None:
            gone = pc.is_in(batch.kinds, value_set=_DELETES)
            encoded = pc.if_else(gone, pa.scalar(None, encoded.type), encoded)
        return keys, encoded

    def _one_by_one(self, batch: Batch, error: ConnectorError) -> list[DeadLetter]:
        """The same rows in halves, so that only those that cannot be written are set aside."""
        if len(batch) == 1:
            return [self._letter("serialise", error.code, str(error), None, None, batch)]
        middle = len(batch) // 2
        halves = (slice_of(batch, 0, middle), slice_of(batch, middle, len(batch) - middle))
        return [letter for half in halves for letter in self.write(half)]

    def _produce(
        self, batch: Batch, key_column: pa.BinaryArray | None, value_column: pa.BinaryArray
    ) -> list[DeadLetter]:
        topics = self._topics(batch.rows)
        if topics is None and self._plain:
            return self._produce_plain(self._table.topics[0], key_column, value_column, batch)
        letters: list[DeadLetter] = []
        keys = None if key_column is None else key_column.to_pylist()
        values = value_column.to_pylist()
        headers = self._headers(batch.rows)
        times = self._times(batch.rows)
        for i, value in enumerate(values):
            key = None if keys is None else keys[i]
            topic = self._table.topics[0] if topics is None else topics[i]
            if topic is None or not self._is_ours(topic):
                text = f"`{topic}` is not a topic of the table"
                row = slice_of(batch, i, 1)
                letters.append(self._letter("sink", "connector.bad-topic", text, key, value, row))
                continue
            size = len(value or b"") + len(key or b"") + _size(headers[i])
            limit = self._records.bytes_max(topic) - _OVERHEAD_BYTES
            if size > limit:
                letters.append(self._too_large(topic, size, limit, key, value, batch, i))
                continue
            self._one(topic, value, key, headers[i], times[i])
        return letters

    def _one(
        self,
        topic: str,
        value: bytes | None,
        key: bytes | None,
        headers: list[tuple[str, bytes | None]],
        timestamp_ms: int,
    ) -> None:
        own = self._records.header() if self._header else None
        every = [*headers, own] if own is not None else headers
        self._records.produce(topic, value, key, self._partition, every or None, timestamp_ms)

    def _produce_plain(
        self,
        topic: str,
        keys: pa.BinaryArray | None,
        values: pa.BinaryArray,
        batch: Batch,
    ) -> list[DeadLetter]:
        limit = self._records.bytes_max(topic) - _OVERHEAD_BYTES
        sizes = _lengths(values) if keys is None else _lengths(values) + _lengths(keys)
        fits = sizes <= limit
        letters: list[DeadLetter] = []
        if not fits.all():
            for i in np.flatnonzero(~fits).tolist():
                key = None if keys is None else keys[i].as_py()
                value, size = values[i].as_py(), int(sizes[i])
                letters.append(self._too_large(topic, size, limit, key, value, batch, i))
            values = values.filter(pa.array(fits))
            keys = None if keys is None else keys.filter(pa.array(fits))
        self._records.produce_many(topic, values, keys, self._partition, self._header)
        return letters

    def _topics(self, rows: pa.RecordBatch) -> list[str | None] | None:
        if not self._table.several_topics:
            return None
        assert self._topic_column is not None
        return list(rows.column(self._topic_column.name).to_pylist())

    def _is_ours(self, topic: str) -> bool:
        pattern = self._table.pattern
        return topic in self._table.topics if pattern is None else bool(pattern.fullmatch(topic))

    def _headers(self, rows: pa.RecordBatch) -> list[list[tuple[str, bytes | None]]]:
        column = self._headers_column
        if column is None:
            return [[]] * rows.num_rows
        found = rows.column(column.name).to_pylist()
        return [_header_list(value) for value in found]

    def _times(self, rows: pa.RecordBatch) -> Sequence[int]:
        column = self._timestamp_column
        if column is None:
            return [0] * rows.num_rows
        millis = rows.column(column.name).cast(pa.timestamp("ms", tz="UTC"), safe=False)
        return [int(time) for time in np.asarray(millis.view(pa.int64()).fill_null(0))]

    def _too_large(
        self,
        topic: str,
        size: int,
        limit: int,
        key: bytes | None,
        value: bytes | None,
        batch: Batch,
        index: int,
    ) -> DeadLetter:
        text = f"the message of {size} bytes exceeds the {limit} bytes that topic `{topic}` takes"
        row = slice_of(batch, index, 1)
        return self._letter("sink", "connector.too-large", text, key, value, row)

    def _letter(
        self,
        stage: str,
        code: str,
        text: str,
        key: bytes | None,
        value: bytes | None,
        batch: Batch,
    ) -> DeadLetter:
        if value is None:
            value = str(batch.rows.to_pylist()[0]).encode("utf-8", "replace")
        return DeadLetter(self._table.name, stage, code, text, key=key, value=value)


def slice_of(batch: Batch, start: int, length: int) -> Batch:
    """A stretch of a batch."""
    kinds = None if batch.kinds is None else batch.kinds.slice(start, length)
    return Batch(batch.rows.slice(start, length), kinds)


def _header_list(value: Any) -> list[tuple[str, bytes | None]]:
    """Headers from a MAP (pairs) or an array of rows; those without a key are left out."""
    pairs = [(v["key"], v["value"]) if isinstance(v, dict) else v for v in value or ()]
    return [(name, content) for name, content in pairs if name is not None]


def _lengths(column: pa.BinaryArray) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The bytes of each message; none where it is NULL."""
    lengths = pc.fill_null(pc.binary_length(column), 0)
    return np.asarray(lengths.to_numpy(zero_copy_only=False), dtype=np.int64)


def _size(headers: list[tuple[str, bytes | None]]) -> int:
    return sum(len(name) * 4 + len(content or b"") for name, content in headers)
