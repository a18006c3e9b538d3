"""Avro messages to raw columns through the native crate; what it is not sure about, through Python.

The columns and the bad messages are those of the Python readers, always.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from tidemill.formats.avro.raw import AvroSchema, kind, nullable_of, raw_type
from tidemill.formats.avro.vectors import Numbers
from tidemill.interfaces.native import library

RawReader = Callable[[Sequence[bytes], frozenset[str]], tuple[dict[str, pa.Array], Numbers]]
_Spec: TypeAlias = "tuple[str, list[tuple[str, _Spec]], list[str], int]"


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

    def read(self, messages: Sequence[bytes]) -> tuple[dict[str, pa.Array], Numbers]:
        """The wanted fields as raw columns, and which messages are bad."""
        batch, unsure = self._native.read(list(messages))
        rows = pa.record_batch(batch)
        raw = {
            name: column if column.type == self._types[name] else column.cast(self._types[name])
            for name, column in zip(rows.schema.names, rows.columns, strict=True)
        }
        bad = np.zeros(len(messages), np.bool_)
        if not unsure:
            return raw, bad
        rest, bad[unsure] = self._python([messages[index] for index in unsure], self._wanted)
        sure = np.setdiff1d(np.arange(len(messages)), unsure)
        order = pa.array(np.argsort(np.concatenate([sure, unsure]), kind="stable"))
        both = {name: pa.concat_arrays([raw[name], rest[name]]).take(order) for name in raw}
        return both, bad


def native_reader(
    writer: AvroSchema, wanted: frozenset[str], python: RawReader
) -> NativeReader | None:
    """A reader over the crate, where it is there."""
    crate = library()
    if not hasattr(crate, "AvroReader"):
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
