"""Reading through the native crate, where it is installed and can do the table; else nothing.

The crate reads a partition's messages and decodes the columns that the plan needs without the GIL
and without a Python object a message. What its scanner is not sure about it hands back whole, and
the format's own decoder decides: the rows are those of the Python path, always.

It serves tables of JSON values, without key or metadata columns, whose needed columns are of
types it knows, over an unencrypted connection. `TIDEMILL_NATIVE=0` turns it off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from tidemill.connectors.kafka.layout import Layout, key_columns_from_key
from tidemill.connectors.kafka.options import KafkaTable
from tidemill.connectors.kafka.producer_native import texts
from tidemill.connectors.kafka.rows import Assembled, dead_letter
from tidemill.connectors.kafka.startup import Partition
from tidemill.interfaces.connector import JobContext
from tidemill.interfaces.format import Decoder
from tidemill.interfaces.native import library, widened
from tidemill.interfaces.native_types import FieldSpec, field_spec

_OPTIONS_OF_PYTHON = ("fail-on-missing-field", "ignore-parse-errors")


@dataclass(frozen=True, slots=True)
class Run:
    """What one read took from one partition."""

    at: Partition
    assembled: Assembled
    records: int
    next_offset: int
    newest_ms: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """An error of a partition or of the client, or the end of a partition."""

    at: Partition
    code: int
    text: str
    offset: int


@dataclass(frozen=True, slots=True)
class _Message:
    """A message as `rows.dead_letter` looks at it."""

    at: Partition
    at_offset: int
    at_ms: int
    raw_key: bytes | None
    raw_value: bytes | None

    def topic(self) -> str:
        return self.at[0]

    def partition(self) -> int:
        return self.at[1]

    def offset(self) -> int:
        return self.at_offset

    def timestamp(self) -> tuple[int, int]:
        return (1, self.at_ms)

    def key(self) -> bytes | None:
        return self.raw_key

    def value(self) -> bytes | None:
        return self.raw_value


def native_reader(table: KafkaTable, parts: Layout, job: JobContext) -> NativeReader | None:
    """A reader for the table, or None where the Python path has to serve."""
    if job.traced:
        return None  # it gives no headers
    crate = library()
    if crate is None or table.upsert or parts.metadata or key_columns_from_key(table):
        return None
    if parts.value_factory.name != "json":
        return None
    if any(parts.value_options[option] for option in _OPTIONS_OF_PYTHON):
        return None
    if table.properties.get("security.protocol", "plaintext").lower() != "plaintext":
        return None
    needed = table.descriptor.columns_needed
    columns = [c for c in parts.value.columns if needed is None or c.name in needed]
    timestamps = parts.value_options["timestamp-format.standard"]
    fields = [
        spec
        for column in columns
        if (spec := field_spec(column.name, column.type, timestamps)) is not None
    ]
    if len(fields) < len(columns):
        return None
    return NativeReader(crate, table, parts.decoders(needed)[1], fields)


class NativeReader:
    """Reads and decodes one table's partitions; used from the source's thread."""

    def __init__(
        self,
        crate: Any,
        table: KafkaTable,
        decoder: Decoder,
        fields: Sequence[FieldSpec],
    ) -> None:
        self._crate = crate
        self._table = table
        self._decoder = decoder
        self._fields = fields
        self._schema = table.descriptor.schema.arrow()
        self._reader: Any = None

    def open(self, config: Mapping[str, Any]) -> None:
        """Connect."""
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

    def read(self, rows_max: int, timeout_s: float) -> tuple[list[Run], list[Trouble]]:
        """What is there."""
        slices, errors = self._reader.read(rows_max, int(timeout_s * 1000))
        runs = [self._run(piece) for piece in slices if len(piece.batch)]
        troubles = [
            Trouble((topic, part), code, text, at) for topic, part, code, text, at in errors
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

    def _run(self, piece: Any) -> Run:
        at = (piece.topic, piece.partition)
        records = len(piece.batch)
        rows = widened(pa.record_batch(piece.batch), self._schema)
        assembled = Assembled(rows, None, 0, 0, ())
        if piece.unsure:
            assembled = self._decide(at, rows, piece.unsure)
        return Run(at, assembled, records, piece.next_offset, piece.newest_ms)

    def _decide(self, at: Partition, rows: pa.RecordBatch, unsure: Sequence[Any]) -> Assembled:
        """Have the format decide the messages that the scanner left, and put all in order."""
        messages = [_Message(at, offset, ms, key, value) for _, value, key, offset, ms in unsure]
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
