"""Flink SQL's data types, how they are written, and the Arrow type that carries each.

Source: Flink 2.3 "Data Types". Arrow mapping: `TIMESTAMP(p)` and `TIMESTAMP_LTZ(p)` are carried as
microseconds for p <= 6 and nanoseconds above; `TIMESTAMP_LTZ` with time zone UTC; `TIME` as
milliseconds (Flink keeps no more); `DECIMAL(p, s)` as decimal128; `CHAR`, `VARCHAR` and `STRING`
as utf8; `BINARY`, `VARBINARY` and `BYTES` as binary.
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum

import pyarrow as pa

from tidemill.records import dataclass


class TypeRoot(Enum):
    """The root of a type, named as Flink's LogicalTypeRoot."""

    BOOLEAN = "BOOLEAN"
    TINYINT = "TINYINT"
    SMALLINT = "SMALLINT"
    INTEGER = "INT"
    BIGINT = "BIGINT"
    FLOAT = "FLOAT"
    DOUBLE = "DOUBLE"
    DECIMAL = "DECIMAL"
    CHAR = "CHAR"
    VARCHAR = "VARCHAR"
    BINARY = "BINARY"
    VARBINARY = "VARBINARY"
    DATE = "DATE"
    TIME = "TIME"
    TIMESTAMP = "TIMESTAMP"
    TIMESTAMP_LTZ = "TIMESTAMP_LTZ"
    INTERVAL_YEAR_MONTH = "INTERVAL YEAR TO MONTH"
    INTERVAL_DAY_TIME = "INTERVAL DAY TO SECOND"
    ARRAY = "ARRAY"
    MAP = "MAP"
    MULTISET = "MULTISET"
    ROW = "ROW"
    NULL = "NULL"


MAX_LENGTH = 2_147_483_647
"""Length of STRING (= VARCHAR(2147483647)) and BYTES."""

_INTEGERS = (TypeRoot.TINYINT, TypeRoot.SMALLINT, TypeRoot.INTEGER, TypeRoot.BIGINT)

_SIMPLE_ARROW: dict[TypeRoot, pa.DataType] = {
    TypeRoot.BOOLEAN: pa.bool_(),
    TypeRoot.TINYINT: pa.int8(),
    TypeRoot.SMALLINT: pa.int16(),
    TypeRoot.INTEGER: pa.int32(),
    TypeRoot.BIGINT: pa.int64(),
    TypeRoot.FLOAT: pa.float32(),
    TypeRoot.DOUBLE: pa.float64(),
    TypeRoot.CHAR: pa.string(),
    TypeRoot.VARCHAR: pa.string(),
    TypeRoot.BINARY: pa.binary(),
    TypeRoot.VARBINARY: pa.binary(),
    TypeRoot.DATE: pa.date32(),
    TypeRoot.TIME: pa.time32("ms"),
    TypeRoot.INTERVAL_YEAR_MONTH: pa.month_day_nano_interval(),
    TypeRoot.INTERVAL_DAY_TIME: pa.month_day_nano_interval(),
    TypeRoot.NULL: pa.null(),
}


@dataclass(frozen=True, slots=True)
class Field:
    """A named part of a ROW type."""

    name: str
    type: DataType


@dataclass(frozen=True, slots=True)
class DataType:
    """One Flink data type.

    `length` belongs to CHAR, VARCHAR, BINARY, VARBINARY; `precision` to DECIMAL, TIME, TIMESTAMP,
    TIMESTAMP_LTZ; `scale` to DECIMAL; `element` to ARRAY and MULTISET; `key` and `value` to MAP;
    `fields` to ROW. Two types are equal when all of these and `nullable` are.
    """

    root: TypeRoot
    nullable: bool = True
    length: int | None = None
    precision: int | None = None
    scale: int | None = None
    element: DataType | None = None
    key: DataType | None = None
    value: DataType | None = None
    fields: tuple[Field, ...] = ()

    def __str__(self) -> str:
        return self.sql() + ("" if self.nullable else " NOT NULL")

    def sql(self) -> str:
        """The type as Flink writes it, without NOT NULL at the top."""
        root = self.root
        if root in (TypeRoot.VARCHAR, TypeRoot.VARBINARY) and self.length == MAX_LENGTH:
            return "STRING" if root is TypeRoot.VARCHAR else "BYTES"
        if self.length is not None:
            return f"{root.value}({self.length})"
        if root is TypeRoot.DECIMAL:
            return f"DECIMAL({self.precision}, {self.scale})"
        if self.precision is not None:
            return f"{root.value}({self.precision})"
        if root in (TypeRoot.ARRAY, TypeRoot.MULTISET):
            return f"{root.value}<{self.element}>"
        if root is TypeRoot.MAP:
            return f"MAP<{self.key}, {self.value}>"
        if root is TypeRoot.ROW:
            return "ROW<" + ", ".join(f"`{f.name}` {f.type}" for f in self.fields) + ">"
        return str(root.value)

    def arrow(self) -> pa.DataType:
        """The Arrow type that carries this type's values."""
        root = self.root
        if root in _SIMPLE_ARROW:
            return _SIMPLE_ARROW[root]
        if root is TypeRoot.DECIMAL:
            return pa.decimal128(self.precision or 10, self.scale or 0)
        if root in (TypeRoot.TIMESTAMP, TypeRoot.TIMESTAMP_LTZ):
            unit = "us" if (6 if self.precision is None else self.precision) <= 6 else "ns"
            return pa.timestamp(unit, tz="UTC" if root is TypeRoot.TIMESTAMP_LTZ else None)
        if root is TypeRoot.ARRAY and self.element is not None:
            return pa.list_(self.element.arrow())
        if root is TypeRoot.MULTISET and self.element is not None:
            return pa.map_(self.element.arrow(), pa.int32())
        if root is TypeRoot.MAP and self.key is not None and self.value is not None:
            return pa.map_(self.key.arrow(), self.value.arrow())
        return pa.struct([pa.field(f.name, f.type.arrow(), f.type.nullable) for f in self.fields])

    def holds(self, root: TypeRoot) -> bool:
        """Whether it is of a root, or anything in it is."""
        parts = (self.element, self.key, self.value, *(f.type for f in self.fields))
        return self.root is root or any(p.holds(root) for p in parts if p is not None)

    def with_nullable(self, nullable: bool) -> DataType:
        """The same type, nullable or not."""
        return self if self.nullable == nullable else replace(self, nullable=nullable)

    @property
    def is_numeric(self) -> bool:
        """Whether it is an integer, approximate or decimal number."""
        return self.is_integer or self.root in (
            TypeRoot.FLOAT,
            TypeRoot.DOUBLE,
            TypeRoot.DECIMAL,
        )

    @property
    def is_integer(self) -> bool:
        """Whether it is TINYINT, SMALLINT, INT or BIGINT."""
        return self.root in _INTEGERS

    @property
    def is_string(self) -> bool:
        """Whether it is CHAR or VARCHAR (STRING)."""
        return self.root in (TypeRoot.CHAR, TypeRoot.VARCHAR)

    @property
    def is_timestamp(self) -> bool:
        """Whether it is TIMESTAMP or TIMESTAMP_LTZ."""
        return self.root in (TypeRoot.TIMESTAMP, TypeRoot.TIMESTAMP_LTZ)

    @property
    def is_interval(self) -> bool:
        """Whether it is an interval of either kind."""
        return self.root in (TypeRoot.INTERVAL_YEAR_MONTH, TypeRoot.INTERVAL_DAY_TIME)


def simple(root: TypeRoot, nullable: bool = True) -> DataType:
    """A type without parameters."""
    return DataType(root, nullable)


def string(nullable: bool = True) -> DataType:
    """STRING."""
    return DataType(TypeRoot.VARCHAR, nullable, length=MAX_LENGTH)


def bytes_(nullable: bool = True) -> DataType:
    """BYTES."""
    return DataType(TypeRoot.VARBINARY, nullable, length=MAX_LENGTH)


def decimal(precision: int, scale: int, nullable: bool = True) -> DataType:
    """DECIMAL(precision, scale); Flink allows 1 <= precision <= 38 and 0 <= scale <= precision."""
    return DataType(TypeRoot.DECIMAL, nullable, precision=precision, scale=scale)


def timestamp(precision: int = 6, nullable: bool = True) -> DataType:
    """TIMESTAMP(precision), without a time zone."""
    return DataType(TypeRoot.TIMESTAMP, nullable, precision=precision)


def timestamp_ltz(precision: int = 6, nullable: bool = True) -> DataType:
    """TIMESTAMP_LTZ(precision), an instant."""
    return DataType(TypeRoot.TIMESTAMP_LTZ, nullable, precision=precision)


BOOLEAN = simple(TypeRoot.BOOLEAN)
TINYINT = simple(TypeRoot.TINYINT)
SMALLINT = simple(TypeRoot.SMALLINT)
INT = simple(TypeRoot.INTEGER)
BIGINT = simple(TypeRoot.BIGINT)
FLOAT = simple(TypeRoot.FLOAT)
DOUBLE = simple(TypeRoot.DOUBLE)
STRING = string()
BYTES = bytes_()
DATE = simple(TypeRoot.DATE)
NULL = simple(TypeRoot.NULL)
