"""Avro through the native crate; what it is not sure about or cannot write, through Python.

Raw columns and bad messages are those of the Python readers, and bytes those of the Python encoder,
always.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from tidemill.formats.avro.raw import AvroSchema, kind, nullable_of, raw_type
from tidemill.formats.avro.vectors import Numbers
from tidemill.interfaces.native import library
from tidemill.model import DataType, Schema

Raw: TypeAlias = tuple[dict[str, pa.Array], Numbers]
"""Raw columns by their names, and which messages are bad."""
RawReader = Callable[[Sequence[bytes], frozenset[str]], Raw]
ColumnReader = Callable[[pa.BinaryArray, int], Raw]
_Spec: TypeAlias = "tuple[str, list[tuple[str, _Spec]], list[str], int]"
_WriteSpec: TypeAlias = "tuple[str, bool, list[_WriteSpec]]"


class NativeReader:
    """Reads the wanted fields of messages of one writer's schema."""

    def __init__(
        self, crate: Any, writer: AvroSchema, wanted: frozenset[str], python: RawReader
    ) -> None:
        fields = [(f["name"], _spec(f["type"]), f["name"] in wanted) for f in writer["fields"]]
        self._native = crate.AvroReader(fields)
        self._types = {f["name"]: raw_type(f["type"]) for f in writer["fields"]}
        self._wanted = wanted
        self._python = python

    def read(self, messages: Sequence[bytes]) -> Raw:
        """The wanted fields as raw columns, and which messages are bad."""
        batch, unsure = self._native.read(list(messages))
        return self._whole(
            pa.record_batch(batch),
            unsure,
            len(messages),
            lambda: self._python([messages[index] for index in unsure], self._wanted),
        )

    def read_column(
        self, messages: pa.BinaryArray, skip: int, prefix: bytes, python: ColumnReader
    ) -> Raw:
        """As `read`, of a column without NULLs; see the crate. `python` reads what it leaves."""
        batch, unsure = self._native.read_column(messages, skip, prefix)
        return self._whole(
            pa.record_batch(batch),
            unsure,
            len(messages),
            lambda: python(messages.take(pa.array(unsure)), skip),
        )

    def _whole(
        self, rows: pa.RecordBatch, unsure: Sequence[int], count: int, others: Callable[[], Raw]
    ) -> Raw:
        """The rows that the crate read, and between them those of the messages that it left."""
        raw = {
            name: column if column.type == self._types[name] else column.cast(self._types[name])
            for name, column in zip(rows.schema.names, rows.columns, strict=True)
        }
        bad = np.zeros(count, np.bool_)
        if not unsure:
            return raw, bad
        rest, bad[unsure] = others()
        sure = np.setdiff1d(np.arange(count), unsure)
        order = pa.array(np.argsort(np.concatenate([sure, unsure]), kind="stable"))
        both = {name: pa.concat_arrays([raw[name], rest[name]]).take(order) for name in raw}
        return both, bad


def native_reader(
    writer: AvroSchema, wanted: frozenset[str], python: RawReader
) -> NativeReader | None:
    """A reader over the crate, where it is there."""
    crate = library()
    if crate is None:
        return None
    return NativeReader(crate, writer, wanted, python)


def _spec(schema: AvroSchema) -> _Spec:
    """The schema as the crate is told of it."""
    while isinstance(schema, dict) and isinstance(schema.get("type"), list | dict):
        schema = schema["type"]
    what = kind(schema)
    if what == "union":
        inner = nullable_of(schema)
        there = next((i for i, branch in enumerate(schema) if branch is inner), 0)
        return what, [("", _spec(branch)) for branch in schema], [], there
    if what in ("record", "error"):
        return what, [(f["name"], _spec(f["type"])) for f in schema["fields"]], [], 0
    if what in ("array", "map"):
        return what, [("", _spec(schema["items" if what == "array" else "values"]))], [], 0
    symbols = list(schema["symbols"]) if what == "enum" else []
    return what, [], symbols, int(schema["size"]) if what == "fixed" else 0


def native_encoder(schema: Schema) -> Any:
    """The crate's encoder of a table's records, where it is there."""
    crate = library()
    if crate is None:
        return None
    return crate.AvroEncoder([_write_spec(column.type) for column in schema.columns])


def _write_spec(type_: DataType) -> _WriteSpec:
    """The type as the crate's encoder is told of it."""
    millis = type_.is_timestamp and (type_.precision or 0) <= 3
    inner = (type_.element, type_.value, *(field.type for field in type_.fields))
    parts = [_write_spec(part) for part in inner if part is not None]
    return "millis" if millis else "plain", type_.nullable, parts
