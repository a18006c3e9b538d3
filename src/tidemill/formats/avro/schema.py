"""The Avro schema of a table's columns, as Flink 2.3 derives it (`AvroSchemaConverter`).

A nullable column is `["null", T]` with the default null; nested records are named after their path.
With `timestamp_mapping.legacy` (the default) TIMESTAMP(p <= 3) is `timestamp-millis` and
TIMESTAMP_LTZ is refused; without it they are `local-timestamp-*` and `timestamp-*`.
"""

from __future__ import annotations

from typing import Any

from tidemill.errors import ProjectError
from tidemill.model import DataType, Schema, TypeRoot
from tidemill.model.types import Field

ROOT_NAME = "org.apache.flink.avro.generated.record"
AvroSchema = Any
"""A schema as JSON data: a name, a list (union) or an object."""

_SIMPLE: dict[TypeRoot, AvroSchema] = {
    TypeRoot.BOOLEAN: "boolean",
    TypeRoot.TINYINT: "int",
    TypeRoot.SMALLINT: "int",
    TypeRoot.INTEGER: "int",
    TypeRoot.BIGINT: "long",
    TypeRoot.FLOAT: "float",
    TypeRoot.DOUBLE: "double",
    TypeRoot.CHAR: "string",
    TypeRoot.VARCHAR: "string",
    TypeRoot.BINARY: "bytes",
    TypeRoot.VARBINARY: "bytes",
    TypeRoot.DATE: {"type": "int", "logicalType": "date"},
}


def table_schema(schema: Schema, *, legacy: bool) -> AvroSchema:
    """The record of the table's columns; ProjectError for a type that Avro cannot carry."""
    fields = tuple(Field(column.name, column.type) for column in schema.columns)
    return _bare(DataType(TypeRoot.ROW, nullable=False, fields=fields), ROOT_NAME, legacy)


def _schema(type_: DataType, name: str, legacy: bool) -> AvroSchema:
    bare = _bare(type_, name, legacy)
    return ["null", bare] if type_.nullable else bare


def _bare(type_: DataType, name: str, legacy: bool) -> AvroSchema:
    root = type_.root
    if root in _SIMPLE:
        return _SIMPLE[root]
    if root is TypeRoot.DECIMAL:
        return {
            "type": "bytes", "logicalType": "decimal",
            "precision": type_.precision or 10, "scale": type_.scale or 0,
        }  # fmt: skip
    if type_.is_timestamp:
        return {"type": "long", "logicalType": _timestamp(type_, legacy)}
    if root is TypeRoot.TIME and (type_.precision or 0) <= 3:
        return {"type": "int", "logicalType": "time-millis"}
    if root is TypeRoot.ARRAY and type_.element is not None:
        return {"type": "array", "items": _schema(type_.element, name, legacy)}
    if root is TypeRoot.MAP and type_.key is not None and type_.value is not None:
        if not type_.key.is_string:
            raise unsupported(
                type_, "Avro's maps have text as their keys: use CAST(... AS STRING)."
            )
        return {"type": "map", "values": _schema(type_.value, name, legacy)}
    if root is TypeRoot.ROW:
        return _record(type_, name, legacy)
    raise unsupported(type_, "Convert the column to STRING or BIGINT in the query.")


def _record(type_: DataType, name: str, legacy: bool) -> AvroSchema:
    namespace, _, short = name.rpartition(".")
    fields = []
    for field in type_.fields:
        inner = _schema(field.type, f"{name}_{field.name}", legacy)
        made: dict[str, AvroSchema] = {"name": field.name, "type": inner}
        if field.type.nullable:
            made["default"] = None
        fields.append(made)
    return {"type": "record", "name": short, "namespace": namespace, "fields": fields}


def _timestamp(type_: DataType, legacy: bool) -> str:
    precision = 6 if type_.precision is None else type_.precision
    local = type_.root is TypeRoot.TIMESTAMP
    if legacy and local and precision <= 3:
        return "timestamp-millis"
    if not legacy and precision <= 6:
        return ("local-" if local else "") + (
            "timestamp-millis" if precision <= 3 else "timestamp-micros"
        )
    hint = "Set 'avro.timestamp_mapping.legacy' = 'false', as for Flink (microseconds at most)."
    raise unsupported(type_, hint)


def unsupported(type_: DataType, hint: str) -> ProjectError:
    """The error for a type that has no Avro form."""
    return ProjectError(
        f"the avro formats cannot carry a column of type {type_.sql()}",
        code="format.unsupported-type",
        hint=hint,
    )
