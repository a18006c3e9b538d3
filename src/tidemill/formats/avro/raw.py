"""Avro schemas as this package reads them, and the Arrow types of raw values.

A raw value is what the bytes say before logical types and resolution: int and long as int32 and
int64, an enum as its symbol, fixed as binary, `["null", T]` as a nullable T.
"""

from __future__ import annotations

from typing import Any

import fastavro
import pyarrow as pa

AvroSchema = Any

_ARROW = {
    "null": pa.null(),
    "boolean": pa.bool_(),
    "int": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "bytes": pa.binary(),
    "string": pa.binary(),
}


class UnreadableSchemaError(ValueError):
    """A writer's schema that cannot be read into rows; the text says why."""


def read_schema(text: Any) -> AvroSchema:
    """A valid schema with every name resolved in place; UnreadableSchemaError where it is none."""
    try:
        expanded = fastavro.schema.expand_schema(text)
    except (fastavro.schema.SchemaParseException, fastavro.schema.UnknownType, KeyError,
            TypeError, ValueError, RecursionError) as error:  # fmt: skip
        raise UnreadableSchemaError(f"the schema is no Avro schema: {error}") from None
    return expanded


def kind(schema: AvroSchema) -> str:
    """`union`, `record`, `long` and so on."""
    if isinstance(schema, list):
        return "union"
    if isinstance(schema, dict):
        inner = schema.get("type")
        return kind(inner) if isinstance(inner, list | dict) else str(inner)
    return str(schema)


def logical(schema: AvroSchema) -> str | None:
    """The logical type, if there is one."""
    return schema.get("logicalType") if isinstance(schema, dict) else None


def nullable_of(union: list[AvroSchema]) -> AvroSchema:
    """T of `["null", T]` or `[T]`; UnreadableSchemaError for a real union."""
    others = [branch for branch in union if kind(branch) != "null"]
    if len(others) > 1:
        raise UnreadableSchemaError(
            "a union of several types has no column type: " + ", ".join(map(kind, others))
        )
    return others[0] if others else "null"


def union_index(schema: AvroSchema) -> bytes:
    """What stands before T of `["null", T]` in a message; nothing where the schema is no union."""
    if not isinstance(schema, list):
        return b""
    place = next((i for i, branch in enumerate(schema) if kind(branch) != "null"), 0)
    return bytes([2 * place])


def raw_type(schema: AvroSchema, depth: int = 0) -> pa.DataType:
    """The Arrow type of raw values; UnreadableSchemaError where there is none."""
    if depth > 50:
        raise UnreadableSchemaError("the schema is nested too deeply, or contains itself")
    what = kind(schema)
    if what in _ARROW:
        return _ARROW[what]
    if what == "union":
        return raw_type(nullable_of(schema), depth + 1)
    if what == "enum":
        return pa.string()
    if what == "fixed":
        return pa.binary()
    if what == "array":
        return pa.list_(raw_type(schema["items"], depth + 1))
    if what == "map":
        return pa.map_(pa.string(), raw_type(schema["values"], depth + 1))
    if what in ("record", "error"):
        return pa.struct(
            [pa.field(f["name"], raw_type(f["type"], depth + 1)) for f in schema["fields"]]
        )
    # A name that stands for itself: the schema is recursive.
    raise UnreadableSchemaError(f"`{what}` refers to itself, which no column type can")


def is_flat(schema: AvroSchema) -> bool:
    """Whether no array and no map is in it, so that `vectors` can read it."""
    what = kind(schema)
    if what == "union":
        return all(is_flat(branch) for branch in schema)
    if what in ("record", "error"):
        return all(is_flat(field["type"]) for field in schema["fields"])
    return what not in ("array", "map")
