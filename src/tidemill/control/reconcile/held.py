"""The rows that a log of changes leaves, by ranges of their key: sums, and the rows themselves.

DuckDB keeps them in a file of its own, in a temporary folder, and works within `MEMORY_BYTES`, so
that a table may be larger than memory. What is asked is as of all changes that were added.

Upserts: of each key the newest counts. Other changes are counted, row by row: what was added more
often than withdrawn is there. So their order, and that of a topic's partitions, does not count; and
a row that is there twice, or that was withdrawn with other values than it was added with, is seen.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Sequence
from typing import Any

import duckdb
import pyarrow as pa

from tidemill.connectors.jdbc.keyed_sums import Key, KeyedRow, KeyRange, RangeSum
from tidemill.control.reconcile.portable import key_text, key_value, plain_rows, text_of
from tidemill.model import Column

MEMORY_BYTES = 256 << 20
_FOLD_ROWS = 1_000_000
"""So many changes are kept before they are folded into the rows."""


class HeldRows:
    """A table under a key. `k0`, ... are the key's columns, `c0`, ... the texts, `n` counts."""

    def __init__(self, columns: Sequence[Column], key: Sequence[str], *, upsert: bool) -> None:
        self._columns, self._key_names, self._upsert = tuple(columns), tuple(key), upsert
        types = {column.name: column.type for column in columns}
        self._key = [types[name] for name in key]
        self._folder = tempfile.TemporaryDirectory(prefix="tidemill-reconcile-")
        self._db = duckdb.connect(
            f"{self._folder.name}/rows.duckdb",
            config={
                "memory_limit": f"{MEMORY_BYTES >> 20}MiB",
                "temp_directory": f"{self._folder.name}/spilled",
                "preserve_insertion_order": False,
                "threads": 2,
            },
        )
        self._seq, self._waiting = 0, 0
        self._held: str | None = None
        self._next = 0

    # -- what is put in

    def clear(self) -> None:
        """Forget all rows."""
        for table in ("waiting", self._held):
            if table is not None:
                self._db.execute(f"DROP TABLE IF EXISTS {table}")
        self._held, self._waiting = None, 0

    def add(self, rows: pa.RecordBatch, signs: pa.Array) -> int:
        """Take changes in their order; `signs` are 1 (added) and -1 (withdrawn).

        Returns how many were left out, as a column of their key is NULL.
        """
        came = int(rows.num_rows)
        for name in self._key_names:
            keep = rows.column(name).is_valid()
            rows, signs = rows.filter(keep), signs.filter(keep)
        if (count := int(rows.num_rows)) == 0:
            return came
        arrays = plain_rows(rows, self._columns, self._key_names)
        arrays["n"] = signs
        arrays["seq"] = pa.array(range(self._seq, self._seq + count), pa.int64())
        self._seq += count
        texts = [f"{text_of(f'r{i}', c.type)} AS c{i}" for i, c in enumerate(self._columns)]
        listed = ", ".join([*self._ks, *texts, "CAST(n AS BIGINT) AS n", "seq"])
        made = self._db.from_arrow(pa.table(arrays)).project(listed)
        if self._waiting:
            made.insert_into("waiting")
        else:
            made.create("waiting")
        self._waiting += count
        if self._waiting >= _FOLD_ROWS:
            self._fold()
        return came - count

    # -- what is asked

    def sums(self, within: KeyRange, cuts: Sequence[Key] = ()) -> list[RangeSum]:
        """See `KeyedSums`."""
        rows = self._rows()
        if rows is None:
            return [RangeSum()] * (len(cuts) + 1)
        part: Any = duckdb.ConstantExpression(len(cuts))
        for number, cut in reversed(list(enumerate(cuts))):
            number_ = duckdb.ConstantExpression(number)
            part = duckdb.CaseExpression(self._before(cut), number_).otherwise(part)
        columns = [duckdb.ColumnExpression(name) for name in ("h", "n")]
        found = {
            int(row[0]): RangeSum(int(row[1]), int(row[2]) % (1 << 64))
            for row in self._inside(rows, within)
            .select(part.alias("part"), *columns)
            .aggregate("part, sum(n), sum(CAST(h AS HUGEINT) * n)", "part")
            .fetchall()
        }
        return [found.get(n, RangeSum()) for n in range(len(cuts) + 1)]

    def cuts(self, within: KeyRange, rows: int, parts: int) -> list[Key]:
        """See `KeyedSums`."""
        held = self._rows()
        if held is None:
            return []
        step, ks = max(2, -(-rows // parts)), ", ".join(self._ks)
        numbered = self._inside(held, within).project(
            f"{ks}, row_number() OVER (ORDER BY {ks}) AS nth"
        )
        chosen = numbered.filter(f"nth % {step} = 1 AND nth > 1").order("nth").project(ks)
        return [self._texts(row) for row in chosen.fetchall()]

    def within(self, part: KeyRange) -> dict[Key, KeyedRow]:
        """See `KeyedSums`."""
        rows = self._rows()
        return {} if rows is None else self._read(self._inside(rows, part))

    def of(self, keys: Sequence[Key]) -> dict[Key, KeyedRow]:
        """See `KeyedSums`."""
        values = [[key_value(key[i], type_) for key in keys] for i, type_ in enumerate(self._key)]
        wanted = pa.table([pa.array(v) for v in values], names=self._ks)
        if not keys or (self._held is None and not self._waiting):
            return {}
        picked = self._db.from_arrow(wanted).set_alias("wanted")
        ks = ", ".join(self._ks)
        parts = [
            self._db.table(name).join(picked, ks, "semi")
            for name in (self._held, "waiting" if self._waiting else None)
            if name is not None
        ]
        return self._read(self._folded([part.project(self._stored) for part in parts]))

    def close(self) -> None:
        """Remove the file."""
        self._db.close()
        with contextlib.suppress(OSError):
            self._folder.cleanup()

    # -- its parts

    @property
    def _ks(self) -> list[str]:
        return [f"k{i}" for i in range(len(self._key))]

    @property
    def _cs(self) -> list[str]:
        return [f"c{i}" for i in range(len(self._columns))]

    @property
    def _stored(self) -> str:
        return ", ".join([*self._ks, *self._cs, "n", "seq"])

    def _rows(self) -> duckdb.DuckDBPyRelation | None:
        if self._waiting:
            self._fold()
        return None if self._held is None else self._db.table(self._held)

    def _fold(self) -> None:
        parts = [
            self._db.table(name).project(self._stored)
            for name in (self._held, "waiting")
            if name is not None
        ]
        self._next += 1
        made = f"held{self._next}"
        self._folded(parts).create(made)
        old, self._held, self._waiting = self._held, made, 0
        for table in ("waiting", old):
            if table is not None:
                self._db.execute(f"DROP TABLE {table}")

    def _folded(self, parts: Sequence[duckdb.DuckDBPyRelation]) -> duckdb.DuckDBPyRelation:
        """What is left of rows and changes, with the hash of each row."""
        whole = parts[0] if len(parts) == 1 else parts[0].union(parts[1])
        ks, cs = ", ".join(self._ks), ", ".join(self._cs)
        if self._upsert:
            newest = f"row_number() OVER (PARTITION BY {ks} ORDER BY seq DESC) AS nth"
            left = whole.project(f"{self._stored}, {newest}").filter("nth = 1 AND n > 0")
        else:
            added = f"{ks}, {cs}, CAST(sum(n) AS BIGINT) AS n, max(seq) AS seq"
            left = whole.aggregate(added, f"{ks}, {cs}").filter("n <> 0")
        text = " || ".join(f"coalesce(length({c}) || ':' || {c}, '-')" for c in self._cs)
        return left.project(f"{self._stored}, CAST('0x' || left(md5({text}), 16) AS UBIGINT) AS h")

    def _read(self, rows: duckdb.DuckDBPyRelation) -> dict[Key, KeyedRow]:
        many = len(self._key)
        found: dict[Key, KeyedRow] = {}
        for row in rows.project(", ".join([*self._ks, "n", *self._cs])).fetchall():
            key, times = self._texts(row[:many]), int(row[many])
            if key in found:
                times = abs(found[key].times) + abs(times)
            found[key] = KeyedRow(tuple(row[many + 1 :]), "", times)
        return found

    def _texts(self, row: Sequence[Any]) -> Key:
        return tuple(key_text(v, type_) for v, type_ in zip(row, self._key, strict=True))

    def _inside(self, rows: duckdb.DuckDBPyRelation, part: KeyRange) -> duckdb.DuckDBPyRelation:
        if part.low is not None:
            rows = rows.filter(~self._before(part.low))
        return rows if part.high is None else rows.filter(self._before(part.high))

    def _before(self, key: Key) -> duckdb.Expression:
        """Whether a row's key stands before this one."""
        found: duckdb.Expression | None = None
        for name, text, type_ in reversed(list(zip(self._ks, key, self._key, strict=True))):
            column = duckdb.ColumnExpression(name)
            value = duckdb.ConstantExpression(key_value(text, type_))
            less = column < value
            found = less if found is None else less | ((column == value) & found)
        assert found is not None
        return found
