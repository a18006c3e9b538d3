"""Flink's types and Delta's.

TINYINT, SMALLINT, INT and BIGINT are byte, short, integer and long; CHAR and VARCHAR string; all
bytes binary; TIMESTAMP is `timestamp_ntz`, TIMESTAMP_LTZ `timestamp` (both in microseconds);
MULTISET a map to integer. Refused by name: TIME, intervals, NULL, and finer timestamps.
"""

from __future__ import annotations

import datetime
import re

import pyarrow as pa
import pyarrow.compute as pc

from tidemill.connectors.lake.rows import nullable_inside
from tidemill.errors import ProjectError
from tidemill.model import DataType, TableDescriptor, TypeRoot

_REFUSED = (
    TypeRoot.TIME,
    TypeRoot.INTERVAL_DAY_TIME,
    TypeRoot.INTERVAL_YEAR_MONTH,
    TypeRoot.NULL,
)
_NESTED = (TypeRoot.ARRAY, TypeRoot.MAP, TypeRoot.ROW, TypeRoot.MULTISET)
_NAME = re.compile(r"[ ,;{}()\n\t=]")
"""Characters that Delta's writers refuse in names (there is no column mapping)."""


def check_types(table: TableDescriptor) -> None:
    """Raise ProjectError for the first column that Delta cannot hold."""
    for column in table.schema.columns:
        problem = _problem(column.type)
        is_key = column.name in (*table.primary_key, *table.partition_keys)
        binary = (TypeRoot.BINARY, TypeRoot.VARBINARY)
        if problem is None and is_key and column.type.root in (*_NESTED, *binary):
            problem = "cannot be part of a key"
        in_partition = column.name in table.partition_keys
        if problem is None and in_partition and column.type.root is TypeRoot.DECIMAL:
            # delta-rs 1.6 writes -1.500 as `-1.-500`.
            problem = "cannot be a partition key: negative values would be damaged in the log"
        floats = (TypeRoot.FLOAT, TypeRoot.DOUBLE)
        if problem is None and column.name in table.primary_key and column.type.root in floats:
            problem = "cannot be part of a key: two equal numbers may differ in their bits"
        if problem is not None:
            raise ProjectError(
                f"column `{column.name}` of type {column.type.sql()} {problem}",
                code="connector.unsupported-type",
                hint="CAST it in the query to a type that Delta has, and declare that.",
            )
        if _NAME.search(column.name):
            raise ProjectError(
                f"column `{column.name}`: Delta takes no blanks and none of `,;{{}}()=` in names",
                code="connector.bad-option",
                hint="Give the column another name.",
            )


def _problem(type_: DataType) -> str | None:
    if type_.root in _REFUSED:
        return "has no counterpart in Delta"
    if type_.is_timestamp and (type_.precision or 0) > 6:
        return "is finer than Delta's microseconds"
    inner = [type_.element, type_.key, type_.value, *(f.type for f in type_.fields)]
    return next((p for p in map(_problem, filter(None, inner)) if p), None)


def table_schema(table: TableDescriptor) -> pa.Schema:
    """The Arrow schema of a new table."""
    return pa.schema(
        [
            pa.field(
                column.name,
                nullable_inside(column.type.arrow()),
                column.type.nullable and column.name not in table.primary_key,
            )
            for column in table.schema.columns
        ]
    )


def shape(type_: pa.DataType) -> str:
    """An Arrow type without what may be NULL and without the widths of offsets."""
    if pa.types.is_struct(type_):
        return "struct<" + ",".join(f"{f.name!r}:{shape(f.type)}" for f in type_) + ">"
    if pa.types.is_map(type_):
        return f"map<{shape(type_.key_type)},{shape(type_.item_type)}>"
    if pa.types.is_list(type_) or pa.types.is_large_list(type_):
        return f"array<{shape(type_.value_type)}>"
    if pa.types.is_large_string(type_) or pa.types.is_string_view(type_):
        return "string"
    if pa.types.is_large_binary(type_) or pa.types.is_binary_view(type_):
        return "binary"
    return str(type_)


def widens(narrow: pa.DataType, wide: pa.DataType) -> bool:
    """Whether all values of one type are values of the other."""
    if shape(narrow) == shape(wide):
        return True
    if pa.types.is_signed_integer(narrow) and pa.types.is_signed_integer(wide):
        return bool(narrow.bit_width <= wide.bit_width)
    if pa.types.is_decimal(narrow) and pa.types.is_decimal(wide):
        return bool(narrow.scale == wide.scale and narrow.precision <= wide.precision)
    return bool(pa.types.is_float32(narrow) and pa.types.is_float64(wide))


def partition_value(text: str, type_: pa.DataType) -> pa.Scalar:
    """The value that the log gives a partition in, as a text."""
    if pa.types.is_boolean(type_):
        return pa.scalar(text == "true", type_)
    if pa.types.is_timestamp(type_):
        instant = datetime.datetime.fromisoformat(text)
        if type_.tz is not None and instant.tzinfo is None:
            instant = instant.replace(tzinfo=datetime.UTC)
        return pa.scalar(instant, type_)
    return pc.cast(pa.scalar(text), type_)
