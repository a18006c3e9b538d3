"""Iceberg's types as Flink's, as Iceberg's connector for Flink maps them when it reads a schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidemill.errors import ProjectError
from tidemill.model import DataType, TypeRoot
from tidemill.model.types import MAX_LENGTH, Field

if TYPE_CHECKING:
    from pyiceberg.types import IcebergType

_MICROS = 6


def flink_type(type_: IcebergType, column: str) -> DataType:
    """One type, nullable; ProjectError for one that cannot be read."""
    from pyiceberg import types as t  # noqa: PLC0415 - an extra

    simple: dict[type, DataType] = {
        t.BooleanType: DataType(TypeRoot.BOOLEAN),
        t.IntegerType: DataType(TypeRoot.INTEGER),
        t.LongType: DataType(TypeRoot.BIGINT),
        t.FloatType: DataType(TypeRoot.FLOAT),
        t.DoubleType: DataType(TypeRoot.DOUBLE),
        t.DateType: DataType(TypeRoot.DATE),
        t.TimeType: DataType(TypeRoot.TIME, precision=0),
        t.TimestampType: DataType(TypeRoot.TIMESTAMP, precision=_MICROS),
        t.TimestamptzType: DataType(TypeRoot.TIMESTAMP_LTZ, precision=_MICROS),
        t.StringType: DataType(TypeRoot.VARCHAR, length=MAX_LENGTH),
        t.BinaryType: DataType(TypeRoot.VARBINARY, length=MAX_LENGTH),
    }
    found = simple.get(type(type_))
    if found is not None:
        return found
    if isinstance(type_, t.DecimalType):
        return DataType(TypeRoot.DECIMAL, precision=type_.precision, scale=type_.scale)
    if isinstance(type_, t.FixedType):
        return DataType(TypeRoot.BINARY, length=len(type_))
    if isinstance(type_, t.ListType):
        element = flink_type(type_.element_type, column)
        return DataType(TypeRoot.ARRAY, element=element.with_nullable(not type_.element_required))
    if isinstance(type_, t.MapType):
        key = flink_type(type_.key_type, column).with_nullable(False)
        value = flink_type(type_.value_type, column)
        return DataType(TypeRoot.MAP, key=key, value=value.with_nullable(not type_.value_required))
    if isinstance(type_, t.StructType):
        fields = tuple(
            Field(f.name, flink_type(f.field_type, column).with_nullable(not f.required))
            for f in type_.fields
        )
        return DataType(TypeRoot.ROW, fields=fields)
    raise ProjectError(
        f"the column `{column}` is {type_}, for which Flink SQL has no type here",
        code="connector.unsupported-type",
        hint="Declare the table with the columns that are needed, by CREATE TABLE.",
    )
