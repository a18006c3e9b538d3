"""Protobuf messages to Arrow rows, as Flink reads them.

An absent message, an empty array or map, and in proto2 an absent number or text are NULL unless
`read-default-values` says otherwise; numbers and texts of proto3 have their defaults. Unsigned
numbers are taken as signed ones of the same bits, as in Java. Fields without a column are skipped.
Each message becomes a Python object of the protobuf library; columns are taken from all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from google.protobuf.descriptor import FieldDescriptor as Fd
from google.protobuf.message import DecodeError

from tidemill.formats.protobuf.fields import is_map
from tidemill.interfaces.format import Decoded, Reject
from tidemill.model import DataType, Schema, TypeRoot
from tidemill.model.types import Field

Take = Callable[[Any], Any]


class ProtobufDecoder:
    """Decodes the messages of one table; see the module."""

    def __init__(
        self, message: Any, schema: Schema, needed: frozenset[str] | None, *,
        ignore_errors: bool, defaults: bool,
    ) -> None:  # fmt: skip
        self._message, self._schema = message, schema
        self._ignore_errors = ignore_errors
        by_name = message.DESCRIPTOR.fields_by_name
        self._takes = {
            column.name: taker(by_name[column.name], column.type, defaults)
            for column in schema.columns
            if needed is None or column.name in needed
        }

    def decode(self, messages: Sequence[bytes | None]) -> Decoded:
        """Decode the messages; see `Decoder`."""
        found: list[Any] = []
        origin: list[int] = []
        rejects: dict[int, Reject] = {}
        skipped = 0
        parse = self._message.FromString
        for index, message in enumerate(messages):
            if message is None:
                skipped += 1
                continue
            try:
                found.append(parse(message))
                origin.append(index)
            except (DecodeError, UnicodeDecodeError) as error:
                rejects[index] = Reject(index, "format.malformed", f"no such message: {error}")
        columns = [
            pa.array([self._takes[c.name](m) for m in found], c.type.arrow())
            if c.name in self._takes
            else pa.nulls(len(found), c.type.arrow())
            for c in self._schema.columns
        ]
        keep = np.ones(len(found), np.bool_)
        for column, array in zip(self._schema.columns, columns, strict=True):
            if not column.type.nullable and column.name in self._takes and array.null_count:
                text = f"column `{column.name}` is NOT NULL and the field is absent"
                for row in np.flatnonzero(array.is_null().to_numpy(zero_copy_only=False)).tolist():
                    keep[row] = False
                    reject = Reject(origin[row], "format.null-in-not-null", text)
                    rejects.setdefault(origin[row], reject)
        if not keep.all():
            columns = [array.filter(pa.array(keep)) for array in columns]
        if self._ignore_errors:
            skipped += len(rejects)
            rejects = {}
        return Decoded(
            pa.RecordBatch.from_arrays(columns, schema=self._schema.arrow()),
            origin=pa.array(np.array(origin, np.int32)[keep], pa.int32()),
            rejects=tuple(rejects[index] for index in sorted(rejects)),
            skipped=skipped,
        )


def taker(field: Any, type_: DataType, defaults: bool) -> Take:
    """How a column's value is taken from a message."""
    name = field.name
    if is_map(field):
        entry = field.message_type.fields_by_name
        assert type_.key is not None and type_.value is not None
        key = _value(entry["key"], type_.key, defaults)
        value = _value(entry["value"], type_.value, defaults)
        return _several(
            lambda m: [(key(k), value(v)) for k, v in sorted(getattr(m, name).items())], defaults
        )
    if field.is_repeated:
        assert type_.element is not None
        item = _value(field, type_.element, defaults)
        return _several(lambda m: [item(v) for v in getattr(m, name)], defaults)
    read = _value(field, type_, defaults)
    always = defaults or (field.message_type is None and not _is_proto2(field))
    if always:
        return lambda m: read(getattr(m, name))
    return lambda m: read(getattr(m, name)) if m.HasField(name) else None


def _several(read: Take, defaults: bool) -> Take:
    return read if defaults else lambda m: read(m) or None


def _is_proto2(field: Any) -> bool:
    """Whether plain fields of its file say if they are there."""
    plain = (f for f in field.containing_type.fields if f.message_type is None)
    return all(f.has_presence for f in plain if not f.is_repeated and f.containing_oneof is None)


def _value(field: Any, type_: DataType, defaults: bool) -> Take:
    if field.message_type is not None:
        return _row(field.message_type, type_.fields, defaults)
    if field.cpp_type == Fd.CPPTYPE_ENUM and type_.root not in (TypeRoot.INTEGER, TypeRoot.BIGINT):
        names = {value.number: value.name for value in field.enum_type.values}
        return lambda value: names.get(value, "UNRECOGNIZED")
    if field.cpp_type == Fd.CPPTYPE_UINT32:
        return lambda value: value - (1 << 32) if value >= 1 << 31 else value
    if field.cpp_type == Fd.CPPTYPE_UINT64:
        return lambda value: value - (1 << 64) if value >= 1 << 63 else value
    return lambda value: value


def _row(message: Any, fields: tuple[Field, ...], defaults: bool) -> Take:
    takes = [(f.name, taker(message.fields_by_name[f.name], f.type, defaults)) for f in fields]
    return lambda value: {name: take(value) for name, take in takes}
