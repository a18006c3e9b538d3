"""Columns of Postgres as CSV and back into Arrow, for the scan and the lookup."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from psycopg import sql
from pyarrow import csv

from tidemill.connectors.jdbc.target import TargetTable
from tidemill.model import Column, TypeRoot
from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row with a value that does not fit its column: its index, its line, and why."""

    index: int
    line: bytes
    message: str


def expression(column: Column, target: TargetTable) -> sql.Composable:
    """What to select, so that its text can be read as the column's type."""
    name = sql.SQL("t.{}").format(sql.Identifier(column.name))
    pg = target.columns[column.name].type
    if column.type.root is TypeRoot.ARRAY:
        return sql.SQL("array_to_json({})").format(name)
    if column.type.root is TypeRoot.DECIMAL and pg.scale != column.type.scale:
        scale = sql.Literal(column.type.scale or 0)
        return sql.SQL("round(CAST({} AS numeric), {})").format(name, scale)
    return name


class Reader:
    """Reads CSV lines of some columns, and of text columns after them (the position's)."""

    def __init__(self, columns: Sequence[Column], texts: int) -> None:
        self._columns = columns
        self._names = [f"c{i}" for i in range(len(columns) + texts)]
        types = [_csv_type(column.type.arrow()) for column in columns] + [pa.string()] * texts
        self._read = csv.ReadOptions(column_names=self._names)
        self._convert = csv.ConvertOptions(
            column_types=dict(zip(self._names, types, strict=True)),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            true_values=["t"],
            false_values=["f"],
            check_utf8=False,
        )

    def read(self, lines: Sequence[bytes]) -> tuple[pa.Table, list[Unreadable]]:
        """The rows that can be read, and those that cannot."""
        try:
            return self._table(b"".join(lines)), []
        except (pa.ArrowException, ValueError, ArithmeticError) as error:
            if len(lines) == 1:
                return self._table(b""), [Unreadable(0, lines[0], str(error).split("\n")[0])]
        half = len(lines) // 2
        first, bad = self.read(lines[:half])
        second, more = self.read(lines[half:])
        bad += [Unreadable(half + b.index, b.line, b.message) for b in more]
        return pa.concat_tables([first, second]), bad

    def _table(self, data: bytes) -> pa.Table:
        if not self._names:
            return pa.table({})
        if not data:
            arrays: list[Any] = [pa.nulls(0, c.type.arrow()) for c in self._columns]
            arrays += [pa.nulls(0, pa.string())] * (len(self._names) - len(arrays))
            return pa.table(arrays, names=self._names)
        self._read.block_size = len(data) + 1
        parse = csv.ParseOptions(newlines_in_values=True)
        raw = csv.read_csv(pa.py_buffer(data), self._read, parse, self._convert)
        arrays = list(raw.columns)
        for index, column in enumerate(self._columns):
            arrays[index] = _finish(arrays[index], column)
        return pa.table(arrays, names=self._names)


def _csv_type(type_: pa.DataType) -> pa.DataType:
    """The type that the CSV reader makes; `_finish` does the rest."""
    if pa.types.is_time(type_):
        return pa.time64("us")
    if pa.types.is_list(type_) or pa.types.is_binary(type_):
        return pa.string()
    return type_


def _finish(values: pa.ChunkedArray, column: Column) -> pa.ChunkedArray:
    type_ = column.type.arrow()
    if pa.types.is_time(type_):
        return pc.cast(values, type_, safe=False)
    if pa.types.is_binary(type_):
        raw = [None if v is None else bytes.fromhex(v[2:]) for v in values.to_pylist()]
        return pa.chunked_array([raw], type_)
    if pa.types.is_list(type_):
        item = _item_reader(type_.value_type)
        lists = [None if v is None else _list(v, item) for v in values.to_pylist()]
        if item is str:
            return pc.cast(pa.chunked_array([pa.array(lists, pa.list_(pa.string()))]), type_)
        return pa.chunked_array([pa.array(lists, type_)])
    return values


def _list(text: str, item: Callable[[Any], Any]) -> list[Any]:
    values = json.loads(text, parse_float=Decimal)
    return [None if value is None else item(value) for value in values]


def _item_reader(type_: pa.DataType) -> Callable[[Any], Any]:
    if pa.types.is_binary(type_):
        return lambda v: bytes.fromhex(v[2:])
    if pa.types.is_floating(type_):
        return float
    if pa.types.is_decimal(type_):
        return lambda v: Decimal(v).quantize(Decimal(1).scaleb(-type_.scale))
    if pa.types.is_temporal(type_):
        return str
    return lambda v: v
