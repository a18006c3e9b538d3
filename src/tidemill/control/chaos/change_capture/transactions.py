"""One transaction after the other, of every kind that a captured table sees."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import psycopg
from psycopg import sql

from tidemill.control.chaos.change_capture.text import items_table

FIRST_ID = 1_000
"""Keys below are of rows that stay: one for each group, and the mark that is looked for."""
COLUMNS = ("id", "grp", "version", "amount", "note", "body")
GROUPS = 8
ROWS_MAX = 4_000
_COPIED_ROWS = (50, 300)
_LARGE_CHARACTERS = (2_500, 6_000)
_HEX = "0123456789abcdef"


class Transactions:
    """Makes and runs transactions; `keys` are those of the table, as far as they are known."""

    def __init__(self, name: str, rng: Random) -> None:
        self._table = sql.Identifier(items_table(name))
        self._rng = rng
        self.keys: list[int] = []
        self.columns: tuple[str, ...] = COLUMNS
        """Those that the table has at the moment."""
        self._next_id = FIRST_ID

    def look(self, connection: psycopg.Connection[Any]) -> None:
        """Read the keys; where the rows that stay are missing, they are made."""
        with connection.transaction():
            for group in range(GROUPS):
                self._run(
                    connection, "INSERT INTO {} (id, grp, version, amount) "
                    "VALUES (%s, %s, 1, 0) ON CONFLICT DO NOTHING", (group + 1, group),
                )  # fmt: skip
        found = self._run(connection, "SELECT id FROM {} WHERE id >= %s ORDER BY id", (FIRST_ID,))
        self.keys = [row[0] for row in found.fetchall()]
        self._next_id = max([self._next_id, *(key + 1 for key in self.keys)])

    def next(self, connection: psycopg.Connection[Any]) -> int:
        """The next transaction; how many rows it has changed."""
        kinds: list[tuple[Callable[[psycopg.Connection[Any]], int], int]] = [
            (self.insert, 30), (self._update, 40), (self._update_large, 10), (self._mixed, 20),
            (self._change_key, 10), (self._taken_back, 5), (self._copy, 2),
            (self._delete, 60 if len(self.keys) > ROWS_MAX else 15),
        ]  # fmt: skip
        (make,) = self._rng.choices([kind for kind, _ in kinds], [weight for _, weight in kinds])
        before = list(self.keys)
        try:
            return make(connection)
        except psycopg.Error:
            self.keys = before
            raise

    def insert(self, connection: psycopg.Connection[Any]) -> int:
        """Several rows by one statement."""
        rows = [self._row() for _ in range(self._rng.randint(1, 20))]
        self._put(connection, rows)
        self.keys += [row[0] for row in rows]
        return len(rows)

    def _update(self, connection: psycopg.Connection[Any]) -> int:
        """Another amount, and now and then another group; the large value stays."""
        keys = self._some(10)
        self._run(
            connection, "UPDATE {} SET version = version + 1, amount = %s, "
            "grp = CASE WHEN id %% 5 = 0 THEN %s ELSE grp END WHERE id = ANY(%s)",
            (self._amount(), self._group(), keys),
        )  # fmt: skip
        return len(keys)

    def _update_large(self, connection: psycopg.Connection[Any]) -> int:
        keys = self._some(3)
        query = "UPDATE {} SET version = version + 1, body = %s WHERE id = ANY(%s)"
        self._run(connection, query, (self._body(), keys))
        return len(keys)

    def _delete(self, connection: psycopg.Connection[Any]) -> int:
        keys = self._some(20)
        self._run(connection, "DELETE FROM {} WHERE id = ANY(%s)", (keys,))
        self._forget(keys)
        return len(keys)

    def _mixed(self, connection: psycopg.Connection[Any]) -> int:
        """A transaction of several statements, also of two changes of the same row."""
        with connection.transaction():
            rows = self.insert(connection) + self._update(connection) + self._delete(connection)
            row = self._row()
            self._put(connection, [row])
            query = "UPDATE {} SET version = version + 1, amount = %s WHERE id = %s"
            for _ in range(2):
                self._run(connection, query, (self._amount(), row[0]))
            if self._rng.random() < 0.5:
                self._run(connection, "DELETE FROM {} WHERE id = %s", (row[0],))
                return rows + 4
            self.keys.append(row[0])
            return rows + 3

    def _change_key(self, connection: psycopg.Connection[Any]) -> int:
        keys = self._some(3)
        with connection.transaction():
            for key in keys:
                new = self._new_id()
                query = "UPDATE {} SET id = %s, version = version + 1 WHERE id = %s"
                self._run(connection, query, (new, key))
                self.keys.append(new)
        self._forget(keys)
        return 2 * len(keys)

    def _taken_back(self, connection: psycopg.Connection[Any]) -> int:
        """A transaction that is rolled back, in part or as a whole: nothing of it may come."""
        in_part, kept = self._rng.random() < 0.5, 0
        known = list(self.keys)
        with connection.transaction(force_rollback=not in_part):
            if in_part:
                kept = self.insert(connection)
                known = list(self.keys)
            with connection.transaction(force_rollback=True):
                self._update(connection)
                self._delete(connection)
        self.keys = known
        return kept

    def _copy(self, connection: psycopg.Connection[Any]) -> int:
        rows = [self._row() for _ in range(self._rng.randint(*_COPIED_ROWS))]
        query = sql.SQL("COPY {} ({}) FROM STDIN").format(self._table, self._names())
        with connection.cursor() as cursor, cursor.copy(query) as copy:
            for row in rows:
                copy.write_row(row)
        self.keys += [row[0] for row in rows]
        return len(rows)

    # -- values

    def _put(self, connection: psycopg.Connection[Any], rows: list[tuple[Any, ...]]) -> None:
        one = sql.SQL("({})").format(sql.SQL(", ").join([sql.Placeholder()] * len(self.columns)))
        query = sql.SQL("INSERT INTO {} ({}) VALUES {}").format(
            self._table, self._names(), sql.SQL(", ").join([one] * len(rows))
        )
        connection.execute(query, [value for row in rows for value in row])

    def _names(self) -> sql.Composable:
        return sql.SQL(", ").join([sql.Identifier(name) for name in self.columns])

    def _row(self) -> tuple[Any, ...]:
        values = (self._new_id(), self._group(), 1, self._amount(), self._note(), self._body())
        row = dict(zip(COLUMNS, values, strict=True))
        return tuple(row[name] for name in self.columns)

    def _new_id(self) -> int:
        self._next_id += 1
        return self._next_id - 1

    def _group(self) -> int:
        return self._rng.randrange(GROUPS)

    def _amount(self) -> str | None:
        return (
            None if self._rng.random() < 0.05 else f"{self._rng.randrange(-(10**6), 10**8) / 100}"
        )

    def _note(self) -> str | None:
        return self._rng.choice((None, "", "a ünïcode note", "'quoted' \"twice\" \\ \t"))

    def _body(self) -> str | None:
        """Now and then so large, and so little alike, that it lies outside of its row."""
        if self._rng.random() < 0.7:
            return None if self._rng.random() < 0.1 else f"b{self._rng.randrange(1000)}"
        return "".join(self._rng.choices(_HEX, k=self._rng.randint(*_LARGE_CHARACTERS)))

    def _some(self, most: int) -> list[int]:
        count = min(len(self.keys), self._rng.randint(1, most))
        return self._rng.sample(self.keys, count)

    def _forget(self, keys: list[int]) -> None:
        gone = set(keys)
        self.keys = [key for key in self.keys if key not in gone]

    def _run(
        self, connection: psycopg.Connection[Any], query: str, given: Any
    ) -> psycopg.Cursor[Any]:
        return connection.execute(sql.SQL(query).format(self._table), given)
