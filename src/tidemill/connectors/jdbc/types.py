"""Flink SQL's types and Postgres's: which fit together, and how a column is created.

As in Flink's Postgres dialect, ROW, MAP, MULTISET and intervals are not carried. STRING also reads
and writes types that have a text form (json, jsonb, uuid, enums ...). A narrower or wider number of
the same kind fits; a value that does not fit then is that row's fault.
"""

from __future__ import annotations

from psycopg import sql

from tidemill.errors import ProjectError
from tidemill.model import DataType, TypeRoot
from tidemill.model.types import MAX_LENGTH
from tidemill.records import dataclass

_INTS = frozenset({"int2", "int4", "int8"})
_APPROXIMATE = frozenset({"float4", "float8"})
TEXTS = frozenset({"text", "varchar", "bpchar", "name", "citext", "char"})
TEXT_FORM = frozenset(
    {"json", "jsonb", "uuid", "xml", "inet", "cidr", "macaddr", "macaddr8", "jsonpath", "ltree",
     "interval", "money", "bit", "varbit", "timetz", "int4range", "int8range", "numrange",
     "tsrange", "tstzrange", "daterange", "hstore", "tsvector", "tsquery", "point", "oid"}
)  # fmt: skip

_STAGE_TYPES = {
    TypeRoot.BOOLEAN: "boolean", TypeRoot.TINYINT: "smallint", TypeRoot.SMALLINT: "smallint",
    TypeRoot.INTEGER: "integer", TypeRoot.BIGINT: "bigint", TypeRoot.FLOAT: "real",
    TypeRoot.DOUBLE: "double precision", TypeRoot.DECIMAL: "numeric", TypeRoot.CHAR: "text",
    TypeRoot.VARCHAR: "text", TypeRoot.BINARY: "bytea", TypeRoot.VARBINARY: "bytea",
    TypeRoot.DATE: "date", TypeRoot.TIME: "time", TypeRoot.TIMESTAMP: "timestamp",
    TypeRoot.TIMESTAMP_LTZ: "timestamptz",
}  # fmt: skip

_WRITES = {
    TypeRoot.BOOLEAN: frozenset({"bool"}),
    **dict.fromkeys(
        (TypeRoot.TINYINT, TypeRoot.SMALLINT, TypeRoot.INTEGER, TypeRoot.BIGINT),
        _INTS | _APPROXIMATE | {"numeric"},
    ),
    TypeRoot.FLOAT: _APPROXIMATE | {"numeric"},
    TypeRoot.DOUBLE: _APPROXIMATE | {"numeric"},
    TypeRoot.DECIMAL: frozenset({"numeric"}),
    TypeRoot.CHAR: TEXTS | TEXT_FORM,
    TypeRoot.VARCHAR: TEXTS | TEXT_FORM,
    TypeRoot.BINARY: frozenset({"bytea"}),
    TypeRoot.VARBINARY: frozenset({"bytea"}),
    TypeRoot.DATE: frozenset({"date"}),
    TypeRoot.TIME: frozenset({"time"}),
    TypeRoot.TIMESTAMP: frozenset({"timestamp"}),
    TypeRoot.TIMESTAMP_LTZ: frozenset({"timestamptz"}),
}
_READS = {
    **_WRITES,
    **dict.fromkeys(
        (TypeRoot.TINYINT, TypeRoot.SMALLINT, TypeRoot.INTEGER, TypeRoot.BIGINT), _INTS
    ),
    TypeRoot.DECIMAL: _INTS | {"numeric"},
}


@dataclass(frozen=True, slots=True)
class PgType:
    """A column's type in Postgres: its base type (under domains), and that of an array's items."""

    namespace: str
    name: str
    is_enum: bool = False
    element: str | None = None
    length: int | None = None
    """n of varchar(n) and char(n)."""
    precision: int | None = None
    scale: int | None = None
    """Both of numeric(precision, scale)."""


def check_supported(type_: DataType, column: str, table: str) -> None:
    """Raise ProjectError where a type cannot be carried to or from Postgres."""
    root = type_.root
    inner = type_.element if root is TypeRoot.ARRAY and type_.element is not None else type_
    too_fine = inner.is_timestamp and (inner.precision or 0) > 6
    if inner.root in _STAGE_TYPES and not too_fine:
        return
    hint = "Use JSON_STRING(...) or CAST(... AS STRING), and a STRING column."
    if too_fine:
        hint = "Postgres keeps microseconds: declare a precision of at most 6."
    raise ProjectError(
        f"the jdbc connector cannot carry the column `{column}` of type {type_.sql()}",
        code="connector.unsupported-type",
        detail=f"Table `{table}`.",
        hint=hint,
    )


def fits(type_: DataType, pg: PgType, *, writing: bool) -> bool:
    """Whether the column may be written to, or read from, a column of this type."""
    table = _WRITES if writing else _READS
    if type_.root is TypeRoot.ARRAY:
        return type_.element is not None and pg.element in table[type_.element.root]
    if pg.element is not None:
        return False
    return pg.name in table[type_.root] or (type_.is_string and pg.is_enum)


def stage_type(type_: DataType) -> sql.SQL:
    """The type that carries the column's values into the database, as wide as they come."""
    if type_.root is TypeRoot.ARRAY and type_.element is not None:
        return sql.SQL(f"{_STAGE_TYPES[type_.element.root]}[]")
    return sql.SQL(_STAGE_TYPES[type_.root])


def created_type(type_: DataType) -> sql.Composable:
    """The type of a column that is created for this one."""
    if type_.root is TypeRoot.ARRAY and type_.element is not None:
        return created_type(type_.element) + sql.SQL("[]")
    base = sql.SQL(_STAGE_TYPES[type_.root])
    if type_.root is TypeRoot.DECIMAL:
        return _with_numbers(base, type_.precision or 10, type_.scale or 0)
    if type_.is_string and type_.length not in (None, MAX_LENGTH) and type_.length <= 10_485_760:
        name = "char" if type_.root is TypeRoot.CHAR else "varchar"
        return _with_numbers(sql.SQL(name), type_.length)
    if type_.is_timestamp or type_.root is TypeRoot.TIME:
        return _with_numbers(base, 6 if type_.precision is None else type_.precision)
    return base


def _with_numbers(base: sql.Composable, *numbers: int) -> sql.Composable:
    listed = sql.SQL(", ").join([sql.Literal(number) for number in numbers])
    return sql.SQL("{}({})").format(base, listed)
