"""Putting rows into one table: COPY into a temporary table, then one statement from there.

The caller holds a transaction. Each call leaves it usable: it works inside a savepoint, and where
some rows are at fault the rest are found by halving, so that only the bad ones stay out.
"""

from __future__ import annotations

import psycopg
import pyarrow as pa
from psycopg import sql

from tidemill.connectors.jdbc.connection import Connection, describe, is_row_error
from tidemill.connectors.jdbc.csv_text import to_csv
from tidemill.connectors.jdbc.target import TargetTable
from tidemill.connectors.jdbc.types import TEXTS, PgType, stage_type
from tidemill.model import Column, TableDescriptor
from tidemill.records import dataclass

DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that Postgres refused: its index in what was given, and why."""

    index: int
    message: str


class Staging:
    """The statements that carry rows of one table from a temporary table into the real one."""

    def __init__(self, table: TableDescriptor, target: TargetTable, number: int) -> None:
        stage = sql.Identifier("pg_temp", f"tidemill_stage_{number}")
        columns = table.schema.columns
        staged = [sql.Identifier(f"c{i}") for i in range(len(columns))]
        self._key_count = len(table.primary_key)
        definitions = [
            sql.SQL("{} {}").format(name, stage_type(column.type))
            for name, column in zip(staged, columns, strict=True)
        ]
        deleted = sql.SQL("{} boolean").format(sql.Identifier(DELETED))
        self._create = sql.SQL("CREATE TEMP TABLE {} ({}) ON COMMIT DELETE ROWS").format(
            sql.Identifier(f"tidemill_stage_{number}"), sql.SQL(", ").join([deleted, *definitions])
        )
        self._copy = sql.SQL("COPY {} FROM STDIN (FORMAT csv)").format(stage)
        self._truncate = sql.SQL("TRUNCATE {}").format(stage)
        self._delete = _delete(table, target, stage)
        self._insert = _insert(table, target, stage)
        self._used = False

    def create(self, connection: Connection) -> None:
        """Make the temporary table, once per connection."""
        connection.execute(self._create)
        self._used = False

    def transaction_ended(self) -> None:
        """The temporary table is empty again."""
        self._used = False

    def apply(self, connection: Connection, rows: pa.Table) -> list[Refusal]:
        """Upsert or delete the rows (all with different keys) in the open transaction.

        The first column, `deleted`, says which; it is False throughout where there is no key.
        """
        error = self._attempt(connection, rows)
        if error is None:
            return []
        if rows.num_rows == 1:
            return [Refusal(0, describe(error))]
        half = rows.num_rows // 2
        refusals = self.apply(connection, rows.slice(0, half))
        for refusal in self.apply(connection, rows.slice(half)):
            refusals.append(Refusal(half + refusal.index, refusal.message))
        return refusals

    def _attempt(self, connection: Connection, rows: pa.Table) -> psycopg.Error | None:
        connection.execute("SAVEPOINT tidemill")
        try:
            if self._used:
                connection.execute(self._truncate)
            self._used = True
            with connection.cursor().copy(self._copy) as copy:
                copy.write(to_csv(rows))
            if self._delete is not None:
                connection.execute(self._delete)
            connection.execute(self._insert)
        except psycopg.Error as error:
            if not is_row_error(error):
                raise
            connection.execute("ROLLBACK TO SAVEPOINT tidemill")
            connection.execute("RELEASE SAVEPOINT tidemill")
            return error
        connection.execute("RELEASE SAVEPOINT tidemill")
        return None


def _delete(
    table: TableDescriptor, target: TargetTable, stage: sql.Identifier
) -> sql.Composed | None:
    if not table.primary_key:
        return None
    positions = {name: i for i, name in enumerate(table.schema.names)}
    matches = [
        sql.SQL("t.{} = {}").format(
            sql.Identifier(key),
            _value(table.schema.columns[positions[key]], positions[key], target),
        )
        for key in table.primary_key
    ]
    return sql.SQL("DELETE FROM {} AS t USING {} AS s WHERE s.{} AND {}").format(
        target.identifier, stage, sql.Identifier(DELETED), sql.SQL(" AND ").join(matches)
    )


def _insert(table: TableDescriptor, target: TargetTable, stage: sql.Identifier) -> sql.Composed:
    names = [sql.Identifier(name) for name in table.schema.names]
    values = [_value(column, i, target) for i, column in enumerate(table.schema.columns)]
    statement = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {} AS s WHERE NOT s.{}").format(
        target.identifier,
        sql.SQL(", ").join(names),
        sql.SQL(", ").join(values),
        stage,
        sql.Identifier(DELETED),
    )
    if not table.primary_key:
        return statement
    keys = sql.SQL(", ").join([sql.Identifier(key) for key in table.primary_key])
    others = [n for n in table.schema.names if n not in table.primary_key]
    if not others:
        return statement + sql.SQL(" ON CONFLICT ({}) DO NOTHING").format(keys)
    updates = [
        sql.SQL("{} = excluded.{}").format(sql.Identifier(n), sql.Identifier(n)) for n in others
    ]
    return statement + sql.SQL(" ON CONFLICT ({}) DO UPDATE SET {}").format(
        keys, sql.SQL(", ").join(updates)
    )


def _value(column: Column, index: int, target: TargetTable) -> sql.Composed:
    """A staged value; types that are only written as text need a cast, others must not have one.

    An explicit cast would cut a text that is too long; the implicit one refuses it.
    """
    type_ = target.columns[column.name].type
    if not column.type.is_string or type_.name in TEXTS:
        return sql.SQL("s.{}").format(sql.Identifier(f"c{index}"))
    return _cast(index, type_)


def _cast(index: int, type_: PgType) -> sql.Composed:
    staged, name = sql.Identifier(f"c{index}"), sql.Identifier(type_.namespace, type_.name)
    return sql.SQL("CAST(s.{} AS {})").format(staged, name)
