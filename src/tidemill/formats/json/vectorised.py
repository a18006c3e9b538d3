"""Arrow columns as JSON text in one DuckDB query.

Every text equals that of `texts`: what DuckDB writes differently (numbers beyond Java's plain
range, years beyond 9999) is written in Python beforehand, and laid over the column. Nested types
come whole from Python.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Sequence
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from sqlglot import exp

from tidemill.formats.common.java_text import json_string
from tidemill.formats.json.options import EncodeRules
from tidemill.formats.json.texts import plain, scalar_writer, texts
from tidemill.model import DataType, TypeRoot

_INTEGERS = (TypeRoot.TINYINT, TypeRoot.SMALLINT, TypeRoot.INTEGER, TypeRoot.BIGINT)
_FLOATS = (TypeRoot.FLOAT, TypeRoot.DOUBLE)
_TIMESTAMPS = (TypeRoot.TIMESTAMP, TypeRoot.TIMESTAMP_LTZ)
_DATABASE_LOCK = threading.Lock()
_CONNECTIONS: dict[int, Any] = {}
"""Connections to one in-memory database, by thread; the key 0 is the database's own."""

YEAR_1_DAYS = -719_162
YEAR_10000_DAYS = 2_932_897


@atexit.register
def _forget_connections() -> None:
    _CONNECTIONS.clear()  # while DuckDB's module is still there to take them back


def connection() -> Any:
    """This thread's connection to a shared in-memory database."""
    thread = threading.get_ident()
    if thread not in _CONNECTIONS:
        with _DATABASE_LOCK:
            if 0 not in _CONNECTIONS:
                _CONNECTIONS[0] = duckdb.connect(":memory:")
            _CONNECTIONS[thread] = _CONNECTIONS[0].cursor()
    return _CONNECTIONS[thread]


def call(name: str, *arguments: exp.Expression) -> exp.Expression:
    """A DuckDB function call."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def literal(text: str) -> exp.Expression:
    """A string literal."""
    return exp.Literal.string(text)


def _varchar(value: exp.Expression) -> exp.Expression:
    return exp.Cast(this=value, to=exp.DataType.build("VARCHAR"))


def _quoted(value: exp.Expression) -> exp.Expression:
    return exp.DPipe(this=exp.DPipe(this=literal('"'), expression=value), expression=literal('"'))


class Inputs:
    """The columns that a query reads, and the expressions of JSON text over them."""

    def __init__(self, rules: EncodeRules) -> None:
        self.rules = rules
        self.arrays: list[pa.Array] = []

    def text(self, array: pa.Array, type_: DataType) -> exp.Expression:
        """An expression for the JSON text of a column; NULL where the column is NULL."""
        root = type_.root
        if root in _INTEGERS or root is TypeRoot.BOOLEAN:
            return _varchar(self._column(array))
        if root in (TypeRoot.CHAR, TypeRoot.VARCHAR):
            return _varchar(call("to_json", self._column(array)))
        if root in (TypeRoot.BINARY, TypeRoot.VARBINARY):
            return _quoted(call("to_base64", self._column(array)))
        if root in _FLOATS or root is TypeRoot.DATE or root in _TIMESTAMPS:
            return self._with_exceptions(array, type_)
        if root is TypeRoot.TIME:
            return _quoted(_varchar(self._column(array)))
        if root is TypeRoot.DECIMAL and (type_.scale or 0) <= 6:
            return self._decimal(array, type_)
        return self._column(pa.array(texts(array, type_, self.rules), pa.string()))

    def table(self, count: int) -> pa.Table:
        """The input of the query."""
        arrays = self.arrays or [pa.nulls(count)]
        return pa.table(arrays, names=[f"c{i}" for i in range(len(arrays))])

    def _column(self, array: pa.Array) -> exp.Expression:
        self.arrays.append(array)
        return exp.column(f"c{len(self.arrays) - 1}", quoted=True)

    def _with_exceptions(self, array: pa.Array, type_: DataType) -> exp.Expression:
        odd = _odd_ones(array, type_.root)
        text = self._plain_text(array, type_)
        if not odd.any():
            return text
        write = scalar_writer(type_, self.rules)
        written: list[str | None] = [None] * len(array)
        indices = np.flatnonzero(odd)
        for index, value in zip(
            indices.tolist(), plain(array).take(pa.array(indices)).to_pylist(), strict=True
        ):
            written[index] = write(value)
        return exp.Coalesce(this=self._column(pa.array(written, pa.string())), expressions=[text])

    def _plain_text(self, array: pa.Array, type_: DataType) -> exp.Expression:
        if type_.root in _FLOATS:
            return _varchar(self._column(array))
        if type_.root is TypeRoot.DATE:
            return _quoted(_varchar(self._column(array)))
        text = _varchar(self._column(array.cast(pa.timestamp(array.type.unit))))
        if self.rules.iso:
            text = call("replace", text, literal(" "), literal("T"))
        closing = 'Z"' if type_.root is TypeRoot.TIMESTAMP_LTZ else '"'
        return exp.DPipe(
            this=exp.DPipe(this=literal('"'), expression=text), expression=literal(closing)
        )

    def _decimal(self, array: pa.Array, type_: DataType) -> exp.Expression:
        text = _varchar(self._column(array))
        if type_.scale:
            text = call("rtrim", call("rtrim", text, literal("0")), literal("."))
        if self.rules.plain_decimals:
            return text
        digits = call("rtrim", call("ltrim", text, literal("-")), literal("0"))
        figures = call("ltrim", text, literal("-"))
        one = exp.Literal.number(1)
        sign = call("if", call("starts_with", text, literal("-")), literal("-"), literal(""))
        point = call(
            "if", exp.GT(this=call("length", digits), expression=one), literal("."), literal("")
        )
        power = _varchar(exp.Sub(this=call("length", figures), expression=one))
        scientific = call(
            "concat",
            sign,
            call("substr", digits, one, one),
            point,
            call("substr", digits, exp.Literal.number(2)),
            literal("E+"),
            power,
        )
        is_scientific = exp.and_(
            call("ends_with", text, literal("0")), exp.NEQ(this=text, expression=literal("0"))
        )
        return exp.Case(
            ifs=[
                exp.If(this=exp.Is(this=text, expression=exp.Null()), true=exp.Null()),
                exp.If(this=exp.Paren(this=is_scientific), true=scientific),
            ],
            default=text,
        )


def _odd_ones(array: pa.Array, root: TypeRoot) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Where DuckDB's text is not Java's."""
    values = plain(array).fill_null(0).to_numpy(zero_copy_only=False)
    if root in _FLOATS:
        size = np.abs(values)
        return np.asarray(~((size == 0) | ((size >= 1e-3) & (size < 1e7))))
    if root is TypeRoot.DATE:
        return np.asarray((values < YEAR_1_DAYS) | (values >= YEAR_10000_DAYS))
    per_day = 86_400 * {"us": 10**6, "ns": 10**9}[str(array.type.unit)]
    days = values // per_day
    return np.asarray((days < YEAR_1_DAYS) | (days >= YEAR_10000_DAYS))


def object_expression(
    names: Sequence[str], members: Sequence[exp.Expression], ignore_nulls: bool
) -> exp.Expression:
    """The JSON object of the members' texts."""
    quoted = [json_string(name) for name in names]
    if ignore_nulls:
        pairs = [
            exp.DPipe(this=literal(f"{name}:"), expression=member)
            for name, member in zip(quoted, members, strict=True)
        ]
        inner = call("concat_ws", literal(","), *pairs) if pairs else literal("")
        return call("concat", literal("{"), inner, literal("}"))
    parts: list[exp.Expression] = []
    for index, (name, member) in enumerate(zip(quoted, members, strict=True)):
        parts.append(literal(f"{',' if index else '{'}{name}:"))
        parts.append(exp.Coalesce(this=member, expressions=[literal("null")]))
    return call("concat", *(parts or [literal("{")]), literal("}"))


def run(table: pa.Table, expression: exp.Expression) -> pa.Array:
    """Evaluate one text expression over the table, in order."""
    relation = connection().from_arrow(table)
    result = relation.project(expression.sql(dialect="duckdb")).to_arrow_table()
    return result.column(0).combine_chunks()
