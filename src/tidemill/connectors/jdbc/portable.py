"""A column's value as a text that every store's value of the same type can be brought into.

What Postgres writes for a number or a moment depends on its settings and is not what DuckDB or
Arrow write. Here: integers and decimals as digits (a decimal with all of its scale), floats as
their IEEE 754 bits as an integer (`NaN` where it is none, 0.0 for -0.0), dates as days and moments
as microseconds since 1970 (nanoseconds above a precision of 6), cut, not rounded, to the declared
precision; bytes in hexadecimal; texts as they are, a `character(n)` with its blanks.
"""

from __future__ import annotations

from psycopg import sql

from tidemill.connectors.jdbc.types import PgType, created_type
from tidemill.model import Column, DataType, TypeRoot

_WHOLE = frozenset({TypeRoot.TINYINT, TypeRoot.SMALLINT, TypeRoot.INTEGER, TypeRoot.BIGINT})
PORTABLE = _WHOLE | frozenset(
    {
        TypeRoot.BOOLEAN, TypeRoot.DECIMAL, TypeRoot.FLOAT, TypeRoot.DOUBLE, TypeRoot.CHAR,
        TypeRoot.VARCHAR, TypeRoot.BINARY, TypeRoot.VARBINARY, TypeRoot.DATE, TypeRoot.TIME,
        TypeRoot.TIMESTAMP, TypeRoot.TIMESTAMP_LTZ,
    }
)  # fmt: skip
"""The types that have such a text."""


def portable_text(column: Column, value: sql.Composable, pg: PgType) -> sql.Composable:
    """The text of a column's value; `pg` is its type in Postgres. NULL stays NULL."""
    type_, root = column.type, column.type.root
    if type_.is_string:
        # A cast of character(n) to text would drop the blanks that a capture delivers.
        if pg.name == "bpchar":
            return sql.SQL("CASE WHEN {0} IS NOT NULL THEN concat({0}, '') END").format(value)
        return sql.SQL("CAST({} AS text)").format(value)
    if root in _WHOLE:
        return sql.SQL("CAST(CAST({} AS bigint) AS text)").format(value)
    if root is TypeRoot.FLOAT:
        return _bits(value, "real", "float4send", 32, "integer")
    if root is TypeRoot.DOUBLE:
        return _bits(value, "double precision", "float8send", 64, "bigint")
    if root in (TypeRoot.BINARY, TypeRoot.VARBINARY):
        return sql.SQL("encode({}, 'hex')").format(value)
    if root is TypeRoot.DATE:
        day = sql.SQL("CAST({} AS date)").format(value)
        return _finite(day, sql.SQL("({} - DATE '1970-01-01')").format(day))
    if root is TypeRoot.TIME:
        return _moment(sql.SQL("CAST({} AS time)").format(value), type_)
    if root in (TypeRoot.TIMESTAMP, TypeRoot.TIMESTAMP_LTZ):
        name = "timestamptz" if root is TypeRoot.TIMESTAMP_LTZ else "timestamp"
        moment = sql.SQL("CAST({} AS {})").format(value, sql.Identifier(name))
        return _finite(moment, _moment(moment, type_))
    return sql.SQL("CAST(CAST({} AS {}) AS text)").format(value, created_type(type_))


def _bits(value: sql.Composable, type_: str, send: str, width: int, whole: str) -> sql.Composable:
    # Adding 0 makes 0.0 of -0.0, as which every comparison of SQL takes it.
    return sql.SQL(
        "CASE WHEN CAST({v} AS {t}) = 'NaN' THEN 'NaN' ELSE CAST(CAST(CAST('x' || "
        "encode({send}(CAST({v} AS {t}) + CAST(0 AS {t})), 'hex') AS bit({width})) AS {whole}) "
        "AS text) END"
    ).format(
        v=value, t=sql.SQL(type_), send=sql.SQL(send), width=sql.Literal(width),
        whole=sql.SQL(whole),
    )  # fmt: skip


def _finite(value: sql.Composable, counted: sql.Composable) -> sql.Composable:
    """The count, or `infinity` as Postgres writes it."""
    return sql.SQL(
        "CASE WHEN isfinite({v}) THEN CAST({n} AS text) ELSE CAST({v} AS text) END"
    ).format(v=value, n=counted)


def _moment(value: sql.Composable, type_: DataType) -> sql.Composable:
    precision = 6 if type_.precision is None else type_.precision
    unit = sql.Literal(10 ** (6 - min(precision, 6)))
    micros = sql.SQL("CAST(round(extract(epoch FROM {}) * 1000000) AS bigint)").format(value)
    cut = sql.SQL("CAST(floor(CAST({} AS numeric) / {}) * {} AS bigint)").format(micros, unit, unit)
    if precision > 6:
        cut = sql.SQL("({} * 1000)").format(cut)
    return sql.SQL("CAST({} AS text)").format(cut)
