"""The lookup of `jdbc`: rows by equality on keys, all keys of a call in one query."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence

import psycopg
import pyarrow as pa
from psycopg import sql

from tidemill.connectors.jdbc.connection import Connection, Login, connect, translate, translated
from tidemill.connectors.jdbc.copy_out import CopyOut
from tidemill.connectors.jdbc.csv_text import array_literal
from tidemill.connectors.jdbc.options import parse
from tidemill.connectors.jdbc.reading import Reader, expression
from tidemill.connectors.jdbc.target import (
    TargetTable,
    check_columns,
    check_types,
    find_table,
    missing_table,
)
from tidemill.errors import ConnectorError, Where
from tidemill.model import Column, Schema, TableDescriptor

_ROWS_MAX = 1 << 62


class JdbcLookup:
    """Reads the current rows of a table for given keys; each call sees the table as it is then."""

    def __init__(self, table: TableDescriptor) -> None:
        self._table = table
        self._options = parse(table)
        check_types(table)
        self._login = Login.of(self._options)
        self._connection: Connection | None = None
        self._columns: list[Column] = []
        self._key_names: list[str] = []
        self._names: list[str] = []
        self._target: TargetTable | None = None

    def open(self, key_columns: Sequence[str], columns: Sequence[str]) -> None:
        """Connect, and check the columns that will be read."""
        by_name = {c.name: c for c in self._table.schema.columns}
        self._key_names = list(key_columns)
        self._names = [*key_columns, *columns]
        self._columns = [by_name[name] for name in self._names]
        with translated(self._login.shown, self._table.name):
            self._connect()

    def _connect(self) -> Connection:
        connection = connect(self._login, "tidemill lookup")
        self._connection = connection
        target = find_table(connection, self._options)
        if target is None:
            raise missing_table(connection, self._table, self._options, writing=False)
        used = tuple({c.name: c for c in self._columns}.values())
        reduced = TableDescriptor(self._table.name, Schema(used), self._table.options)
        check_columns(reduced, target, self._options, writing=False)
        self._target = target
        return connection

    def fetch(self, keys: pa.RecordBatch) -> pa.Table:
        """All rows that match; a broken connection is tried again `lookup.max-retries` times."""
        retries = self._options.values["lookup.max-retries"]
        for attempt in range(retries + 1):
            try:
                return self._fetch(keys)
            except psycopg.Error as error:
                failure = translate(error, self._login.shown, self._table.name)
                self.close()
                if not failure.retryable or attempt == retries:
                    raise failure from error
                time.sleep(min(2.0, 0.1 * 2**attempt))
        raise AssertionError("unreachable")

    def _fetch(self, keys: pa.RecordBatch) -> pa.Table:
        connection = self._connection
        if connection is None or connection.closed:
            connection = self._connect()
        copy = CopyOut(connection, self._query(keys))
        lines: list[bytes] = []
        while not copy.finished:
            lines += copy.read(_ROWS_MAX, None)
        table, unreadable = Reader(self._columns, 0).read(lines)
        if unreadable:
            raise ConnectorError(
                f"a value of `{self._options.shown_table}` does not fit: {unreadable[0].message}",
                code="connector.value-unreadable",
                where=Where(server=self._login.shown, table=self._table.name),
                detail=unreadable[0].line.decode("utf-8", "replace").rstrip("\n"),
            )
        return table.rename_columns(self._names)

    def _query(self, keys: pa.RecordBatch) -> sql.Composed:
        assert self._target is not None
        arrays, matches = [], []
        for i, name in enumerate(self._key_names):
            pg = self._target.columns[name].type
            literal = sql.Literal(array_literal(keys.column(i)))
            # varchar and char lose their length here, so that no key is cut
            type_ = sql.Identifier(pg.namespace, pg.name)
            arrays.append(sql.SQL("CAST({} AS {}[])").format(literal, type_))
            key = sql.Identifier(f"k{i}")
            matches.append(sql.SQL("t.{} = k.{}").format(sql.Identifier(name), key))
        # What was asked for goes back, not what the table holds: char(5) pads it with spaces.
        keys = [sql.Identifier(f"k{i}") for i in range(len(self._key_names))]
        asked = [sql.SQL("k.{}").format(key) for key in keys]
        own = [expression(c, self._target) for c in self._columns[len(asked) :]]
        return sql.SQL("SELECT {} FROM unnest({}) AS k({}) JOIN {} AS t ON {}").format(
            sql.SQL(", ").join([*asked, *own]),
            sql.SQL(", ").join(arrays),
            sql.SQL(", ").join([sql.Identifier(f"k{i}") for i in range(len(self._key_names))]),
            self._target.identifier,
            sql.SQL(" AND ").join(matches),
        )

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            with contextlib.suppress(Exception):
                self._connection.close()
