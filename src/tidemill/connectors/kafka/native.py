"""Reading through the native crate, where it is installed and can do the table; else nothing.

The crate reads a partition's messages without the GIL and without a Python object a message. JSON
it decodes on the way, the columns that the plan needs; what its scanner is not sure about it hands
back whole, and the format's own decoder decides. The messages of other formats come as columns,
which their decoders take (`ColumnDecoder`). The rows are those of the Python path, always.

It serves tables without key or metadata columns, of JSON whose needed columns are of types it
knows and of formats that decode columns, over any connection and login. `TIDEMILL_NATIVE=0` turns
it off.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from confluent_kafka import KafkaError

from tidemill.connectors.kafka.columns import MessageColumns, MessageView
from tidemill.connectors.kafka.crate import kafka_crate
from tidemill.connectors.kafka.layout import Layout, key_columns_from_key
from tidemill.connectors.kafka.options import KafkaTable
from tidemill.connectors.kafka.partition_reader import Run, Trouble
from tidemill.connectors.kafka.producer_native import texts
from tidemill.connectors.kafka.repeats import Repeats
from tidemill.connectors.kafka.rows import Assembled, RowAssembler, dead_letter
from tidemill.connectors.kafka.startup import Partition
from tidemill.interfaces.connector import JobContext
from tidemill.interfaces.format import ColumnDecoder, Decoder
from tidemill.interfaces.native import widened
from tidemill.interfaces.native_types import FieldSpec, field_spec

_OPTIONS_OF_PYTHON = ("fail-on-missing-field", "ignore-parse-errors")


def native_reader(
    table: KafkaTable, parts: Layout, job: JobContext
) -> NativeReader | ColumnReader | None:
    """A reader for the table, or None where the Python path has to serve."""
    if job.traced:
        return None  # it gives no headers
    crate = kafka_crate()
    if crate is None or table.upsert or parts.metadata or key_columns_from_key(table):
        return None
    decoder = parts.decoders(table.descriptor.columns_needed)[1]
    if parts.value_factory.name == "json":
        fields = _json_fields(table, parts)
        return None if fields is None else NativeReader(crate, table, decoder, fields)
    if isinstance(decoder, ColumnDecoder):
        return ColumnReader(crate, table, RowAssembler(table, parts))
    return None


def _json_fields(table: KafkaTable, parts: Layout) -> list[FieldSpec] | None:
    """The needed columns as the crate is told of them; None where it cannot decode them."""
    if any(parts.value_options[option] for option in _OPTIONS_OF_PYTHON):
        return None
    needed = table.descriptor.columns_needed
    columns = [c for c in parts.value.columns if needed is None or c.name in needed]
    timestamps = parts.value_options["timestamp-format.standard"]
    fields = [
        spec
        for column in columns
        if (spec := field_spec(column.name, column.type, timestamps)) is not None
    ]
    return fields if len(fields) == len(columns) else None


class _Reader(ABC):
    """Reads through the crate; see `PartitionReader`."""

    def __init__(self, crate: Any, table: KafkaTable, fields: Sequence[FieldSpec] | None) -> None:
        self._crate = crate
        self._table = table
        self._fields = fields
        self._reader: Any = None
        self._on_error: Callable[[KafkaError], None]

    def open(self, config: Mapping[str, Any], consumer: Any) -> None:
        """Connect, with a client of the crate's own; see `PartitionReader`."""
        self._on_error = config["error_cb"]
        self._reader = self._crate.KafkaReader(texts(config), self._fields)

    def assign(self, partitions: Mapping[Partition, tuple[int, int | None]]) -> None:
        """Read these partitions too, each from its offset, to before its end if it has one."""
        self._reader.assign(
            [(*at, first, -1 if end is None else end) for at, (first, end) in partitions.items()]
        )

    def unassign(self, partitions: Sequence[Partition]) -> None:
        """Read these partitions no more."""
        if partitions:
            self._reader.unassign(list(partitions))

    def read(
        self, rows_max: int, timeout_s: float, repeats: Callable[[Partition], Repeats | None]
    ) -> tuple[list[Run], list[Trouble]]:
        """What is there; `repeats` tells changes of a partition that come a second time."""
        slices, errors, reports = self._reader.read(rows_max, int(timeout_s * 1000))
        for code, text in reports:
            self._on_error(KafkaError(code, text))
        runs = [
            Run(at, self._assembled(at, piece, repeats(at)), len(piece.batch), piece.next_offset,
                piece.newest_ms)
            for piece in slices
            if len(piece.batch) and (at := (piece.topic, piece.partition))
        ]  # fmt: skip
        troubles = [
            Trouble((topic, part), KafkaError(code, text), at)
            for topic, part, code, text, at in errors
        ]
        return runs, troubles

    def end_offset(self, at: Partition) -> int | None:
        """The newest end that the broker told."""
        end = int(self._reader.end_offset(*at))
        return end if end >= 0 else None

    def close(self) -> None:
        """Give the client back."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    @abstractmethod
    def _assembled(self, at: Partition, piece: Any, repeats: Repeats | None) -> Assembled:
        """The rows of a slice."""


class ColumnReader(_Reader):
    """Hands the messages to the format's decoder in columns."""

    def __init__(self, crate: Any, table: KafkaTable, assembler: RowAssembler) -> None:
        super().__init__(crate, table, None)
        self._assembler = assembler

    def _assembled(self, at: Partition, piece: Any, repeats: Repeats | None) -> Assembled:
        messages = MessageColumns(at, pa.record_batch(piece.batch))
        return self._assembler.assemble(messages, repeats)


class NativeReader(_Reader):
    """Reads messages of JSON, which the crate decodes on the way."""

    def __init__(
        self,
        crate: Any,
        table: KafkaTable,
        decoder: Decoder,
        fields: Sequence[FieldSpec],
    ) -> None:
        super().__init__(crate, table, fields)
        self._decoder = decoder
        self._schema = table.descriptor.schema.arrow()

    def _assembled(self, at: Partition, piece: Any, repeats: Repeats | None) -> Assembled:
        rows = widened(pa.record_batch(piece.batch), self._schema)
        if piece.unsure:
            return self._decide(at, rows, piece.unsure)
        return Assembled(rows, None, 0, 0, ())

    def _decide(self, at: Partition, rows: pa.RecordBatch, unsure: Sequence[Any]) -> Assembled:
        """Have the format decide the messages that the scanner left, and put all in order."""
        messages = [MessageView(at, offset, ms, key, value) for _, value, key, offset, ms in unsure]
        decoded = self._decoder.decode([message.raw_value for message in messages])
        places = np.array([row for row, *_ in unsure], dtype=np.int64)
        inner = np.arange(len(messages)) if decoded.origin is None else decoded.origin.to_numpy()
        sure = np.setdiff1d(np.arange(rows.num_rows), places)
        order = np.argsort(np.concatenate([sure, places[inner]]), kind="stable")
        both = pa.concat_batches([rows.take(pa.array(sure)), decoded.rows])
        letters = tuple(
            dead_letter(self._table.name, messages[reject.index], reject)
            for reject in decoded.rejects
        )
        message_of = np.concatenate([sure, places[inner]])[order]
        rows = both.take(pa.array(order))
        return Assembled(rows, None, decoded.skipped, 0, letters, message_of)
