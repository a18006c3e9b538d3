"""Raw columns of a writer's schema to the table's columns, by Avro's schema resolution.

The table's schema is the reader's: a field that the writer lacks is NULL (its column must be
nullable), a field without a column is dropped, int widens to long, float and double, long to float
and double, float to double; string and bytes stand for each other; an enum is text. A writer's
logical type counts where it has one: `timestamp-micros` fills a TIMESTAMP(3), cut to milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidemill.formats.avro.raw import (
    AvroSchema,
    UnreadableSchemaError,
    kind,
    logical,
    nullable_of,
)
from tidemill.formats.avro.vectors import Numbers
from tidemill.model import DataType, TypeRoot

Convert = Callable[[pa.Array], pa.Array]
_INTS = (TypeRoot.TINYINT, TypeRoot.SMALLINT, TypeRoot.INTEGER)
_TAKES = {
    "boolean": {TypeRoot.BOOLEAN},
    "int": {*_INTS, TypeRoot.BIGINT, TypeRoot.FLOAT, TypeRoot.DOUBLE, TypeRoot.DATE, TypeRoot.TIME},
    "long": {TypeRoot.BIGINT, TypeRoot.FLOAT, TypeRoot.DOUBLE, TypeRoot.TIMESTAMP,
             TypeRoot.TIMESTAMP_LTZ, TypeRoot.TIME},
    "float": {TypeRoot.FLOAT, TypeRoot.DOUBLE},
    "double": {TypeRoot.DOUBLE},
    "string": {TypeRoot.CHAR, TypeRoot.VARCHAR, TypeRoot.BINARY, TypeRoot.VARBINARY},
    "bytes": {TypeRoot.CHAR, TypeRoot.VARCHAR, TypeRoot.BINARY, TypeRoot.VARBINARY,
              TypeRoot.DECIMAL},
    "fixed": {TypeRoot.BINARY, TypeRoot.VARBINARY, TypeRoot.DECIMAL},
    "enum": {TypeRoot.CHAR, TypeRoot.VARCHAR},
}  # fmt: skip
_PER_SECOND = {"millis": 10**3, "micros": 10**6, "nanos": 10**9}


def resolver(schema: AvroSchema, type_: DataType, path: str) -> Convert:
    """How raw values of the writer's schema become the column's; UnreadableSchemaError if never."""
    what = kind(schema)
    if what == "union":
        return resolver(nullable_of(schema), type_, path)
    arrow = type_.arrow()
    if what == "null":
        return lambda raw: pa.nulls(len(raw), arrow)
    if what in ("record", "error") and type_.root is TypeRoot.ROW:
        return _row(schema, type_, path)
    if what == "array" and type_.root is TypeRoot.ARRAY and type_.element is not None:
        return _list(resolver(schema["items"], type_.element, f"{path}[]"), arrow)
    if what == "map" and type_.root is TypeRoot.MAP and type_.value is not None:
        return _map(resolver(schema["values"], type_.value, f"{path}{{}}"), arrow)
    if type_.root not in _TAKES.get(what, ()):
        raise UnreadableSchemaError(
            f"the writer's `{path}` is {logical(schema) or what}, which cannot be read as "
            f"{type_.sql()}"
        )
    return _scalar(schema, what, type_, path)


def _scalar(schema: AvroSchema, what: str, type_: DataType, path: str) -> Convert:
    arrow, root = type_.arrow(), type_.root
    if type_.is_timestamp:
        return _timestamp(logical(schema) or "timestamp-millis", arrow, path)
    if root is TypeRoot.DATE:
        return lambda raw: raw.cast(pa.int32()).cast(pa.date32())
    if root is TypeRoot.TIME:
        return _time(1000 if logical(schema) == "time-micros" else 1)
    if root is TypeRoot.DECIMAL:
        return _decimal(schema, type_, path)
    if type_.is_string and what in ("string", "bytes"):
        return lambda raw: raw.cast(pa.string())
    return lambda raw: raw.cast(arrow, safe=root in _INTS)


def _time(divisor: int) -> Convert:
    def convert(raw: pa.Array) -> pa.Array:
        value = pc.divide(raw.cast(pa.int64()), divisor)
        if pc.any(pc.or_(pc.less(raw, 0), pc.greater_equal(value, 86_400_000))).as_py():
            raise pa.ArrowInvalid("no time of the day")
        return value.cast(pa.int32()).cast(pa.time32("ms"))

    return convert


def _timestamp(unit: str, arrow: pa.DataType, path: str) -> Convert:
    per_second = _PER_SECOND.get(unit.rpartition("-")[2])
    if per_second is None or "timestamp" not in unit:
        raise UnreadableSchemaError(f"the writer's `{path}` is {unit}, which is no timestamp")
    wanted = _PER_SECOND["micros" if arrow.unit == "us" else "nanos"]

    def convert(raw: pa.Array) -> pa.Array:
        if wanted >= per_second:
            value = pc.multiply_checked(raw, wanted // per_second)
        else:
            value = pa.array(np.floor_divide(raw.fill_null(0).to_numpy(zero_copy_only=False),
                                             per_second // wanted),
                             mask=raw.is_null().to_numpy(zero_copy_only=False))  # fmt: skip
        return value.cast(arrow)

    return convert


def _decimal(schema: AvroSchema, type_: DataType, path: str) -> Convert:
    scale = schema.get("scale", 0) if logical(schema) == "decimal" else type_.scale or 0
    arrow = type_.arrow()

    def convert(raw: pa.Array) -> pa.Array:
        length = pc.fill_null(pc.binary_length(raw), 0).to_numpy(zero_copy_only=False)
        if len(raw) and length.max() > 16:
            raise pa.ArrowInvalid(f"`{path}` has a decimal of more than 38 digits")
        wide = _sign_extended(raw, length)
        unscaled = pa.Array.from_buffers(
            pa.decimal128(38, scale), len(raw),
            [raw.is_valid().buffers()[1] if raw.null_count else None, pa.py_buffer(wide)],
        )  # fmt: skip
        return unscaled.cast(arrow)

    return convert


def _sign_extended(raw: pa.BinaryArray, length: Numbers) -> bytes:
    """Big-endian numbers of up to 16 bytes as little-endian ones of 16."""
    whole = pa.concat_arrays([raw.fill_null(b"")])
    _, offsets, data = whole.buffers()
    ends = np.frombuffer(offsets, np.int32, len(raw) + 1, whole.offset * 4)
    source = np.frombuffer(data or b"", np.uint8) if data is not None else np.zeros(0, np.uint8)
    source = np.concatenate([source, np.zeros(1, np.uint8)])
    column = np.arange(16)
    index = ends[1:, None] - 1 - column
    inside = column[None, :] < length[:, None]
    first = source[np.minimum(ends[:-1], len(source) - 1)]
    filler = np.where((first >= 0x80) & (length > 0), 0xFF, 0).astype(np.uint8)[:, None]
    return np.where(inside, source[np.where(inside, index, 0)], filler).astype(np.uint8).tobytes()


def _row(schema: AvroSchema, type_: DataType, path: str) -> Convert:
    written = {field["name"]: field["type"] for field in schema["fields"]}
    parts: list[tuple[str, DataType, Convert | None]] = []
    for field in type_.fields:
        inner = f"{path}.{field.name}"
        if field.name in written:
            parts.append((field.name, field.type, resolver(written[field.name], field.type, inner)))
        else:
            check_missing(field.type, inner)
            parts.append((field.name, field.type, None))
    arrow = type_.arrow()

    def convert(raw: pa.Array) -> pa.Array:
        columns = [
            pa.nulls(len(raw), kind_.arrow()) if read is None else read(raw.field(name))
            for name, kind_, read in parts
        ]
        mask = raw.is_null() if raw.null_count else None
        return pa.StructArray.from_arrays(columns, fields=list(arrow), mask=mask)

    return convert


def check_missing(type_: DataType, path: str) -> None:
    """UnreadableSchemaError where a field that the writer lacks cannot be NULL."""
    if not type_.nullable:
        raise UnreadableSchemaError(f"the writer has no `{path}`, and the column is NOT NULL")


def _list(item: Convert, arrow: pa.DataType) -> Convert:
    def convert(raw: pa.Array) -> pa.Array:
        whole = pa.concat_arrays([raw])
        mask = whole.is_null() if whole.null_count else None
        return pa.ListArray.from_arrays(whole.offsets, item(whole.values), arrow, mask=mask)

    return convert


def _map(item: Convert, arrow: pa.DataType) -> Convert:
    def convert(raw: pa.Array) -> pa.Array:
        whole = pa.concat_arrays([raw])
        mask = whole.is_null() if whole.null_count else None
        return pa.MapArray.from_arrays(
            whole.offsets, whole.keys, item(whole.items), arrow, mask=mask
        )

    return convert
