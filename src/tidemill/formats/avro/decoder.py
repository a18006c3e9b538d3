"""Avro messages to Arrow rows.

What cannot be read is rejected, message by message: bytes that end too early or hold an impossible
value, text that is no UTF-8, a number beyond its column, NULL in a NOT NULL column.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

import numpy as np
import pyarrow as pa

from tidemill.formats.avro.general import GeneralReader
from tidemill.formats.avro.native import Raw, native_reader
from tidemill.formats.avro.raw import (
    AvroSchema,
    UnreadableSchemaError,
    is_flat,
    kind,
    nullable_of,
    raw_type,
    union_index,
)
from tidemill.formats.avro.resolve import Convert, check_missing, resolver
from tidemill.formats.avro.vectors import Numbers, read_flat
from tidemill.interfaces.format import Decoded, Reject
from tidemill.model import Schema
from tidemill.records import dataclass

_MALFORMED = "the bytes are no record of the writer's schema"


@dataclass
class Read:
    """Rows of messages: `index` says which message each row is of; the others are rejected."""

    columns: list[pa.Array]
    index: Numbers
    rejects: dict[int, Reject] = field(default_factory=dict)


class RecordReader:
    """Reads messages of one writer's schema as rows of a table; UnreadableSchemaError if never.

    The schema is a record, or a union of null and one, as Flink's debezium-avro-confluent writes.
    An `optional` column is NULL where the writer's field is of a type that it cannot take.
    """

    def __init__(
        self,
        writer: AvroSchema,
        schema: Schema,
        needed: frozenset[str] | None,
        optional: frozenset[str] = frozenset(),
    ) -> None:
        self._branch = union_index(writer)
        writer = nullable_of(writer) if self._branch else writer
        if kind(writer) != "record":
            raise UnreadableSchemaError(f"the writer's schema is {kind(writer)}, not a record")
        raw_type(writer)
        written = {f["name"]: f["type"] for f in writer["fields"]}
        self._schema, self._writer = schema, writer
        self._converts: dict[str, Convert] = {}
        for column in schema.columns:
            if column.name not in written:
                check_missing(column.type, column.name)
            elif needed is None or column.name in needed:
                try:
                    convert = resolver(written[column.name], column.type, column.name)
                except UnreadableSchemaError:
                    if column.name in optional:
                        continue
                    raise
                self._converts[column.name] = convert
        self._required = [
            column.name
            for column in schema.columns
            if not column.type.nullable and column.name in self._converts
        ]
        self._general = None if is_flat(writer) else GeneralReader(writer)
        self._native = native_reader(writer, frozenset(self._converts), self._slowly)

    def read(self, messages: Sequence[bytes], index: Numbers) -> Read:
        """The rows of messages, whose places in the whole batch are `index`."""
        return self._rows(*self._raw(messages), index)

    def read_column(self, messages: pa.BinaryArray, skip: int, index: Numbers) -> Read:
        """As `read`, of a column without NULLs; each record is behind so many bytes."""
        if self._native is None:
            return self._rows(*self._raw_of(messages, skip), index)
        raw, bad = self._native.read_column(messages, skip, self._branch, self._raw_of)
        return self._rows(raw, bad, index)

    def _raw_of(self, messages: pa.BinaryArray, skip: int) -> Raw:
        return self._raw([message[skip:] for message in messages.to_pylist()])

    def _raw(self, messages: Sequence[bytes]) -> Raw:
        other = np.zeros(len(messages), np.bool_)
        if self._branch:
            other = np.array([not m.startswith(self._branch) for m in messages], np.bool_)
            messages = [message[len(self._branch) :] for message in messages]
        if self._native is None:
            raw, bad = self._slowly(messages, frozenset(self._converts))
        else:
            raw, bad = self._native.read(messages)
        return raw, bad | other

    def _rows(self, raw: dict[str, pa.Array], bad: Numbers, index: Numbers) -> Read:
        problems = {
            int(row): Reject(int(index[row]), "format.malformed", _MALFORMED)
            for row in np.flatnonzero(bad)
        }
        if problems:
            kept = pa.array(np.flatnonzero(~bad))
            raw = {name: array.take(kept) for name, array in raw.items()}
        places = np.flatnonzero(~bad)
        arrays = {
            name: self._converted(name, convert, raw[name], places, index, problems)
            for name, convert in self._converts.items()
        }
        for name in self._required:
            if arrays[name].null_count:
                nulls = arrays[name].is_null().to_numpy(zero_copy_only=False)
                text = f"column `{name}` is NOT NULL and the field is null"
                for row in places[np.flatnonzero(nulls)].tolist():
                    reject = Reject(int(index[row]), "format.null-in-not-null", text)
                    problems.setdefault(row, reject)
        return self._settled(arrays, places, index, problems)

    def _slowly(self, messages: Sequence[bytes], wanted: frozenset[str]) -> Raw:
        """The raw columns, and which messages are bad, in Python."""
        if self._general is None:
            return read_flat(messages, self._writer, wanted)
        return self._general.read(messages, wanted)

    def _converted(
        self, name: str, convert: Convert, raw: pa.Array, places: Numbers, index: Numbers,
        problems: dict[int, Reject],
    ) -> pa.Array:  # fmt: skip
        try:
            return convert(raw)
        except (pa.ArrowException, ValueError, OverflowError):
            parts = []
            for row in range(len(raw)):
                try:
                    parts.append(convert(raw.slice(row, 1)))
                except (pa.ArrowException, ValueError, OverflowError) as error:
                    column = next(c for c in self._schema.columns if c.name == name)
                    place = int(places[row])
                    text = f"`{name}` does not fit {column.type.sql()}: {error}"
                    problems.setdefault(
                        place, Reject(int(index[place]), "format.type-mismatch", text)
                    )
                    parts.append(pa.nulls(1, column.type.arrow()))
            return pa.concat_arrays(parts)

    def _settled(
        self, arrays: dict[str, pa.Array], places: Numbers, index: Numbers,
        problems: dict[int, Reject],
    ) -> Read:  # fmt: skip
        bad = set(problems)
        keep = np.array([place not in bad for place in places.tolist()], np.bool_)
        if not keep.all():
            kept = pa.array(np.flatnonzero(keep))
            arrays = {name: array.take(kept) for name, array in arrays.items()}
        count = int(keep.sum())
        columns = [
            arrays[c.name] if c.name in arrays else pa.nulls(count, c.type.arrow())
            for c in self._schema.columns
        ]
        rejects = {reject.index: reject for reject in problems.values()}
        return Read(columns, index[places[keep]], rejects)


class AvroDecoder:
    """Decodes the messages of one table, all written by the table's own schema."""

    def __init__(self, reader: RecordReader, schema: Schema) -> None:
        self._reader = reader
        self._schema = schema

    def decode(self, messages: Sequence[bytes | None]) -> Decoded:
        """Decode the messages; see `Decoder`."""
        index = np.array([i for i, m in enumerate(messages) if m is not None], np.int64)
        there = [message for message in messages if message is not None]
        found = self._reader.read(there, index)
        return settled([found], self._schema, len(messages) - len(there), found.rejects)

    def decode_column(self, messages: pa.BinaryArray) -> Decoded:
        """As `decode`, of a column; see `ColumnDecoder`."""
        index = np.flatnonzero(messages.is_valid().to_numpy(zero_copy_only=False))
        found = self._reader.read_column(messages.drop_null(), 0, index)
        return settled([found], self._schema, messages.null_count, found.rejects)


def settled(
    parts: Sequence[Read], schema: Schema, skipped: int, rejects: dict[int, Reject]
) -> Decoded:
    """The rows of all parts in the order of their messages."""
    arrow = schema.arrow()
    batches = [pa.RecordBatch.from_arrays(part.columns, schema=arrow) for part in parts]
    origin = np.concatenate([part.index for part in parts]) if parts else np.zeros(0, np.int64)
    if len(batches) == 1:
        rows = batches[0]
    else:
        whole = pa.Table.from_batches(batches, schema=arrow).combine_chunks()
        order = np.argsort(origin, kind="stable")
        origin = origin[order]
        rows = pa.RecordBatch.from_arrays(
            [_whole(column, order) for column in whole.columns], schema=arrow
        )
    return Decoded(
        rows,
        origin=pa.array(origin.astype(np.int32)),
        rejects=tuple(rejects[i] for i in sorted(rejects)),
        skipped=skipped,
    )


def _whole(column: pa.ChunkedArray, order: Numbers) -> pa.Array:
    array = pa.concat_arrays(column.chunks) if column.num_chunks else pa.nulls(0, column.type)
    return array.take(pa.array(order))
