"""The input as DuckDB has it, and what a batch computation over it gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa

from tidemill.control.chaos.reference.malformed import row_of
from tidemill.control.chaos.reference.text import WINDOW_MS

ROW = pa.schema(
    [
        ("part", pa.int32()), ("pos", pa.int64()), ("id", pa.int64()), ("k", pa.string()),
        ("amount", pa.int64()), ("note", pa.string()), ("ts", pa.timestamp("ms")),
    ]
)  # fmt: skip
ORIGIN = datetime(1970, 1, 1)  # noqa: DTZ001 - event time has no zone
_WINDOWS = """
SELECT window_start, k, count(*), count(DISTINCT id), sum(amount)::BIGINT, count(note)
FROM (FROM input SELECT *, time_bucket(to_milliseconds($width), ts, $origin) AS window_start)
WHERE window_start >= $from AND window_start < $until GROUP BY window_start, k
"""


class Batch:
    """Tables `input`, `poison` and `copy` in memory, which grow; and questions to them."""

    def __init__(self) -> None:
        self._db = duckdb.connect()
        self._db.execute("SET TimeZone = 'UTC'; SET threads = 1")
        for name in ("input", "copy"):
            self._db.register("empty", ROW.empty_table())
            self.rows(f"CREATE TABLE {name} AS FROM empty")
            self._db.unregister("empty")
        self.poison: set[tuple[int, int]] = set()
        self.nothing: set[tuple[int, int]] = set()
        """Empty messages, which are no row and no dead letter."""

    def add_input(self, messages: Iterable[Any], shift: Mapping[int, int]) -> None:
        """Messages of the input, as they stand in the topic, with their offsets moved by so much.

        A topic that is made again begins at 0; `shift` has its records follow the old one's.
        """
        rows = []
        for message in messages:
            partition = message.partition()
            at = (partition, message.offset() + shift.get(partition, 0))
            row = row_of(message.value())
            if not message.value():
                self.nothing.add(at)
            elif row is None:
                self.poison.add(at)
            else:
                rows.append({"part": at[0], "pos": at[1], **row})
        self._append("input", rows)

    def add_copy(self, rows: list[dict[str, Any]]) -> None:
        """Rows of the output."""
        self._append("copy", rows)

    def one(self, query: str) -> int:
        """A number."""
        return int(self.rows(query)[0][0])

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The answer to a query, whole: DuckDB does nothing else while one is half read."""
        return self._db.execute(query).fetchall()

    def windows(self, begin: datetime, until: datetime) -> dict[tuple[Any, ...], tuple[Any, ...]]:
        """By start and key, the windows that start at `begin` or later and before `until`."""
        given = {"width": WINDOW_MS, "origin": ORIGIN, "from": begin, "until": until}
        return {(r[0], r[1]): tuple(r[2:]) for r in self._db.execute(_WINDOWS, given).fetchall()}

    def close(self) -> None:
        """Forget everything."""
        self._db.close()

    def _append(self, table: str, rows: list[dict[str, Any]]) -> None:
        if rows:
            self._db.register("new", pa.Table.from_pylist(rows, ROW))
            self.rows(f"INSERT INTO {table} FROM new")
            self._db.unregister("new")
