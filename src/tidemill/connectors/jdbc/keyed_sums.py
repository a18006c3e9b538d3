"""A table's rows by ranges of its key: checksums, and the rows themselves, as of one snapshot.

Sums of two tables can be compared, also of two servers: each value is cast to the declared type and
taken as text, a row is hashed by md5 (its first 64 bits), and the hashes are added up, so that the
order does not count. With `portable` the texts, and the row of them, are such that another store's
rows can be summed up to the same (see `portable`). Keys are ordered alike on both sides: texts by
their code points.

Guarantees: what is asked between `begin` and `end` is of one snapshot, and each commit that it sees
stands in the log before `lsn`. Non-guarantee: a text key is not found by an index, unless the
column's collation is "C".
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from psycopg import sql

from tidemill.connectors.jdbc.connection import Connection, Login, connect, translated
from tidemill.connectors.jdbc.options import JdbcOptions
from tidemill.connectors.jdbc.portable import portable_text
from tidemill.connectors.jdbc.reading import expression
from tidemill.connectors.jdbc.target import (
    TargetTable,
    check_columns,
    find_table,
    mismatch,
    missing_table,
)
from tidemill.connectors.jdbc.types import created_type
from tidemill.model import Column, TableDescriptor, TypeRoot
from tidemill.records import dataclass

Key = tuple[str, ...]
"""The texts of a key's values."""

_KEYS_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class KeyRange:
    """Keys from `low` on (None: the first) and before `high` (None: behind the last)."""

    low: Key | None = None
    high: Key | None = None


@dataclass(frozen=True, slots=True)
class RangeSum:
    """How many rows a range has, and the sum of their hashes (of 64 bits)."""

    rows: int = 0
    checksum: int = 0


@dataclass(frozen=True, slots=True)
class KeyedRow:
    """A row's values as texts, in the order of the columns, and which version of it this is."""

    values: tuple[str | None, ...]
    version: str
    times: int = 1
    """How many rows stand under the key: of a table with a key one, of a faulty copy others."""


def values_of(row: KeyedRow | None) -> tuple[int | str | None, ...] | None:
    """By which rows of two sides are compared; None where there is none."""
    return None if row is None else (row.times, *row.values)


class KeyedSums:
    """Asks one table; its connection is opened by `begin`."""

    costly = False
    unreadable = 0

    def __init__(
        self,
        login: Login,
        options: JdbcOptions,
        table: TableDescriptor,
        columns: Sequence[Column],
        *,
        portable: bool = False,
    ) -> None:
        self._login, self._options, self._table = login, options, table
        self._columns, self._portable = tuple(columns), portable
        by_name = {column.name: column for column in self._columns}
        self._key = tuple(by_name[name] for name in table.primary_key)
        self._connection: Connection | None = None
        self._target: TargetTable | None = None
        self.lsn = 0

    # -- the snapshot

    def begin(self) -> None:
        """Take a new snapshot, and the end of the log behind it; raises ConnectorError."""
        with translated(self._login.shown, self._table.name):
            if self._connection is None:
                self._connection = connect(self._login, "tidemill reconcile")
                self._target = self._found()
            self._connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            self._connection.execute("SELECT 1 FROM pg_class LIMIT 1")
            # After the snapshot was taken: whatever it sees is committed before this place.
            lsn = "SELECT CASE WHEN pg_is_in_recovery() THEN 0 ELSE "
            lsn += "(pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint END"
            self.lsn = int(str((self._connection.execute(lsn.encode()).fetchone() or (0,))[0]))

    def end(self) -> None:
        """Let the snapshot go."""
        if self._connection is not None:
            self._connection.rollback()

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            with contextlib.suppress(Exception):
                self._connection.close()

    # -- what is asked

    def sums(self, within: KeyRange, cuts: Sequence[Key] = ()) -> list[RangeSum]:
        """The sums of the parts into which `cuts`, keys in order, divide a range; in one scan."""
        whens = [
            sql.SQL("WHEN {} THEN {}").format(self._compared("<", cut), sql.Literal(number))
            for number, cut in enumerate(cuts)
        ]
        last = sql.Literal(len(cuts))
        part = (
            sql.SQL("CASE {} ELSE {} END").format(sql.SQL(" ").join(whens), last) if whens else last
        )
        hashed = sql.SQL("('x' || left(md5({}), 16))::bit(64)::bigint").format(self._row_text())
        query = sql.SQL(
            "SELECT part, count(*), coalesce(sum(hash), 0) FROM (SELECT {} AS part, {} AS hash "
            "FROM {} AS t WHERE {}) AS parts GROUP BY part"
        ).format(part, hashed, self._name(), self._inside(within))
        found = {int(str(row[0])): row for row in self._asked(query)}
        return [
            RangeSum(int(str(rows)), int(str(total)) % (1 << 64))
            for _, rows, total in (found.get(n, (n, 0, 0)) for n in range(len(cuts) + 1))
        ]

    def cuts(self, within: KeyRange, rows: int, parts: int) -> list[Key]:
        """Keys that divide a range of so many rows into at most `parts` of about equal size."""
        step = -(-rows // parts)
        order = sql.SQL(", ").join(self._ordered())
        query = sql.SQL(
            "SELECT {names} FROM (SELECT {texts}, row_number() OVER (ORDER BY {order}) AS nth "
            "FROM {table} AS t WHERE {inside}) AS numbered WHERE nth % {step} = 1 AND nth > 1 "
            "ORDER BY nth"
        ).format(
            names=sql.SQL(", ").join([sql.Identifier(f"k{i}") for i in range(len(self._key))]),
            texts=self._key_texts(),
            order=order,
            table=self._name(),
            inside=self._inside(within),
            step=sql.Literal(max(2, step)),
        )
        return [tuple(map(str, row)) for row in self._asked(query)]

    def within(self, part: KeyRange) -> dict[Key, KeyedRow]:
        """The rows of a range."""
        return self._rows(self._inside(part), sql.SQL(""))

    def of(self, keys: Sequence[Key]) -> dict[Key, KeyedRow]:
        """The rows with these keys, as far as there are any."""
        found: dict[Key, KeyedRow] = {}
        for first in range(0, len(keys), _KEYS_AT_ONCE):
            some = keys[first : first + _KEYS_AT_ONCE]
            lists = [sql.Literal([key[i] for key in some]) for i in range(len(self._key))]
            join = sql.SQL(" JOIN unnest({}) AS wanted({}) ON {}").format(
                sql.SQL(", ").join([sql.SQL("CAST({} AS text[])").format(one) for one in lists]),
                sql.SQL(", ").join([sql.Identifier(f"w{i}") for i in range(len(self._key))]),
                sql.SQL(" AND ").join(
                    [
                        sql.SQL("{} = {}").format(
                            term, self._literal(column, sql.Identifier("wanted", f"w{i}"))
                        )
                        for i, (term, column) in enumerate(
                            zip(self._ordered(), self._key, strict=True)
                        )
                    ]
                ),
            )
            found |= self._rows(sql.SQL("true"), join)
        return found

    def confirmed_lsn(self, slots: Sequence[str]) -> int | None:
        """The place before which every one of these slots is confirmed; None where one lacks."""
        query = sql.SQL(
            "SELECT count(confirmed_flush_lsn), min(confirmed_flush_lsn - '0/0'::pg_lsn)::bigint "
            "FROM pg_replication_slots WHERE slot_name = ANY({})"
        ).format(sql.Literal(list(slots)))
        (row,) = self._asked(query)
        return int(str(row[1])) if row[0] == len(slots) else None

    # -- its parts

    def _found(self) -> TargetTable:
        assert self._connection is not None
        target = find_table(self._connection, self._options)
        if target is None:
            raise missing_table(self._connection, self._table, self._options, writing=False)
        check_columns(self._table, target, self._options, writing=False)
        if frozenset(self._table.primary_key) not in target.unique_keys:
            key = ", ".join(self._table.primary_key)
            raise mismatch(
                self._table, target, self._options,
                f"has no primary key or unique constraint on ({key})",
                "Rows are matched by it; compare without --live.",
            )  # fmt: skip
        blank = [c.name for c in self._key if target.columns[c.name].type.name == "bpchar"]
        if self._portable and blank:
            raise mismatch(
                self._table, target, self._options,
                f"has in its key `{blank[0]}` of type character(n), whose blanks do not count",
                "Compare without --live.",
            )  # fmt: skip
        return target

    def _asked(self, query: sql.Composed) -> list[tuple[object, ...]]:
        assert self._connection is not None
        with translated(self._login.shown, self._table.name):
            return self._connection.execute(query).fetchall()

    def _rows(self, where: sql.Composable, join: sql.Composable) -> dict[Key, KeyedRow]:
        texts = [self._text(column) for column in self._columns]
        # Changes whenever somebody writes the row.
        version = sql.SQL("t.tableoid::text || ' ' || t.xmin::text || ' ' || t.ctid::text")
        query = sql.SQL("SELECT {}, {}, {} FROM {} AS t{} WHERE {}").format(
            self._key_texts(), version, sql.SQL(", ").join(texts), self._name(), join, where
        )
        many = len(self._key)
        return {
            tuple(map(str, row[:many])): KeyedRow(
                tuple(None if v is None else str(v) for v in row[many + 1 :]), str(row[many])
            )
            for row in self._asked(query)
        }

    def _name(self) -> sql.Identifier:
        assert self._target is not None
        return self._target.identifier

    def _row_text(self) -> sql.Composable:
        """What a row is hashed by; portable: each text behind its length, a NULL as a dash."""
        if not self._portable:
            values = sql.SQL(", ").join([self._value(column) for column in self._columns])
            return sql.SQL("CAST(ROW({}) AS text)").format(values)
        counted = sql.SQL("coalesce(length({0}) || ':' || {0}, '-')")
        whole = sql.SQL(" || ").join([counted.format(self._text(c)) for c in self._columns])
        return sql.SQL("convert_to({}, 'UTF8')").format(whole)

    def _text(self, column: Column) -> sql.Composable:
        if not self._portable:
            return sql.SQL("CAST({} AS text)").format(self._value(column))
        assert self._target is not None
        pg = self._target.columns[column.name].type
        return portable_text(column, expression(column, self._target), pg)

    def _value(self, column: Column) -> sql.Composable:
        assert self._target is not None
        value = expression(column, self._target)
        if column.type.root is TypeRoot.ARRAY:
            return value
        if column.type.is_string:
            # Not cast to its length: that would cut off what is longer, and hide it.
            return sql.SQL("CAST({} AS text)").format(value)
        cast = sql.SQL("CAST({} AS {})").format(value, created_type(column.type))
        # -0.0 is 0.0, here as in every comparison of SQL.
        approximate = column.type.root in (TypeRoot.FLOAT, TypeRoot.DOUBLE)
        return sql.SQL("({} + 0.0)").format(cast) if approximate else cast

    def _key_texts(self) -> sql.Composable:
        return sql.SQL(", ").join(
            [
                sql.SQL("CAST({} AS text) AS {}").format(
                    self._value(column), sql.Identifier(f"k{i}")
                )
                for i, column in enumerate(self._key)
            ]
        )

    def _ordered(self) -> list[sql.Composable]:
        """The key's columns as they are compared."""
        return [self._collated(c, sql.Identifier("t", c.name)) for c in self._key]

    def _literal(self, column: Column, text: sql.Composable) -> sql.Composable:
        assert self._target is not None
        if column.type.is_string:
            return self._collated(column, text)
        pg = self._target.columns[column.name].type
        return sql.SQL("CAST({} AS {})").format(text, sql.Identifier(pg.namespace, pg.name))

    @staticmethod
    def _collated(column: Column, value: sql.Composable) -> sql.Composable:
        text = sql.SQL('CAST({} AS text) COLLATE "C"')
        return text.format(value) if column.type.is_string else value

    def _compared(self, how: str, key: Key) -> sql.Composable:
        literals = [self._literal(c, sql.Literal(v)) for c, v in zip(self._key, key, strict=True)]
        return sql.SQL("(ROW({}) {} ROW({}))").format(
            sql.SQL(", ").join(self._ordered()), sql.SQL(how), sql.SQL(", ").join(literals)
        )

    def _inside(self, part: KeyRange) -> sql.Composable:
        terms: list[sql.Composable] = [sql.SQL("true")]
        if part.low is not None:
            terms.append(self._compared(">=", part.low))
        if part.high is not None:
            terms.append(self._compared("<", part.high))
        return sql.SQL(" AND ").join(terms)
