"""The queries of a scan, and the positions that they start from.

The order of a partition is that of the primary key (declared, or else Postgres's own), so that a
position, the key of the last row, holds however the table changes meanwhile. A table without a key
is read in its physical order (position: the last `ctid`), which holds while rows are only added. A
view without a declared key is read in the order of all its columns (position: a count of rows).
"""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import sql

from tidemill.connectors.jdbc.options import JdbcOptions
from tidemill.connectors.jdbc.reading import expression
from tidemill.connectors.jdbc.target import TargetTable
from tidemill.errors import ConnectorError, Where
from tidemill.model import Column, JsonValue, Position, TableDescriptor
from tidemill.records import dataclass

DONE: dict[str, JsonValue] = {"done": True}


@dataclass(frozen=True, slots=True)
class Scan:
    """How one table is read: its columns, and what orders it."""

    table: TableDescriptor
    target: TargetTable
    options: JdbcOptions
    columns: tuple[Column, ...]
    order: tuple[str, ...]
    """The key's columns; `ctid`; or nothing, where rows are counted."""

    @classmethod
    def of(cls, table: TableDescriptor, target: TargetTable, options: JdbcOptions) -> Scan:
        """The scan of a table whose columns have been checked."""
        needed = table.columns_needed
        columns = tuple(c for c in table.schema.columns if needed is None or c.name in needed)
        declared = all(k in target.columns for k in table.primary_key)
        order = (table.primary_key if declared else ()) or target.primary_key
        if not order and target.kind in ("r", "m"):
            order = ("ctid",)
        return cls(table, target, options, columns, order)

    def query(self, partition: str, after: Position) -> sql.Composed:
        """The SELECT of a partition's rows behind a position (None: all of them)."""
        terms: list[sql.Composable] = [expression(c, self.target) for c in self.columns]
        terms += [sql.SQL("CAST(t.{} AS text)").format(sql.Identifier(k)) for k in self.order]
        where = [*self._bounds(partition), *self._after(after)]
        query = sql.SQL("SELECT {} FROM {} AS t").format(
            sql.SQL(", ").join(terms or [sql.SQL("1")]), self.target.identifier
        )
        if where:
            query += sql.SQL(" WHERE ") + sql.SQL(" AND ").join(where)
        ordered = [sql.SQL("t.{}").format(sql.Identifier(k)) for k in self.order]
        if not self.order:
            ordered = [
                sql.SQL("CAST(t.{} AS text)").format(sql.Identifier(c.name)) for c in self.columns
            ]
        if ordered and self.order != ("ctid",):
            query += sql.SQL(" ORDER BY ") + sql.SQL(", ").join(ordered)
        if not self.order and isinstance(after, dict) and after.get("row"):
            query += sql.SQL(" OFFSET {}").format(sql.Literal(after["row"]))
        return query

    def partitions(self) -> Sequence[str]:
        """The names of the partitions."""
        split = self.options.partitions
        return ["0"] if split is None else [str(i) for i in range(len(split.bounds))]

    def _bounds(self, partition: str) -> list[sql.Composable]:
        split = self.options.partitions
        if split is None:
            return []
        low, high = split.bounds[int(partition)]
        return [
            sql.SQL("t.{} BETWEEN {} AND {}").format(
                sql.Identifier(split.column), sql.Literal(low), sql.Literal(high)
            )
        ]

    def _after(self, after: Position) -> list[sql.Composable]:
        if after is None or not self.order:
            self._check_count(after)
            return []
        values = after.get("after") if isinstance(after, dict) else None
        if not isinstance(values, list) or len(values) != len(self.order):
            raise self._bad_position(after)
        names, literals = [], []
        for key, value in zip(self.order, values, strict=True):
            names.append(sql.SQL("t.{}").format(sql.Identifier(key)))
            type_ = sql.Identifier("pg_catalog", "tid")
            if key != "ctid":
                pg = self.target.columns[key].type
                type_ = sql.Identifier(pg.namespace, pg.name)
            literals.append(sql.SQL("CAST({} AS {})").format(sql.Literal(value), type_))
        return [
            sql.SQL("({}) > ({})").format(sql.SQL(", ").join(names), sql.SQL(", ").join(literals))
        ]

    def _check_count(self, after: Position) -> None:
        counted = isinstance(after, dict) and isinstance(after.get("row"), int)
        if after is not None and not counted:
            raise self._bad_position(after)

    def _bad_position(self, after: Position) -> ConnectorError:
        return ConnectorError(
            f"`{after}` is no position of `{self.options.shown_table}`",
            code="connector.bad-position",
            where=Where(table=self.table.name),
            hint="The table's primary key has changed since; start the pipeline anew.",
        )
