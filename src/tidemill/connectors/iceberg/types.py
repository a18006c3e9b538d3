"""Flink's types and Iceberg's, as Iceberg's connector for Flink maps them.

TINYINT and SMALLINT become int, CHAR and VARCHAR string, BINARY(n) fixed(n), MULTISET a map to int.
Refused by name: intervals, NULL, and timestamps finer than microseconds (format version 3 only).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING

from tidemill.errors import ProjectError
from tidemill.model import DataType, TableDescriptor, TypeRoot

if TYPE_CHECKING:
    from pyiceberg.schema import Schema
    from pyiceberg.types import IcebergType

_REFUSED = (TypeRoot.INTERVAL_DAY_TIME, TypeRoot.INTERVAL_YEAR_MONTH, TypeRoot.NULL)
_KEYS_REFUSED = (TypeRoot.FLOAT, TypeRoot.DOUBLE)


def check_types(table: TableDescriptor) -> None:
    """Raise ProjectError for the first column that Iceberg cannot hold."""
    for column in table.schema.columns:
        problem = _problem(column.type)
        in_key = column.name in table.primary_key
        if problem is None and in_key and column.type.root in _KEYS_REFUSED:
            problem = "cannot be part of a key: two equal numbers may differ in their bits"
        nested = (TypeRoot.ARRAY, TypeRoot.MAP, TypeRoot.ROW, TypeRoot.MULTISET)
        if problem is None and in_key and column.type.root in nested:
            problem = "cannot be part of a key"
        if problem is None and column.name in table.partition_keys and column.type.root in nested:
            problem = "cannot be a partition key"
        if problem is not None:
            raise ProjectError(
                f"column `{column.name}` of type {column.type.sql()} {problem}",
                code="connector.unsupported-type",
                hint="CAST it in the query to a type that Iceberg has, and declare that.",
            )


def _problem(type_: DataType) -> str | None:
    if type_.root in _REFUSED:
        return "has no counterpart in Iceberg"
    if type_.is_timestamp and (type_.precision or 0) > 6:
        return "is finer than Iceberg's microseconds"
    inner = [type_.element, type_.key, type_.value, *(f.type for f in type_.fields)]
    return next((p for p in map(_problem, filter(None, inner)) if p), None)


def iceberg_schema(table: TableDescriptor) -> Schema:
    """The schema of a new table; its ids are given anew by the catalog."""
    from pyiceberg.schema import Schema  # noqa: PLC0415 - an extra
    from pyiceberg.types import NestedField  # noqa: PLC0415

    ids = count(1)
    fields = []
    keys = []
    for column in table.schema.columns:
        number = next(ids)
        if column.name in table.primary_key:
            keys.append(number)
        fields.append(
            NestedField(
                field_id=number,
                name=column.name,
                field_type=iceberg_type(column.type, ids),
                required=not column.type.nullable or column.name in table.primary_key,
                doc=column.comment,
            )
        )
    return Schema(*fields, identifier_field_ids=keys)


def iceberg_type(type_: DataType, ids: Iterator[int]) -> IcebergType:
    """One type; `ids` numbers the fields inside it."""
    from pyiceberg import types as t  # noqa: PLC0415 - an extra

    root = type_.root
    simple: dict[TypeRoot, type[t.PrimitiveType]] = {
        TypeRoot.BOOLEAN: t.BooleanType, TypeRoot.TINYINT: t.IntegerType,
        TypeRoot.SMALLINT: t.IntegerType, TypeRoot.INTEGER: t.IntegerType,
        TypeRoot.BIGINT: t.LongType, TypeRoot.FLOAT: t.FloatType, TypeRoot.DOUBLE: t.DoubleType,
        TypeRoot.CHAR: t.StringType, TypeRoot.VARCHAR: t.StringType,
        TypeRoot.VARBINARY: t.BinaryType, TypeRoot.DATE: t.DateType, TypeRoot.TIME: t.TimeType,
        TypeRoot.TIMESTAMP: t.TimestampType, TypeRoot.TIMESTAMP_LTZ: t.TimestamptzType,
    }  # fmt: skip
    if root in simple:
        return simple[root]()
    if root is TypeRoot.DECIMAL:
        return t.DecimalType(type_.precision or 10, type_.scale or 0)
    if root is TypeRoot.BINARY:
        return t.FixedType(type_.length or 1)
    if root is TypeRoot.ARRAY and type_.element is not None:
        number = next(ids)
        element = iceberg_type(type_.element, ids)
        return t.ListType(
            element_id=number, element=element, element_required=not type_.element.nullable
        )
    if root is TypeRoot.ROW:
        fields = []
        for field in type_.fields:
            number = next(ids)
            inner = iceberg_type(field.type, ids)
            fields.append(
                t.NestedField(
                    field_id=number, name=field.name, field_type=inner,
                    required=not field.type.nullable,
                )
            )  # fmt: skip
        return t.StructType(*fields)
    return _map(type_, ids)


def _map(type_: DataType, ids: Iterator[int]) -> IcebergType:
    from pyiceberg import types as t  # noqa: PLC0415 - an extra

    key = type_.element if type_.root is TypeRoot.MULTISET else type_.key
    value = DataType(TypeRoot.INTEGER, False) if type_.root is TypeRoot.MULTISET else type_.value
    assert key is not None and value is not None
    key_id, value_id = next(ids), next(ids)
    return t.MapType(
        key_id=key_id,
        key_type=iceberg_type(key, ids),
        value_id=value_id,
        value_type=iceberg_type(value, ids),
        value_required=not value.nullable,
    )
